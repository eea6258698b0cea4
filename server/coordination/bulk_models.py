"""What was done to many records at once: what, to which, what each was before, and what became of it; so that it can be undone."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import server.matching.models  # noqa: F401 - rows here point to damage records, whose table must be known
from server.core.choices import N_
from server.core.columns import one_of, passport, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience

COORD, INTERNAL = Audience.COORD, Audience.INTERNAL
STATES = ("PREVIEW", "RUNNING", "DONE", "STOPPED", "UNDOING", "UNDONE")
OUTCOMES = ("WAITING", "DONE", "REFUSED", "UNDONE", "KEPT")


class BulkAct(Base):
    """One act on one or many records: previewed, carried out, perhaps stopped, perhaps undone."""

    __tablename__ = "bulk_acts"
    __table_args__ = (one_of("state", STATES), Index("ix_bulk_acts_person", "person_id", "at"))
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=COORD))
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=COORD))
    what: Mapped[str] = mapped_column(String(32), info=passport(N_("What is changed"), audience=COORD))
    value: Mapped[str] = mapped_column(String(64), info=passport(N_("To what"), audience=COORD))
    asked: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("Under which filters"), audience=COORD)
    )
    state: Mapped[str] = mapped_column(String(16), server_default="PREVIEW", info=passport(N_("State"), audience=COORD))
    total: Mapped[int] = mapped_column(Integer, server_default="0", info=passport(N_("Records"), audience=COORD))
    done: Mapped[int] = mapped_column(Integer, server_default="0", info=passport(N_("Looked at"), audience=COORD))
    stop_asked: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), info=passport(N_("Asked to stop"), audience=COORD)
    )
    undone_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Undone"), audience=COORD))
    undone_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Undone by"), audience=COORD))


class BulkRow(Base):
    """One record of an act: the version that was shown, what it was and became, and why it was left alone where it was."""

    __tablename__ = "bulk_rows"
    __table_args__ = (
        one_of("outcome", OUTCOMES),
        Index("ix_bulk_rows_waiting", "act_id", "incident_id", postgresql_where=text("outcome = 'WAITING'")),
    )
    act_id: Mapped[UUID] = mapped_column(
        ForeignKey("bulk_acts.id", ondelete="CASCADE"), primary_key=True, info=passport(N_("Act"), audience=INTERNAL)
    )
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), primary_key=True, info=passport(N_("Damage record"), audience=COORD)
    )
    version: Mapped[int] = mapped_column(Integer, info=passport(N_("Version shown"), audience=COORD))
    before: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("Before"), audience=INTERNAL)
    )
    after: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("After"), audience=INTERNAL)
    )
    outcome: Mapped[str] = mapped_column(String(16), server_default="WAITING", info=passport(N_("What came of it"), audience=COORD))
    reason: Mapped[str] = mapped_column(String(64), server_default="", info=passport(N_("Why not"), audience=COORD))
