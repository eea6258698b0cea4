"""`flask imagery …`: satellite assessments from the command line; the same as the page, a dry run first."""

from pathlib import Path
from uuid import UUID

import click
from flask import Flask
from flask.cli import AppGroup

from server.accounts.policy import SYSTEM
from server.core.database import session, settled
from server.core.problems import Problem
from server.evidence import imagery
from server.evidence.imagery_fields import RowRefused
from server.evidence.imagery_reading import Reading
from server.evidence.survey import SurveyRefused
from server.verification import comparing, pairing

imagery_group = AppGroup("imagery", help="Satellite assessments: bring in, list, take back.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(imagery_group)


@imagery_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--provider", type=click.Choice(imagery.PROVIDERS), required=True, help="Whose assessment it is.")
@click.option("--product", required=True, help="What the provider calls it, such as EMSR123 or CE20231007PSE.")
@click.option("--licence", required=True, help="Under which licence it may be used.")
@click.option("--image-date", type=click.DateTime(["%Y-%m-%d"]), help="The date of images that have none in the file.")
@click.option("--commit", is_flag=True, help="Do it. Without this, nothing is changed.")
def bring_in(file: Path, provider: str, product: str, licence: str, image_date: object, *, commit: bool) -> None:
    """Read a GeoJSON, GeoPackage, zipped shapefile or zipped file geodatabase of damage. Nothing is changed without --commit."""
    day = image_date.date() if hasattr(image_date, "date") else None
    said = imagery.Said(provider=provider, product=product, licence=licence, taken_on=day)
    try:
        with settled():
            one, reading = imagery.try_out(file.read_bytes(), said, actor=SYSTEM)
            number = one.id
            if not commit:
                session.rollback()
        _tell(reading)
        if commit:
            click.echo(_keep(number))
    except SurveyRefused as refused:
        raise click.ClickException(refused.why.label) from refused
    except Problem as problem:
        raise click.ClickException(problem.title) from problem
    if not commit:
        click.echo("Nothing was changed. Add --commit to do it.")


def _keep(number: UUID) -> str:
    with settled():
        imagery.keep(number, actor=SYSTEM)
        paired = pairing.pair_import(number)
        pairing.tell_changed(pairing.records_of(number), actor=SYSTEM)
    return f"Imported as {str(number)[:8]}: {paired} rows speak of a damage record."


def _tell(reading: Reading) -> None:
    click.echo(f"{len(reading.units)} things, {reading.rows} rows, {reading.tally.refused} refused.")
    for value, low, high, best, n in reading.classes:
        click.echo(f"  {value}: {n} → {'cannot tell' if best is None else f'D{best} (D{low}–D{high})'}")
    for layer, number, why, value in reading.tally.told[:20]:
        click.echo(f"  {layer}, row {number}: {RowRefused(why).label} {value}".rstrip())


@imagery_group.command("list")
def list_imports() -> None:
    """Every import with how the satellite and the ground agree."""
    for one in imagery.imports():
        numbers = ", ".join(f"{n} {agreement.value}" for agreement, n in comparing.numbers(one).items())
        click.echo(f"{str(one.id)[:8]} {one.state:6} {one.provider} {one.product} {one.last_on or ''} {numbers}")


@imagery_group.command("undo")
@click.argument("number")
def undo(number: str) -> None:
    """Take an import back: its rows are gone, what it was stays on record."""
    with settled():
        try:
            one = imagery.find(number).id
            touched = pairing.records_of(one)
            gone = imagery.undo(one, actor=SYSTEM)
            pairing.tell_changed(touched, actor=SYSTEM)
        except Problem as problem:
            raise click.ClickException(problem.title) from problem
    click.echo(f"{gone} rows taken back.")
