"""A damage record given to an organisation. While it is accepted, and only then, that organisation's people see the exact place.

Every look at an exact place that an assignment opened is in the ledger. What is protected (S3) only a coordinator may give;
the most sensitive (S4) only the protection focal point. A record that becomes more sensitive closes again by itself.
"""

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from server.accounts.limits import check_limits, works_on
from server.accounts.models import Organisation
from server.accounts.policy import Actor, may
from server.coordination.activity_models import Assignment
from server.coordination.needs import REASON_LIMIT, said
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching.exactness import sees_place_of
from server.matching.models import Incident
from server.verification.lines import laid_together
from server.vocabulary import OfferState, Role, SensitivityClass

DAYS = (1, 3, 7, 14)
STANDING = (OfferState.OFFERED, OfferState.ACCEPTED)


def may_assign(actor: Actor, incident: Incident) -> bool:
    """Whether an actor may give this record to an organisation."""
    wanted = Role.PROTECTION if incident.s_class is SensitivityClass.S4 else Role.COORD
    return may(actor, "assign_records") and wanted in actor.roles and works_on(actor, incident)


def assign(
    incident: Incident, organisation_id: UUID, *, actor: Actor, days: int = DAYS[2], task: str = "", need_id: UUID | None = None
) -> Assignment:
    """Give a record to an organisation for some days. It opens nothing until they accept."""
    if not may_assign(actor, incident):
        raise Problem("not_allowed")
    if session.get(Organisation, organisation_id) is None:
        raise Problem("invalid_input", errors=[{"field": "organisation", "code": "unknown", "message": "organisation"}])
    session.execute(select(Incident.id).where(Incident.id == incident.id).with_for_update())
    if any(one.organisation_id == organisation_id for one in standing(incident)):
        raise Problem("already_done")
    made = Assignment(
        id=uuid4(), incident_id=incident.id, need_id=need_id, organisation_id=organisation_id, state=OfferState.OFFERED, s_class=incident.s_class,
        task=task.strip()[:REASON_LIMIT], offered_by=actor.person_id, offered_at=now(), until_at=now() + timedelta(days=days),
    )  # fmt: skip
    session.add(made)
    session.flush()
    ledger.record("assignment.offered", made.id, actor_id=actor.person_id, incident=str(incident.id), organisation=str(organisation_id))
    return made


def answer(assignment_id: UUID, *, accept: bool, reason: str = "", actor: Actor) -> Assignment:
    """Accept or decline, for the organisation that was asked; declining needs a reason."""
    found = _of_own(assignment_id, actor)
    if found.state is not OfferState.OFFERED or found.until_at <= now():
        raise Problem("already_done")
    found.answered_by, found.answered_at = actor.person_id, now()
    if accept:
        found.state = OfferState.ACCEPTED
        ledger.record("assignment.accepted", found.id, actor_id=actor.person_id, incident=str(found.incident_id))
    else:
        found.state, found.reason, found.ended_at = OfferState.DECLINED, said(reason), now()
        ledger.record("assignment.declined", found.id, actor_id=actor.person_id, incident=str(found.incident_id))
    return found


def hand_back(assignment_id: UUID, *, reason: str = "", actor: Actor) -> Assignment:
    """Give a record back: the exact place closes at once."""
    found = _of_own(assignment_id, actor)
    if found.state is not OfferState.ACCEPTED:
        raise Problem("already_done")
    found.state, found.reason, found.ended_at = OfferState.HANDED_BACK, reason.strip()[:REASON_LIMIT], now()
    ledger.record("assignment.handed_back", found.id, actor_id=actor.person_id, incident=str(found.incident_id))
    return found


def end(assignment_id: UUID, *, reason: str, actor: Actor) -> Assignment:
    """End an assignment from the desk: the exact place closes at once. It needs a reason."""
    found = _locked(assignment_id)
    if not may(actor, "assign_records"):
        raise Problem("not_allowed")
    check_limits(actor, session.get_one(Incident, found.incident_id))
    if found.state not in STANDING:
        raise Problem("already_done")
    found.state, found.reason, found.ended_at = OfferState.ENDED, said(reason), now()
    ledger.record("assignment.ended", found.id, actor_id=actor.person_id, incident=str(found.incident_id))
    return found


def keep_time() -> int:
    """End the assignments whose time ran out; returns how many. The place is closed from that moment, job or no job."""
    late = select(Assignment).where(Assignment.state.in_(STANDING), Assignment.until_at <= now()).with_for_update(skip_locked=True)
    found = session.scalars(late).all()
    for assignment in found:
        assignment.state, assignment.ended_at = OfferState.EXPIRED, now()
        ledger.record("assignment.expired", assignment.id, incident=str(assignment.incident_id), organisation=str(assignment.organisation_id))
    return len(found)


def standing(incident: Incident) -> list[Assignment]:
    """To whom a record is given at present: offered or accepted, and in time."""
    return [one for one in of_incident(incident) if one.state in STANDING and one.until_at > now()]


def of_incident(incident: Incident) -> list[Assignment]:
    """All that was given of a record, or of those laid onto it, latest first."""
    query = select(Assignment).where(Assignment.incident_id.in_(laid_together(incident.id))).order_by(Assignment.offered_at.desc(), Assignment.id)
    return list(session.scalars(query))


def opens(actor: Actor, incident: Incident) -> Assignment | None:
    """The accepted assignment that shows an actor the exact place of a record; None where there is none, or it is over."""
    if actor.organisation_id is None or not (may(actor, "give_aid") or may(actor, "see_exact_points")):
        return None
    query = select(Assignment).where(
        Assignment.incident_id.in_(laid_together(incident.id)), Assignment.organisation_id == actor.organisation_id,
        Assignment.state == OfferState.ACCEPTED, Assignment.until_at > now(),
    )  # fmt: skip
    return next((found for found in session.scalars(query) if incident.s_class <= found.s_class), None)


def look(actor: Actor, incident: Incident) -> bool:
    """Whether an actor sees the exact place of a record now.

    A look that an assignment allows, and every look at one of the most protected, is written to the ledger.
    """
    is_free = sees_place_of(actor, incident.s_class)
    opening = None if is_free else opens(actor, incident)
    is_noted = opening or (is_free and incident.s_class is SensitivityClass.S4)
    if is_noted and incident.point is not None:
        ledger.record("point.viewed", incident.id, actor_id=actor.person_id, assignment=str(opening.id) if opening else None)
    return is_free or opening is not None


def knows(actor: Actor, incident: Incident) -> bool:
    """The same without a line in the ledger, for what shows a place beside other things."""
    return sees_place_of(actor, incident.s_class) or opens(actor, incident) is not None


def waiting_for(actor: Actor) -> list[tuple[Assignment, Incident]]:
    """What the actor's organisation was given and has not ended: to be answered first, then in hand."""
    query = (
        select(Assignment, Incident).join(Incident, Incident.id == Assignment.incident_id)
        .where(Assignment.organisation_id == actor.organisation_id, Assignment.state.in_(STANDING), Assignment.until_at > now())
        .order_by(Assignment.state.desc(), Assignment.until_at)
    )  # fmt: skip
    return [(assignment, incident) for assignment, incident in session.execute(query)]


def _locked(assignment_id: UUID) -> Assignment:
    query = select(Assignment).where(Assignment.id == assignment_id).with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise Problem("not_found")
    return found


def _of_own(assignment_id: UUID, actor: Actor) -> Assignment:
    found = _locked(assignment_id)
    if not may(actor, "give_aid") or actor.organisation_id != found.organisation_id:
        raise Problem("not_allowed")
    return found
