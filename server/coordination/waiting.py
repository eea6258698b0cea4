"""/desk/reports: reports that are on no map, because nobody knows where they are or because their words are held back."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.accounts.limits import check_limits, may_on
from server.accounts.policy import Actor, may
from server.accounts.service import current_actor, requires
from server.coordination import assignments
from server.core import paging
from server.core.columns import lon_lat
from server.core.problems import Problem
from server.evidence import service as evidence
from server.matching import service as matching
from server.matching import wording
from server.matching.exactness import sees_place_of
from server.matching.models import Incident
from server.places import service as places
from server.reports import access, asking, service
from server.reports.models import Report
from server.reports.queries import counts_waiting, waiting_page
from server.vocabulary import HandlingState, ReporterQuestion, SensitivityClass, effective_class

blueprint = Blueprint("waiting", __name__, url_prefix="/desk/reports")

KINDS = ("no_place", "held_back", "flagged")


@blueprint.get("")
@requires("see_reports")
def show_list() -> str:
    """Reports that wait, oldest first, by why they wait."""
    kind = request.args.get("why", "no_place")
    if kind not in KINDS:
        raise Problem("not_found")
    actor = current_actor()
    rows, cursor = waiting_page(actor, kind, cursor=request.args.get("cursor"), size=paging.PAGE)
    return render_template(
        "coordination/waiting.html", kind=kind, kinds=KINDS, reports=rows, cursor=cursor, counts=counts_waiting(actor), wording=wording
    )


@blueprint.get("/<uuid:report_id>")
@requires("see_reports")
def show(report_id: UUID) -> str:
    """One report as it came, whatever became of it."""
    actor = current_actor()
    return render_template("coordination/report.html", **_contents(actor, access.get_report(actor, report_id)))


def _contents(actor: Actor, report: Report, problem: Problem | None = None) -> dict[str, Any]:
    incident = matching.incident_of(report.id)
    return {
        "problem": problem,
        "values": request.form,
        "asked": asking.asked_covered(report) if may(actor, "see_personal_words") and not report.quarantine else [],
        "questions": list(ReporterQuestion),
        "own_words": ReporterQuestion.OWN_WORDS,
        "report": report,
        "words": access.private_words(actor, report),
        "masked": access.masked_words(actor, report) if report.quarantine else None,
        "additions": access.amendments(actor, report),
        "photos": evidence.photos_of(report.id),
        "lon_lat": lon_lat(report.point) if report.point is not None and _sees_pin(actor, report, incident) else None,
        "wording": wording,
        "incident": incident,
        "may": lambda action: may_on(actor, action, incident) if incident else may(actor, action),
        "states": list(HandlingState),
    }


def _sees_pin(actor: Actor, report: Report, incident: Incident | None) -> bool:
    """Whether an actor sees where a report's pin lies: one of the most protected places only as its damage record is seen, or as one's own."""
    own = effective_class(report.site_type, report.in_use_as)
    s_class = max(own, incident.s_class) if incident else own
    is_of_own_house = report.organisation_id is not None and report.organisation_id == actor.organisation_id
    opened = incident is not None and assignments.opens(actor, incident) is not None
    return s_class is not SensitivityClass.S4 or is_of_own_house or opened or sees_place_of(actor, s_class)


def bound(report_id: UUID) -> Report:
    """The report, for whoever may decide about the record it lies on; Problem ``outside_your_area``. One on no record is everybody's."""
    report = access.get_report(current_actor(), report_id)
    if incident := matching.incident_of(report.id):
        check_limits(current_actor(), incident)
    return report


@blueprint.post("/<uuid:report_id>/handling")
@requires("handle_report")
def set_handling(report_id: UUID) -> Response:
    """Say how far the handling is; the reporter's receipt shows it."""
    try:
        state = HandlingState(request.form.get("state", ""))
    except ValueError:
        raise Problem("invalid_input", errors=[{"field": "state", "code": "unknown", "message": "state"}]) from None
    service.set_handling(bound(report_id), state, actor=current_actor())
    return _to(report_id)


@blueprint.post("/<uuid:report_id>/questions")
@requires("handle_report")
def ask(report_id: UUID) -> Response | tuple[str, int]:
    """Put a question to the reporter. A refusal says why on the page, and what was typed stays."""
    actor, report = current_actor(), bound(report_id)
    try:
        question = ReporterQuestion(request.form.get("question", ""))
        asking.ask(
            report, question=question, words=request.form.get("words", ""), answerable_here="answerable_here" in request.form, actor=actor
        )
    except ValueError:
        raise Problem("invalid_input", errors=[{"field": "question", "code": "unknown", "message": "question"}]) from None
    except Problem as problem:
        return render_template("coordination/report.html", **_contents(actor, report, problem)), problem.status
    return _to(report_id)


@blueprint.post("/<uuid:report_id>/place")
@requires("settle_duplicates")
def set_place(report_id: UUID) -> Response:
    """A person found where it is: the report stays as given, and opens a damage record at this place."""
    report = access.get_report(current_actor(), report_id)
    found = places.read_where(request.form.get("place", ""))
    if found.lon is None or found.lat is None:
        raise Problem("invalid_input", errors=[{"field": "place", "code": "unreadable", "message": request.form.get("place", "")[:80]}])
    matching.place_by_hand(report.id, found.lon, found.lat, accuracy_m=found.precision_m, actor=current_actor())
    return _to(report_id)


@blueprint.post("/<uuid:report_id>/free")
@requires("handle_report")
def free(report_id: UUID) -> Response:
    """A person read what was held back and found it harmless; it goes the way of any other report."""
    report = bound(report_id)
    service.free_words(report, actor=current_actor())
    return _to(report_id)


@blueprint.post("/<uuid:report_id>/erase")
@requires("handle_report")
def erase(report_id: UUID) -> Response:
    """Destroy the words of a report for good; the facts of damage stay."""
    report = bound(report_id)
    service.erase_words(report.id)
    service.free_words(report, actor=current_actor())
    return _to(report_id)


def _to(report_id: UUID) -> Response:
    return redirect(url_for(".show", report_id=report_id), 303)

