"""The links between reports and damage records, and the locks under which they change. No judgement here.

A link is ended, never deleted; a record that goes into another keeps its public number and points on.
"""

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from server.accounts.policy import Actor
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.geography import METRES_PER_DEGREE
from server.core.problems import Problem
from server.matching.models import Attachment, Incident, IncidentChange
from server.reports.vault import ALPHABET
from server.vocabulary import Certainty, SensitivityClass, WorkflowState

# Lets one worker at a time decide about the neighbourhood of a row of ``reports``, until the transaction ends; cells in one order, so
# no deadlock. A subquery that counts the locks, so that it takes no trip of its own; a report without a point locks nothing.
AREA_LOCK = f"""
SELECT count(pg_advisory_xact_lock(7273, CAST((n * 20011 + e) & 2147483647 AS int))) FROM (
  SELECT n, e
  FROM (SELECT ST_X(reports.point) AS lon, ST_Y(reports.point) AS lat, CAST(:reach_m AS float8) / {METRES_PER_DEGREE} AS rise) AS pin
  CROSS JOIN LATERAL (SELECT rise / greatest(0.01, cos(radians(least(89.0, abs(lat))))) AS run) AS wide
  CROSS JOIN LATERAL generate_series(CAST(floor((lat - rise) * 50) AS bigint), CAST(floor((lat + rise) * 50) AS bigint)) AS n
  CROSS JOIN LATERAL generate_series(CAST(floor((lon - run) * 50) AS bigint), CAST(floor((lon + run) * 50) AS bigint)) AS e
  ORDER BY (n * 20011 + e) & 2147483647) AS cells"""  # noqa: S608 - a number of this house; values are bound

OTHER_NUMBERS: list[Callable[[str], UUID | None]] = []
"""How to read numbers that a later room gave out, such as those of public rows; that room adds its own way here."""


def locked(incident_ids: Iterable[UUID]) -> dict[UUID, Incident]:
    """These incidents as they are now, locked in one order; Problem ``incident_not_found`` if one does not exist."""
    wanted = set(incident_ids)
    query = select(Incident).where(Incident.id.in_(wanted)).order_by(Incident.id).with_for_update()
    found = {row.id: row for row in session.scalars(query.execution_options(populate_existing=True))}
    if len(found) != len(wanted):
        raise Problem("incident_not_found")
    return found


def current(incident_id: UUID) -> UUID:
    """The incident that now stands for ``incident_id``, following merges."""
    seen = {incident_id}
    while (onward := session.scalar(select(Incident.merged_into).where(Incident.id == incident_id))) and onward not in seen:
        incident_id = onward
        seen.add(onward)
    return incident_id


def by_public_id(public_id: str) -> UUID | None:
    """The incident that stands for a public number, the desk's or another's, following merges; None if there is none."""
    number = public_id.strip().upper()
    found = session.scalar(select(Incident.id).where(Incident.public_id == number))
    found = found or next((other for read in OTHER_NUMBERS if (other := read(number))), None)
    return current(found) if found else None


def new_incident() -> Incident:
    """A new incident with a random public number, not yet in the database."""
    return Incident(
        id=uuid4(), public_id=_public_number(), s_class=SensitivityClass.S2, workflow=WorkflowState.NEW, version=0, fixed_fields=[],
        certainty=Certainty.RUMOUR,
    )  # fmt: skip


def open_incident() -> Incident:
    """A new incident with a random public number, without reports yet."""
    incident = Incident(public_id=_public_number(), s_class=SensitivityClass.S2, workflow=WorkflowState.NEW)
    session.add(incident)
    session.flush()
    return incident


def present(report_id: UUID) -> Attachment | None:
    """Where a report lies at present, read afresh."""
    query = select(Attachment).where(Attachment.report_id == report_id, Attachment.ended_at.is_(None))
    return session.scalar(query.execution_options(populate_existing=True))


def present_of(incident_id: UUID) -> list[Attachment]:
    """What lies on an incident at present, oldest first."""
    query = select(Attachment).where(Attachment.incident_id == incident_id, Attachment.ended_at.is_(None))
    return list(session.scalars(query.order_by(Attachment.begun_at, Attachment.id)))


def lay(
    report_id: UUID, incident_id: UUID, *, score: float | None, reasons: Sequence[Any], version: str, actor: Actor
) -> Attachment:
    """Lay a report on an incident; it must not lie anywhere (``lift`` it first)."""
    laid = Attachment(
        report_id=report_id,
        incident_id=incident_id,
        score=score,
        reasons=list(reasons),
        weights_version=version,
        person_id=actor.person_id,
    )
    session.add(laid)
    session.flush()
    return laid


def lift(attachment: Attachment) -> None:
    """End a link."""
    attachment.ended_at = now()
    session.flush()


def lay_again(attachment: Attachment, *, incident_id: UUID, actor: Actor | None = None, because: str = "") -> Attachment:
    """A new link with the score and reasons of an ended one; ``because`` puts a reason before them."""
    earlier = [reason for reason in attachment.reasons if reason["code"] != because]  # said once, however often it was done
    reasons = [{"code": because, "params": {}, "contribution": 0.0}, *earlier] if because else earlier
    laid = Attachment(
        report_id=attachment.report_id,
        incident_id=incident_id,
        score=attachment.score,
        reasons=list(reasons),
        weights_version=attachment.weights_version,
        person_id=actor.person_id if actor else attachment.person_id,
    )
    session.add(laid)
    session.flush()
    return laid


def write_change(
    kind: str,
    incident_id: UUID,
    *,
    actor: Actor,
    reason: str,
    before: dict[str, Any],
    other_id: UUID | None = None,
    batch_id: UUID | None = None,
) -> IncidentChange:
    """Keep what an act changed, so that it can be undone; ``before`` is what ``undo`` reads, ``batch_id`` binds acts done together."""
    change = IncidentChange(
        incident_id=incident_id, other_id=other_id, kind=kind, before=before, reason=reason, person_id=actor.person_id,
        batch_id=batch_id, at=now(),  # not the transaction's start: two acts of one transaction have an order
    )  # fmt: skip
    session.add(change)
    session.flush()
    return change


def tell_changed(incidents: Iterable[Incident], *, actor: Actor, by: str) -> None:
    """Say in the ledger that these incidents changed, so that the rooms further on look at them."""
    for incident in incidents:
        ledger.record("incident.changed", incident.id, actor_id=actor.person_id, by=by, version=incident.version)


def _public_number() -> str:
    """Eight random letters and digits that are not misread: 40 bits, unrelated to anything inside."""
    return "INC-" + "".join(secrets.choice(ALPHABET) for _ in range(8))
