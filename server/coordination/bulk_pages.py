"""/desk/bulk: change many records at once. First what would change is shown; then it is done, followed, stopped, or taken back whole."""

from typing import Any
from uuid import UUID

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import ValidationError
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from server.accounts.policy import may
from server.accounts.service import current_actor, requires
from server.coordination import bulk, edits
from server.coordination.bulk_models import BulkAct
from server.coordination.history import LABELS, spoken
from server.core.database import session
from server.core.i18n import words
from server.core.problems import PROBLEMS, Problem
from server.matching import choosing, filters, queries, wording
from server.matching.exactness import sees_exactly
from server.matching.models import Incident
from server.matching.tiles import memory
from server.reports import access

blueprint = Blueprint("bulk", __name__, url_prefix="/desk/bulk")

SHOWN = 100


@blueprint.get("")
@requires("work_queue")
def show() -> str:
    """The records under the filters of the address, each with a box to tick, and what may be changed of them."""
    return _page(request.args)


def _page(query: MultiDict[str, str], problem: Problem | None = None) -> str:
    actor, asked = current_actor(), _asked(query)
    offered = {what: edit for what, edit in edits.EDITS.items() if may(actor, "edit_many") or what == "workflow"}
    return render_template(
        "coordination/work/bulk.html", found=queries.page_of(asked, size=SHOWN), query=query, edits=offered, wording=wording,
        spoken=_spoken_filters(asked), past=_past(), problem=problem, values=request.form,
    )  # fmt: skip


def _asked(values: MultiDict[str, str]) -> dict[str, Any]:
    """The filters, or Problem: a change of many must not be made under a filter that was not understood."""
    try:
        access.enter(current_actor())
        return filters.read(values, exact=sees_exactly(current_actor()))
    except ValidationError as wrong:
        raise Problem("invalid_input", errors=[{"field": str(name), "code": "unknown", "message": str(name)} for name in wrong.messages]) from None


def _spoken_filters(asked: dict[str, Any]) -> list[str]:
    fields = filters.IncidentFilter().fields
    return [words(fields[name].metadata.get("title", name)) for name, value in asked.items() if filters.says_something({name: value})]


def _past() -> list[BulkAct]:
    """What this person changed of many lately, to go back to."""
    query = select(BulkAct).where(BulkAct.person_id == current_actor().person_id, BulkAct.state != "PREVIEW", BulkAct.total > 1)
    return list(session.scalars(query.order_by(BulkAct.at.desc()).limit(10)))


@blueprint.post("")
@requires("work_queue")
def preview() -> Response | tuple[str, int]:
    """Note what would be changed, and show it. Nothing is changed yet. A refusal says why on the page, and what was chosen stays."""
    query = MultiDict((name, each) for name, each in request.form.items(multi=True) if name not in ("change", "ids", "which"))
    try:
        act = _previewed(query)
    except Problem as problem:
        if problem.code not in ("invalid_input", "already_done"):
            raise
        return _page(query, problem), problem.status
    return redirect(url_for(".show_act", act_id=act.id), 303)


def _previewed(query: MultiDict[str, str]) -> BulkAct:
    what, _colon, value = request.form.get("change", "").partition(":")
    ticked = request.form.getlist("ids") if request.form.get("which") == "ticked" else []
    if request.form.get("which") == "ticked" and not ticked:
        raise Problem("invalid_input", errors=[{"field": "ids", "code": "empty", "message": gettext("Tick at least one record.")}])
    return bulk.preview(what, value, asked=_asked(query), ids=ticked, actor=current_actor())


@blueprint.get("/<uuid:act_id>")
@requires("work_queue")
def show_act(act_id: UUID) -> str:
    """A change of many: what it would do, how far it is, what it left alone and why."""
    act = bulk.by_id(act_id, actor=current_actor())
    rows = [_row(incident, after) for incident, after in bulk.sample(act)] if act.state == "PREVIEW" else []
    return render_template(
        "coordination/work/bulk_act.html", act=act, rows=rows, tally=bulk.tally(act.id), said=_said(act), wording=wording,
        refused=[(number, _why(why)) for number, why in bulk.named(act.id, ["REFUSED"])],
        kept=[(number, _why(why)) for number, why in bulk.named(act.id, ["KEPT"])],
    )  # fmt: skip


@blueprint.get("/<uuid:act_id>/progress")
@requires("work_queue", by_itself=True)
def show_progress(act_id: UUID) -> Response:
    """How far it is, for the page to ask."""
    act = bulk.by_id(act_id, actor=current_actor())
    tally = bulk.tally(act.id)
    left = tally.get("WAITING", 0) if act.state == "RUNNING" else tally.get("DONE", 0) if act.state == "UNDOING" else 0
    return jsonify({"state": act.state, "total": act.total, "left": left})


@blueprint.post("/<uuid:act_id>/<any(begin, undo, stop):word>")
@requires("work_queue")
def settle(act_id: UUID, word: str) -> Response:
    """Carry it out, take it back, or stop it."""
    {"begin": bulk.begin, "undo": bulk.undo, "stop": bulk.stop}[word](act_id, actor=current_actor())
    memory.forget()
    return redirect(url_for(".show_act", act_id=act_id), 303)


def _row(incident: Incident, after: dict[str, Any] | None) -> tuple[Incident, list[tuple[str, str]]]:
    """A record and, of each fact that would change, what it is and what it becomes, in words."""
    facts = [(column, value) for column, value in (after or {}).items() if column in LABELS]
    return incident, [(spoken(column, choosing.plain(getattr(incident, column))), spoken(column, value)) for column, value in facts]


def _said(act: BulkAct) -> str:
    """What is changed to what, in words."""
    chosen = dict(edits.EDITS[act.what].values()).get(act.value, act.value)
    return f"{words(edits.EDITS[act.what].words)}: {words(chosen) if act.what != 'event' else chosen}"


def _why(code: str) -> str:
    return gettext(PROBLEMS[code][1]) if code in PROBLEMS else code
