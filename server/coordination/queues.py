"""The unread by what hurts most: queues, their exact counts, and the next record for one person, kept for them alone.

A record waits in one queue, the first that fits (``matching.models.QUEUE``). Who works down "everything" gets the worst first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from server.accounts.limits import within_limits
from server.accounts.policy import Actor
from server.core.choices import N_
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem

KEPT_FOR = timedelta(minutes=3)
TRIES = 3


@dataclass(frozen=True)
class Queue:
    """A queue: its name in addresses, its words (msgid), and the number it has in ``Incident.queue`` (0 for none)."""

    name: str
    words: str
    number: int = 0


SHARED = (
    Queue("trapped", N_("People may be trapped"), 1),
    Queue("lifeline", N_("Hospital, water, power or phones down"), 2),
    Queue("hazard", N_("Danger at the place"), 3),
    Queue("protected", N_("Place that needs protection"), 4),
    Queue("rest", N_("The rest, waiting longest first"), 5),
)
OWN = (
    Queue("handed", N_("Handed over to me")),
    Queue("assigned", N_("Given to me")),
    Queue("mine", N_("Before me now")),
)
ALL = Queue("all", N_("Everything, worst first"))
BY_NAME = {queue.name: queue for queue in (ALL, *SHARED, *OWN)}

# Counted from the index alone; what somebody is to see to already is taken off, and counted at that person.
_COUNTS = """
SELECT i.queue, count(*) FROM incidents i WHERE i.queue IS NOT NULL {within} GROUP BY i.queue
UNION ALL
SELECT i.queue, -count(*) FROM work_duties d JOIN incidents i ON i.id = d.incident_id
WHERE d.done_at IS NULL AND i.queue IS NOT NULL {within} GROUP BY i.queue"""
_OWN_COUNTS = text("""
SELECT count(*) FILTER (WHERE d.handover_id IS NOT NULL) AS handed, count(*) FILTER (WHERE d.handover_id IS NULL) AS assigned,
  (SELECT count(*) FROM work_claims c WHERE c.person_id = :person AND c.until > :now) AS mine
FROM work_duties d JOIN incidents i ON i.id = d.incident_id
WHERE d.person_id = :person AND d.done_at IS NULL AND i.merged_into IS NULL""")


def counts(actor: Actor) -> dict[str, int]:
    """How many records this person may see to wait in each queue, exactly, by its name; ``all`` is the sum of the shared ones."""
    found = dict.fromkeys(BY_NAME, 0)
    names = {queue.number: queue.name for queue in SHARED}
    within, limits = within_limits(actor)
    for number, count in session.execute(text(_COUNTS.format(within=within)), limits):
        found[names[number]] += count
    found["all"] = sum(found[queue.name] for queue in SHARED)
    own = session.execute(_OWN_COUNTS, {"person": actor.person_id, "now": now()}).one()
    return {**found, **own._asdict()}


_FREE = """NOT EXISTS (SELECT FROM work_claims c WHERE c.incident_id = i.id AND c.until > :now AND c.person_id <> :person)
  AND i.id <> ALL(CAST(:past AS uuid[])) AND i.merged_into IS NULL"""
_SHARED_NEXT = """SELECT i.id FROM incidents i
WHERE i.queue IS NOT NULL {which} {within} AND {free}
  AND NOT EXISTS (SELECT FROM work_duties d WHERE d.incident_id = i.id AND d.done_at IS NULL AND d.person_id <> :person)
ORDER BY i.queue, i.opened_at, i.id LIMIT 1 FOR UPDATE OF i SKIP LOCKED"""
_OWN_NEXT = """SELECT i.id FROM work_duties d JOIN incidents i ON i.id = d.incident_id
WHERE d.person_id = :person AND d.done_at IS NULL AND (d.handover_id IS NOT NULL) = {handed} AND {free}
ORDER BY coalesce(i.queue, 6), i.opened_at, i.id LIMIT 1 FOR UPDATE OF i SKIP LOCKED"""
_MINE_NEXT = """SELECT i.id FROM work_claims m JOIN incidents i ON i.id = m.incident_id
WHERE m.person_id = :person AND m.until > :now AND {free} ORDER BY m.since, i.id LIMIT 1 FOR UPDATE OF i SKIP LOCKED"""
_KEEP = """WITH next AS ({next})
INSERT INTO work_claims AS kept (incident_id, person_id, since, until) SELECT id, :person, :now, :until FROM next
ON CONFLICT (incident_id) DO UPDATE SET person_id = excluded.person_id, until = excluded.until,
  since = CASE WHEN kept.person_id = excluded.person_id THEN kept.since ELSE excluded.since END
WHERE kept.person_id = excluded.person_id OR kept.until <= excluded.since RETURNING incident_id"""


def named(name: str) -> Queue:
    """The queue of a name; Problem ``not_found``."""
    if name not in BY_NAME:
        raise Problem("not_found")
    return BY_NAME[name]


def take(actor: Actor, queue: Queue, *, past: Iterable[UUID] = ()) -> UUID | None:
    """The next record of a queue that nobody else has before them, kept for this person; None when none waits.

    ``past`` are records not wanted now. Two who take at one moment get two records: the row of the claim decides.
    """
    within, limits = within_limits(actor)
    asked = {"person": actor.person_id, "past": list(past), "now": now(), "until": now() + KEPT_FOR, **limits}
    statement = text(_KEEP.format(next=_next_of(queue, within)))
    for _try in range(TRIES):  # nothing may also mean that another was quicker between looking and keeping
        if found := session.scalar(statement, asked):
            return found
    return None


def _next_of(queue: Queue, within: str) -> str:
    if queue.name == "mine":
        return _MINE_NEXT.format(free=_FREE)
    if queue in OWN:
        return _OWN_NEXT.format(free=_FREE, handed=str(queue.name == "handed").lower())
    return _SHARED_NEXT.format(free=_FREE, within=within, which=f"AND i.queue = {queue.number:d}" if queue.number else "")


_LISTED = """SELECT i.id FROM incidents i {join} WHERE {which} {within} AND i.merged_into IS NULL
ORDER BY coalesce(i.queue, 6), i.opened_at, i.id LIMIT :most"""


def members(actor: Actor, queue: Queue, *, most: int, to: Actor) -> list[UUID]:
    """The first records of a queue that ``to`` may see to, worst first, whoever has them before them; for handing a queue on."""
    within, limits = within_limits(to)
    asked: dict[str, Any] = {"person": actor.person_id, "now": now(), "most": most, **limits}
    return list(session.scalars(text(_LISTED.format(within=within, **_members_of(queue))), asked))


def _members_of(queue: Queue) -> dict[str, str]:
    if queue.name == "mine":
        return {"join": "JOIN work_claims c ON c.incident_id = i.id", "which": "c.person_id = :person AND c.until > :now"}
    if queue in OWN:
        handed = "NOT NULL" if queue.name == "handed" else "NULL"
        duty = f"d.person_id = :person AND d.done_at IS NULL AND d.handover_id IS {handed}"
        return {"join": "JOIN work_duties d ON d.incident_id = i.id", "which": duty}
    which = f"i.queue = {queue.number:d}" if queue.number else "i.queue IS NOT NULL"
    return {
        "join": "LEFT JOIN work_duties d ON d.incident_id = i.id AND d.done_at IS NULL AND d.person_id <> :person",
        "which": f"{which} AND d.id IS NULL",
    }
