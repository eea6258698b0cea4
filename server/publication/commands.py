"""The public side's commands: publish now, write a public file."""

from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from server.core.clock import now
from server.core.database import public_session, settled
from server.publication import current, reading, service
from server.publication.formats import FORMATS
from server.publication.source import Source

publication_group = AppGroup("publication", help="Make a batch of the public copy by hand.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(publication_group)
    app.cli.add_command(export)


@publication_group.command("publish")
def publish() -> None:
    """Let the rules judge everything now, without waiting for the hour of the batch."""
    with settled():
        batch = service.publish_batch(now())
    click.echo(f"{batch.release_id}: {batch.new} new, {batch.updated} changed, {len(batch.removed)} taken out.")
    for why, records in sorted(batch.withheld.items()):
        click.echo(f"  not shown ({why}): {records}")


@click.command("export")
@click.argument("out", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--format", "name", type=click.Choice(sorted(FORMATS)), default="csv", show_default=True)
def export(out: Path, name: str) -> None:
    """Write all public damage records to the file OUT."""
    public_session.execute(current.NO_HURRY)
    newest, kind = reading.latest(), FORMATS[name]
    size = kind.write(Source(public_session.connection(), current.about(newest)), out)
    click.echo(
        f"{out}: data set {newest.release_id if newest else '(none yet)'}, {reading.count({})} rows, {size} bytes."
    )
