"""Who does what where, as the public reads it; and what the house must remember so that it may: who agreed to be named,
what was told of each activity, what was stopped, what dated data sets hold.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import coded, passport, uuid_pk
from server.core.database import Base
from server.vocabulary import ActivityStatus, Audience, GeometryLevel, NeedUnit, Sector

PUBLIC, COORD, INTERNAL = Audience.PUBLIC, Audience.COORD, Audience.INTERNAL
EVERYTHING = "*"
"""The code of a stop that stops the whole table."""


class PublishedActivity(Base):
    """One row of the public 5W: one organisation, sector, area, month and state, with sums. What is withheld is NULL."""

    __tablename__ = "activities"
    __table_args__ = (Index("ix_pub_activities_adm1_pcode", "adm1_pcode", "adm2_pcode"), {"schema": "pub"})
    row_id: Mapped[str] = mapped_column(
        String(16), primary_key=True, info=passport(N_("Number"), audience=PUBLIC, hxl="#activity+id")
    )
    release_id: Mapped[str] = mapped_column(
        String(32), info=passport(N_("Dated data set"), audience=PUBLIC, hxl="#meta+release+id")
    )
    org_name: Mapped[str] = mapped_column(
        String(200),
        info=passport(
            N_("Organisation"), hint=N_("Named only where it agreed to be named."), audience=PUBLIC, hxl="#org+name"
        ),
    )
    org_acronym: Mapped[str | None] = mapped_column(
        String(32), info=passport(N_("Acronym"), audience=PUBLIC, hxl="#org+acronym")
    )
    org_type: Mapped[str | None] = mapped_column(
        String(8),
        info=passport(N_("Kind"), hint=N_("The number of the kind at HDX."), audience=PUBLIC, hxl="#org+type+code"),
    )
    sector_code: Mapped[Sector] = coded(
        Sector, check="sector", info=passport(N_("Sector"), audience=PUBLIC, hxl="#sector+code")
    )
    status: Mapped[ActivityStatus] = coded(
        ActivityStatus, info=passport(N_("Where it stands"), audience=PUBLIC, hxl="#status")
    )
    start: Mapped[str] = mapped_column(
        String(7), info=passport(N_("Month in which it began"), audience=PUBLIC, hxl="#date+start")
    )
    country_iso3: Mapped[str | None] = mapped_column(
        String(3), info=passport(N_("Country"), audience=PUBLIC, hxl="#country+code+v_iso3")
    )
    adm1_pcode: Mapped[str] = mapped_column(
        String(32), info=passport(N_("Region code"), audience=PUBLIC, hxl="#adm1+code+v_pcode")
    )
    adm1_name: Mapped[str | None] = mapped_column(
        String(200), info=passport(N_("Region"), audience=PUBLIC, hxl="#adm1+name")
    )
    adm2_pcode: Mapped[str | None] = mapped_column(
        String(32),
        info=passport(N_("District code"), hint=N_("Blank in conflict."), audience=PUBLIC, hxl="#adm2+code+v_pcode"),
    )
    adm2_name: Mapped[str | None] = mapped_column(
        String(200), info=passport(N_("District"), hint=N_("Blank in conflict."), audience=PUBLIC, hxl="#adm2+name")
    )
    geo_level: Mapped[GeometryLevel] = coded(
        GeometryLevel, info=passport(N_("How exact the place is"), audience=PUBLIC, hxl="#geo+precision")
    )
    activities: Mapped[int | None] = mapped_column(
        Integer,
        info=passport(
            N_("Activities"), hint=N_("Blank where there are fewer than five."), audience=PUBLIC, hxl="#activity+count"
        ),
    )
    beneficiaries_planned: Mapped[int | None] = mapped_column(
        Integer,
        info=passport(
            N_("To be reached"), hint=N_("Rounded to five; blank in conflict."), audience=PUBLIC, hxl="#targeted"
        ),
    )
    beneficiaries_reached: Mapped[int | None] = mapped_column(
        Integer,
        info=passport(N_("Reached"), hint=N_("Rounded to five; blank where fewer."), audience=PUBLIC, hxl="#reached"),
    )
    unit: Mapped[NeedUnit] = coded(NeedUnit, info=passport(N_("Counted in"), audience=PUBLIC, hxl="#indicator+unit"))
    policy_version: Mapped[str] = mapped_column(
        String(16), info=passport(N_("Version of the rules"), audience=PUBLIC, hxl="#meta+policy")
    )
    redaction: Mapped[str] = mapped_column(
        String(120), info=passport(N_("What was withheld"), audience=PUBLIC, hxl="#meta+redaction")
    )
    licence: Mapped[str] = mapped_column(
        String(32), server_default="CC-BY-4.0", info=passport(N_("Licence"), audience=PUBLIC, hxl="#meta+license")
    )


class OrganisationNaming(Base):
    """An organisation's word that it may be named in public, given by one of its own people and taken back by one."""

    __tablename__ = "organisation_namings"
    __table_args__ = (
        Index(
            "ix_organisation_namings_in_force",
            "organisation_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    organisation_id: Mapped[UUID] = mapped_column(
        ForeignKey("organisations.id"), info=passport(N_("Organisation"), audience=COORD)
    )
    wording: Mapped[str] = mapped_column(
        String(16), info=passport(N_("Version of the words agreed to"), audience=COORD)
    )
    agreed_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=passport(N_("Agreed by"), audience=INTERNAL))
    agreed_at: Mapped[datetime] = mapped_column(info=passport(N_("When"), audience=COORD))
    ended_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), info=passport(N_("Ended by"), audience=INTERNAL)
    )
    ended_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Ended"), audience=COORD))


class ActivityMemory(Base):
    """What was told of one activity in public, and what was taken down at the turn of the month and still waits."""

    __tablename__ = "activity_memory"
    activity_id: Mapped[UUID] = mapped_column(
        ForeignKey("activities.id", ondelete="CASCADE"),
        primary_key=True,
        info=passport(N_("Number"), audience=INTERNAL),
    )
    told: Mapped[dict[str, Any] | None] = mapped_column(JSONB, info=passport(N_("Values"), audience=INTERNAL))
    pending: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB, info=passport(N_("Values that wait"), audience=INTERNAL)
    )
    taken_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Taken down"), audience=INTERNAL))


class ActivityStop(Base):
    """The kill switch on the 5W: an area, or the whole table, of which no row is public until two people put it back."""

    __tablename__ = "activity_stops"
    __table_args__ = (
        Index("ix_activity_stops_in_force", "code", unique=True, postgresql_where=text("lifted_at IS NULL")),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    code: Mapped[str] = mapped_column(String(32), info=passport(N_("Area"), audience=COORD))
    stopped_at: Mapped[datetime] = mapped_column(info=passport(N_("From"), audience=COORD))
    lifted_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Let go"), audience=COORD))


class FrozenActivity(Base):
    """A row of the 5W as an edition of the dated data sets holds it."""

    __tablename__ = "release_activities"
    edition: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, info=passport(N_("Edition"), audience=INTERNAL)
    )
    row_id: Mapped[str] = mapped_column(String(16), primary_key=True, info=passport(N_("Number"), audience=INTERNAL))
    row: Mapped[dict[str, Any]] = mapped_column(JSONB, info=passport(N_("The row"), audience=INTERNAL))
