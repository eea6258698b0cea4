"""What holds publication back, and what partners took: areas held for a while, exports, and what those disclosed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import coded, passport, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience, GeometryLevel

COORD, INTERNAL = Audience.COORD, Audience.INTERNAL


class HeldArea(Base):
    """An area of which nothing new is published for a while. What is public of it stays: taking it out would tell."""

    __tablename__ = "held_areas"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    pcode: Mapped[str] = mapped_column(String(32), index=True, info=passport(N_("Area"), audience=COORD))
    held_at: Mapped[datetime] = mapped_column(info=passport(N_("From"), audience=COORD))
    until_at: Mapped[datetime] = mapped_column(info=passport(N_("Until"), audience=COORD))
    held_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), info=passport(N_("Held by"), audience=INTERNAL)
    )
    reason: Mapped[str] = mapped_column(String(500), info=passport(N_("Reason"), audience=COORD))
    lifted_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Let go"), audience=COORD))


class PartnerExport(Base):
    """One table that a partner took: who, why, how many rows, and until when they may keep it. Never the rows themselves."""

    __tablename__ = "partner_exports"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    export_id: Mapped[str] = mapped_column(
        String(16), unique=True, info=passport(N_("Number of the export"), audience=COORD)
    )
    person_id: Mapped[UUID] = mapped_column(
        ForeignKey("people.id"), index=True, info=passport(N_("Taken by"), audience=INTERNAL)
    )
    purpose: Mapped[str] = mapped_column(String(300), info=passport(N_("What for"), audience=COORD))
    policy_version: Mapped[str] = mapped_column(String(16), info=passport(N_("Version of the rules"), audience=COORD))
    rows_total: Mapped[int] = mapped_column(Integer, info=passport(N_("Rows"), audience=COORD))
    sha256: Mapped[str] = mapped_column(String(64), info=passport(N_("Checksum"), audience=COORD))
    made_at: Mapped[datetime] = mapped_column(info=passport(N_("Taken"), audience=COORD))
    expires_at: Mapped[datetime] = mapped_column(info=passport(N_("To be deleted by"), audience=COORD))


class PartnerDisclosure(Base):
    """What was told of a record to any partner: a later export may be finer only inside it, as in public."""

    __tablename__ = "partner_disclosures"
    __table_args__ = (
        Index("ix_partner_disclosures_incident_id", "incident_id", "geo_level", "area_code", unique=True),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), info=passport(N_("Damage record"), audience=INTERNAL)
    )
    geo_level: Mapped[GeometryLevel] = coded(GeometryLevel, info=passport(N_("Level"), audience=INTERNAL))
    area_code: Mapped[str] = mapped_column(String(32), info=passport(N_("Area"), audience=INTERNAL))
    pcodes: Mapped[list[Any]] = mapped_column(JSONB, info=passport(N_("Areas named"), audience=INTERNAL))
    first_at: Mapped[datetime] = mapped_column(info=passport(N_("First told"), audience=INTERNAL))
