"""The response that this installation serves: what people said of it on the desk, else what the environment says.

Every room reads ``this_response()``. It is kept for a few seconds in each process, so that reading it costs nothing and every
web process and worker knows of a change within those seconds. Each fact is a row, and an older row is never written over.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import BigInteger, Connection, Identity, Index, Row, String, event, insert, select
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from server.core import ledger
from server.core.choices import N_
from server.core.columns import passport, stamped
from server.core.database import Base, session
from server.core.settings import Settings, settings
from server.vocabulary import Audience

INTERNAL = Audience.INTERNAL
KEPT_S = 3.0
RETRY_S = 1.0
LIVE, CLOSED = "LIVE", "CLOSED"
ITSELF = UUID("7e55e7a0-0000-5000-8000-000000000001")
"""The subject of the ledger's entries about the response; a fact of it has a number made from this one and its name."""


class ResponseFact(Base):
    """One fact of the response as somebody said it. The newest row of a name holds; the older ones tell who changed what."""

    __tablename__ = "response_facts"
    __table_args__ = (Index("ix_response_facts_name", "name", "id"),)
    id: Mapped[int] = mapped_column(
        BigInteger, Identity(), primary_key=True, info=passport(N_("Number"), audience=INTERNAL)
    )
    name: Mapped[str] = mapped_column(String(32), info=passport(N_("Fact"), audience=INTERNAL))
    value: Mapped[Any] = mapped_column(JSONB, info=passport(N_("Value"), audience=INTERNAL))
    said_by: Mapped[UUID | None] = mapped_column(info=passport(N_("Said by"), audience=INTERNAL))
    said_at: Mapped[stamped] = mapped_column(info=passport(N_("Said"), audience=INTERNAL))


@dataclass(frozen=True, kw_only=True)
class ThisResponse:
    """The facts. Areas are west, south, east, north in degrees; ``stage`` is empty until the response is live.

    ``is_certain`` is false when the database could not be asked: then only the environment speaks.
    """

    name: str
    exercise: bool
    time_zone: str
    languages: tuple[str, ...]
    operating_area: tuple[float, float, float, float] | None
    legal_profile: str
    emergency_number: str
    mine_action_number: str = ""
    countries: tuple[str, ...] = ()
    contact_days: int = 90
    words_days: int = 365
    steward: str = ""
    protection: str = ""
    technical: str = ""
    stage: str = ""
    live_since: datetime | None = None
    closed_since: datetime | None = None
    is_certain: bool = True

    @property
    def is_live(self) -> bool:
        """Whether somebody declared it live and nobody has closed it."""
        return self.stage == LIVE

    @property
    def is_closed(self) -> bool:
        """Whether it takes no reports any more."""
        return self.stage == CLOSED


def _area(value: Any) -> tuple[float, float, float, float] | None:
    return (float(value[0]), float(value[1]), float(value[2]), float(value[3])) if value else None


READ: Mapping[str, Callable[[Any], Any]] = {
    "name": str, "exercise": bool, "time_zone": str, "languages": tuple, "operating_area": _area, "legal_profile": str,
    "emergency_number": str, "mine_action_number": str, "countries": tuple, "contact_days": int, "words_days": int,
    "steward": str, "protection": str, "technical": str, "stage": str, "live_since": datetime.fromisoformat,
    "closed_since": datetime.fromisoformat,
}  # fmt: skip
"""Every fact there is, and how its JSON becomes what ``ThisResponse`` holds."""

_NEWEST = (
    select(ResponseFact.name, ResponseFact.value)
    .ext(distinct_on(ResponseFact.name))
    .order_by(ResponseFact.name, ResponseFact.id.desc())
)


class _Kept:
    """What this process knows of the response, and until when it believes it."""

    def __init__(self) -> None:
        self.lock, self.until = threading.Lock(), 0.0
        self.known: ThisResponse | None = None

    def get(self) -> ThisResponse:
        """The facts; while one thread asks anew, the others go on with what was known."""
        known = self.known
        if known is not None and time.monotonic() < self.until:
            return known
        if not self.lock.acquire(blocking=known is None):
            return known or self.get()
        try:
            if self.known is None or time.monotonic() >= self.until:
                self._ask()
            return self.known or from_environment()
        finally:
            self.lock.release()

    def forget(self) -> None:
        self.known, self.until = None, 0.0

    def _ask(self) -> None:
        try:
            found, kept = _from_database(), KEPT_S
        except SQLAlchemyError:
            found, kept = self.known or replace(from_environment(), is_certain=False), RETRY_S
        self.known, self.until = found, time.monotonic() + kept


_KEPT = _Kept()


def this_response() -> ThisResponse:
    """What holds of this response, at most a few seconds old."""
    return _KEPT.get()


def forget() -> None:
    """Ask the database anew at the next reading."""
    _KEPT.forget()


def may_send_out() -> bool:
    """Whether anything may leave this installation by itself: mails, web hooks, messages to other systems. An exercise sends nothing.

    Ask at the moment of sending. Where the database cannot say what this is, nothing is sent.
    """
    found = this_response()
    return found.is_certain and not found.exercise


def from_environment(chosen: Settings | None = None) -> ThisResponse:
    """What holds as long as nobody says otherwise on the desk."""
    chosen = chosen or settings()
    return ThisResponse(
        name=chosen.response_name, exercise=chosen.exercise, time_zone=chosen.time_zone, languages=chosen.languages,
        operating_area=chosen.operating_area, legal_profile=chosen.legal_profile, emergency_number=chosen.emergency_number,
    )  # fmt: skip


def say_fact(name: str, value: Any, *, said_by: UUID | None) -> None:
    """Let a fact (a name of ``READ``, a value as JSON has it) hold from now on; KeyError or ValueError for what is none."""
    READ[name](value)
    session.execute(insert(ResponseFact), [{"name": name, "value": value, "said_by": said_by}])
    ledger.record("response.fact_said", uuid5(ITSELF, name), actor_id=said_by, fact=name)
    event.listen(session(), "after_commit", lambda _session: forget(), once=True)


def _from_database() -> ThisResponse:
    """The facts on a connection of their own, given back at once: who asks may be in the middle of anything."""
    bind = session.get_bind()
    if isinstance(bind, Connection):  # a test's, in whose transaction everything happens
        return _as_said(bind.execute(_NEWEST).all())
    with bind.connect() as connection:
        return _as_said(connection.execute(_NEWEST).all())


def facts_as_said() -> ThisResponse:
    """What holds within the present transaction: for the pages on which it is changed."""
    return _as_said(session.execute(_NEWEST).all())


def _as_said(rows: Sequence[Row[tuple[str, Any]]]) -> ThisResponse:
    return replace(from_environment(), **{row.name: READ[row.name](row.value) for row in rows if row.name in READ})
