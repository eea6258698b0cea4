"""Who has which damage record before them, who is to see to it, what was handed over, and the notes people leave for one another."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

import server.matching.models  # noqa: F401 - rows here point to damage records, whose table must be known
from server.core.choices import N_
from server.core.columns import passport, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience

COORD, INTERNAL = Audience.COORD, Audience.INTERNAL
NOTE_LIMIT, HANDOVER_LIMIT = 2000, 1000


class Claim(Base):
    """Somebody has this record before them; it ends by itself. One row per record is what makes it theirs alone."""

    __tablename__ = "work_claims"
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), primary_key=True, info=passport(N_("Damage record"), audience=COORD)
    )
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=passport(N_("Before"), audience=COORD))
    since: Mapped[datetime] = mapped_column(info=passport(N_("Since"), audience=COORD))
    until: Mapped[datetime] = mapped_column(info=passport(N_("Kept for them until"), audience=COORD))


class Handover(Base):
    """A queue given from one person to another, with a note."""

    __tablename__ = "work_handovers"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    from_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=passport(N_("From whom"), audience=COORD))
    to_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True, info=passport(N_("To whom"), audience=COORD))
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=COORD))
    records: Mapped[int] = mapped_column(Integer, info=passport(N_("Records"), audience=COORD))
    note: Mapped[str] = mapped_column(String(HANDOVER_LIMIT), server_default="", info=passport(N_("Note"), audience=COORD))


class Duty(Base):
    """Somebody is to see to a record until it is done or given on. One present duty per record."""

    __tablename__ = "work_duties"
    __table_args__ = (
        Index("ix_work_duties_present", "incident_id", unique=True, postgresql_where=text("done_at IS NULL")),
        Index("ix_work_duties_person", "person_id", postgresql_where=text("done_at IS NULL")),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    incident_id: Mapped[UUID] = mapped_column(ForeignKey("incidents.id"), info=passport(N_("Damage record"), audience=COORD))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=passport(N_("Seen to by"), audience=COORD))
    given_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Given by"), audience=COORD))
    given_at: Mapped[stamped] = mapped_column(info=passport(N_("Given"), audience=COORD))
    handover_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("work_handovers.id"), info=passport(N_("Handed over with"), audience=COORD)
    )
    done_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Done"), audience=COORD))


class Note(Base):
    """What one of the desk wrote on a record for the others. Whoever wrote it can take it back: then the words are gone."""

    __tablename__ = "work_notes"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), index=True, info=passport(N_("Damage record"), audience=COORD)
    )
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=COORD))
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=COORD))
    words: Mapped[str] = mapped_column(String(NOTE_LIMIT), info=passport(N_("Note"), audience=COORD))
    mentions: Mapped[list[UUID]] = mapped_column(
        ARRAY(Uuid), server_default=text("'{}'"), info=passport(N_("For whom"), audience=COORD)
    )
    erased_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Taken back"), audience=COORD))
