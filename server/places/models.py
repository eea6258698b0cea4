"""Places: the gazetteer, administrative areas (COD-AB), known sites, dated baselines of what exists, and who is at war where."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import BigInteger, Date, Float, ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import coded, passport, point, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience, CauseGroup, ContextMode, InUseAs, SiteType

PUBLIC, COORD, INTERNAL = Audience.PUBLIC, Audience.COORD, Audience.INTERNAL


class GazetteerPlace(Base):
    """A town or village of GeoNames (CC BY 4.0)."""

    __tablename__ = "gazetteer_places"
    id: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, info=passport(N_("GeoNames number"), audience=PUBLIC)
    )
    name: Mapped[str] = mapped_column(String(200), info=passport(N_("Name"), audience=PUBLIC))
    names: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("Names by language"), audience=PUBLIC)
    )
    country: Mapped[str] = mapped_column(String(2), info=passport(N_("Country"), audience=PUBLIC))
    admin1: Mapped[str] = mapped_column(String(200), server_default="", info=passport(N_("Region"), audience=PUBLIC))
    population: Mapped[int] = mapped_column(
        BigInteger, server_default="0", info=passport(N_("People"), audience=PUBLIC)
    )
    point: Mapped[WKBElement] = point(info=passport(N_("Place"), audience=PUBLIC))


class GazetteerName(Base):
    """One name of a gazetteer place in one spelling, folded for search (``places.service.fold``)."""

    __tablename__ = "gazetteer_names"
    __table_args__ = (
        Index("ix_gazetteer_names_prefix", "folded", postgresql_ops={"folded": "text_pattern_ops"}),
        Index(
            "ix_gazetteer_names_trigram", "folded", postgresql_using="gin", postgresql_ops={"folded": "gin_trgm_ops"}
        ),
    )
    place_id: Mapped[int] = mapped_column(
        ForeignKey("gazetteer_places.id", ondelete="CASCADE"),
        primary_key=True,
        info=passport(N_("Place"), audience=PUBLIC),
    )
    folded: Mapped[str] = mapped_column(
        String(200), primary_key=True, info=passport(N_("Name as searched"), audience=PUBLIC)
    )


class AdminArea(Base):
    """An administrative area as a COD-AB file gives it. P-codes are text."""

    __tablename__ = "admin_areas"
    __table_args__ = (UniqueConstraint("pcode", "cod_version"),)
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    level: Mapped[int] = mapped_column(SmallInteger, index=True, info=passport(N_("Level"), audience=PUBLIC))
    pcode: Mapped[str] = mapped_column(
        String(32), index=True, info=passport(N_("P-code"), audience=PUBLIC, hxl="#adm+code+v_pcode")
    )
    name: Mapped[str] = mapped_column(String(200), info=passport(N_("Name"), audience=PUBLIC, hxl="#adm+name"))
    names: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("Names by language"), audience=PUBLIC)
    )
    parent_pcode: Mapped[str | None] = mapped_column(String(32), info=passport(N_("Part of"), audience=PUBLIC))
    country: Mapped[str] = mapped_column(
        String(3), info=passport(N_("Country"), audience=PUBLIC, hxl="#country+code+v_iso3")
    )
    cod_version: Mapped[str] = mapped_column(String(32), info=passport(N_("Version"), audience=PUBLIC))
    valid_on: Mapped[date | None] = mapped_column(Date, info=passport(N_("Valid from"), audience=PUBLIC))
    shape: Mapped[WKBElement] = mapped_column(
        Geometry("MULTIPOLYGON", srid=4326), info=passport(N_("Shape"), audience=PUBLIC)
    )


class Site(Base):
    """A known civilian place that can be damaged more than once. A person at the desk makes it, never a report."""

    __tablename__ = "sites"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    public_id: Mapped[str] = mapped_column(String(16), unique=True, info=passport(N_("Public number"), audience=COORD))
    site_type: Mapped[SiteType] = coded(SiteType, info=passport(N_("Type"), audience=COORD))
    name: Mapped[str] = mapped_column(String(200), server_default="", info=passport(N_("Name"), audience=COORD))
    in_use_as: Mapped[InUseAs | None] = coded(InUseAs, info=passport(N_("In use as"), audience=COORD))
    point: Mapped[WKBElement] = point(info=passport(N_("Place"), audience=COORD))
    accuracy_m: Mapped[float | None] = mapped_column(Float, info=passport(N_("Accuracy in metres"), audience=COORD))
    created_at: Mapped[stamped] = mapped_column(info=passport(N_("Added"), audience=INTERNAL))


class Baseline(Base):
    """One dated list of what exists, as it was loaded: from where, of which day, under which licence."""

    __tablename__ = "baselines"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    source: Mapped[str] = mapped_column(String(64), info=passport(N_("Source"), audience=COORD))
    dated_on: Mapped[date] = mapped_column(Date, info=passport(N_("Date of the source"), audience=COORD))
    licence: Mapped[str] = mapped_column(String(64), info=passport(N_("Licence"), audience=COORD))
    sites: Mapped[int] = mapped_column(Integer, info=passport(N_("Places"), audience=COORD))
    twins: Mapped[int] = mapped_column(Integer, info=passport(N_("Listed twice"), audience=COORD))
    refused: Mapped[int] = mapped_column(Integer, info=passport(N_("Left out"), audience=COORD))
    loaded_at: Mapped[datetime] = mapped_column(info=passport(N_("Loaded"), audience=COORD))
    replaced_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Replaced"), audience=COORD))


class BaselineSite(Base):
    """A site that exists, from a dated source: publication hides a damaged site among these (k)."""

    __tablename__ = "baseline_sites"
    __table_args__ = (
        Index("ix_baseline_sites_type_adm1", "site_type", "adm1_pcode"),
        Index("ix_baseline_sites_type_adm2", "site_type", "adm2_pcode"),
        Index("ix_baseline_sites_h3_r9", "h3_r9"),
    )
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, info=passport(N_("Number"), audience=INTERNAL))
    baseline_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("baselines.id", ondelete="CASCADE"), index=True, info=passport(N_("List"), audience=INTERNAL)
    )
    source: Mapped[str] = mapped_column(String(64), info=passport(N_("Source"), audience=INTERNAL))
    source_dated_on: Mapped[date] = mapped_column(Date, info=passport(N_("Date of the source"), audience=INTERNAL))
    site_type: Mapped[SiteType] = coded(SiteType, info=passport(N_("Type"), audience=INTERNAL))
    name: Mapped[str] = mapped_column(String(200), server_default="", info=passport(N_("Name"), audience=INTERNAL))
    point: Mapped[WKBElement] = point(info=passport(N_("Place"), audience=INTERNAL))
    h3_r9: Mapped[str] = mapped_column(String(16), info=passport(N_("H3 cell, resolution 9"), audience=INTERNAL))
    adm1_pcode: Mapped[str | None] = mapped_column(String(32), info=passport(N_("Region"), audience=INTERNAL))
    adm2_pcode: Mapped[str | None] = mapped_column(String(32), info=passport(N_("District"), audience=INTERNAL))
    adm3_pcode: Mapped[str | None] = mapped_column(String(32), info=passport(N_("Municipality"), audience=INTERNAL))


class AreaContext(Base):
    """What mode an area is in and until when. Where nothing is said, or what was said has expired, it is active conflict."""

    __tablename__ = "area_contexts"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    pcode: Mapped[str] = mapped_column(String(32), index=True, info=passport(N_("Area"), audience=COORD))
    mode: Mapped[ContextMode] = coded(ContextMode, info=passport(N_("Mode"), audience=COORD))
    from_at: Mapped[datetime] = mapped_column(info=passport(N_("From"), audience=COORD))
    until_at: Mapped[datetime] = mapped_column(info=passport(N_("Until"), audience=COORD))
    set_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Set by"), audience=INTERNAL))
    reason: Mapped[str] = mapped_column(String(500), info=passport(N_("Reason"), audience=COORD))


class Event(Base):
    """An attack or disaster that links damage records: a night of strikes, an earthquake."""

    __tablename__ = "events"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    public_id: Mapped[str] = mapped_column(String(16), unique=True, info=passport(N_("Public number"), audience=PUBLIC))
    name: Mapped[str] = mapped_column(String(200), info=passport(N_("Name"), audience=COORD))
    glide: Mapped[str] = mapped_column(
        String(32), server_default="", info=passport(N_("GLIDE number"), audience=PUBLIC, hxl="#crisis+code")
    )
    cause_group: Mapped[CauseGroup] = coded(CauseGroup, info=passport(N_("Cause"), audience=COORD))
    began_at: Mapped[datetime] = mapped_column(info=passport(N_("Began"), audience=COORD))
    ended_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Ended"), audience=COORD))
