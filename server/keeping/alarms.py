"""Alarms by mail: one when a check turns bad, one when it is good again. A mail carries the house's own sentences and nothing of anybody."""

from collections.abc import Callable, Sequence

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from server.core import letters
from server.core.clock import now
from server.core.database import session
from server.core.response import may_send_out, this_response
from server.core.settings import settings
from server.keeping.models import Alarm
from server.keeping.watching import Finding, State, look


def raise_what_is_due(checks: Sequence[Callable[[], Finding | None]] = ()) -> list[str]:
    """Compare the checks (all, or those that are given) with what was told last, mail what changed, and remember it; the codes that were told.

    Several processes look; while one of them tells, the others find nothing.
    """
    if not session.scalar(text("SELECT pg_try_advisory_xact_lock(727212)")):
        return []
    told = {alarm.code: alarm.state for alarm in session.query(Alarm)}
    changed = [finding for finding in look(checks) if _is_news(finding, told.get(finding.code))]
    if changed and settings().alarm_to and letters.can_send() and may_send_out():
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = '5min'"))  # a mail server may take its time
        letters.send(", ".join(settings().alarm_to), _subject(changed), "\n\n".join(_line(finding) for finding in changed))
    for finding in changed:
        _remember(finding)
    return [finding.code for finding in changed]


def _is_news(finding: Finding, before: str | None) -> bool:
    """A check that turned bad, or came back; what was never bad is no news."""
    return (finding.state is State.BAD) != (before == State.BAD)


def _subject(changed: list[Finding]) -> str:
    bad = sum(finding.state is State.BAD for finding in changed)
    return f"{this_response().name}: {bad} need a look" if bad else f"{this_response().name}: good again"


def _line(finding: Finding) -> str:
    """A finding in English: mails go to the operator, whose language we do not know."""
    return f"[{finding.state.upper()}] {finding.label}: {finding.says % finding.values}"


def _remember(finding: Finding) -> None:
    values = {"code": finding.code, "state": finding.state.value, "since": now()}
    session.execute(insert(Alarm).values(**values).on_conflict_do_update(index_elements=["code"], set_=values))
