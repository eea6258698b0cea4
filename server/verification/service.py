"""Decisions on how sure we are: what the rules allow, who decided, who agreed, and the way back."""

from uuid import UUID

from sqlalchemy import select, update

from server.accounts.limits import check_limits
from server.accounts.policy import Actor, may
from server.core import ledger
from server.core.clock import now
from server.core.database import see_as, session
from server.core.problems import Problem
from server.evidence.models import Photo
from server.matching.models import Attachment, Incident
from server.matching.summaries import voices_of
from server.places import service as places
from server.reports.models import Report
from server.verification import decided, workflow
from server.verification.items import beside_reports
from server.verification.models import Assessment, VerificationDecision
from server.verification.workflow import Finding, Item
from server.vocabulary import (
    AdmiraltyItem,
    AdmiraltySource,
    Certainty,
    ContextMode,
    SourceType,
    Stance,
    WitnessProximity,
    WorkflowState,
)

FIRST_HAND = {WitnessProximity.INSIDE, WitnessProximity.SAW_IT, WitnessProximity.SAW_AFTER}
FIELD = {SourceType.FIELD_NGO, SourceType.FIELD_UN, SourceType.RC_MOVEMENT}
IMAGERY = {SourceType.SAT_ANALYST}
RECYCLED = "recycled_media"
DOUBTED = "campaign"  # a report that looks made after one pattern with others counts for nothing until a person decided


def items_of(incident_id: UUID) -> list[Item]:
    """The accounts attached to an incident, and the evidence laid beside them, as the rules see them."""
    see_as("all")
    rows = session.execute(
        select(Report, Assessment)
        .join(Attachment, Attachment.report_id == Report.id)
        .outerjoin(Assessment, Assessment.report_id == Report.id)
        .where(Attachment.incident_id == incident_id, Attachment.ended_at.is_(None), Report.withdrawn_at.is_(None))
        .where(~Report.flags.contains([DOUBTED]))
    ).all()
    photos = _photos([report.id for report, _assessment in rows])
    voices = voices_of([report for report, _assessment in rows])
    told = [_item(report, assessment, photos.get(report.id, []), voices[report.id]) for report, assessment in rows]
    return [*told, *beside_reports(incident_id)]


def _photos(report_ids: list[UUID]) -> dict[UUID, list[tuple[int | None, bool]]]:
    """The photos of each report: their fingerprint, and whether the same was seen before as of another place or time."""
    query = select(Photo.report_id, Photo.perceptual_hash, Photo.flags).where(
        Photo.report_id.in_(report_ids), Photo.state == "CLEAN"
    )
    found: dict[UUID, list[tuple[int | None, bool]]] = {}
    for report_id, value, flags in session.execute(query):
        found.setdefault(report_id, []).append((value, RECYCLED in flags))
    return found


def _item(report: Report, assessment: Assessment | None, photos: list[tuple[int | None, bool]], voice: str) -> Item:
    """Unjudged, a stranger is F6 and an organisation that works in the response B3, or B5 with a photo seen before elsewhere.

    A person who graded has seen that flag: their word stands, and "improbable" beside it proves the photo old or of elsewhere.
    """
    is_known, is_recycled = report.organisation_id is not None, any(recycled for _value, recycled in photos)
    unjudged = AdmiraltyItem.I6 if not is_known else AdmiraltyItem.I5 if is_recycled else AdmiraltyItem.I3
    return Item(
        report_id=str(report.id),
        originator=voice,
        source_grade=assessment.source_grade if assessment else AdmiraltySource.B if is_known else AdmiraltySource.F,
        item_grade=assessment.item_grade if assessment else unjudged,
        stance=assessment.stance if assessment else Stance.SUPPORTS,
        first_hand=report.witness_proximity in FIRST_HAND,
        photo_hashes=tuple(value for value, recycled in photos if value is not None and not recycled),
        media_located=bool(assessment and assessment.media_located),
        media_timed=bool(assessment and assessment.media_timed),
        organisation=str(report.organisation_id) if report.organisation_id else None,
        is_field_visit=is_known and report.source_type in FIELD and report.witness_proximity in FIRST_HAND,
        is_imagery=is_known and report.source_type in IMAGERY,
        media_elsewhere=bool(is_recycled and assessment and assessment.item_grade == AdmiraltyItem.I5),
    )


