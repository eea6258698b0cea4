"""One damage record: what is known, what it rests on, how sure we are; and the acts on it, each with the way back."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.accounts.limits import may_on, works_on
from server.accounts.policy import Actor, may
from server.accounts.service import current_actor, requires
from server.coordination import aid_panel, assignments, bulk, edits, evidence_panel, work_panel
from server.coordination.history import changed_by
from server.core import maps
from server.core.problems import Problem
from server.evidence import service as evidence
from server.matching import queries, wording
from server.matching import service as matching
from server.matching.exactness import square_of
from server.matching.models import Attachment, Incident
from server.matching.reasons import masked
from server.matching.tiles import memory
from server.places.basemap import base_map
from server.reports import access
from server.reports.models import Report
from server.verification import grading
from server.verification import service as verification
from server.vocabulary import AdmiraltyItem, AdmiraltySource, Certainty, Stance, WorkflowState

blueprint = Blueprint("records", __name__, url_prefix="/desk/incidents")


@blueprint.get("/<public_id>")
@requires("see_desk")
def show(public_id: str) -> str | Response:
    """The page of a record; the number of one that was merged leads to where it went."""
    incident = queries.incident_by_public_id(public_id)
    if incident.public_id != public_id:
        return redirect(url_for(".show", public_id=incident.public_id), 302)
    return render_template("coordination/record.html", **_contents(incident))


@blueprint.get("/<public_id>/map.js")
@requires("see_desk")
def show_script(public_id: str) -> Response:
    """The script of the small map on the page of a record. Problem ``not_found`` for a record without a place."""
    incident = queries.incident_by_public_id(public_id)
    spot = _spot(incident, exact=assignments.look(current_actor(), incident))
    if spot is None:
        raise Problem("not_found")
    return maps.script_response(spot)


def _seen_place(incident: Incident, *, exact: bool) -> tuple[float, float, float | None] | None:
    """Longitude, latitude and accuracy (metres) as a reader may see them: the place itself, or its square; None without a place."""
    place = queries.place_of(incident)
    return (*place, incident.accuracy_m) if place and exact else square_of(incident)


def _spot(incident: Incident, *, exact: bool) -> maps.Map | None:
    """A small still map of where a record lies, as exactly as the reader may see it; None where it has no place."""
    place = _seen_place(incident, exact=exact)
    if place is None:
        return None
    lon, lat, accuracy_m = place
    drawn = maps.Map("spot", location=(lat, lon), zoom=10, modules=("js/ground.js", "js/spot.js"))
    base_map().layer.add_to(drawn)
    grade, certainty = wording.grade(incident.damage_best).value, incident.certainty.value
    maps.Layer("spot", lon=lon, lat=lat, accuracy_m=accuracy_m, grade=grade, certainty=certainty).add_to(drawn)
    return drawn


def _contents(incident: Incident, problem: Problem | None = None, *, at: str = "rationale") -> dict[str, Any]:
    actor = current_actor()
    exact = assignments.look(actor, incident)
    spot, place = _spot(incident, exact=exact), _seen_place(incident, exact=exact)
    together, history = queries.consensus_on(incident), queries.changes(incident)
    access.enter(actor)
    return {
        "incident": incident,
        "page": spot and spot.page,
        "base_map": base_map(),
        "problem": problem,
        "problem_at": at,
        "values": request.form,
        "lon_lat": place and place[:2],
        "accuracy_m": place and place[2],
        "exact": exact,
        "accounts": _accounts(actor, incident),
        "options": verification.options(incident, actor=actor),
        "decisions": verification.decisions_on(incident.id),
        "mode": verification.mode_of(incident),
        "agreed": wording.agreed(together) if together and may(actor, "see_reports") else [],
        "questions": queries.open_suggestions(incident),
        "history": history,
        "changed": changed_by(incident, [change for change, _alias in history]),
        "prior": queries.by_id(incident.prior_incident_id),
        "later": queries.later_strikes(incident),
        "people": queries.aliases(),
        "areas": queries.areas_of(incident, exact=exact),
        "wording": wording,
        "actor": actor,
        "may": lambda action: may_on(actor, action, incident),
        "is_elsewhere": not works_on(actor, incident),
        "lists": {"certainty": Certainty, "source": AdmiraltySource, "item": AdmiraltyItem, "stance": Stance},
        "moves": verification.moves_from(incident.workflow),
        **aid_panel.panel(incident, actor),
        **evidence_panel.panel(incident, actor),
        **work_panel.panel(incident, actor),
    }


def _attached(actor: Actor, incident: Incident) -> list[tuple[Attachment, Report]]:
    """The reports an actor may see; who may see no reports still sees the record itself."""
    return queries.attached(actor, incident) if may(actor, "see_reports") else []


def _accounts(actor: Actor, incident: Incident) -> list[dict[str, Any]]:
    """What an actor may read of the reports on a record; why each lies there, without what would tell of those they may not read."""
    seen = _attached(actor, incident)
    is_all = len(seen) == incident.report_count
    return [_account(actor, link, report) | {"reasons": link.reasons if is_all else masked(link.reasons)} for link, report in seen]


def _account(actor: Actor, link: Attachment, report: Report) -> dict[str, Any]:
    return {
        "link": link,
        "report": report,
        "words": access.private_words(actor, report),
        "additions": access.amendments(actor, report),
        "photos": evidence.photos_of(report.id),
        "assessment": grading.assessment_of(report.id),
    }


def _back(incident: Incident) -> Response:
    """To the record, as it is now; the map's memory is dropped, so that the person who acted sees it."""
    memory.forget()
    return redirect(url_for(".show", public_id=incident.public_id), 303)


