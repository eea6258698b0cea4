"""Who has a record before them: kept for a few minutes, renewed while the page is open, let go on leaving. Never two unknowingly."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from server.accounts.models import Person
from server.accounts.policy import Actor
from server.coordination.queues import KEPT_FOR
from server.coordination.work_models import Claim
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem


@dataclass(frozen=True)
class Holder:
    """Who has a record before them, by the name others see, and since when."""

    person_id: UUID
    alias: str
    since: datetime


def hold(actor: Actor, incident_id: UUID) -> bool:
    """Keep a record for this person for a while, or a while longer; False if somebody else has it before them."""
    at = now()
    new = insert(Claim).values(incident_id=incident_id, person_id=actor.person_id, since=at, until=at + KEPT_FOR)
    mine_or_over = (Claim.person_id == actor.person_id) | (Claim.until <= at)
    kept = new.on_conflict_do_update(
        index_elements=["incident_id"], set_={"person_id": actor.person_id, "until": at + KEPT_FOR}, where=mine_or_over
    )
    return session.scalar(kept.returning(Claim.incident_id)) is not None


def release(actor: Actor, incident_id: UUID) -> None:
    """Let a record go. One that somebody else has stays theirs."""
    session.execute(delete(Claim).where(Claim.incident_id == incident_id, Claim.person_id == actor.person_id))


def holder(incident_id: UUID) -> Holder | None:
    """Who has a record before them now."""
    query = select(Claim.person_id, Person.alias, Claim.since).join(Person, Person.id == Claim.person_id)
    row = session.execute(query.where(Claim.incident_id == incident_id, Claim.until > now())).one_or_none()
    return Holder(*row) if row else None


def refuse_if_held(actor: Actor, incident_id: UUID) -> None:
    """Problem ``changed_meanwhile``, with the name, when somebody else has the record before them."""
    held = holder(incident_id)
    if held and held.person_id != actor.person_id:
        raise Problem("changed_meanwhile", detail=held.alias)


def sweep() -> int:
    """Clear away claims that are over; returns how many."""
    return len(session.scalars(delete(Claim).where(Claim.until <= now()).returning(Claim.incident_id)).all())
