"""Complaints: somebody, known to nobody, says what we did wrong and reads the answer under a code. Words lie sealed, key by key."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

import server.accounts.models  # noqa: F401 - rows here point to people, whose table must be known
from server.core.choices import N_, Choice
from server.core.columns import coded, passport, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience

COORD, INTERNAL = Audience.COORD, Audience.INTERNAL


class ComplaintKind(Choice):
    """What a complaint is about. What concerns people of the desk goes to the protection focal point alone."""

    WRONG_INFO = "WRONG_INFO", N_("Something shown here is wrong")
    NOT_HELPED = "NOT_HELPED", N_("Help did not come, or not to all alike")
    PERSONAL_DATA = "PERSONAL_DATA", N_("My personal data: see it, put it right, erase it")
    CONDUCT = "CONDUCT", N_("How somebody who works here behaved")
    ABUSE = "ABUSE", N_("Exploitation or abuse by somebody who gives aid")
    SITE = "SITE", N_("This page does not work for me")
    OTHER = "OTHER", N_("Something else")


CONFIDENTIAL = (ComplaintKind.CONDUCT, ComplaintKind.ABUSE)


class ComplaintState(Choice):
    """How far a complaint is; the page under its code shows this."""

    OPEN = "OPEN", N_("Waits to be read")
    READ = "READ", N_("Being looked into")
    ANSWERED = "ANSWERED", N_("Answered")


class Complaint(Base):
    """One complaint. The code is stored as a keyed hash; words and answer under a key of this row alone."""

    __tablename__ = "complaints"
    __table_args__ = (Index("ix_vault_complaints_state", "state", "received_at"), {"schema": "vault"})
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    code_hash: Mapped[bytes] = mapped_column(
        LargeBinary(32), unique=True, info=passport(N_("Keyed hash of the code"), audience=INTERNAL)
    )
    kind: Mapped[ComplaintKind] = coded(ComplaintKind, info=passport(N_("What it is about"), audience=COORD))
    state: Mapped[ComplaintState] = coded(
        ComplaintState, server_default=ComplaintState.OPEN.value, info=passport(N_("State"), audience=COORD)
    )
    lang: Mapped[str] = mapped_column(String(8), server_default="en", info=passport(N_("Language"), audience=COORD))
    received_at: Mapped[stamped] = mapped_column(info=passport(N_("Received"), audience=COORD))
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary, info=passport(N_("Wrapped key"), audience=INTERNAL))
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=passport(N_("Sealed words"), audience=INTERNAL))
    sealed_answer: Mapped[bytes | None] = mapped_column(LargeBinary, info=passport(N_("Sealed answer"), audience=INTERNAL))
    answered_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Answered at"), audience=COORD))
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Answered by"), audience=INTERNAL))
