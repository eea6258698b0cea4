"""Whether the clock of this server can be believed: what is erased or published because its time has come cannot be taken back.

A laptop whose battery died wakes up in another year. A clock that jumped is doubted for a day; by then it was set right, or it is right.
"""

from datetime import timedelta

from sqlalchemy.dialects.postgresql import insert

from server.core.clock import now
from server.core.database import session
from server.keeping.models import Alarm

LONGEST_REST = timedelta(days=3)  # a server may have been switched off that long and nobody wonders
SMALLEST_JUMP = timedelta(minutes=10)  # back; clocks that are kept right move by less
DOUBTED_FOR = timedelta(days=1)
SEEN, JUMPED = "clock.seen", "clock.jumped"


def is_doubtful() -> bool:
    """Look at the clock, remember what it showed, and say whether it jumped within a day. Settling is the caller's."""
    seen = session.get(Alarm, SEEN, populate_existing=True)
    if seen and not -SMALLEST_JUMP < now() - seen.since < LONGEST_REST:
        _note(JUMPED)
    _note(SEEN)
    return jumped()


def jumped() -> bool:
    """Whether the clock is known to have jumped within a day."""
    found = session.get(Alarm, JUMPED, populate_existing=True)
    return found is not None and abs(now() - found.since) < DOUBTED_FOR


def _note(code: str) -> None:
    values = {"code": code, "state": "", "since": now()}
    session.execute(insert(Alarm).values(**values).on_conflict_do_update(index_elements=["code"], set_=values))