def options(incident: Incident, *, actor: Actor) -> dict[Certainty, Finding]:
    """For each certainty whether it may be decided now, by which rule, or what is missing."""
    items, mode = items_of(incident.id), mode_of(incident)
    organisation = str(actor.organisation_id) if actor.organisation_id else None
    return {to: workflow.judge(to, items, mode=mode, verifier_organisation=organisation) for to in Certainty}


def steps_to(incident: Incident) -> dict[Certainty, list[workflow.Step]]:
    """How far each certainty is, rule by rule."""
    items = items_of(incident.id)
    return {to: workflow.steps(to, items) for to in Certainty}


def mode_of(incident: Incident) -> ContextMode:
    """The context of the incident's district now; unknown is active conflict."""
    return places.context_at(incident.adm2_pcode, now())


def decide(incident_id: UUID, to: Certainty, rationale: str, *, version: int, actor: Actor) -> VerificationDecision:
    """Decide how sure we are. Problem ``rule_missing`` says what is missing, ``changed_meanwhile`` that somebody was quicker.

    Where a second person is needed the decision waits, and nothing changes until somebody else agrees.
    """
    if not may(actor, "decide_certainty") or actor.person_id is None:
        raise Problem("not_allowed")
    incident = locked(incident_id, actor=actor)
    if incident.version != version:
        raise Problem("changed_meanwhile")
    if len(rationale.strip()) < workflow.SHORTEST_REASON:
        raise Problem("invalid_input", errors=[{"field": "rationale", "code": "too_short", "message": "rationale"}])
    finding = options(incident, actor=actor)[to]
    if not finding.allowed:
        raise Problem("rule_missing", detail=finding.missing)
    decision = _write(incident, to, finding, rationale.strip(), actor.person_id)
    if not finding.needs_second:
        _put_in_force(incident, decision, actor.person_id)
    return decision


def locked(incident_id: UUID, *, actor: Actor | None = None) -> Incident:
    """The incident, held until the work settles; Problem ``incident_not_found``, or ``outside_your_area`` for an actor who works elsewhere."""
    query = select(Incident).where(Incident.id == incident_id).with_for_update()
    incident = session.scalar(query.execution_options(populate_existing=True))
    if incident is None:
        raise Problem("incident_not_found")
    if actor is not None:
        check_limits(actor, incident)
    return incident


def _write(
    incident: Incident, to: Certainty, finding: Finding, rationale: str, person_id: UUID
) -> VerificationDecision:
    decision = VerificationDecision(
        incident_id=incident.id, incident_version=incident.version, from_certainty=incident.certainty, to_certainty=to,
        rule_id=finding.rule, basis=list(finding.basis), rationale=rationale, decided_by=person_id, decided_at=now(),
        second_needed=finding.needs_second, in_force=not finding.needs_second,
    )  # fmt: skip
    session.add(decision)
    session.flush()
    if finding.needs_second:
        incident.workflow = WorkflowState.IN_VERIFICATION
        ledger.record("decision.proposed", incident.id, actor_id=person_id, decision=str(decision.id), to=to.value)
    return decision


def _put_in_force(incident: Incident, decision: VerificationDecision, person_id: UUID) -> None:
    incident.certainty = decision.to_certainty
    incident.workflow = WorkflowState.DECIDED
    incident.version += 1
    incident.changed_at = now()
    ledger.record(
        "decision.made",
        incident.id,
        actor_id=person_id,
        decision=str(decision.id),
        to=decision.to_certainty.value,
        rule=decision.rule_id,
    )


def agree(decision_id: UUID, *, actor: Actor) -> VerificationDecision:
    """The second person's word. Never the first person's; the evidence must still allow it, and nobody have decided otherwise since."""
    if not may(actor, "decide_certainty") or actor.person_id is None:
        raise Problem("not_allowed")
    decision, incident = _held(decision_id, actor)
    if decision.in_force or decision.undone_at is not None:
        raise Problem("already_done")
    if decision.decided_by == actor.person_id:
        raise Problem("second_person_needed")
    if decided.is_overtaken(decision):
        raise Problem("changed_meanwhile")
    finding = options(incident, actor=actor)[decision.to_certainty]
    if not finding.allowed:
        raise Problem("rule_missing", detail=finding.missing)
    decision.from_certainty = incident.certainty  # the machine may have followed the evidence since it was proposed
    decision.second_by, decision.second_at, decision.in_force = actor.person_id, now(), True
    _put_in_force(incident, decision, actor.person_id)
    return decision


