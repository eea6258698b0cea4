"""Reading from a streaming replica: the map, the lists and the downloads go there, everything else to the main database.

A replica is always a little behind. It is read while it is less than ``REPLICA_LAG_S`` behind, and by a person who has just changed
something only once it holds that change: the place of the change in the database's log travels in a cookie for a minute. When the
replica is away, too far behind, or breaks off in the middle, the main database is read instead.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from threading import Lock
from time import monotonic
from typing import Any

from flask import Flask, Response, g, has_request_context, make_response, request
from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server.core import database
from server.core.settings import Settings

COOKIE, COOKIE_S = "tessera-seen", 60
MEASURED_FOR_S, AWAY_FOR_S = 1.0, 5.0
HEADER = "Replica-Lag"

_LSN = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")
_HERE = text("SELECT pg_current_wal_flush_lsn()::text, clock_timestamp()")
# While nobody commits, the log may be written to the end of a page in the middle of a record. Such a tail cannot be shown
# by any replica, and hides no commit; without the second line an idle response would seem to fall behind.
_THERE = text("""
SELECT pg_last_wal_replay_lsn() >= lsn
    OR ((lsn - '0/0') % 8192 = 0 AND pg_last_wal_receive_lsn() >= lsn AND lsn - pg_last_wal_replay_lsn() < 65536),
    extract(epoch FROM CAST(:now AS timestamptz) - pg_last_xact_replay_timestamp()), pg_is_in_recovery()
FROM (SELECT CAST(:lsn AS pg_lsn) AS lsn) AS main
""")
_HOLDS = text("SELECT pg_last_wal_replay_lsn() >= CAST(:lsn AS pg_lsn)")


@dataclass
class Measured:
    """What was found last: ``lag_s`` in seconds, None when the replica does not answer, and until when this is believed."""

    lag_s: float | None
    until: float


class Replica:
    """The replica of this process: its two eyes, and how far behind it is."""

    def __init__(self, chosen: Settings) -> None:
        self.limit_s = chosen.replica_lag_s
        self.engine = database.make_engine(chosen.replica_database_url, pool_size=20, patience_s=2)
        public = chosen.public_replica_database_url or chosen.replica_database_url
        self.public_engine = database.make_engine(public, pool_size=10, read_only=True, patience_s=2)
        self._here = database.make_engine(chosen.database_url, pool_size=1, read_only=True, patience_s=2)
        self.serves = False  # a command of an operator's reads what it has just written
        self._lock = Lock()
        self._level_at = float("-inf")  # when it was last seen to hold everything
        self._measured = Measured(lag_s=None, until=0.0)

    def lag_s(self) -> float | None:
        """How far behind it is, at most a second old; None when it does not answer. An upper bound while work is on its way."""
        if self._measured.until < monotonic() and self._lock.acquire(blocking=False):
            try:
                self._measured = self._measure()
            finally:
                self._lock.release()
        return self._measured.lag_s

    def is_fit(self) -> bool:
        """Whether it may be read."""
        lag = self.lag_s()
        return lag is not None and lag <= self.limit_s

    def holds(self, lsn: str) -> bool:
        """Whether it has what was written up to this place of the log."""
        try:
            with self.engine.connect() as connection:
                return connection.scalar(_HOLDS, {"lsn": lsn}) is True
        except (SQLAlchemyError, PoolTimeout):
            self.is_away()
            return False

    def is_away(self) -> None:
        """Do not ask it again for some seconds, and then by new connections."""
        self._measured = self._gone()

    def written_up_to(self) -> str:
        """The place of the main database's log up to which everything is written."""
        with self._here.connect() as connection:
            return str(connection.execute(_HERE).one()[0])

    def close(self) -> None:
        """Let go of every connection."""
        for engine in (self.engine, self.public_engine, self._here):
            engine.dispose()

    def _measure(self) -> Measured:
        try:
            with self._here.connect() as here:
                lsn, now = here.execute(_HERE).one()
        except SQLAlchemyError:
            return self._alone()
        try:
            with self.engine.connect() as there:
                is_level, seconds, is_replica = there.execute(_THERE, {"lsn": lsn, "now": now}).one()
        except SQLAlchemyError:
            return self._gone()
        if not is_replica:  # it was promoted: what it holds is no copy any more
            return self._gone()
        if is_level:
            self._level_at = monotonic()
        bounds = [monotonic() - self._level_at, float("inf") if seconds is None else max(0.0, float(seconds))]
        return Measured(lag_s=0.0 if is_level else min(bounds), until=monotonic() + MEASURED_FOR_S)

    def _alone(self) -> Measured:
        """The main database is away: nothing new can be written, so what the replica holds is the newest there is."""
        try:
            with self.engine.connect() as there:
                there.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return self._gone()
        return Measured(lag_s=0.0, until=monotonic() + MEASURED_FOR_S)

    def _gone(self) -> Measured:
        self.engine.dispose()
        self.public_engine.dispose()
        return Measured(lag_s=None, until=monotonic() + AWAY_FOR_S)


