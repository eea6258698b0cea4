"""What the public may see: a copy in schema ``pub``, written by the rules alone, and what was ever disclosed.

The public role reads ``pub`` and nothing else. Public numbers of rows are random and unrelated to anything inside.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import BigInteger, Date, Float, ForeignKey, Index, Integer, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import coded, listed, passport, stamped, uuid_pk
from server.core.database import Base
from server.matching.map_models import CellCounts
from server.publication.formulas import RISKY
from server.vocabulary import (
    AccessConstraint,
    AffectedBand,
    Audience,
    CauseGroup,
    Certainty,
    FunctionalStatus,
    GeometryLevel,
    Sector,
    SiteGroup,
    SiteType,
    TimeLevel,
    WeaponType,
)

PUBLIC, INTERNAL = Audience.PUBLIC, Audience.INTERNAL


class PublishedIncident(Base):
    """One public row. Place and time are as coarse as the policy says; what it withholds is NULL. Order is order of export."""

    __tablename__ = "incidents"
    __table_args__ = (
        Index("ix_pub_incidents_map", "cell_key"),
        Index("ix_pub_incidents_adm2_pcode", "adm2_pcode"),
        Index("ix_pub_incidents_date_start", "date_start"),
        Index("ix_pub_incidents_formulas", "position", postgresql_where=text(RISKY)),
        listed("access_constraints", AccessConstraint),
        {"schema": "pub"},
    )
    incident_id: Mapped[str] = mapped_column(
        String(16), primary_key=True, info=passport(N_("Damage record"), audience=PUBLIC, hxl="#event+id")
    )
    release_id: Mapped[str] = mapped_column(
        String(32), info=passport(N_("Dated data set"), audience=PUBLIC, hxl="#meta+release+id")
    )
    record_status: Mapped[str] = mapped_column(
        String(16), info=passport(N_("New or updated"), audience=PUBLIC, hxl="#status+record")
    )
    certainty: Mapped[Certainty] = coded(
        Certainty, info=passport(N_("Certainty"), audience=PUBLIC, hxl="#status+verification")
    )
    date_start: Mapped[date | None] = mapped_column(
        Date,
        info=passport(
            N_("First possible day"), hint=N_("Local date of the place."), audience=PUBLIC, hxl="#date+occurred+start"
        ),
    )
    date_end: Mapped[date | None] = mapped_column(
        Date,
        info=passport(
            N_("Last possible day"), hint=N_("Local date of the place."), audience=PUBLIC, hxl="#date+occurred+end"
        ),
    )
    date_precision: Mapped[TimeLevel] = coded(
        TimeLevel, info=passport(N_("Exactness of the date"), audience=PUBLIC, hxl="#date+precision")
    )
    country_iso3: Mapped[str | None] = mapped_column(
        String(3), info=passport(N_("Country"), audience=PUBLIC, hxl="#country+code+v_iso3")
    )
    adm1_pcode: Mapped[str | None] = mapped_column(
        String(32), info=passport(N_("Region code"), audience=PUBLIC, hxl="#adm1+code+v_pcode")
    )
    adm1_name: Mapped[str | None] = mapped_column(
        String(200), info=passport(N_("Region"), audience=PUBLIC, hxl="#adm1+name")
    )
    adm2_pcode: Mapped[str | None] = mapped_column(
        String(32), info=passport(N_("District code"), audience=PUBLIC, hxl="#adm2+code+v_pcode")
    )
    adm2_name: Mapped[str | None] = mapped_column(
        String(200), info=passport(N_("District"), audience=PUBLIC, hxl="#adm2+name")
    )
    adm3_pcode: Mapped[str | None] = mapped_column(
        String(32), info=passport(N_("Municipality code"), audience=PUBLIC, hxl="#adm3+code+v_pcode")
    )
    adm3_name: Mapped[str | None] = mapped_column(
        String(200), info=passport(N_("Municipality"), audience=PUBLIC, hxl="#adm3+name")
    )
    geo_level: Mapped[GeometryLevel] = coded(
        GeometryLevel, info=passport(N_("How exact the place is"), audience=PUBLIC, hxl="#geo+precision")
    )
    h3_cell: Mapped[str | None] = mapped_column(
        String(16), info=passport(N_("H3 cell"), audience=PUBLIC, hxl="#geo+code+v_h3")
    )
    lat: Mapped[float | None] = mapped_column(
        Float,
        info=passport(
            N_("Latitude"), hint=N_("Blank unless the place is published as a point."), audience=PUBLIC, hxl="#geo+lat"
        ),
    )
    lon: Mapped[float | None] = mapped_column(
        Float,
        info=passport(
            N_("Longitude"), hint=N_("Blank unless the place is published as a point."), audience=PUBLIC, hxl="#geo+lon"
        ),
    )
    site_type: Mapped[SiteType | None] = coded(
        SiteType,
        info=passport(
            N_("Type of place"),
            hint=N_("Blank where too few places of the type exist to hide one."),
            audience=PUBLIC,
            hxl="#loc+type+code",
        ),
    )
    site_group: Mapped[SiteGroup | None] = coded(
        SiteGroup, info=passport(N_("Group of places"), audience=PUBLIC, hxl="#loc+group+code")
    )
    site_name: Mapped[str | None] = mapped_column(
        String(200),
        info=passport(N_("Name of the place"), hint=N_("Blank in conflict."), audience=PUBLIC, hxl="#loc+name"),
    )
    sector: Mapped[Sector | None] = coded(
        Sector, info=passport(N_("Sector"), audience=PUBLIC, hxl="#sector+cluster+code")
    )
    damage_best: Mapped[int | None] = mapped_column(
        SmallInteger,
        info=passport(
            N_("Damage, 0 to 4"),
            hint=N_("0 none visible, 1 minor, 2 moderate, 3 severe, 4 destroyed; blank when unknown."),
            audience=PUBLIC,
            hxl="#severity+damage+code+num",
        ),
    )
    damage_min: Mapped[int | None] = mapped_column(
        SmallInteger, info=passport(N_("Damage at least"), audience=PUBLIC, hxl="#severity+damage+code+num+min")
    )
    damage_max: Mapped[int | None] = mapped_column(
        SmallInteger, info=passport(N_("Damage at most"), audience=PUBLIC, hxl="#severity+damage+code+num+max")
    )
    cause_group: Mapped[CauseGroup] = coded(
        CauseGroup, info=passport(N_("Cause"), audience=PUBLIC, hxl="#cause+group+code")
    )
    weapon_type: Mapped[WeaponType | None] = coded(
        WeaponType, info=passport(N_("Weapon"), hint=N_("Blank in conflict."), audience=PUBLIC, hxl="#cause+code")
    )
    functional_status: Mapped[FunctionalStatus | None] = coded(
        FunctionalStatus,
        info=passport(
            N_("Does it still work?"), hint=N_("Blank in conflict."), audience=PUBLIC, hxl="#status+functional"
        ),
    )
    access_constraints: Mapped[list[str] | None] = mapped_column(
        ARRAY(String(32)),
        info={
            **passport(N_("Access"), hint=N_("Blank in conflict."), audience=PUBLIC, hxl="#access+status"),
            "choice": AccessConstraint,
        },
    )
    affected_band: Mapped[AffectedBand | None] = coded(
        AffectedBand, info=passport(N_("People affected"), audience=PUBLIC, hxl="#affected+band")
    )
    event_ref: Mapped[str | None] = mapped_column(
        String(32), info=passport(N_("Attack or disaster"), audience=PUBLIC, hxl="#crisis+event+code")
    )
    summary: Mapped[str] = mapped_column(
        String(300), info=passport(N_("In one sentence"), audience=PUBLIC, hxl="#description")
    )
    policy_version: Mapped[str] = mapped_column(
        String(16), info=passport(N_("Version of the rules"), audience=PUBLIC, hxl="#meta+policy")
    )
    redaction: Mapped[str] = mapped_column(
        String(64), info=passport(N_("What was withheld"), audience=PUBLIC, hxl="#meta+redaction")
    )
    licence: Mapped[str] = mapped_column(
        String(32), server_default="CC-BY-4.0", info=passport(N_("Licence"), audience=PUBLIC, hxl="#meta+license")
    )
    position: Mapped[int] = mapped_column(
        BigInteger, unique=True, info=passport(N_("Order of export"), audience=INTERNAL)
    )
    area_code: Mapped[str] = mapped_column(
        String(32), index=True, info=passport(N_("Area that is drawn"), audience=INTERNAL)
    )
    cell_key: Mapped[int] = mapped_column(BigInteger, info=passport(N_("Map cell of the area"), audience=INTERNAL))


class PublishedArea(Base):
    """The shape of a cell or administrative area that some public row names; drawn, never collapsed to its centre."""

    __tablename__ = "areas"
    __table_args__ = {"schema": "pub"}
    code: Mapped[str] = mapped_column(String(32), primary_key=True, info=passport(N_("Code"), audience=PUBLIC))
    geo_level: Mapped[GeometryLevel] = coded(GeometryLevel, info=passport(N_("Level"), audience=PUBLIC))
    name: Mapped[str] = mapped_column(String(200), server_default="", info=passport(N_("Name"), audience=PUBLIC))
    shape: Mapped[WKBElement] = mapped_column(
        Geometry("MULTIPOLYGON", srid=4326), info=passport(N_("Shape"), audience=PUBLIC)
    )


class PublishedCell(CellCounts, Base):
    """Counts of the public map, built anew at each batch."""

    __tablename__ = "map_cells"
    __table_args__ = {"schema": "pub"}


class PublishedBatch(Base):
    """One run of the rules, as the public sees it: when, how many rows, which are gone."""

    __tablename__ = "batches"
    __table_args__ = {"schema": "pub"}
    release_id: Mapped[str] = mapped_column(
        String(32), primary_key=True, info=passport(N_("Dated data set"), audience=PUBLIC)
    )
    published_on: Mapped[date] = mapped_column(Date, info=passport(N_("Published on"), audience=PUBLIC))
    policy_version: Mapped[str] = mapped_column(String(16), info=passport(N_("Version of the rules"), audience=PUBLIC))
    rows_total: Mapped[int] = mapped_column(Integer, info=passport(N_("Rows"), audience=PUBLIC))
    revoked: Mapped[list[str]] = mapped_column(
        ARRAY(String(16)), server_default=text("'{}'"), info=passport(N_("Rows taken out"), audience=PUBLIC)
    )
    is_exercise: Mapped[bool] = mapped_column(
        server_default=text("false"), info=passport(N_("Exercise"), audience=PUBLIC)
    )


class Disclosure(Base):
    """What was ever said of an incident in public, never deleted: coarsening later does not unsay it."""

    __tablename__ = "disclosures"
    __table_args__ = (Index("ix_disclosures_incident_id", "incident_id"),)
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), info=passport(N_("Damage record"), audience=INTERNAL)
    )
    published_id: Mapped[str] = mapped_column(
        String(16), index=True, info=passport(N_("Public number of the row"), audience=INTERNAL)
    )
    geo_level: Mapped[GeometryLevel] = coded(GeometryLevel, info=passport(N_("Level"), audience=INTERNAL))
    area_code: Mapped[str] = mapped_column(String(32), info=passport(N_("Area"), audience=INTERNAL))
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB, info=passport(N_("Values"), audience=INTERNAL))
    first_at: Mapped[stamped] = mapped_column(info=passport(N_("First disclosed"), audience=INTERNAL))
    release_id: Mapped[str] = mapped_column(String(32), info=passport(N_("Dated data set"), audience=INTERNAL))
    ended_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Taken out"), audience=INTERNAL))
