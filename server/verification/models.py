"""Decisions on certainty: append-only, with the rule that allowed each and the reason a person gave."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import coded, passport, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import AdmiraltyItem, AdmiraltySource, Audience, Certainty, Stance

COORD = Audience.COORD


class Assessment(Base):
    """What a verifier holds of one report: how reliable the source, how credible the item, where the photo was taken."""

    __tablename__ = "assessments"
    report_id: Mapped[UUID] = mapped_column(
        ForeignKey("reports.id"), primary_key=True, info=passport(N_("Report"), audience=COORD)
    )
    source_grade: Mapped[AdmiraltySource] = coded(
        AdmiraltySource, info=passport(N_("Reliability of the source"), audience=COORD)
    )
    item_grade: Mapped[AdmiraltyItem] = coded(
        AdmiraltyItem, info=passport(N_("Credibility of the item"), audience=COORD)
    )
    stance: Mapped[Stance] = coded(Stance, info=passport(N_("Says"), audience=COORD))
    media_located: Mapped[bool] = mapped_column(
        server_default=text("false"), info=passport(N_("Photo located within 100 m"), audience=COORD)
    )
    media_timed: Mapped[bool] = mapped_column(
        server_default=text("false"), info=passport(N_("Photo dated"), audience=COORD)
    )
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=COORD))
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=COORD))


class VerificationDecision(Base):
    """One decision on how sure we are of an incident. A second person, where one is needed, is never the first."""

    __tablename__ = "verification_decisions"
    __table_args__ = (
        CheckConstraint("second_by IS NULL OR second_by <> decided_by", name="two_persons"),
        CheckConstraint("length(rationale) >= 20", name="rationale_long_enough"),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), index=True, info=passport(N_("Damage record"), audience=COORD)
    )
    incident_version: Mapped[int] = mapped_column(Integer, info=passport(N_("Version decided on"), audience=COORD))
    from_certainty: Mapped[Certainty] = coded(
        Certainty, check="from_certainty", info=passport(N_("From"), audience=COORD)
    )
    to_certainty: Mapped[Certainty] = coded(Certainty, check="to_certainty", info=passport(N_("To"), audience=COORD))
    rule_id: Mapped[str] = mapped_column(String(32), info=passport(N_("Rule"), audience=COORD))
    basis: Mapped[list[str]] = mapped_column(
        ARRAY(String(40)), server_default=text("'{}'"), info=passport(N_("Reports it rests on"), audience=COORD)
    )
    rationale: Mapped[str] = mapped_column(String(2000), info=passport(N_("Why"), audience=COORD))
    decided_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=passport(N_("Decided by"), audience=COORD))
    decided_at: Mapped[stamped] = mapped_column(info=passport(N_("Decided"), audience=COORD))
    second_needed: Mapped[bool] = mapped_column(
        server_default=text("false"), info=passport(N_("Needs a second person"), audience=COORD)
    )
    second_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), info=passport(N_("Agreed by"), audience=COORD)
    )
    second_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Agreed"), audience=COORD))
    in_force: Mapped[bool] = mapped_column(server_default=text("true"), info=passport(N_("In force"), audience=COORD))
    undone_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Undone"), audience=COORD))
    undone_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), info=passport(N_("Undone by"), audience=COORD)
    )
