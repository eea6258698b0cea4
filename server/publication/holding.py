"""Holding an area back: nothing new of it is published for a while. One person does it at once; two let it go before its time.

Where an attack was named, its districts are held for a day by themselves (standards §4.5). What is public of an area stays as it
is while the area is held: taking it out would tell everybody where something has happened.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import func, select

from server.accounts.policy import Actor, may
from server.core.clock import now as present
from server.core.database import session
from server.core.ledger import LedgerEntry, record
from server.core.problems import Problem
from server.matching.models import Incident
from server.places.models import AdminArea, Event
from server.publication import proposals
from server.publication.holding_models import HeldArea
from server.publication.rule_models import Proposal
from server.vocabulary import CauseGroup

AFTER_AN_ATTACK: Final = timedelta(hours=24)
MOST_HOURS: Final = 24 * 14


def hold(actor: Actor, *, pcode: str, hours: int, reason: str) -> HeldArea:
    """Publish nothing new of an area for some hours. Problem when there is no such area, or it is too long."""
    if not may(actor, "say_situation"):
        raise Problem("not_allowed")
    if session.scalar(select(AdminArea.id).where(AdminArea.pcode == pcode).limit(1)) is None:
        raise _invalid("pcode")
    if not 1 <= hours <= MOST_HOURS or not reason.strip():
        raise _invalid("reason" if 1 <= hours <= MOST_HOURS else "hours")
    now = present()
    made = HeldArea(
        id=uuid4(), pcode=pcode, held_at=now, until_at=now + timedelta(hours=hours), held_by=actor.person_id,
        reason=reason.strip()[:500],
    )  # fmt: skip
    session.add(made)
    session.flush()
    record("area.held", made.id, actor_id=actor.person_id, area=pcode, hours=hours)
    return made


def propose_letting_go(actor: Actor, held_id: UUID, *, reason: str) -> Proposal:
    """Ask a second person to let an area go before its time."""
    found = _holding(held_id)
    body = {"held": str(held_id), "pcode": found.pcode}
    return proposals.propose(actor, kind="let_go", body=body, reason=reason, until=found.until_at)


def agree(actor: Actor, proposal_id: UUID) -> None:
    """The second person's word: the area is held no longer."""
    agreed = proposals.agree(actor, proposal_id)
    found = _holding(UUID(agreed.body["held"]))
    found.lifted_at = present()
    session.flush()
    record("area.let_go", found.id, actor_id=actor.person_id, area=found.pcode)


def held(now: datetime) -> dict[str, datetime]:
    """Until when areas are held, by P-code: by a person, or because an attack was named in them less than a day ago."""
    until: dict[str, datetime] = {}
    for pcode, end in (*((one.pcode, one.until_at) for one in listed(now)), *_attacked(now)):
        until[pcode] = max(end, until.get(pcode, end))
    return until


def listed(now: datetime) -> list[HeldArea]:
    """The areas that people hold now, the first to end first."""
    holds = HeldArea.held_at <= now, HeldArea.until_at > now, HeldArea.lifted_at.is_(None)
    return list(session.scalars(select(HeldArea).where(*holds).order_by(HeldArea.until_at, HeldArea.id)))


def _attacked(now: datetime) -> list[tuple[str, datetime]]:
    """Districts with records of an attack that was named less than a day ago."""
    named = select(LedgerEntry.subject_id, LedgerEntry.at).where(
        LedgerEntry.event == "event.added", LedgerEntry.at > now - AFTER_AN_ATTACK
    )
    lately = named.subquery()
    district = func.coalesce(Incident.adm2_pcode, Incident.adm1_pcode)
    query = (
        select(district, func.max(lately.c.at))
        .join(Event, Event.id == Incident.event_id)
        .join(lately, lately.c.subject_id == Event.id)
        .where(Event.cause_group == CauseGroup.CONFLICT, district.is_not(None))
        .group_by(district)
    )
    return [(pcode, at + AFTER_AN_ATTACK) for pcode, at in session.execute(query)]


def _holding(held_id: UUID) -> HeldArea:
    found = session.get(HeldArea, held_id)
    if found is None:
        raise Problem("not_found")
    if found.lifted_at is not None or found.until_at <= present():
        raise Problem("already_done")
    return found


def _invalid(field: str) -> Problem:
    return Problem("invalid_input", errors=[{"field": field, "code": "invalid", "message": ""}])