def _held(decision_id: UUID, actor: Actor) -> tuple[VerificationDecision, Incident]:
    """A decision as it is once its incident is held: whoever was quicker has settled it by then. Problem ``already_done`` for none."""
    decision = session.get(VerificationDecision, decision_id)
    if decision is None:
        raise Problem("already_done")
    incident = locked(decision.incident_id, actor=actor)
    session.refresh(decision)
    return decision, incident


def undo(decision_id: UUID, *, actor: Actor) -> None:
    """Take a decision back: the certainty of before it returns, as far as the evidence still allows it, and the incident is open again."""
    if not may(actor, "decide_certainty"):
        raise Problem("not_allowed")
    decision, incident = _held(decision_id, actor)
    if decision.undone_at is not None:
        raise Problem("already_done")
    if decision.in_force:
        if decision.id != decided.latest_in_force(incident.id):
            raise Problem("changed_meanwhile")
        incident.certainty, incident.workflow = decision.from_certainty, WorkflowState.REOPENED
        incident.version += 1
        incident.changed_at = now()
    decision.undone_at, decision.undone_by, decision.in_force = now(), actor.person_id, False
    ledger.record("decision.undone", incident.id, actor_id=actor.person_id, decision=str(decision.id))
    review(incident.id)


def review(incident_id: UUID) -> None:
    """What the house does by itself when evidence changed: raise to POSSIBLE, or fall back when a decision lost its ground.

    A fall goes to what the machine may say, never to REFUTED: evidence taken back proves nothing.
    """
    incident = locked(incident_id)
    items = items_of(incident.id)
    by_machine = workflow.mechanical(items)
    if incident.certainty in (Certainty.RUMOUR, Certainty.POSSIBLE):
        _let(
            incident,
            by_machine if not _was_decided(incident.id) or by_machine == Certainty.RUMOUR else incident.certainty,
        )
    elif not workflow.judge(incident.certainty, items, mode=mode_of(incident), verifier_organisation=None).allowed:
        _let(incident, by_machine)
        incident.workflow = WorkflowState.REOPENED if items else incident.workflow
        session.execute(
            update(VerificationDecision)
            .where(VerificationDecision.incident_id == incident.id, VerificationDecision.in_force)
            .values(in_force=False, undone_at=now())
        )


def _was_decided(incident_id: UUID) -> bool:
    return decided.latest_in_force(incident_id) is not None


def _let(incident: Incident, certainty: Certainty) -> None:
    if incident.certainty != certainty:
        ledger.record("certainty.followed", incident.id, before=incident.certainty.value, after=certainty.value)
        incident.certainty = certainty
        incident.version += 1
        incident.changed_at = now()


def move(incident_id: UUID, to: WorkflowState, *, version: int, actor: Actor) -> None:
    """Move the work on an incident to another state. Problem ``changed_meanwhile``; ``already_done`` where there is no such move."""
    if not may(actor, "edit_incident"):
        raise Problem("not_allowed")
    incident = locked(incident_id, actor=actor)
    if incident.version != version:
        raise Problem("changed_meanwhile")
    if not workflow.may_move(incident.workflow, to):
        raise Problem("already_done")
    incident.workflow = to
    incident.version += 1
    incident.changed_at = now()
    ledger.record("incident.moved", incident.id, actor_id=actor.person_id, to=to.value)


def decisions_on(incident_id: UUID) -> list[VerificationDecision]:
    """All decisions on an incident, latest first."""
    return list(
        session.scalars(
            select(VerificationDecision)
            .where(VerificationDecision.incident_id == incident_id)
            .order_by(VerificationDecision.decided_at.desc())
        )
    )


def moves_from(state: WorkflowState) -> list[WorkflowState]:
    """Where the work may go from here, in the order of the vocabulary."""
    return [to for to in WorkflowState if workflow.may_move(state, to)]
