"""``flask baselines …``: load dated lists of what exists, and say what there is."""

from datetime import datetime
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from server.core.database import settled
from server.places import baselines as lists
from server.places.baseline_files import KINDS, Kind, Reading, UnusableBaseline, read_words
from server.vocabulary import SiteType

baselines_group = AppGroup("baselines", help="Dated lists of places that exist; publication hides records among them.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(baselines_group)


@baselines_group.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--kind", type=click.Choice(KINDS), required=True, help="an OpenStreetMap extract, healthsites.io, or another list"
)
@click.option(
    "--source", required=True, help="whose list it is, for example 'OSM Geofabrik'; it replaces the older one"
)
@click.option("--dated", type=click.DateTime(["%Y-%m-%d"]), required=True, help="the day the list speaks of")
@click.option("--licence", required=True, help="for example ODbL-1.0")
@click.option("--site-type", type=click.Choice(list(SiteType.codes())), help="of a list: what every row is")
@click.option("--type-column", default="type", show_default=True, help="of a list: the column that says what a row is")
@click.option(
    "--types",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="a CSV of the list's words and our codes",
)
def load(
    file: Path, kind: Kind, source: str, dated: datetime, licence: str, site_type: str | None, type_column: str,
    types: Path | None,
) -> None:  # fmt: skip
    """Load a list from GeoJSON, GeoPackage or CSV."""
    with settled():
        try:
            how = Reading(
                kind=kind, site_type=next((code for code in SiteType if code == site_type), None), type_column=type_column.casefold(),
                words=read_words(types) if types else None,
            )  # fmt: skip
            done = lists.load_baseline(file, how, source=source, dated_on=dated.date(), licence=licence)
        except UnusableBaseline as problem:
            raise click.ClickException(str(problem)) from problem
    click.echo(f"{done.sites} places loaded, {done.twins} listed twice, {sum(done.left_out.values())} left out.")
    for reason, number in sorted(done.left_out.items()):
        click.echo(f"  {number}: {reason}")
    for code, number in sorted(done.kinds.items()):
        click.echo(f"  {code.value:16} {number}")


@baselines_group.command("list")
def show() -> None:
    """Say which lists are in use, and which kinds of place no list knows."""
    for found in lists.baselines():
        click.echo(f"{found.dated_on}  {found.sites:>9}  {found.licence:12}  {found.source}")
    counted = lists.counted_kinds()
    missing = [kind.value for kind in SiteType if kind not in counted]
    click.echo(f"In no list: {', '.join(missing)}" if missing else "Every kind is in some list.")
