"""What was seen from above: one row for each image and each thing assessed on it, as UNOSAT or Copernicus gave it (standards §3.1).

An import is tried first and kept after; taken back, its rows are gone and what it was stays on record.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import Boolean, Date, Float, ForeignKey, Index, LargeBinary, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

import server.accounts.models  # noqa: F401 - rows here point to people, whose table must be known
from server.core.choices import N_
from server.core.columns import coded, one_of, passport, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience, DamageScale

COORD, INTERNAL = Audience.COORD, Audience.INTERNAL
TRIED, KEPT, UNDONE = "TRIED", "KEPT", "UNDONE"
READING, KEEPING, REFUSED = "READING", "KEEPING", "REFUSED"
"""Under way with the worker, or ended there because the file could not be read."""
PRE, POST, MONITOR = "PRE", "POST", "MONITOR"
VISUAL, ML, HYBRID = "VISUAL", "ML", "HYBRID"


class ImageryImport(Base):
    """One file of satellite assessments: whose it is, under which licence, what became of it."""

    __tablename__ = "imagery_imports"
    __table_args__ = (one_of("state", (TRIED, KEPT, UNDONE, READING, KEEPING, REFUSED)),)
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    state: Mapped[str] = mapped_column(String(8), server_default=TRIED, info=passport(N_("State"), audience=COORD))
    provider: Mapped[str] = mapped_column(String(32), info=passport(N_("Provider"), audience=COORD))
    product: Mapped[str] = mapped_column(String(64), info=passport(N_("Product"), audience=COORD))
    licence: Mapped[str] = mapped_column(String(64), info=passport(N_("Licence"), audience=COORD))
    may_redistribute: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), info=passport(N_("May be passed on"), audience=COORD)
    )
    source_scale: Mapped[DamageScale] = coded(DamageScale, info=passport(N_("Scale of the source"), audience=COORD))
    method: Mapped[str] = mapped_column(String(8), server_default=VISUAL, info=passport(N_("Method"), audience=COORD))
    sha256: Mapped[str] = mapped_column(String(64), info=passport(N_("Hash of the file"), audience=COORD))
    mapping: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("Columns"), audience=COORD)
    )
    file_ref: Mapped[str | None] = mapped_column(String(64), info=passport(N_("Sealed file in the store"), audience=INTERNAL))
    file_key: Mapped[bytes | None] = mapped_column(LargeBinary, info=passport(N_("Wrapped key of the file"), audience=INTERNAL))
    units: Mapped[int] = mapped_column(server_default="0", info=passport(N_("Things assessed"), audience=COORD))
    rows: Mapped[int] = mapped_column(server_default="0", info=passport(N_("Rows"), audience=COORD))
    refused: Mapped[int] = mapped_column(server_default="0", info=passport(N_("Refused rows"), audience=COORD))
    done: Mapped[int] = mapped_column(server_default="0", info=passport(N_("Rows written so far"), audience=COORD))
    found: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("What the file says, in short"), audience=COORD)
    )
    problem: Mapped[str] = mapped_column(String(32), server_default="", info=passport(N_("Why it could not be read"), audience=COORD))
    first_on: Mapped[date | None] = mapped_column(Date, info=passport(N_("First image"), audience=COORD))
    last_on: Mapped[date | None] = mapped_column(Date, info=passport(N_("Last image"), audience=COORD))
    area: Mapped[WKBElement | None] = mapped_column(
        Geometry("GEOMETRY", srid=4326, spatial_index=False), info=passport(N_("Area that was looked at"), audience=COORD)
    )
    area_is_stated: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), info=passport(N_("The source says which area was looked at"), audience=COORD)
    )
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=COORD))
    begun_at: Mapped[stamped] = mapped_column(info=passport(N_("Begun"), audience=COORD))
    kept_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Imported"), audience=COORD))
    undone_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Taken back"), audience=COORD))
    undone_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Taken back by"), audience=COORD))


class ImageryRow(Base):
    """One thing on one image. ``damage_best`` NULL is "cannot tell"; ``is_latest`` marks the newest image of the thing."""

    __tablename__ = "imagery_rows"
    __table_args__ = (
        one_of("event_phase", (PRE, POST, MONITOR)),
        Index("ix_imagery_rows_unit", "import_id", "unit_key"),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    import_id: Mapped[UUID] = mapped_column(
        ForeignKey("imagery_imports.id", ondelete="CASCADE"), info=passport(N_("Import"), audience=COORD)
    )
    unit_key: Mapped[str] = mapped_column(String(64), info=passport(N_("Number at the source"), audience=COORD))
    shape: Mapped[WKBElement] = mapped_column(Geometry("GEOMETRY", srid=4326), info=passport(N_("Shape"), audience=COORD))
    is_area: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), info=passport(N_("Speaks of an area, not of one building"), audience=COORD)
    )
    acquired_on: Mapped[date | None] = mapped_column(Date, info=passport(N_("Date of the image"), audience=COORD))
    clean_until: Mapped[date | None] = mapped_column(
        Date, info=passport(N_("Last image without this damage"), audience=COORD)
    )
    event_phase: Mapped[str] = mapped_column(String(8), info=passport(N_("Before or after"), audience=COORD))
    sensor: Mapped[str] = mapped_column(String(64), server_default="", info=passport(N_("Sensor"), audience=COORD))
    gsd_m: Mapped[float | None] = mapped_column(Float, info=passport(N_("Metres to a pixel"), audience=COORD))
    source_value: Mapped[str] = mapped_column(String(64), info=passport(N_("Class of the source"), audience=COORD))
    damage_min: Mapped[int | None] = mapped_column(SmallInteger, info=passport(N_("Damage at least"), audience=COORD))
    damage_max: Mapped[int | None] = mapped_column(SmallInteger, info=passport(N_("Damage at most"), audience=COORD))
    damage_best: Mapped[int | None] = mapped_column(SmallInteger, info=passport(N_("Damage"), audience=COORD))
    confidence: Mapped[str] = mapped_column(String(32), server_default="", info=passport(N_("Confidence"), audience=COORD))
    field_validated: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), info=passport(N_("Checked on the ground by the source"), audience=COORD)
    )
    limits: Mapped[list[str]] = mapped_column(
        ARRAY(String(32)), server_default=text("'{}'"), info=passport(N_("Limits"), audience=COORD)
    )
    is_latest: Mapped[bool] = mapped_column(
        Boolean, server_default=text("true"), info=passport(N_("Newest image of the thing"), audience=INTERNAL)
    )


class ImageryChip(Base):
    """A piece of an image, laid on a damage record by the desk: before or after, when, whose, under which licence."""

    __tablename__ = "imagery_chips"
    __table_args__ = (one_of("event_phase", (PRE, POST)),)
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), index=True, info=passport(N_("Damage record"), audience=COORD)
    )
    event_phase: Mapped[str] = mapped_column(String(8), info=passport(N_("Before or after"), audience=COORD))
    taken_on: Mapped[date] = mapped_column(Date, info=passport(N_("Date of the image"), audience=COORD))
    provider: Mapped[str] = mapped_column(String(64), info=passport(N_("Provider"), audience=COORD))
    licence: Mapped[str] = mapped_column(String(64), info=passport(N_("Licence"), audience=COORD))
    original_sha256: Mapped[str] = mapped_column(String(64), info=passport(N_("Hash of the original"), audience=COORD))
    clean_sha256: Mapped[str] = mapped_column(String(64), info=passport(N_("Clean copy"), audience=COORD))
    thumbnail_sha256: Mapped[str] = mapped_column(String(64), info=passport(N_("Small copy"), audience=COORD))
    width: Mapped[int] = mapped_column(info=passport(N_("Width"), audience=COORD))
    height: Mapped[int] = mapped_column(info=passport(N_("Height"), audience=COORD))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=COORD))
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=COORD))
    removed_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Taken off"), audience=COORD))


class PhotoRedaction(Base):
    """Parts of a photo painted over. The print of before lies sealed under a key of its own until the redaction is undone."""

    __tablename__ = "photo_redactions"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    photo_id: Mapped[UUID] = mapped_column(
        ForeignKey("photos.id", ondelete="CASCADE"), index=True, info=passport(N_("Photo"), audience=COORD)
    )
    parts: Mapped[list[Any]] = mapped_column(JSONB, info=passport(N_("Parts painted over"), audience=COORD))
    from_sha256: Mapped[str] = mapped_column(String(64), info=passport(N_("Hash before"), audience=COORD))
    from_thumbnail_sha256: Mapped[str] = mapped_column(
        String(64), info=passport(N_("Hash of the small copy before"), audience=INTERNAL)
    )
    to_sha256: Mapped[str] = mapped_column(String(64), info=passport(N_("Hash after"), audience=COORD))
    sealed_ref: Mapped[str | None] = mapped_column(
        String(64), info=passport(N_("Sealed print of before in the store"), audience=INTERNAL)
    )
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary, info=passport(N_("Wrapped key"), audience=INTERNAL))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=COORD))
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=COORD))
    undone_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Undone"), audience=COORD))
    undone_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Undone by"), audience=COORD))
