"""/desk/paper/enter: filled-in papers, a row each, typed fast: looked at, kept as one import that can be taken back, nothing typed lost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from server.accounts.service import current_actor, requires
from server.core.choices import N_, Choice
from server.core.clock import now
from server.core.i18n import language
from server.core.problems import Problem
from server.intake import gate, spreadsheet
from server.intake.calls import CALLERS, as_entered
from server.intake.drafts import SCHEMA
from server.intake.refused_rows import refused_csv
from server.intake.spreadsheet import Plan, Verdict
from server.intake.spreadsheet_frame import frame
from server.intake.spreadsheet_rows import Frame, ReadRow, read_row
from server.intake.tables import Row, Table
from server.places import service as places
from server.vocabulary import CITIZEN_HAZARDS, CITIZEN_NEEDS, SourceType, sites_by_group

blueprint = Blueprint("papers", __name__, url_prefix="/desk/paper/enter")

COLUMNS = ("row_key", "place", "place_text", "event_date", "site_type", "damage", "people_trapped", "hazards", "needs", "witness_proximity", "text")
"""What a paper tells, in its order; the names are those of a table that is brought in."""
BOXES: dict[str, Sequence[Choice]] = {"hazards": CITIZEN_HAZARDS, "needs": CITIZEN_NEEDS}
ROWS, MOST = 10, 200
NO_COORDINATES = N_("These coordinates cannot be read. Put them right, or write the place in words beside them.")
UNREAD = N_("This cannot be read: %(said)s.")
SOURCE = "paper"


@dataclass(frozen=True)
class Entry:
    """One row as it was typed, and what is wrong with it: sentences by column ("" for the row as a whole)."""

    cells: dict[str, str]
    wrong: list[tuple[str, str]]
    verdict: Verdict | None = None


@blueprint.get("")
@requires("enter_for_others")
def ask() -> Response:
    """Empty rows; for the sheet named in the address one that has its number, or where this sheet was entered before."""
    sheet = request.args.get("sheet", "").strip()[:40]
    if not sheet:
        return _page([], bundle=_today())
    known = spreadsheet.report_of_row(sheet, sources=f"{SOURCE} ")
    rows = [] if known else [Entry(cells={**dict.fromkeys(COLUMNS, ""), "row_key": sheet}, wrong=[])]
    return _page(rows, bundle=_today(), sheet=sheet, known=known)


@blueprint.post("")
@requires("enter_for_others")
def receive() -> Response:
    """Look at the rows, or keep them: the good ones enter, those that are not come back as they were typed, with the reason."""
    bundle, number = request.form.get("bundle", "").strip()[:40] or _today(), uuid4()
    typed = _typed(request.form)
    if len(typed) > MOST:
        raise Problem("too_large")
    table = Table(headings=COLUMNS, rows=[_row(cells, at) for at, cells in enumerate(typed, start=1)])
    spreadsheet.lock_source(_source(bundle))
    plan = _planned(table, bundle, number)
    entries = [_entry(cells, plan, at) for at, cells in enumerate(typed)]
    if request.form.get("do") != "keep" or not typed:
        return _page(entries, bundle=bundle, looked=bool(typed))
    return _keep(table, plan, entries, bundle, number)


def _today() -> str:
    return now().date().isoformat()


def _typed(form: MultiDict[str, str]) -> list[dict[str, str]]:
    """The rows in which anything was typed."""
    lists = {name: form.getlist(name) for name in COLUMNS}
    width = max(map(len, lists.values()), default=0)
    rows = [{name: (values[at].strip() if at < len(values) else "") for name, values in lists.items()} for at in range(width)]
    return [row for row in rows if any(row.values())]


def _row(cells: dict[str, str], number: int) -> Row:
    """A row of a table; coordinates that cannot be read are told of, because whoever typed them has the paper before them."""
    reading = places.read_where(cells["place"]) if cells["place"] else None
    refusal = gettext(NO_COORDINATES) if reading and reading.point is None else ""
    told = {**cells, **{name: _of_boxes(cells[name], choices) for name, choices in BOXES.items()}}
    return Row(number=number, cells=tuple(told.values()), refusal=refusal)


def _of_boxes(typed: str, choices: Sequence[Choice]) -> str:
    """Codes for the numbers of ticked boxes, as they stand on the sheet ("1 5"); anything else stays as it was typed."""
    words = typed.replace(",", " ").replace(";", " ").split()
    known = {str(at): choice.value for at, choice in enumerate(choices, start=1)}
    return "; ".join(known.get(word, word) for word in words)


def _source(bundle: str) -> str:
    """The source of a bundle of papers: a number written on a paper means that paper within its bundle."""
    return f"{SOURCE} {bundle}"[:64]


def _planned(table: Table, bundle: str, number: UUID) -> Plan:
    source = next((each for each in CALLERS if each.value == request.form.get("source_type", "")), SourceType.SELF_WITNESS)
    how = frame(table, {name: name for name in COLUMNS}, order="dmy", source_type=source, lang=request.form.get("lang", "")[:8] or language())
    return spreadsheet.plan_rows([_read(row, how, number) for row in table.rows], _source(bundle))


def _read(row: Row, how: Frame, number: UUID) -> ReadRow:
    """The same as of any table, but that nothing typed is left unread: the paper is still there to look at."""
    found = read_row(row, COLUMNS, how, import_id=number)
    unread = [(name, row.cells[at]) for at, name in enumerate(COLUMNS) if found.draft and name in found.draft.unread]
    refusals = tuple((name, gettext(UNREAD, said=said)) for name, said in unread)
    return replace(found, draft=None, refusals=refusals) if unread else found


def _entry(cells: dict[str, str], plan: Plan, at: int) -> Entry:
    outcome = plan.outcomes[at]
    return Entry(cells=cells, wrong=list(outcome.row.refusals), verdict=outcome.verdict)


def _keep(table: Table, plan: Plan, entries: Sequence[Entry], bundle: str, number: UUID) -> Response:
    """All good rows enter in one import; refused ones stay on the page, so that nothing has to be typed again."""
    left = [entry for entry in entries if entry.verdict is Verdict.REFUSED]
    entering = plan.of(Verdict.NEW) + plan.of(Verdict.CHANGED)
    if not entering:
        return _page(left, bundle=bundle, looked=True, status=422)
    gate.refuse_when_closed(number)
    refused = refused_csv(table, (outcome.row for outcome in plan.of(Verdict.REFUSED)))
    spreadsheet.carry_out(plan, import_id=number, mapping={name: name for name in COLUMNS}, refused=refused, actor=as_entered(current_actor()))
    return _page(left, bundle=bundle, looked=bool(left), kept=len(entering), undo=number)


def _page(
    entries: Sequence[Entry], *, bundle: str, looked: bool = False, kept: int = 0, undo: UUID | None = None, status: int = 200, **more: object
) -> Response:
    blank = Entry(cells=dict.fromkeys(COLUMNS, ""), wrong=[])
    rows = [*entries, *[blank] * max(2, ROWS - len(entries))]
    page = render_template(
        "intake/desk/papers.html", rows=rows, bundle=bundle, looked=looked, kept=kept, fields=SCHEMA.fields, callers=CALLERS,
        groups=sites_by_group(), boxes=BOXES, values=request.form, undo=undo and url_for("papers.undo", import_id=undo),
        **{"sheet": "", "known": None, **more},
    )  # fmt: skip
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/<uuid:import_id>/undo")
@requires("enter_for_others")
def undo(import_id: UUID) -> Response:
    """Take back papers that this person kept: all reports of that act."""
    actor = current_actor()
    found = next((one for one in spreadsheet.imports() if one.id == import_id), None)
    if found is None or found.person_id != actor.person_id or not found.source.startswith(SOURCE):
        raise Problem("not_found")
    spreadsheet.undo(found, actor=actor)
    return _page([], bundle=found.source.removeprefix(SOURCE).strip())
