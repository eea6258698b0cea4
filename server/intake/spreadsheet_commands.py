"""`flask import FILE` and `flask imports …`: bring a table in, look at what was brought in, take it back."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import or_, select, text

from server.accounts.models import Organisation
from server.accounts.policy import Actor
from server.core.database import session, settled
from server.core.problems import Problem
from server.core.settings import VAR
from server.intake import spreadsheet
from server.intake.drafts import NAMED
from server.intake.files import read_table
from server.intake.mapping import folded, unknown_targets
from server.intake.refused_rows import refused_csv
from server.intake.spreadsheet import Plan, Verdict
from server.intake.spreadsheet_frame import day_order, frame, headings, map_columns
from server.intake.spreadsheet_rows import ReadRow, read_row
from server.intake.tables import Table, UnreadableTable
from server.vocabulary import DamageScale, SourceType

HOUSE = Path(__file__).resolve().parents[2]
SHOWN = 50
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

imports_group = AppGroup("imports", help="Look at what was imported, and take it back.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(bring_in)
    app.cli.add_command(imports_group)


@click.command("import")
@click.argument("file", type=FILE)
@click.option(
    "--map", "pairs", multiple=True, metavar="COLUMN=FIELD", help="What a column tells; FIELD `-` keeps it unread."
)
@click.option("--mapping", type=FILE, help="The same for many columns, as a JSON object.")
@click.option("--source", default="", metavar="NAME", help="Whose table this is; by default the name of the file.")
@click.option(
    "--key", default="", metavar="COLUMN", help="The sender's own number of a row: a later import changes what changed."
)
@click.option(
    "--scale", type=click.Choice(DamageScale.codes(), case_sensitive=False), help="The scale of its damage grades."
)
@click.option("--organisation", default="", metavar="NAME", help="The organisation the reports belong to.")
@click.option(
    "--source-type", type=click.Choice(SourceType.codes()), default=SourceType.PARTNER_DB.value, show_default=True
)
@click.option("--lang", default="und", help="The language of the words, such as uk.")
@click.option("--time-zone", default="", help="The zone of times without one; by default that of this installation.")
@click.option(
    "--dates", type=click.Choice(["dmy", "mdy"]), help="The order of day and month, where the table does not tell."
)
@click.option("--encoding", default="", help="The encoding of a CSV, where it is not found out by itself.")
@click.option("--sheet", default="", help="The sheet of a workbook; by default the first that holds anything.")
@click.option("--rows", is_flag=True, help="Say of every single row what comes of it.")
@click.option("--commit", is_flag=True, help="Do it. Without this, nothing is changed.")
@with_appcontext
def bring_in(file: Path, **options: Any) -> None:
    """Import reports from FILE: CSV, XLSX or GeoJSON. First look, then add --commit.

    Good rows enter, refused rows come back in a file with the reasons. Nothing is dropped: what cannot be understood is
    kept as unread words of its report.
    """
    table = _read(file, options)
    mapping = map_columns(table, _given(options))
    import_id, source = uuid4(), options["source"] or file.name.partition(".")[0][:64]
    _tell_columns(table, mapping)
    lines = _read_rows(table, mapping, options, import_id)
    with settled():
        spreadsheet.lock_source(source)
        plan = spreadsheet.plan_rows(lines, source)
        _tell_plan(plan, every_row=options["rows"])
        refused = refused_csv(table, (outcome.row for outcome in plan.of(Verdict.REFUSED)))
        if options["commit"]:
            actor = _actor(options["organisation"])
            spreadsheet.carry_out(plan, import_id=import_id, mapping=mapping, refused=refused, actor=actor)
    _tell_end(file, refused, import_id if options["commit"] else None)


def _read(file: Path, options: dict[str, Any]) -> Table:
    known = headings()
    try:
        return read_table(
            file, knows=lambda heading: folded(heading) in known, encoding=options["encoding"], sheet=options["sheet"]
        )
    except UnreadableTable as why:
        raise click.ClickException(str(why)) from None


def _given(options: dict[str, Any]) -> dict[str, str]:
    """What the sender tells of the columns: a file, then single pairs, then the key."""
    given = json.loads(options["mapping"].read_text(encoding="utf-8")) if options["mapping"] else {}
    if not isinstance(given, dict) or not all(isinstance(target, str) for target in given.values()):
        raise click.ClickException('A mapping is a JSON object such as {"Column": "field"}.')
    for pair in options["pairs"]:
        column, equals, target = pair.rpartition("=")
        if not equals:
            raise click.ClickException(f"--map {pair}: write COLUMN=FIELD.")
        given[column] = target
    if options["key"]:
        given[options["key"]] = "row_key"
    if wrong := unknown_targets(given.values(), NAMED):
        raise click.ClickException(f"No report has the field {', '.join(wrong)}. Fields: {', '.join(sorted(NAMED))}.")
    return given


def _read_rows(table: Table, mapping: dict[str, str], options: dict[str, Any], import_id: Any) -> list[ReadRow]:
    scale = DamageScale(options["scale"].upper()) if options["scale"] else None
    how = frame(
        table, mapping, zone=options["time_zone"], order=options["dates"] or "", scale=scale,
        source_type=SourceType(options["source_type"]), lang=options["lang"][:8],
    )  # fmt: skip
    if not options["dates"] and day_order(table, mapping) is None:
        click.echo(
            "No date tells whether days or months come first; days are taken to. --dates mdy says otherwise.", err=True
        )
    return [read_row(row, table.headings, how, import_id=import_id) for row in table.rows]


def _actor(name: str) -> Actor:
    """The house itself, in the name of an organisation if one is given."""
    if not name:
        return Actor(alias="import", is_system=True)
    found = session.scalar(select(Organisation).where(or_(Organisation.name == name, Organisation.acronym == name)))
    if found is None:
        raise click.ClickException(f"There is no organisation called {name!r} here.")
    return Actor(alias="import", organisation_id=found.id, is_system=True)


def _tell_columns(table: Table, mapping: dict[str, str]) -> None:
    click.echo(f"{len(table.rows):,} rows; {'; '.join(table.notes)}")
    for heading in table.headings:
        click.echo(f"  {heading:32} {mapping.get(heading, '(kept unread)')}")
    if "row_key" not in mapping.values():
        click.echo(
            "No column tells the sender's own number of a row (--key): a row that changes later will count as a new one."
        )


def _tell_plan(plan: Plan, *, every_row: bool) -> None:
    for verdict in Verdict:
        if found := plan.of(verdict):
            click.echo(
                f"{verdict.label:16} {len(found):>7,}   rows {ranges([outcome.row.number for outcome in found])}"
            )
    flags = Counter(flag for outcome in plan.outcomes if outcome.row.draft for flag in outcome.row.draft.flags)
    if flags:
        click.echo("flagged: " + ", ".join(f"{flag} {count:,}" for flag, count in flags.most_common()))
    if every_row:
        for outcome in plan.outcomes:
            click.echo(f"row {outcome.row.number}: {outcome.verdict.label}")
    _tell_refused(plan)


def _tell_refused(plan: Plan) -> None:
    refused = plan.of(Verdict.REFUSED)
    for outcome in refused[:SHOWN]:
        for column, sentence in outcome.row.refusals:
            click.echo(
                f"row {outcome.row.number}, {column}: {sentence}" if column else f"row {outcome.row.number}: {sentence}"
            )
    if len(refused) > SHOWN:
        click.echo(f"… and {len(refused) - SHOWN:,} more refused rows, all in the file.")


def ranges(numbers: Sequence[int]) -> str:
    """Row numbers in few words: "2-9, 11"; the rest as "…" after a dozen runs."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    told = [f"{first}-{last}" if last > first else f"{first}" for first, last in runs[:12]]
    return ", ".join(told) + (", …" if len(runs) > 12 else "")


