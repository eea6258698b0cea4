"""What is needed at a damage record, who takes it on, and what was brought; and the counts of needs by area and sector."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Table,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import coded, passport, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience, ForWhom, NeedStatus, NeedType, NeedUnit, Sector, Urgency

COORD, INTERNAL = Audience.COORD, Audience.INTERNAL
AMOUNT = Numeric(12, 2)
LIVE = "status IN ('OPEN','REFERRED','IN_PROGRESS','PARTIALLY_MET')"


class Need(Base):
    """Something needed at a damage record. One that only reports speak of follows them until a person has a hand in it."""

    __tablename__ = "needs"
    __table_args__ = (
        CheckConstraint("quantity IS NULL OR quantity > 0", name="quantity_positive"),
        CheckConstraint("met_quantity >= 0", name="met_not_negative"),
        CheckConstraint("people_min IS NULL OR people_max IS NULL OR people_min <= people_max", name="people_in_order"),
        Index("ix_needs_seeded", "incident_id", "need_type", unique=True, postgresql_where=text("is_seeded")),
        Index("ix_needs_live", "urgency", "opened_at", "id", postgresql_where=text(LIVE)),
        Index("ix_needs_status", "status", "urgency", "opened_at", "id"),
        Index("ix_needs_adm2_sector", "adm2_pcode", "sector", "urgency", "opened_at", "id"),
        Index("ix_needs_adm1_sector", "adm1_pcode", "sector", "urgency", "opened_at", "id"),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), index=True, info=passport(N_("Damage record"), audience=COORD)
    )
    need_type: Mapped[NeedType] = coded(NeedType, info=passport(N_("Need"), audience=COORD))
    sector: Mapped[Sector] = coded(Sector, info=passport(N_("Sector"), audience=COORD, hxl="#sector+code"))
    urgency: Mapped[Urgency] = coded(Urgency, info=passport(N_("Urgency"), audience=COORD, hxl="#severity"))
    for_whom: Mapped[ForWhom] = coded(
        ForWhom, server_default=ForWhom.ALL.value, info=passport(N_("For whom"), audience=COORD)
    )
    people_min: Mapped[int | None] = mapped_column(Integer, info=passport(N_("People, at least"), audience=COORD))
    people_max: Mapped[int | None] = mapped_column(Integer, info=passport(N_("People, at most"), audience=COORD))
    quantity: Mapped[Decimal | None] = mapped_column(AMOUNT, info=passport(N_("How much"), audience=COORD))
    unit: Mapped[NeedUnit | None] = coded(NeedUnit, info=passport(N_("Unit"), audience=COORD))
    met_quantity: Mapped[Decimal] = mapped_column(
        AMOUNT, server_default="0", info=passport(N_("Brought so far"), audience=COORD)
    )
    status: Mapped[NeedStatus] = coded(
        NeedStatus, server_default=NeedStatus.OPEN.value, info=passport(N_("What became of it"), audience=COORD)
    )
    is_seeded: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), info=passport(N_("Came from reports"), audience=COORD)
    )
    is_handled: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), info=passport(N_("Set by a person"), audience=COORD)
    )
    organisation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("organisations.id"), info=passport(N_("Asked by"), audience=COORD)
    )
    report_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("reports.id"), info=passport(N_("Report it came from"), audience=COORD)
    )
    adm1_pcode: Mapped[str | None] = mapped_column(String(32), info=passport(N_("Region"), audience=COORD))
    adm2_pcode: Mapped[str | None] = mapped_column(String(32), info=passport(N_("District"), audience=COORD))
    close_reason: Mapped[str] = mapped_column(
        String(500), server_default="", info=passport(N_("Why it was closed"), audience=COORD)
    )
    opened_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Opened by"), audience=COORD))
    opened_at: Mapped[stamped] = mapped_column(info=passport(N_("Opened"), audience=COORD))
    changed_at: Mapped[stamped] = mapped_column(info=passport(N_("Changed"), audience=COORD))
    closed_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Closed"), audience=COORD))
    version: Mapped[int] = mapped_column(Integer, server_default="1", info=passport(N_("Version"), audience=COORD))


class NeedClaim(Base):
    """An organisation takes a need on, or a part of it. One claim that stands for each need and organisation."""

    __tablename__ = "need_claims"
    __table_args__ = (
        Index("ix_need_claims_standing", "need_id", "organisation_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_need_claims_organisation", "organisation_id", postgresql_where=text("ended_at IS NULL")),
        CheckConstraint("quantity IS NULL OR quantity > 0", name="quantity_positive"),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    need_id: Mapped[UUID] = mapped_column(
        ForeignKey("needs.id"), index=True, info=passport(N_("Need"), audience=COORD)
    )
    organisation_id: Mapped[UUID] = mapped_column(
        ForeignKey("organisations.id"), info=passport(N_("Taken on by"), audience=COORD)
    )
    activity_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("activities.id"), index=True, info=passport(N_("Activity"), audience=COORD)
    )
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=COORD))
    quantity: Mapped[Decimal | None] = mapped_column(AMOUNT, info=passport(N_("How much they will bring"), audience=COORD))
    begun_at: Mapped[stamped] = mapped_column(info=passport(N_("Since"), audience=COORD))
    ended_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Until"), audience=COORD))


class NeedDelivery(Base):
    """Something that was brought for a need. What was entered by mistake is taken back, never deleted."""

    __tablename__ = "need_deliveries"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_positive"),)
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    need_id: Mapped[UUID] = mapped_column(
        ForeignKey("needs.id"), index=True, info=passport(N_("Need"), audience=COORD)
    )
    organisation_id: Mapped[UUID] = mapped_column(
        ForeignKey("organisations.id"), info=passport(N_("Brought by"), audience=COORD)
    )
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Entered by"), audience=COORD))
    quantity: Mapped[Decimal] = mapped_column(AMOUNT, info=passport(N_("How much"), audience=COORD))
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=COORD))
    undone_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Taken back"), audience=COORD))


class NeedCount(Base):
    """How many needs there are in one district and sector, by urgency and by what became of them; true with ``need_changes``."""

    __tablename__ = "need_counts"
    adm1_pcode: Mapped[str] = mapped_column(String(32), primary_key=True, info=passport(N_("Region"), audience=INTERNAL))
    adm2_pcode: Mapped[str] = mapped_column(String(32), primary_key=True, info=passport(N_("District"), audience=INTERNAL))
    sector: Mapped[str] = mapped_column(String(32), primary_key=True, info=passport(N_("Sector"), audience=INTERNAL))
    urgency: Mapped[str] = mapped_column(String(32), primary_key=True, info=passport(N_("Urgency"), audience=INTERNAL))
    status: Mapped[str] = mapped_column(
        String(32), primary_key=True, info=passport(N_("What became of it"), audience=INTERNAL)
    )
    n: Mapped[int] = mapped_column(Integer, info=passport(N_("Needs"), audience=INTERNAL))


# One need more (+1) or less (-1), written by a trigger and folded into ``need_counts`` by the worker.
need_changes = Table(
    "need_changes",
    Base.metadata,
    Column("adm1_pcode", String(32), nullable=False, info=passport(N_("Region"), audience=INTERNAL)),
    Column("adm2_pcode", String(32), nullable=False, info=passport(N_("District"), audience=INTERNAL)),
    Column("sector", String(32), nullable=False, info=passport(N_("Sector"), audience=INTERNAL)),
    Column("urgency", String(32), nullable=False, info=passport(N_("Urgency"), audience=INTERNAL)),
    Column("status", String(32), nullable=False, info=passport(N_("What became of it"), audience=INTERNAL)),
    Column("step", SmallInteger, nullable=False, info=passport(N_("More or less"), audience=INTERNAL)),
)
