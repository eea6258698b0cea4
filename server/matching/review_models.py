"""What is asked of people and what they ruled: doubtful pairs, rulings, campaigns of look-alikes; and the keyed hashes that find them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Index, String, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import one_of, passport, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience

COORD, INTERNAL = Audience.COORD, Audience.INTERNAL


class Suggestion(Base):
    """A doubtful pair for a person to settle: this incident may be the same damage as that one, or a second strike on it."""

    __tablename__ = "suggestions"
    __table_args__ = (
        Index("ix_suggestions_pair", "incident_id", "other_id", unique=True),
        Index("ix_suggestions_open", "worth", postgresql_where=text("settled_at IS NULL")),
        Index("ix_suggestions_other_id", "other_id"),
        one_of("relation", ("same", "second_strike")),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), info=passport(N_("Damage record"), audience=COORD)
    )
    other_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), info=passport(N_("May be the same as"), audience=COORD)
    )
    report_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("reports.id"), index=True, info=passport(N_("Report"), audience=COORD)
    )
    relation: Mapped[str] = mapped_column(
        String(16), server_default="same", info=passport(N_("Relation"), audience=COORD)
    )
    score: Mapped[float] = mapped_column(Float, info=passport(N_("Score"), audience=COORD))
    reasons: Mapped[list[Any]] = mapped_column(
        JSONB, server_default=text("'[]'"), info=passport(N_("Reasons"), audience=COORD)
    )
    made_at: Mapped[stamped] = mapped_column(info=passport(N_("Made"), audience=COORD))
    settled_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Settled"), audience=COORD))
    settled_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), info=passport(N_("Settled by"), audience=COORD)
    )
    outcome: Mapped[str | None] = mapped_column(String(16), info=passport(N_("Outcome"), audience=COORD))
    worth: Mapped[float] = mapped_column(
        Float, server_default="0", info=passport(N_("What a wrong answer would cost"), audience=COORD)
    )
    claimed_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Before"), audience=COORD))
    claimed_until: Mapped[datetime | None] = mapped_column(info=passport(N_("Kept for them until"), audience=COORD))
    skipped_by: Mapped[list[UUID]] = mapped_column(
        ARRAY(Uuid), server_default=text("'{}'"), info=passport(N_("Skipped by"), audience=COORD)
    )
    proposed_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), info=passport(N_("Proposed by"), audience=COORD)
    )
    proposed_for: Mapped[UUID | None] = mapped_column(
        ForeignKey("organisations.id"), info=passport(N_("Proposed for the organisation"), audience=COORD)
    )
    proposed_answer: Mapped[str | None] = mapped_column(String(16), info=passport(N_("Proposed answer"), audience=COORD))


class PairRuling(Base):
    """A person's word on two reports: they must, or must never, lie on one incident. Holds until undone."""

    __tablename__ = "pair_rulings"
    __table_args__ = (
        CheckConstraint("report_a < report_b", name="pair_in_order"),
        Index("ix_pair_rulings_pair", "report_a", "report_b", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_pair_rulings_report_b", "report_b"),
        one_of("ruling", ("must", "cannot")),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    report_a: Mapped[UUID] = mapped_column(ForeignKey("reports.id"), info=passport(N_("One report"), audience=COORD))
    report_b: Mapped[UUID] = mapped_column(ForeignKey("reports.id"), info=passport(N_("Other report"), audience=COORD))
    ruling: Mapped[str] = mapped_column(String(8), info=passport(N_("Ruling"), audience=COORD))
    change_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("incident_changes.id"), index=True, info=passport(N_("Change"), audience=INTERNAL)
    )
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=COORD))
    made_at: Mapped[stamped] = mapped_column(info=passport(N_("Made"), audience=COORD))
    ended_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Until"), audience=COORD))


class ReportAddress(Base):
    """A numbered place that a report names, as a keyed hash: finds reports of one place whose pins lie far apart.

    The hash cannot be read back; withdrawing the report removes it.
    """

    __tablename__ = "report_addresses"
    __table_args__ = (Index("ix_report_addresses_address_key", "address_key"),)
    report_id: Mapped[UUID] = mapped_column(
        ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True, info=passport(N_("Report"), audience=INTERNAL)
    )
    address_key: Mapped[int] = mapped_column(
        BigInteger,
        primary_key=True,
        autoincrement=False,
        info=passport(N_("Keyed hash of a numbered place"), audience=INTERNAL),
    )


class Campaign(Base):
    """Reports that look made after one pattern: one photo in many places, one wording with other names, a burst. One decision for all."""

    __tablename__ = "campaigns"
    __table_args__ = (
        Index("ix_campaigns_open", "found_at", postgresql_where=text("settled_at IS NULL")),
        one_of("kind", ("words", "photo", "burst")),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    kind: Mapped[str] = mapped_column(String(16), info=passport(N_("What they share"), audience=COORD))
    found_at: Mapped[stamped] = mapped_column(info=passport(N_("Found"), audience=COORD))
    settled_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Settled"), audience=COORD))
    settled_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), info=passport(N_("Settled by"), audience=COORD)
    )
    outcome: Mapped[str | None] = mapped_column(String(16), info=passport(N_("Outcome"), audience=COORD))
    batch_id: Mapped[UUID | None] = mapped_column(info=passport(N_("Acts of the decision"), audience=INTERNAL))


class CampaignReport(Base):
    """A report that looks made after the pattern of a campaign."""

    __tablename__ = "campaign_reports"
    report_id: Mapped[UUID] = mapped_column(
        ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True, info=passport(N_("Report"), audience=COORD)
    )
    campaign_id: Mapped[UUID] = mapped_column(
        ForeignKey("campaigns.id"), index=True, info=passport(N_("Campaign"), audience=COORD)
    )
    joined_at: Mapped[stamped] = mapped_column(info=passport(N_("Found"), audience=INTERNAL))


class ReportMarks(Base):
    """Keyed hashes of how a report is worded and what its photos show, by which look-alikes find one another.

    None can be read back; withdrawing the report removes them. ``posts`` are the addresses of posts it cites.
    """

    __tablename__ = "report_marks"
    __table_args__ = (
        Index("ix_report_marks_marks", "marks", postgresql_using="gin"),
        Index("ix_report_marks_cell", "cell", "at"),
    )
    report_id: Mapped[UUID] = mapped_column(
        ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True, info=passport(N_("Report"), audience=INTERNAL)
    )
    at: Mapped[stamped] = mapped_column(info=passport(N_("Received"), audience=INTERNAL))
    cell: Mapped[str] = mapped_column(String(16), server_default="", info=passport(N_("Cell"), audience=INTERNAL))
    marks: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), server_default=text("'{}'"), info=passport(N_("Keyed hashes of pattern"), audience=INTERNAL)
    )
    posts: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), server_default=text("'{}'"), info=passport(N_("Keyed hashes of posts"), audience=INTERNAL)
    )
