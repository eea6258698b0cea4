"""Who does what, where, when and for whom; what is referred to another organisation, and who was sent where."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import coded, passport, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import ActivityStatus, Audience, NeedType, NeedUnit, OfferState, Sector, SensitivityClass

COORD, INTERNAL = Audience.COORD, Audience.INTERNAL


class Activity(Base):
    """One activity of one organisation in one district (5W)."""

    __tablename__ = "activities"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name="days_in_order"),
        CheckConstraint("planned IS NULL OR planned >= 0", name="planned_not_negative"),
        CheckConstraint("reached IS NULL OR reached >= 0", name="reached_not_negative"),
        Index("ix_activities_area", "adm2_pcode", "sector"),
        Index("ix_activities_starts_on", "starts_on", "id"),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD, hxl="#activity+id"))
    organisation_id: Mapped[UUID] = mapped_column(
        ForeignKey("organisations.id"), index=True, info=passport(N_("Organisation"), audience=COORD, hxl="#org")
    )
    implementing_partner: Mapped[str] = mapped_column(
        String(200), server_default="", info=passport(N_("Implementing partner"), audience=COORD, hxl="#org+impl")
    )
    sector: Mapped[Sector] = coded(Sector, info=passport(N_("Sector"), audience=COORD, hxl="#sector+code"))
    need_type: Mapped[NeedType] = coded(NeedType, info=passport(N_("Kind of help"), audience=COORD, hxl="#activity+code"))
    what: Mapped[str] = mapped_column(String(200), info=passport(N_("What is done"), audience=COORD, hxl="#activity"))
    status: Mapped[ActivityStatus] = coded(
        ActivityStatus, info=passport(N_("Where it stands"), audience=COORD, hxl="#status")
    )
    starts_on: Mapped[date] = mapped_column(Date, info=passport(N_("Begins"), audience=COORD, hxl="#date+start"))
    ends_on: Mapped[date | None] = mapped_column(Date, info=passport(N_("Ends"), audience=COORD, hxl="#date+end"))
    adm1_pcode: Mapped[str | None] = mapped_column(
        String(32), info=passport(N_("Region"), audience=COORD, hxl="#adm1+code+v_pcode")
    )
    adm2_pcode: Mapped[str | None] = mapped_column(
        String(32), info=passport(N_("District"), audience=COORD, hxl="#adm2+code+v_pcode")
    )
    incident_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("incidents.id"), index=True, info=passport(N_("Damage record"), audience=COORD)
    )
    site_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("sites.id"), index=True, info=passport(N_("Known place"), audience=COORD)
    )
    planned: Mapped[int | None] = mapped_column(
        Integer, info=passport(N_("To be reached"), audience=COORD, hxl="#targeted")
    )
    reached: Mapped[int | None] = mapped_column(Integer, info=passport(N_("Reached"), audience=COORD, hxl="#reached"))
    unit: Mapped[NeedUnit] = coded(
        NeedUnit, server_default=NeedUnit.PERSON.value, info=passport(N_("Counted in"), audience=COORD, hxl="#indicator+unit")
    )
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Entered by"), audience=INTERNAL))
    opened_at: Mapped[stamped] = mapped_column(info=passport(N_("Entered"), audience=COORD))
    changed_at: Mapped[stamped] = mapped_column(info=passport(N_("Changed"), audience=COORD))
    version: Mapped[int] = mapped_column(Integer, server_default="1", info=passport(N_("Version"), audience=COORD))


class Referral(Base):
    """A need offered to another organisation, to be accepted or declined in time."""

    __tablename__ = "referrals"
    __table_args__ = (
        Index("ix_referrals_open", "need_id", "organisation_id", unique=True, postgresql_where=text("state = 'OFFERED'")),
        Index("ix_referrals_waiting", "organisation_id", postgresql_where=text("state = 'OFFERED'")),
        Index("ix_referrals_answer_by", "answer_by", postgresql_where=text("state = 'OFFERED'")),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    need_id: Mapped[UUID] = mapped_column(ForeignKey("needs.id"), index=True, info=passport(N_("Need"), audience=COORD))
    from_organisation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("organisations.id"), info=passport(N_("From"), audience=COORD)
    )
    organisation_id: Mapped[UUID] = mapped_column(
        ForeignKey("organisations.id"), info=passport(N_("To"), audience=COORD)
    )
    state: Mapped[OfferState] = coded(
        OfferState, server_default=OfferState.OFFERED.value, info=passport(N_("State"), audience=COORD)
    )
    note: Mapped[str] = mapped_column(String(500), server_default="", info=passport(N_("What is asked"), audience=COORD))
    reason: Mapped[str] = mapped_column(String(500), server_default="", info=passport(N_("Reason"), audience=COORD))
    offered_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Offered by"), audience=COORD))
    offered_at: Mapped[stamped] = mapped_column(info=passport(N_("Offered"), audience=COORD))
    answer_by: Mapped[datetime] = mapped_column(info=passport(N_("Answer wanted by"), audience=COORD))
    reminded_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Reminded"), audience=COORD))
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Answered by"), audience=COORD))
    answered_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Answered"), audience=COORD))


class Assignment(Base):
    """A damage record given to an organisation. While accepted it opens the exact place to that organisation's people."""

    __tablename__ = "assignments"
    __table_args__ = (
        Index(
            "ix_assignments_standing", "incident_id", "organisation_id", unique=True,
            postgresql_where=text("state IN ('OFFERED','ACCEPTED')"),
        ),
        Index("ix_assignments_organisation", "organisation_id", "state"),
        Index("ix_assignments_until", "until_at", postgresql_where=text("state IN ('OFFERED','ACCEPTED')")),
    )  # fmt: skip
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), index=True, info=passport(N_("Damage record"), audience=COORD)
    )
    need_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("needs.id"), index=True, info=passport(N_("Need"), audience=COORD)
    )
    organisation_id: Mapped[UUID] = mapped_column(
        ForeignKey("organisations.id"), info=passport(N_("Given to"), audience=COORD)
    )
    state: Mapped[OfferState] = coded(
        OfferState, server_default=OfferState.OFFERED.value, info=passport(N_("State"), audience=COORD)
    )
    s_class: Mapped[SensitivityClass] = coded(
        SensitivityClass, info=passport(N_("Sensitivity when it was given"), audience=COORD)
    )
    task: Mapped[str] = mapped_column(String(500), server_default="", info=passport(N_("What is asked"), audience=COORD))
    reason: Mapped[str] = mapped_column(String(500), server_default="", info=passport(N_("Reason"), audience=COORD))
    offered_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Given by"), audience=COORD))
    offered_at: Mapped[stamped] = mapped_column(info=passport(N_("Given"), audience=COORD))
    until_at: Mapped[datetime] = mapped_column(info=passport(N_("Until"), audience=COORD))
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Answered by"), audience=COORD))
    answered_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Answered"), audience=COORD))
    ended_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Ended"), audience=COORD))
