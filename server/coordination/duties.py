"""Who is to see to a record: given to a person, handed on with a whole queue and a note, done when they have acted."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import aliased

from server.accounts.limits import check_limits, works_on
from server.accounts.models import Person
from server.accounts.policy import ACTIONS, Actor
from server.accounts.service import actor_of
from server.coordination import queues
from server.coordination.queues import Queue
from server.coordination.work_models import HANDOVER_LIMIT, Claim, Duty, Handover
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching.models import Incident

MOST_HANDED = 5_000


@dataclass(frozen=True)
class Handed:
    """A handover as its receiver sees it: from whom, with what note, how many records, how many of them still wait."""

    handover: Handover
    alias: str
    left: int


def colleagues() -> list[Person]:
    """Those who may work the queue, by the name others see."""
    wanted = {role.value for role in ACTIONS["work_queue"]}
    people = session.scalars(select(Person).where(Person.active).order_by(func.lower(Person.alias), Person.id))
    return [person for person in people if wanted & {role.name for role in person.roles}]


def colleagues_for(record: Incident) -> list[Person]:
    """Those of them whom a record can be given to: their areas and sectors reach it."""
    return [one for one in colleagues() if works_on(Actor(areas=frozenset(one.areas), sectors=frozenset(one.sectors)), record)]


def of(incident_id: UUID) -> tuple[Duty, str] | None:
    """Who is to see to a record, with the name others see; None for nobody."""
    query = select(Duty, Person.alias).join(Person, Person.id == Duty.person_id)
    row = session.execute(query.where(Duty.incident_id == incident_id, Duty.done_at.is_(None))).one_or_none()
    return (row[0], row[1]) if row else None


def assign(incident_id: UUID, to: UUID, *, actor: Actor) -> None:
    """Give a record to a person to see to; whoever had it has it no more.

    Problem ``invalid_input`` for somebody who may not, or works elsewhere; ``outside_your_area`` for who gives what is not theirs.
    """
    record = session.get_one(Incident, incident_id)
    check_limits(actor, record)
    if not works_on(_known(to), record):
        raise Problem("invalid_input", errors=[_error("to")])
    _give([incident_id], to, actor=actor)
    ledger.record("incident.assigned", incident_id, actor_id=actor.person_id, to=str(to))


def give_back(incident_id: UUID, *, actor: Actor) -> None:
    """Let a record wait for anybody again. Problem ``already_done`` if nobody was to see to it."""
    check_limits(actor, session.get_one(Incident, incident_id))
    if not _end([incident_id]):
        raise Problem("already_done")
    ledger.record("incident.unassigned", incident_id, actor_id=actor.person_id)


def done(incident_id: UUID, *, actor: Actor) -> None:
    """Whoever was to see to a record has acted on it."""
    session.execute(
        update(Duty)
        .where(Duty.incident_id == incident_id, Duty.person_id == actor.person_id, Duty.done_at.is_(None))
        .values(done_at=now())
    )


def again(incident_id: UUID, *, actor: Actor) -> None:
    """A step was taken back: whoever was to see to the record by this person's last duty is to see to it again."""
    if of(incident_id):
        return
    ended = select(Duty).where(Duty.incident_id == incident_id, Duty.person_id == actor.person_id).order_by(Duty.done_at.desc())
    if last := session.scalar(ended.limit(1)):
        last.done_at = None


def hand_over(queue: Queue, to: UUID, *, note: str, actor: Actor) -> Handover:
    """Give what another person may see to of a queue to them, with a note; at most 5,000 records at a time.

    Problem ``invalid_input`` for nobody, ``already_done`` where nothing of it is for them.
    """
    receiver = _known(to)
    if to == actor.person_id:
        raise Problem("invalid_input", errors=[_error("to")])
    records = queues.members(actor, queue, most=MOST_HANDED, to=receiver)
    if not records:
        raise Problem("already_done")
    handover = Handover(id=uuid4(), from_id=actor.person_id, to_id=to, records=len(records), note=note.strip()[:HANDOVER_LIMIT], at=now())
    session.add(handover)
    session.flush()
    _give(records, to, actor=actor, handover_id=handover.id)
    ledger.record("queue.handed_over", handover.id, actor_id=actor.person_id, to=str(to), records=len(records), queue=queue.name)
    return handover


def handed_to(actor: Actor) -> list[Handed]:
    """What was handed to a person and still waits, the latest first."""
    sender = aliased(Person)
    left = func.count(Duty.id)
    query = (
        select(Handover, sender.alias, left)
        .join(sender, sender.id == Handover.from_id)
        .join(Duty, (Duty.handover_id == Handover.id) & Duty.done_at.is_(None) & (Duty.person_id == Handover.to_id))
        .where(Handover.to_id == actor.person_id)
        .group_by(Handover.id, sender.alias)
        .order_by(Handover.at.desc())
    )
    return [Handed(*row) for row in session.execute(query)]


def _give(records: Sequence[UUID], to: UUID, *, actor: Actor, handover_id: UUID | None = None) -> None:
    _end(records)
    session.add_all(
        Duty(incident_id=each, person_id=to, given_by=actor.person_id, given_at=now(), handover_id=handover_id) for each in records
    )
    if to != actor.person_id:
        session.execute(delete(Claim).where(Claim.incident_id.in_(records), Claim.person_id == actor.person_id))
    session.flush()


def _end(records: Sequence[UUID]) -> int:
    ended = update(Duty).where(Duty.incident_id.in_(records), Duty.done_at.is_(None)).values(done_at=now())
    return len(session.scalars(ended.returning(Duty.id)).all())


def _known(person_id: UUID) -> Actor:
    """Somebody who may work the queue, with their limits; Problem ``invalid_input`` for anybody else."""
    found = next((person for person in colleagues() if person.id == person_id), None)
    if found is None:
        raise Problem("invalid_input", errors=[_error("to")])
    return actor_of(found.email)


def _error(where: str) -> dict[str, str]:
    return {"field": where, "code": "unknown", "message": where}
