"""/desk/imports: a table brought in from the desk: its columns mapped, what would come of it shown, done, refused rows taken back, undone."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from sqlalchemy import text
from werkzeug.wrappers import Response as AnyResponse

from server.accounts.people import organisations
from server.accounts.service import current_actor, requires
from server.core.database import session
from server.core.problems import Problem
from server.core.response import this_response
from server.intake import gate, spreadsheet, tables_in
from server.intake.spreadsheet import Verdict
from server.reports.imports import Import
from server.vocabulary import DamageScale, SourceType

blueprint = Blueprint("imports", __name__, url_prefix="/desk/imports")

SHOWN = 100
LONG_S = 120  # some thousand rows take longer than a page may


@blueprint.get("")
@requires("import_tables")
def show_list() -> str:
    """What was brought in, the latest first, and the place to bring in more."""
    return _listed()


def _listed(problem: Problem | None = None) -> str:
    return render_template("intake/desk/imports.html", rows=spreadsheet.imports()[:SHOWN], problem=problem, values=request.form)


@blueprint.post("")
@requires("import_tables")
def upload() -> AnyResponse | tuple[str, int]:
    """Keep a table and show what its columns seem to tell; a file that cannot be read is told of on the page."""
    request.max_content_length = tables_in.BYTES + 100_000
    file = request.files.get("file")
    data = file.read() if file else b""
    name = request.form.get("source", "").strip() or ((file.filename or "").partition(".")[0] if file else "")
    try:
        kept = tables_in.keep(data, source=name or "table", actor=current_actor())
    except Problem as problem:
        return _listed(problem), problem.status
    return redirect(url_for(".show_table", upload_id=kept.id), 303)


@blueprint.get("/tables/<uuid:upload_id>")
@requires("import_tables")
def show_table(upload_id: UUID) -> str:
    """The columns, what each tells, and what would come of every row."""
    seen = tables_in.look(tables_in.find(upload_id, actor=current_actor()))
    samples = {heading: _sample(seen, at) for at, heading in enumerate(seen.table.headings)}
    return render_template(
        "intake/desk/table.html", seen=seen, samples=samples, targets=tables_in.TARGETS, verdicts=tuple(Verdict), scales=tuple(DamageScale),
        sources=tuple(SourceType), organisations=organisations(), refused=seen.plan.of(Verdict.REFUSED)[:SHOWN],
        entering=len(seen.plan.of(Verdict.NEW)) + len(seen.plan.of(Verdict.CHANGED)),
    )  # fmt: skip


def _sample(seen: tables_in.Look, at: int) -> str:
    said = [row.cells[at] for row in seen.table.rows if at < len(row.cells) and row.cells[at]]
    return " · ".join(dict.fromkeys(said[:50]))[:80]


@blueprint.post("/tables/<uuid:upload_id>")
@requires("import_tables")
def settle(upload_id: UUID) -> AnyResponse:
    """Read it again as it is mapped now, bring it in, or throw it away."""
    actor, word = current_actor(), request.form.get("do", "look")
    found = tables_in.find(upload_id, actor=actor)
    if word == "forget":
        tables_in.forget(found)
        return redirect(url_for(".show_list"), 303)
    tables_in.choose(found, _chosen())
    if word != "commit":
        return redirect(url_for(".show_table", upload_id=upload_id), 303)
    if this_response().is_closed:
        gate.refuse_when_closed(upload_id)
    _take_time()
    made = tables_in.bring_in(found, organisation_id=_organisation(), actor=actor)
    return redirect(url_for(".show_list", _anchor=f"import-{made.id}"), 303)


def _chosen() -> dict[str, Any]:
    """What the form says: a target for each column, and how to read. Codes outside their lists are left out."""
    names, targets = request.form.getlist("heading"), request.form.getlist("target")
    chosen: dict[str, Any] = {"mapping": {name: target or "-" for name, target in zip(names, targets, strict=False)}}
    allowed = {"dates": ("dmy", "mdy", ""), "scale": ("", *DamageScale.codes()), "source_type": SourceType.codes()}
    chosen |= {name: request.form[name] for name, codes in allowed.items() if request.form.get(name, " ") in codes}
    return chosen


def _organisation() -> UUID | None:
    """Whose reports they are; None for nobody's. Problem ``bad_request`` for one that does not exist."""
    word = request.form.get("organisation", "")
    known = {str(one.id): one.id for one in organisations()}
    if word and word not in known:
        raise Problem("bad_request")
    return known.get(word)


def _take_time() -> None:
    session.execute(text("SELECT set_config('statement_timeout', :long, true)"), {"long": f"{LONG_S}s"})


@blueprint.post("/<uuid:import_id>/undo")
@requires("import_tables")
def undo(import_id: UUID) -> AnyResponse:
    """Take back every report of an import; what it had replaced counts again."""
    _take_time()
    spreadsheet.undo(_found(import_id), actor=current_actor())
    return redirect(url_for(".show_list", _anchor=f"import-{import_id}"), 303)


@blueprint.get("/<uuid:import_id>/refused.csv")
@requires("import_tables")
def show_refused(import_id: UUID) -> Response:
    """The refused rows of an import with the reasons; put right, the file can be brought in as it is."""
    rows = spreadsheet.refused_of(_found(import_id))
    if not rows:
        raise Problem("not_found")
    response = make_response(("\ufeff" + rows).encode())
    response.mimetype = "text/csv"
    response.headers["Content-Disposition"] = f'attachment; filename="refused-{str(import_id)[:8]}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _found(import_id: UUID) -> Import:
    found = session.get(Import, import_id)
    if found is None:
        raise Problem("not_found")
    return found
