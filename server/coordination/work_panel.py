"""What the page of a record says of the work on it: who has it before them, who is to see to it, the notes; and the posts for these."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from server.accounts.policy import Actor, may
from server.accounts.service import current_actor, requires
from server.coordination import claims, duties, notes
from server.core.problems import Problem
from server.matching import queries
from server.matching.models import Incident

blueprint = Blueprint("work_panel", __name__, url_prefix="/desk/work/records")


def panel(incident: Incident, actor: Actor) -> dict[str, Any]:
    """What ``coordination/_work.html`` needs; nothing for who does not work the queue."""
    if not may(actor, "work_queue"):
        return {"work": None}
    held = claims.holder(incident.id)
    return {
        "work": {
            "held": held,
            "is_mine": bool(held and held.person_id == actor.person_id),
            "duty": duties.of(incident.id),
            "notes": notes.on(incident.id),
            "colleagues": duties.colleagues_for(incident),
        }
    }


@blueprint.post("/<public_id>/assign")
@requires("work_queue")
def assign(public_id: str) -> Response:
    """Give the record to a person to see to, or let it wait for anybody again."""
    incident, actor, to = queries.incident_by_public_id(public_id), current_actor(), request.form.get("to", "")
    claims.refuse_if_held(actor, incident.id)
    if to:
        duties.assign(incident.id, _uuid(to), actor=actor)
    else:
        duties.give_back(incident.id, actor=actor)
    return _back(public_id)


@blueprint.post("/<public_id>/notes")
@requires("work_queue")
def leave_note(public_id: str) -> Response:
    """Leave a note for the others; who is named with @ is told."""
    notes.leave(queries.incident_by_public_id(public_id).id, request.form.get("words", ""), actor=current_actor())
    return _back(public_id)


@blueprint.post("/<public_id>/notes/<uuid:note_id>/take-back")
@requires("work_queue")
def take_note_back(public_id: str, note_id: UUID) -> Response:
    """Erase the words of one's own note."""
    notes.take_back(note_id, actor=current_actor())
    return _back(public_id)


def _back(public_id: str) -> Response:
    """To the page the post came from: the queue, or the record."""
    if request.form.get("from") == "queue":
        return redirect(url_for("coordination.work.show", record=public_id, queue=request.form.get("queue", "all")), 303)
    return redirect(url_for("coordination.records.show", public_id=public_id, _anchor="work"), 303)


def _uuid(word: str) -> UUID:
    try:
        return UUID(word)
    except ValueError:
        raise Problem("bad_request") from None
