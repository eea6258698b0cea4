"""`flask places …`: load administrative areas, and say in what mode an area is."""

from datetime import datetime, timedelta
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from server.core.clock import now
from server.core.database import settled
from server.places import service
from server.vocabulary import ContextMode

places_group = AppGroup("places", help="Administrative areas and the mode they are in.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(places_group)


@places_group.command("areas")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--level", type=click.IntRange(0, 3), required=True, help="0 country, 1 region, 2 district, 3 municipality"
)
@click.option("--cod-version", required=True, help="as the publisher calls it, for example v03 or 2025-06-01")
def load_areas(file: Path, level: int, cod_version: str) -> None:
    """Load the areas of one level from a COD-AB GeoJSON file. Doing it twice changes nothing."""
    with settled():
        try:
            done = service.load_admin_areas(file, level=level, cod_version=cod_version)
        except service.UnusableAreas as problem:
            raise click.ClickException(str(problem)) from problem
    click.echo(f"{done.loaded} areas loaded, {len(done.refused)} refused.")
    for number, reason in done.refused:
        click.echo(f"  feature {number}: {reason}")


@places_group.command("context")
@click.argument("pcode")
@click.argument("mode", type=click.Choice(list(ContextMode.codes())))
@click.option(
    "--days", type=click.FloatRange(min=0, min_open=True), required=True, help="how long it holds, 30 at most"
)
@click.option("--reason", required=True, help="who agreed it, and why")
@click.option("--from", "from_at", type=click.DateTime(["%Y-%m-%dT%H:%M%z"]), help="when it begins; now if left out")
def say_context(pcode: str, mode: str, days: float, reason: str, from_at: datetime | None) -> None:
    """Say that an area is in active conflict. What is looser needs two people: see flask publication situation."""
    if ContextMode(mode) is not ContextMode.CONFLICT_ACTIVE:
        raise click.ClickException(
            "Everything but CONFLICT_ACTIVE loosens what the public may see, and needs two people: "
            "flask publication situation, then flask publication agree, or the desk's page Situations."
        )
    begin = from_at or now()
    with settled():
        try:
            service.set_context(
                pcode,
                ContextMode(mode),
                from_at=begin,
                until_at=begin + timedelta(days=days),
                set_by=None,
                reason=reason,
            )
        except service.UnusableContext as problem:
            raise click.ClickException(str(problem)) from problem
    click.echo(f"{pcode} is {mode} until {begin + timedelta(days=days):%Y-%m-%d %H:%M} UTC.")
