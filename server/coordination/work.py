"""/desk/work: the unread, worst first, one record at a time with all that is needed; one key for each step, and one takes it back.

Every form works by itself. With scripts the next record is there before the answer has arrived (``static/js/work.js``).
"""

import json
from typing import Any
from uuid import UUID

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from server.accounts.limits import works_on
from server.accounts.policy import may
from server.accounts.service import current_actor, requires
from server.coordination import bulk, claims, duties, notes, pairs, queues, review
from server.coordination.assignments import knows
from server.core.choices import N_
from server.core.i18n import words
from server.core.problems import Problem
from server.core.requests import quietly
from server.matching import queries, wording
from server.matching.models import Incident
from server.matching.tiles import memory
from server.places.basemap import base_map
from server.verification import service as verification
from server.verification.models import VerificationDecision
from server.verification.workflow import may_move
from server.vocabulary import WorkflowState

blueprint = Blueprint("work", __name__, url_prefix="/desk/work")

MOST_PAST = 200
STEPS = {
    "t": (WorkflowState.TRIAGE, N_("Read")),
    "v": (WorkflowState.IN_VERIFICATION, N_("To be verified")),
    "i": (WorkflowState.NEEDS_INFO, N_("Needs information")),
    "c": (WorkflowState.CLOSED, N_("Close")),
}
"""The key of each step, the state it leads to, and what stands on its button."""


@blueprint.get("")
@requires("work_queue")
def show() -> str | tuple[str, int]:
    """The queues with their counts, and the next record of one, or the one the address names."""
    queue = queues.named(request.args.get("queue", "all"))
    wanted = request.args.get("record", "")
    incident = _named(wanted) if wanted else _next(queue)
    return _page(queue, incident)


@blueprint.get("/next")
@requires("work_queue")
def show_next() -> str | Response:
    """The next record alone, for the page to have at hand; 204 when none waits. ``past`` names those not wanted now."""
    queue = queues.named(request.args.get("queue", "all"))
    wanted = request.args.get("record", "")
    incident = _named(wanted) if wanted else _next(queue)
    if incident is None:
        return Response(status=204)
    return render_template("coordination/work/_item.html", queue=queue, **_contents(incident))


@blueprint.get("/counts")
@requires("work_queue", by_itself=True)
def show_counts() -> Response:
    """How many wait in each queue, with an ETag so that a quiet desk costs headers alone."""
    return quietly(jsonify(queues.counts(current_actor())))


def _next(queue: queues.Queue) -> Incident | None:
    found = queues.take(current_actor(), queue, past=[_uuid(word) for word in request.args.getlist("past")[-MOST_PAST:]])
    return queries.by_id(found)


def _named(public_id: str) -> Incident | None:
    """A record somebody asks for by its number, kept for them where nobody else has it."""
    incident = queries.incident_by_public_id(public_id)
    claims.hold(current_actor(), incident.id)
    return incident


def _page(queue: queues.Queue, incident: Incident | None, **more: Any) -> str:
    actor = current_actor()
    return render_template(
        "coordination/work/queue.html", page=review.composed().page, base_map=base_map(), queue=queue, all=queues.ALL,
        shared=queues.SHARED, own=queues.OWN, counts=queues.counts(actor), handed=duties.handed_to(actor), done=_done(),
        people=duties.colleagues(), **{**_contents(incident), **more},
    )  # fmt: skip


def _contents(incident: Incident | None) -> dict[str, Any]:
    actor = current_actor()
    contents = {"incident": incident, "wording": wording, "actor": actor, "may": lambda action: may(actor, action)}
    if incident is None:
        return contents
    held = claims.holder(incident.id)
    return contents | {
        "is_elsewhere": not works_on(actor, incident),
        "givable": duties.colleagues_for(incident),
        "side": pairs.side_of(incident, actor),
        "questions": queries.open_suggestions(incident),
        "waiting": [one for one in verification.decisions_on(incident.id) if _waits(one)],
        "areas": queries.areas_of(incident, exact=knows(actor, incident)),
        "notes": notes.on(incident.id),
        "duty": duties.of(incident.id),
        "other": held if held and held.person_id != actor.person_id else None,
        "steps": [(key, state, said) for key, (state, said) in STEPS.items() if may_move(incident.workflow, state) and works_on(actor, incident)],
        "seen": json.dumps(facts_of(incident), ensure_ascii=False),
    }


def _waits(decision: VerificationDecision) -> bool:
    return decision.second_needed and not decision.in_force and decision.undone_at is None


def facts_of(incident: Incident) -> dict[str, str]:
    """What a person saw of a record, in words, so that a refusal can show both versions beside one another."""
    return {
        gettext("State of work"): words(incident.workflow.label),
        gettext("Certainty"): words(incident.certainty.label),
        gettext("Type of place"): words(incident.site_type.label),
        gettext("Damage"): words(wording.grade(incident.damage_best).label),
        gettext("When"): wording.when(incident),
        gettext("Needs"): wording.listed(incident, "needs"),
        gettext("Hazards"): wording.listed(incident, "hazards"),
        gettext("Reports"): str(incident.report_count),
    }