def _version() -> int:
    try:
        return int(request.form.get("version", ""))
    except ValueError:
        raise Problem("bad_request") from None


def _choice(kind: Any, name: str) -> Any:
    """A code of the form, or Problem ``invalid_input``."""
    try:
        return kind(request.form.get(name, ""))
    except ValueError:
        raise Problem("invalid_input", errors=[{"field": name, "code": "unknown", "message": name}]) from None


def _reason() -> str:
    return request.form.get("reason", "").strip()[:500]


@blueprint.post("/<public_id>/certainty")
@requires("decide_certainty")
def decide(public_id: str) -> Response | tuple[str, int]:
    """Decide how sure we are; a refusal says on the page which rule is missing, and what was typed stays."""
    incident = queries.incident_by_public_id(public_id)
    try:
        verification.decide(
            incident.id, _choice(Certainty, "to"), request.form.get("rationale", ""), version=_version(), actor=current_actor()
        )
    except Problem as problem:
        return render_template("coordination/record.html", **_contents(incident, problem)), problem.status
    return _back(incident)


@blueprint.post("/<public_id>/decisions/<uuid:decision_id>/<word>")
@requires("decide_certainty")
def settle_decision(public_id: str, decision_id: UUID, word: str) -> Response:
    """Agree to a decision that waits for a second person, or take one back."""
    acts = {"agree": verification.agree, "undo": verification.undo}
    if word not in acts:
        raise Problem("not_found")
    acts[word](decision_id, actor=current_actor())
    return _back(queries.incident_by_public_id(public_id))


@blueprint.post("/<public_id>/reports/<uuid:report_id>/assess")
@requires("assess_report")
def assess(public_id: str, report_id: UUID) -> Response:
    """Grade one report: its source A–F, the item 1–6, whether its photo was located and dated."""
    actor = current_actor()
    grading.assess(
        access.get_report(actor, report_id),
        actor=actor,
        source_grade=_choice(AdmiraltySource, "source_grade"),
        item_grade=_choice(AdmiraltyItem, "item_grade"),
        stance=_choice(Stance, "stance"),
        media_located="media_located" in request.form,
        media_timed="media_timed" in request.form,
    )
    return _back(queries.incident_by_public_id(public_id))


@blueprint.post("/<public_id>/split")
@requires("settle_duplicates")
def split(public_id: str) -> Response:
    """Take the chosen reports off onto a record of their own."""
    incident = queries.incident_by_public_id(public_id)
    chosen = [_uuid(word) for word in request.form.getlist("reports")]
    matching.split(incident.id, chosen, actor=current_actor(), reason=_reason())
    return _back(incident)


@blueprint.post("/<public_id>/merge")
@requires("settle_duplicates")
def merge(public_id: str) -> Response:
    """Lay the record with the number in the form onto this one."""
    incident = queries.incident_by_public_id(public_id)
    other = queries.incident_by_public_id(request.form.get("other", "").strip())
    matching.merge(incident.id, other.id, actor=current_actor(), reason=_reason())
    return _back(incident)


@blueprint.post("/<public_id>/changes/<uuid:change_id>/undo")
@requires("settle_duplicates")
def undo(public_id: str, change_id: UUID) -> Response:
    """Take an act on the record back, exactly."""
    matching.undo(change_id, actor=current_actor(), reason=_reason())
    return _back(queries.incident_by_public_id(public_id))


@blueprint.post("/<public_id>/workflow")
@requires("edit_incident")
def move(public_id: str) -> Response | tuple[str, int]:
    """Move the work on the record to another state; who saw an older state of it is told so on the page, and chooses again."""
    incident = queries.incident_by_public_id(public_id)
    try:
        _move(incident, _choice(WorkflowState, "to"), version=_version())
    except Problem as problem:
        if problem.code not in ("changed_meanwhile", "already_done"):
            raise
        return render_template("coordination/record.html", **_contents(incident, problem, at="move-to")), problem.status
    return _back(incident)


def _move(incident: Incident, to: WorkflowState, *, version: int) -> None:
    """As a step of the queue: with a line in the history and the way back. What only a decision leads to is moved by hand without."""
    held = verification.locked(incident.id)
    if held.version != version:
        raise Problem("changed_meanwhile")
    if to.value in dict(edits.EDITS["workflow"].values()):
        bulk.single("workflow", to.value, held, actor=current_actor())
    else:
        verification.move(held.id, to, version=version, actor=current_actor())


def _uuid(word: str) -> UUID:
    try:
        return UUID(word)
    except ValueError:
        raise Problem("bad_request") from None


