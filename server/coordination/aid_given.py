"""Damage records given to organisations: giving, accepting, declining, handing back, ending."""

from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from server.accounts.service import current_actor, requires
from server.coordination import aid_forms, assignments
from server.coordination.activity_models import Assignment
from server.core.database import session
from server.core.problems import Problem
from server.matching import queries
from server.matching.models import Incident

blueprint = Blueprint("aid_given", __name__, url_prefix="/desk/aid")


@blueprint.post("/incidents/<public_id>/assignments")
@requires("assign_records")
def assign(public_id: str) -> Response:
    """Give a record to an organisation for some days."""
    incident = queries.incident_by_public_id(public_id)
    try:
        organisation = UUID(request.form.get("organisation", ""))
    except ValueError:
        raise Problem("invalid_input", errors=[{"field": "organisation", "code": "missing", "message": "organisation"}]) from None
    days = aid_forms.number_of("days", assignments.DAYS)
    assignments.assign(incident, organisation, actor=current_actor(), days=days, task=request.form.get("task", ""))
    return _back(incident)


@blueprint.post("/assignments/<uuid:assignment_id>")
@requires("give_aid")
def answer(assignment_id: UUID) -> Response:
    """Accept or decline a record that was given to one's organisation."""
    is_accepted, reason = aid_forms.is_accepted(), request.form.get("reason", "")
    return _to_record(assignments.answer(assignment_id, accept=is_accepted, reason=reason, actor=current_actor()))


@blueprint.post("/assignments/<uuid:assignment_id>/hand-back")
@requires("give_aid")
def hand_back(assignment_id: UUID) -> Response:
    """Give a record back; its exact place closes at once."""
    return _to_record(assignments.hand_back(assignment_id, reason=request.form.get("reason", ""), actor=current_actor()))


@blueprint.post("/assignments/<uuid:assignment_id>/end")
@requires("assign_records")
def end(assignment_id: UUID) -> Response:
    """End an assignment from the desk."""
    return _to_record(assignments.end(assignment_id, reason=request.form.get("reason", ""), actor=current_actor()))


def _to_record(assignment: Assignment) -> Response:
    return _back(session.get_one(Incident, assignment.incident_id))


def _back(incident: Incident) -> Response:
    return redirect(url_for("coordination.records.show", public_id=incident.public_id) + "#aid-title", 303)
