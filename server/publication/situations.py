"""In what situation an area is, as the protection focal point says it: stricter at once, looser with a second person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select, update

from server.accounts.policy import Actor, may
from server.core.clock import now as present
from server.core.database import session
from server.core.problems import Problem
from server.places.models import AdminArea, AreaContext
from server.places.service import UnusableContext, set_context
from server.publication import proposals
from server.publication.policy import policy
from server.publication.rules import STRICTEST_FIRST
from server.vocabulary import ContextMode

LONGEST_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Said:
    """What holds of one area: its code and name, the situation, until when, and why."""

    pcode: str
    name: str
    mode: ContextMode
    until_at: datetime
    reason: str


def said_now() -> list[Said]:
    """What holds now, the first to end first."""
    names = dict(session.execute(select(AdminArea.pcode, AdminArea.name)).all())  # type: ignore[arg-type]
    found = session.scalars(_holding(present()).order_by(AreaContext.until_at, AreaContext.pcode))
    return [
        Said(pcode=one.pcode, name=names.get(one.pcode, ""), mode=one.mode, until_at=one.until_at, reason=one.reason)
        for one in found
    ]


def say(actor: Actor, *, pcode: str, mode: ContextMode, days: int, reason: str) -> bool:
    """Say in what situation an area is. Returns whether it waits for a second person, because it loosens."""
    if not may(actor, "say_situation"):
        raise Problem("not_allowed")
    if session.scalar(select(AdminArea.id).where(AdminArea.pcode == pcode).limit(1)) is None:
        raise _invalid("pcode")
    if not 1 <= days <= LONGEST_DAYS or not reason.strip():
        raise _invalid("reason" if 1 <= days <= LONGEST_DAYS else "days")
    if _rank(mode) > _present_rank(pcode):
        body = {"pcode": pcode, "mode": mode.value, "days": days}
        proposals.propose(actor, kind="situation", body=body, reason=reason, until=present() + timedelta(days=2))
        return True
    _set(pcode, mode, days=days, set_by=actor.person_id, reason=reason)
    return False


def agree(actor: Actor, proposal_id: UUID) -> None:
    """The second person's word: what was said of the very area before ends, and the new situation begins."""
    agreed = proposals.agree(actor, proposal_id)
    body, now = agreed.body, present()
    before = update(AreaContext).where(AreaContext.pcode == body["pcode"], AreaContext.until_at > now)
    session.execute(before.values(until_at=now), execution_options={"synchronize_session": False})
    _set(body["pcode"], ContextMode(body["mode"]), days=body["days"], set_by=agreed.proposed_by, reason=agreed.reason)


def _present_rank(pcode: str) -> int:
    """How loose what holds of the area is; where nothing holds it is active conflict."""
    modes = list(
        session.scalars(_holding(present()).where(AreaContext.pcode == pcode).with_only_columns(AreaContext.mode))
    )
    return min((_rank(mode) for mode in modes), default=0)


def _rank(mode: ContextMode) -> int:
    return 0 if mode is ContextMode.MIXED else STRICTEST_FIRST.index(mode)


def _holding(at: datetime) -> Select[AreaContext]:
    holds = AreaContext.from_at <= at, AreaContext.until_at > at, AreaContext.from_at > at - policy().context_lasts
    return select(AreaContext).where(*holds)


def _set(pcode: str, mode: ContextMode, *, days: int, set_by: UUID | None, reason: str) -> None:
    begin = present()
    try:
        set_context(pcode, mode, from_at=begin, until_at=begin + timedelta(days=days), set_by=set_by, reason=reason)
    except UnusableContext as error:
        raise _invalid("pcode") from error


def _invalid(field: str) -> Problem:
    return Problem("invalid_input", errors=[{"field": field, "code": "invalid", "message": ""}])