def _tell_end(file: Path, refused: str, import_id: Any) -> None:
    if refused:
        click.echo(f"The refused rows are in {_write_refused(file, refused)}")
    if import_id is None:
        click.echo("Nothing was changed. Add --commit to do this.")
    else:
        click.echo(f"Done. `flask imports undo {str(import_id)[:8]}` takes it back.")


def _write_refused(file: Path, refused: str) -> Path:
    """Beside the input; in var/ where the input lies among the program's own files or its folder cannot be written."""
    folder = file.resolve().parent
    if folder.is_relative_to(HOUSE) and not folder.is_relative_to(VAR):
        folder = VAR / "refused"
    try:
        return _write(folder, file, refused)
    except OSError:
        return _write(VAR / "refused", file, refused)


def _write(folder: Path, file: Path, refused: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file.name.partition('.')[0]}.refused.csv"
    path.write_text(refused, encoding="utf-8-sig", newline="")
    path.chmod(0o600)
    return path


@imports_group.command("list")
def list_imports() -> None:
    """Every import, the latest first: number, day, source, and how many rows were new, changed, the same and refused."""
    _print(
        f"{str(one.id)[:8]}  {one.begun_at:%Y-%m-%d %H:%M}  {one.source:32} new {one.rows_new:,}, changed {one.rows_changed:,}, "
        f"same {one.rows_same:,}, refused {one.rows_refused:,}{'  undone' if one.undone_at else ''}"
        for one in spreadsheet.imports()
    )


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


@imports_group.command("undo")
@click.argument("number")
def undo_import(number: str) -> None:
    """Take back every report of the import NUMBER; what it had replaced counts again."""
    with settled():
        session.execute(text("SET LOCAL statement_timeout = '120s'"))
        count = spreadsheet.undo(_find(number), actor=Actor(alias="import", is_system=True))
    click.echo(f"{count:,} reports were taken back." if count else "This import was undone before.")


@imports_group.command("refused")
@click.argument("number")
def print_refused(number: str) -> None:
    """Print the refused rows of the import NUMBER as CSV, with the reasons."""
    click.echo(spreadsheet.refused_of(_find(number)), nl=False)


def _find(number: str) -> Any:
    try:
        return spreadsheet.find_import(number)
    except Problem:
        raise click.ClickException(f"There is no one import whose number begins with {number!r}.") from None
