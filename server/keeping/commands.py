"""The operator's commands: make a key, back up, read a backup again, bring it back, try a restore out."""

import signal
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import click
from flask import Flask

from server.core import storage
from server.core.database import settled
from server.core.response import this_response
from server.core.settings import settings
from server.keeping import backups, certificates, restoring, sealing, service, wal
from server.keeping.errors import NotKept, in_a_sentence

FOLDER = click.Path(file_okay=False, path_type=Path)


def init_app(app: Flask) -> None:
    """Add the commands."""
    for command in (backup_key, backup, backup_check, restore, drill, certificate, mend, base_backup, archive_wal, archive_prune, lay_out):
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
    with in_a_sentence("Begin again in an empty database and an empty folder: the restore"):
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


@click.command("mend")
@click.argument("made", type=FOLDER)
@click.option("--key-file", required=True, type=click.Path(dir_okay=False, exists=True, path_type=Path), help="The file with a holder's secret key.")
def mend(made: Path, key_file: Path) -> None:
    """Put back the photos that the store has lost or holds changed, from the backup MADE. Nothing else is touched."""
    with settled():
        count = restoring.mend(made, identity=key_file, store=storage.store())
    click.echo(f"{count} files were put back.")


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


@click.command("base-backup")
@click.argument("folder", type=FOLDER)
def base_backup(folder: Path) -> None:
    """Keep the whole database cluster of REPLICATION_URL in FOLDER, sealed to BACKUP_KEYS: from it on the log brings back any moment."""
    click.echo(f"{service.keep_base(folder, url=_replication_url(), keys=_keys())}: kept.")


@click.command("archive-wal")
@click.argument("folder", type=FOLDER)
def archive_wal(folder: Path) -> None:
    """Keep the database's log in FOLDER as it grows, sealed to BACKUP_KEYS, until told to stop. Run it as a service."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with in_a_sentence("Fetching the log"):
        wal.follow(folder, url=_replication_url(), keys=_keys(), stop=stop, say=click.echo)


@click.command("archive-prune")
@click.argument("folder", type=FOLDER)
@click.option("--days", type=click.IntRange(min=0), help="How old a base may be; BACKUP_DAYS when left out.")
def archive_prune(folder: Path, days: int | None) -> None:
    """Throw away the bases in FOLDER that are too old (never the newest), and the log that no other base needs."""
    gone = wal.prune(folder, days=settings().backup_days if days is None else days)
    click.echo(f"Thrown away: {gone.bases} bases, {gone.pieces} pieces of the log. Bases left: {gone.left}.")


@click.command("lay-out")
@click.argument("folder", type=FOLDER)
@click.argument("into", type=FOLDER)
@click.option("--key-file", required=True, type=click.Path(dir_okay=False, exists=True, path_type=Path), help="The file with a holder's secret key.")
@click.option("--moment", type=click.DateTime(["%Y-%m-%dT%H:%M:%S"]), help="To bring it back to, in UTC; the newest there is when left out.")
def lay_out(folder: Path, into: Path, key_file: Path, moment: datetime | None) -> None:
    """Open what FOLDER holds in the empty folder INTO, ready for PostgreSQL to bring it back to a moment."""
    found = wal.lay_out(folder, into.absolute(), identity=key_file, moment=moment and moment.replace(tzinfo=UTC))
    click.echo(f"{found} lies in {into / 'data'}. Give {into} to PostgreSQL's user, and start it as that user: pg_ctl -D {into / 'data'} start")


def _replication_url() -> str:
    if not settings().replication_url:
        raise NotKept("REPLICATION_URL names no database role that may replicate.")
    return settings().replication_url


def _keys() -> tuple[str, ...]:
    if not settings().backup_keys:
        raise NotKept("BACKUP_KEYS names no key to seal to. `flask --app wsgi backup-key` makes one.")
    return settings().backup_keys
