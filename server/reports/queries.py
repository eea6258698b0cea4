"""Lists of reports for the desk, through the one door."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, tuple_

from server.accounts.policy import Actor
from server.core import paging
from server.core.database import session
from server.core.problems import Problem
from server.reports import access
from server.reports.models import Report

_PRESENT = and_(Report.withdrawn_at.is_(None), Report.superseded_by.is_(None))

TO_LOOK_AT = ["null_island", "maybe_swapped", "out_of_area", "claimed_source", "future_event", "not_understood", "phone_clock", "spoke_again"]
WAITING: dict[str, ColumnElement[bool]] = {
    "no_place": and_(_PRESENT, Report.point.is_(None), Report.flags.contains(["no_point"]), ~Report.flags.contains(["placed_by_hand"])),
    "held_back": and_(_PRESENT, func.cardinality(Report.quarantine) > 0),
    "flagged": and_(_PRESENT, Report.flags.overlap(TO_LOOK_AT)),
}


def waiting_page(actor: Actor, kind: str, *, cursor: str | None, size: int) -> tuple[list[Report], str | None]:
    """Reports that wait for a person for this reason, oldest first, and the cursor of the next page."""
    query = access.visible_to(actor).where(WAITING[kind]).order_by(Report.received_at, Report.id).limit(size + 1)
    if after := paging.decode_cursor(cursor, str, str):
        query = query.where(tuple_(Report.received_at, Report.id) > _keys(after))
    rows = list(session.scalars(query))
    more = paging.encode_cursor(rows[size - 1].received_at.isoformat(), rows[size - 1].id) if len(rows) > size else None
    return rows[:size], more


def _keys(words: tuple[str, str]) -> tuple[datetime, UUID]:
    try:
        return datetime.fromisoformat(words[0]), UUID(words[1])
    except ValueError:
        raise Problem("bad_request") from None


def counts_waiting(actor: Actor) -> dict[str, int]:
    """How many reports wait, by why; only what this actor may see counts."""
    seen = access.visible_to(actor).subquery()
    ids = select(seen.c.id)
    row = session.execute(select(*(func.count().filter(rule) for rule in WAITING.values())).where(Report.id.in_(ids))).one()
    return dict(zip(WAITING, row, strict=True))