def _done() -> dict[str, str] | None:
    """What was just done, for its undo button."""
    number = request.args.get("done", "")
    try:
        act = bulk.by_id(UUID(number), actor=current_actor()) if number else None
    except (ValueError, Problem):
        return None
    return {"said": _said(act.value), "undo": url_for(".undo", act_id=act.id)} if act and act.state == "DONE" else None


def _said(state: str) -> str:
    return words(WorkflowState(state).label) if state in WorkflowState.codes() else ""


@blueprint.post("/<public_id>")
@requires("work_queue")
def step(public_id: str) -> Response | tuple[str, int]:
    """Do one step with a record. If somebody was quicker nothing is done, and the page shows both versions."""
    actor, key, queue = current_actor(), request.form.get("step", ""), queues.named(request.form.get("queue", "all"))
    incident = queries.incident_by_public_id(public_id)
    if key == "skip":
        claims.release(actor, incident.id)
        return _answered(queue, past=[*request.form.getlist("past"), str(incident.id)][-MOST_PAST:])
    if key not in STEPS:
        raise Problem("invalid_input", errors=[{"field": "step", "code": "unknown", "message": key[:16]}])
    incident = verification.locked(incident.id)
    held = claims.holder(incident.id)
    if request.form.get("version") != str(incident.version) or (held and held.person_id != actor.person_id):
        return _refused(queue, incident)
    state = STEPS[key][0].value
    act = bulk.single("workflow", state, incident, actor=actor)
    duties.done(incident.id, actor=actor)
    claims.release(actor, incident.id)
    memory.forget()
    return _answered(queue, said=_said(state), done=act.id, past=request.form.getlist("past")[-MOST_PAST:])


def _refused(queue: queues.Queue, incident: Incident) -> Response | tuple[str, int]:
    """Somebody changed it meanwhile, or has it before them: who, and what was seen beside what is now."""
    problem = Problem("changed_meanwhile")
    if _is_program():
        raise problem
    try:
        seen = json.loads(request.form.get("seen", "{}"))
    except ValueError:
        seen = {}
    current = facts_of(incident)
    both = [(label, str(seen.get(label, "")), value) for label, value in current.items()] if isinstance(seen, dict) else []
    return _page(queue, incident, problem=problem, both=both), problem.status


def _is_program() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _answered(queue: queues.Queue, *, said: str = "", done: UUID | None = None, past: list[str] | None = None) -> Response:
    """What was done: to a script in JSON, to a person the next record."""
    if _is_program():
        undo = url_for(".undo", act_id=done) if done else ""
        return jsonify({"said": said, "undo": undo, "counts": queues.counts(current_actor())})
    return redirect(url_for(".show", queue=queue.name, done=done, past=past or None), 303)


@blueprint.post("/steps/<uuid:act_id>/undo")
@requires("work_queue")
def undo(act_id: UUID) -> Response:
    """Take a step back; the record waits again, before whoever took it back."""
    actor = current_actor()
    act = bulk.undo(act_id, actor=actor)
    memory.forget()
    if kept := bulk.named(act_id, ["KEPT"]):
        raise Problem("changed_meanwhile", detail=", ".join(name for name, _why in kept))
    [(public_id, _why)] = bulk.named(act.id, ["UNDONE"], most=1) or [("", "")]
    duties.again(queries.incident_by_public_id(public_id).id, actor=actor)
    if _is_program():
        return jsonify({"said": "", "undo": "", "record": public_id, "counts": queues.counts(actor)})
    return redirect(url_for(".show", record=public_id), 303)


@blueprint.post("/<public_id>/keep")
@requires("work_queue", by_itself=True)
def keep(public_id: str) -> Response:
    """Somebody still looks at it: nobody else gets it meanwhile."""
    if not claims.hold(current_actor(), queries.incident_by_public_id(public_id).id):
        raise Problem("changed_meanwhile")
    return Response(status=204)


@blueprint.post("/<public_id>/release")
@requires("work_queue")
def release(public_id: str) -> Response:
    """Whoever had it before them left the page."""
    claims.release(current_actor(), queries.incident_by_public_id(public_id).id)
    return Response(status=204)


def _uuid(word: str) -> UUID:
    try:
        return UUID(word)
    except ValueError:
        raise Problem("bad_request") from None


@blueprint.post("/hand-over")
@requires("work_queue")
def hand_over() -> Response:
    """Give a whole queue to a colleague, with a note."""
    queue = queues.named(request.form.get("queue", ""))
    duties.hand_over(queue, _uuid(request.form.get("to", "")), note=request.form.get("note", ""), actor=current_actor())
    return redirect(url_for(".show"), 303)