_this: Replica | None = None


def this_replica() -> Replica | None:
    """The replica of this server; None where there is none."""
    return _this


def init_app(app: Flask, chosen: Settings) -> None:
    """Open the replica, where one is set. Must come before the database: the place of a change is known once it is settled."""
    close()
    if not chosen.replica_database_url:
        return
    global _this  # noqa: PLW0603 - one for a process, as the sessions are
    _this = Replica(chosen)
    app.after_request(lambda response: _remember(response, secure=chosen.secure_cookies))
    database.OwnSession.elsewhere = staticmethod(_own_engine)
    database.PublicSession.elsewhere = staticmethod(_public_engine)


def measured_lag_s(chosen: Settings) -> float | None:
    """How far the replica is behind, in any process; None when it does not answer. The worker opens it for this moment."""
    if _this is not None:
        return _this.lag_s()
    looked = Replica(chosen)
    try:
        return looked.lag_s()
    finally:
        looked.close()


def close() -> None:
    """Let go of the replica: everything is read from the main database again."""
    global _this  # noqa: PLW0603
    if _this is not None:
        _this.close()
        _this = None


def read_there(app: Flask, *, desk: tuple[str, ...], public: tuple[str, ...]) -> None:
    """Let these pages be read from the replica: the desk's by their endpoints, the public ones by the beginning of their paths.

    They must only read. Call it when all doors are open.
    """
    if _this is None:
        return
    for rule in app.url_map.iter_rules():
        if rule.endpoint in desk or (rule.rule.startswith(public) and "GET" in (rule.methods or ())):
            app.view_functions[rule.endpoint] = _reading(app.view_functions[rule.endpoint])


def memory_name(name: str) -> str:
    """Under which an answer kept for several people is kept: never one from before the asker's own last change."""
    seen = _seen() if _this is not None and has_request_context() else ""
    return f"{name}@{seen}" if seen else name


def _reading(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view, reading from the replica where that is right, and from the main database when it is not or when it fails."""
    if getattr(view, "reads_there", False):
        return view

    @wraps(view)
    def read(*given: Any, **named: Any) -> Any:
        replica = _this
        if request.method not in ("GET", "HEAD") or replica is None or not _may_read(replica):
            return view(*given, **named)
        replica.serves = True
        try:
            with _there():
                response = make_response(view(*given, **named))
        except DataError:
            raise  # what was asked fits no column, there or here: a stranger's question must send nobody away from the replica
        except (DBAPIError, PoolTimeout):
            replica.is_away()
            return view(*given, **named)
        response.headers[HEADER] = f"{replica.lag_s() or 0.0:.1f}"
        return response

    read.reads_there = True  # type: ignore[attr-defined]
    return read


def _may_read(replica: Replica) -> bool:
    """A program with a key carries no cookie, so nobody knows what it wrote last: it reads from the main database."""
    if request.headers.get("Authorization") or not replica.is_fit():
        return False
    seen = _seen()
    return not seen or replica.holds(seen)


@contextmanager
def _there() -> Iterator[None]:
    """Both sessions of this request read from the replica meanwhile; what the desk's had open before is let go."""
    _change_over(is_there=True)
    try:
        yield
    finally:
        _change_over(is_there=False)


def _change_over(*, is_there: bool) -> None:
    g.reads_there = is_there
    database.session.rollback()
    database.public_session.rollback()


def _own_engine() -> Engine | None:
    return _this.engine if _this is not None and has_request_context() and g.get("reads_there") else None


def _public_engine() -> Engine | None:
    """In a request as that was decided; a download that outlives its request reads from the replica while it is fit."""
    if _this is None:
        return None
    if has_request_context():
        return _this.public_engine if g.get("reads_there") else None
    return _this.public_engine if _this.serves and _this.is_fit() else None


def _seen() -> str:
    """The place of the log up to which this person has written; empty for one who has written nothing lately."""
    given = request.cookies.get(COOKIE, "")
    return given if _LSN.fullmatch(given) else ""


def _remember(response: Response, *, secure: bool) -> Response:
    """Who is signed in and has changed something is told up to which place of the log; for a minute."""
    actor = g.get("actor")
    if request.method in ("GET", "HEAD", "OPTIONS") or _this is None or actor is None or actor.person_id is None:
        return response
    try:
        place = _this.written_up_to()
    except SQLAlchemyError:
        return response  # the change itself is kept; the replica is away or soon holds it
    response.set_cookie(COOKIE, place, max_age=COOKIE_S, httponly=True, secure=secure, samesite="Lax", path="/")
    return response
