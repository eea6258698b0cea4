"""`flask rescue FILE`: reports that a phone saved to a file because it could not send them."""

from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from server.intake import rescue


def init_app(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(bring_in)


@click.command("rescue")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def bring_in(file: Path) -> None:
    """Receive the sealed reports and photos of FILE, saved on a phone. Bringing it twice changes nothing."""
    try:
        with file.open("rb") as opened:
            brought = rescue.bring_in(opened)
    except rescue.UnusableFile as damage:
        raise click.ClickException(str(damage)) from None
    click.echo(f"Received {brought.new} new reports and {brought.photos} photos; {brought.known} reports were here before.")
    for number, code in brought.refused:
        click.echo(f"Refused: {number} ({code})")
    if brought.refused:
        raise SystemExit(1)
