"""A person's word on pairs of reports: they must, or must never, lie together. It binds every later solving until it is undone."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, and_, case, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from server.accounts.policy import Actor
from server.core.clock import now
from server.core.database import session
from server.matching.models import Attachment, IncidentChange, PairRuling

Pair = tuple[str, str]
_STANDING = text(
    "SELECT report_a, report_b, ruling FROM pair_rulings "
    "WHERE ended_at IS NULL AND report_a = ANY(CAST(:reports AS uuid[])) AND report_b = ANY(CAST(:reports AS uuid[]))"
)
_COLUMNS = ["id", "report_a", "report_b", "ruling", "change_id", "person_id"]


def rule_apart(change: IncidentChange, one: UUID, other: UUID, actor: Actor, *, only: Collection[UUID] = ()) -> None:
    """Rule every report of one incident apart from every report of the other (of ``only``, if named); rulings that stand stay as they are.

    What somebody laid together before is apart from now on: the newer word counts, and undoing it brings the older back.
    """
    left, right = Attachment.__table__.alias("l"), Attachment.__table__.alias("r")
    lying = [left.c.incident_id == one, left.c.ended_at.is_(None), right.c.incident_id == other, right.c.ended_at.is_(None)]
    if only:
        lying.append(right.c.report_id.in_(only))
    pairs = select(
        func.gen_random_uuid(),
        func.least(left.c.report_id, right.c.report_id),
        func.greatest(left.c.report_id, right.c.report_id),
        literal("cannot"),
        literal(change.id),
        literal(actor.person_id, Uuid),
    ).select_from(left.join(right, left.c.report_id != right.c.report_id))
    _end(change, pairs.where(*lying).subquery())
    session.execute(insert(PairRuling).from_select(_COLUMNS, pairs.where(*lying)).on_conflict_do_nothing())


def rule_together(change: IncidentChange, report_ids: Iterable[UUID], incident_id: UUID, actor: Actor) -> None:
    """Rule that these reports lie with the oldest other report of the incident, for a person laid them there."""
    moved = list(report_ids)
    anchor = session.scalar(
        select(Attachment.report_id)
        .where(Attachment.incident_id == incident_id, Attachment.ended_at.is_(None), Attachment.report_id.not_in(moved))
        .order_by(Attachment.begun_at, Attachment.report_id)
        .limit(1)
    )
    if anchor is None or not moved:
        return
    rows = [
        {"report_a": min(anchor, one), "report_b": max(anchor, one), "ruling": "must", "change_id": change.id, "person_id": actor.person_id}
        for one in moved
    ]
    session.execute(insert(PairRuling).values(rows).on_conflict_do_nothing())


def release(change: IncidentChange, report_id: UUID, incident_id: UUID) -> None:
    """A person took a report off an incident: what bound it to the reports that stay there is overruled."""
    staying = select(Attachment.report_id).where(Attachment.incident_id == incident_id, Attachment.ended_at.is_(None))
    pairs = select(
        func.least(Attachment.report_id, literal(report_id)).label("least"),
        func.greatest(Attachment.report_id, literal(report_id)).label("greatest"),
    ).where(Attachment.report_id.in_(staying), Attachment.ended_at.is_(None))
    _end(change, pairs.subquery())


def hand_over(old: UUID, new: UUID) -> None:
    """What people ruled of a report holds of the one that replaced it. Each stands or falls with the act that made it."""
    other = case((PairRuling.report_a == old, PairRuling.report_b), else_=PairRuling.report_a)
    again = select(
        func.gen_random_uuid(), func.least(other, literal(new)), func.greatest(other, literal(new)), PairRuling.ruling, PairRuling.change_id,
        PairRuling.person_id,
    ).where(or_(PairRuling.report_a == old, PairRuling.report_b == old), PairRuling.ended_at.is_(None), other != new)  # fmt: skip
    session.execute(insert(PairRuling).from_select(_COLUMNS, again).on_conflict_do_nothing())


def is_bound(report_id: UUID, incident_id: UUID) -> bool:
    """Whether a person ruled that this report lies with one that lies on this incident."""
    partner = case((PairRuling.report_a == report_id, PairRuling.report_b), else_=PairRuling.report_a)
    found = (
        select(PairRuling.id)
        .join(Attachment, and_(Attachment.report_id == partner, Attachment.ended_at.is_(None), Attachment.incident_id == incident_id))
        .where(PairRuling.ruling == "must", PairRuling.ended_at.is_(None))
        .where(or_(PairRuling.report_a == report_id, PairRuling.report_b == report_id))
    )
    return session.scalar(found.limit(1)) is not None


def parted(incident_ids: Collection[UUID]) -> set[frozenset[UUID]]:
    """The pairs among these incidents that hold reports which a person ruled apart."""
    one, other = aliased(Attachment), aliased(Attachment)
    rows = session.execute(
        select(one.incident_id, other.incident_id)
        .join(PairRuling, PairRuling.report_a == one.report_id)
        .join(other, other.report_id == PairRuling.report_b)
        .where(PairRuling.ruling == "cannot", PairRuling.ended_at.is_(None), one.ended_at.is_(None), other.ended_at.is_(None))
        .where(one.incident_id.in_(incident_ids), other.incident_id.in_(incident_ids))
        .distinct()
    )
    return {frozenset(row) for row in rows}


def standing(report_ids: Iterable[UUID]) -> tuple[list[Pair], list[Pair]]:
    """The pairs that must, and those that must not, lie together among these reports, as text, in order."""
    rows = session.execute(_STANDING, {"reports": list(report_ids)})
    found: dict[str, list[Pair]] = {"must": [], "cannot": []}
    for one, other, ruling in rows:
        found[ruling].append((str(one), str(other)))
    return sorted(found["must"]), sorted(found["cannot"])


def lift_of(change: IncidentChange) -> None:
    """End what a change ruled, and let what it ended stand again."""
    session.execute(update(PairRuling).where(PairRuling.change_id == change.id, PairRuling.ended_at.is_(None)).values(ended_at=now()))
    again = [UUID(known) for known in change.before.get("unruled", [])]
    session.execute(update(PairRuling).where(PairRuling.id.in_(again)).values(ended_at=None))


def _end(change: IncidentChange, pairs: Any) -> None:
    """End the must-links that contradict; the change remembers which."""
    contradicting = (
        select(PairRuling.id)
        .join(pairs, and_(PairRuling.report_a == pairs.c.least, PairRuling.report_b == pairs.c.greatest))
        .where(PairRuling.ruling == "must", PairRuling.ended_at.is_(None))
    )
    ended = session.scalars(
        update(PairRuling).where(PairRuling.id.in_(contradicting)).values(ended_at=now()).returning(PairRuling.id)
    )
    change.before = {**change.before, "unruled": [*change.before.get("unruled", []), *(str(one) for one in ended)]}


def ruled_apart(report_ids: Iterable[UUID]) -> set[UUID]:
    """The incidents that hold a report which a person ruled must not lie with one of these."""
    ids = list(report_ids)
    rulings = session.execute(
        select(PairRuling.report_a, PairRuling.report_b).where(
            PairRuling.ruling == "cannot",
            PairRuling.ended_at.is_(None),
            or_(PairRuling.report_a.in_(ids), PairRuling.report_b.in_(ids)),
        )
    )
    others = {report for pair in rulings for report in pair} - set(ids)
    query = select(Attachment.incident_id).where(Attachment.report_id.in_(others), Attachment.ended_at.is_(None))
    return set(session.scalars(query)) if others else set()
