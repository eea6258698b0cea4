"""Evidence beside the reports: what was found in open sources, and which satellite row speaks of which damage record."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Boolean, Date, Float, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import coded, passport, stamped, uuid_pk
from server.core.database import Base
from server.evidence import imagery_models  # noqa: F401 - rows here point to rows there, whose table must be known
from server.vocabulary import AdmiraltyItem, AdmiraltySource, Audience, EvidenceKind, Stance

COORD = Audience.COORD


class OpenItem(Base):
    """Something found in an open source. The address is kept as words and never fetched; nobody who did it is named here."""

    __tablename__ = "open_items"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), index=True, info=passport(N_("Damage record"), audience=COORD)
    )
    kind: Mapped[EvidenceKind] = coded(EvidenceKind, info=passport(N_("What it is"), audience=COORD))
    address: Mapped[str] = mapped_column(
        String(500), info=passport(N_("Address"), hint=N_("Kept as words. Nothing is ever fetched from it."), audience=COORD)
    )
    platform: Mapped[str] = mapped_column(String(64), info=passport(N_("Where it was shown"), audience=COORD))
    claim: Mapped[str] = mapped_column(
        String(500), server_default="",
        info=passport(N_("What it shows"), hint=N_("Damage only: no name of who did it, nothing of the military."), audience=COORD),
    )  # fmt: skip
    posted_on: Mapped[date | None] = mapped_column(Date, info=passport(N_("Shown since"), audience=COORD))
    found_on: Mapped[date] = mapped_column(Date, info=passport(N_("Found on"), audience=COORD))
    archived_sha256: Mapped[str] = mapped_column(
        String(64), server_default="",
        info=passport(N_("SHA-256 of the copy you keep"), hint=N_("64 signs. Two items with one hash count once."), audience=COORD),
    )  # fmt: skip
    first_shown_elsewhere: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), info=passport(N_("It was seen earlier, of another place or time"), audience=COORD)
    )
    source_grade: Mapped[AdmiraltySource] = coded(AdmiraltySource, info=passport(N_("Reliability of the source"), audience=COORD))
    item_grade: Mapped[AdmiraltyItem] = coded(AdmiraltyItem, info=passport(N_("Credibility of the item"), audience=COORD))
    stance: Mapped[Stance] = coded(Stance, info=passport(N_("Says"), audience=COORD))
    media_located: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), info=passport(N_("Located within 100 m"), audience=COORD)
    )
    media_timed: Mapped[bool] = mapped_column(Boolean, server_default=text("false"), info=passport(N_("Dated"), audience=COORD))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=passport(N_("Found by"), audience=COORD))
    at: Mapped[stamped] = mapped_column(info=passport(N_("Added"), audience=COORD))
    removed_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Taken off"), audience=COORD))
    removed_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Taken off by"), audience=COORD))


class ImageryLink(Base):
    """Which damage record a satellite row speaks of. Found by the machine, or said by a person, who is never overruled."""

    __tablename__ = "imagery_links"
    __table_args__ = (
        Index("ix_imagery_links_incident_id", "incident_id", postgresql_where=text("incident_id IS NOT NULL")),
    )
    row_id: Mapped[UUID] = mapped_column(
        ForeignKey("imagery_rows.id", ondelete="CASCADE"), primary_key=True, info=passport(N_("Satellite row"), audience=COORD)
    )
    incident_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("incidents.id"), info=passport(N_("Damage record"), audience=COORD)
    )
    distance_m: Mapped[float | None] = mapped_column(Float, info=passport(N_("Distance in metres"), audience=COORD))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=COORD))
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=COORD))


class Correction(Base):
    """That something public was wrong: what kind of mistake, by whom. The public sees the change, never the reason."""

    __tablename__ = "corrections"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), index=True, info=passport(N_("Damage record"), audience=COORD)
    )
    kind: Mapped[str] = mapped_column(String(16), info=passport(N_("Kind of mistake"), audience=COORD))
    before: Mapped[str] = mapped_column(String(32), server_default="", info=passport(N_("Before"), audience=COORD))
    after: Mapped[str] = mapped_column(String(32), server_default="", info=passport(N_("After"), audience=COORD))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=COORD))
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=COORD))
