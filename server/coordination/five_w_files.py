"""/desk/aid/5w: the table of activities as a file, for an audience that is chosen first."""

import csv
import io
from collections.abc import Callable
from datetime import date
from uuid import uuid4

from flask import Blueprint, Response, render_template
from xlsxwriter import Workbook

from server.accounts.policy import Actor, may
from server.accounts.service import current_actor, requires
from server.accounts.stepping import requires_fresh
from server.coordination.five_w import COLUMNS, Table, table_for
from server.core import ledger
from server.core.cells import escape_cell
from server.core.clock import now
from server.core.response import this_response
from server.publication.formats.csv import MARK
from server.vocabulary import Audience

blueprint = Blueprint("aid_files", __name__, url_prefix="/desk/aid/5w")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("")
@requires("see_desk")
def show() -> str:
    """Choose for whom, then the kind of file."""
    offered = [audience for audience in reversed(COLUMNS) if audience is not Audience.COORD or may(current_actor(), "coordinate_aid")]
    return render_template("coordination/aid/files.html", audiences=offered, formats=tuple(WRITERS))


@blueprint.get("/COORD.<any('csv', 'hxl.csv', 'xlsx'):name>")
@requires("coordinate_aid")
@requires_fresh
def get_whole(name: str) -> Response:
    """Every activity, with the number of its damage record: for coordinators, who say again who they are."""
    return _file(Audience.COORD, name, current_actor())


@blueprint.get("/<any('PARTNER', 'PUBLIC'):audience>.<any('csv', 'hxl.csv', 'xlsx'):name>")
@requires("see_desk")
def get_sums(audience: str, name: str) -> Response:
    """Sums by district and sector, small counts hidden."""
    return _file(Audience(audience), name, current_actor())


def _file(audience: Audience, name: str, actor: Actor) -> Response:
    """The file, with a number of its own that the ledger knows and its name says; an exercise says EXERCISE."""
    table, export = table_for(audience), uuid4()
    ledger.record("export.made", export, actor_id=actor.person_id, what="5w", audience=audience.value, rows=len(table.rows))
    kind, write = WRITERS[name]
    response = Response(write(table), mimetype=kind)
    word = "EXERCISE-" if this_response().exercise else ""
    response.headers["Content-Disposition"] = f'attachment; filename="{word}5w-{audience.value}-{now():%Y%m%d}-{export.hex[:8]}.{name}"'
    return response


def _csv(table: Table, *, tags: bool = False) -> bytes:
    out = io.StringIO(newline="")
    head = [table.columns, table.tags] if tags else [table.columns]
    csv.writer(out, lineterminator="\r\n").writerows([*head, *([escape_cell(value) for value in row] for row in table.rows)])
    return MARK + out.getvalue().encode()


def _csv_with_tags(table: Table) -> bytes:
    return _csv(table, tags=True)


def _workbook(table: Table) -> bytes:
    """Numbers are numbers, days are days, and no cell holds a formula."""
    out = io.BytesIO()
    with Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet, bold, day = book.add_worksheet("5W"), book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.freeze_panes(2, 0)
        sheet.write_row(0, 0, table.columns, bold)
        sheet.write_row(1, 0, table.tags)
        for at, row in enumerate(table.rows, start=2):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(at, column, value, day)
                elif isinstance(value, int):
                    sheet.write_number(at, column, value)
                elif value not in (None, ""):
                    sheet.write_string(at, column, escape_cell(value))
    return out.getvalue()


WRITERS: dict[str, tuple[str, Callable[[Table], bytes]]] = {
    "csv": ("text/csv", _csv),
    "hxl.csv": ("text/csv", _csv_with_tags),
    "xlsx": (XLSX, _workbook),
}
