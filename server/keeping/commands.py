"""The operator's commands: make a key, back up, read a backup again, bring it back, try a restore out."""

from pathlib import Path

import click
from flask import Flask

from server.core import storage
from server.core.response import this_response
from server.core.settings import settings
from server.keeping import backups, certificates, restoring, sealing, service

FOLDER = click.Path(file_okay=False, path_type=Path)


def init_app(app: Flask) -> None:
    """Add the commands."""
    for command in (backup_key, backup, backup_check, restore, drill, certificate):
        app.cli.add_command(command)


@click.command("backup-key")
def backup_key() -> None:
    """Make a pair of keys for backups. It is shown once and kept nowhere."""
    secret, public = sealing.new_identity()
    click.echo("# For the holder's safe, never on this server. Whoever has this line can open the backups:")
    click.echo(secret)
    click.echo("# For BACKUP_KEYS on the server. Name two holders' keys, with a comma between them:")
    click.echo(f"# {public}")


@click.command("backup")
@click.option("--to", "folder", type=FOLDER, help="Where to; BACKUP_FOLDER when left out.")
@click.option("--key", "keys", multiple=True, help="An age public key to seal to; BACKUP_KEYS when left out.")
def backup(folder: Path | None, keys: tuple[str, ...]) -> None:
    """Back up the database and all files, sealed, and read the backup again."""
    made = service.backup(folder, keys=keys, say=click.echo)
    click.echo(f"{made}: whole, and read again.")
    if len(keys or settings().backup_keys) < 2:
        click.echo("Only one key opens it. Give a second holder a key: if the one is lost, so is the backup.")


@click.command("backup-check")
@click.argument("made", type=FOLDER)
def backup_check(made: Path) -> None:
    """Read every byte of the backup MADE again and compare it with what was written. Needs no key."""
    told = backups.check(made)
    click.echo(f"Whole: {sum(told.rows.values())} rows, {told.files['count']} files, made {told.made_at}.")


@click.command("restore")
@click.argument("made", type=FOLDER)
@click.option(
    "--key-file",
    required=True,
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="The file with a holder's secret key.",
)
@click.option("--other-secret", is_flag=True, help="Go on although SECRET_KEY is another; people's words stay closed.")
def restore(made: Path, key_file: Path, other_secret: bool) -> None:
    """Bring the backup MADE back into the empty database of DATABASE_URL and the empty folder of STORAGE_URL."""
    told = restoring.restore(
        made,
        identity=key_file,
        url=settings().database_url,
        store=storage.store(),
        other_secret=other_secret,
        say=click.echo,
    )
    click.echo(
        f"Everything is back as it was on {told.made_at}: {sum(told.rows.values())} rows, {told.files['count']} files."
    )


@click.command("drill")
def drill() -> None:
    """Try a restore out: dump, seal, open, bring back into a scratch database, compare."""
    figures = service.drill()
    click.echo(f"The restore holds: {figures['rows']} rows in {figures['tables']} tables are the same.")


@click.command("certificate")
@click.argument("folder", type=FOLDER)
@click.argument("names", nargs=-1, required=True)
def certificate(folder: Path, names: tuple[str, ...]) -> None:
    """Certify this server's NAMES (host names, addresses) by a local authority kept in FOLDER, for a network without the web.

    Phones keep reports offline only over HTTPS. Install root.crt on each of them once.
    """
    certificates.certify(folder, names, response=this_response().name)
    click.echo(
        f"For the server:      TLS_CERTIFICATE={folder / certificates.SERVER} TLS_KEY={folder / certificates.SERVER_KEY}"
    )
    click.echo(f"For every phone:     {folder / certificates.ROOT}")
    click.echo(f"For the safe alone:  {folder / certificates.ROOT_KEY}")
