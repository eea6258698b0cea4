"""What the rules must remember between batches: verdicts, agreements of two people, warnings.

``pub.policy_versions`` and ``pub.warnings`` are what the public may read of it.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import coded, one_of, passport, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience, ContextMode, Decision, GeometryLevel, Hazard, SensitivityClass

PUBLIC, COORD, INTERNAL = Audience.PUBLIC, Audience.COORD, Audience.INTERNAL
KINDS = ("standing", "rows", "policy", "put_back", "release", "situation", "let_go")


class Judgement(Base):
    """The last verdict on a damage record: so that a batch looks only at what can have changed, and utility is measured."""

    __tablename__ = "judgements"
    __table_args__ = (
        Index("ix_judgements_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_judgements_waits_for", "waits_for", postgresql_where=text("waits_for <> ''")),
        one_of("waits_for", ("", "STANDING", "SIGNATURES", "GATE")),
    )
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id", ondelete="CASCADE"),
        primary_key=True,
        info=passport(N_("Damage record"), audience=INTERNAL),
    )
    row_version: Mapped[int] = mapped_column(BigInteger, info=passport(N_("State of the record"), audience=INTERNAL))
    decision: Mapped[Decision] = coded(Decision, info=passport(N_("Decision"), audience=COORD))
    sensitivity: Mapped[SensitivityClass] = coded(SensitivityClass, info=passport(N_("Sensitivity"), audience=COORD))
    context: Mapped[ContextMode | None] = coded(ContextMode, info=passport(N_("Mode"), audience=COORD))
    geo_level: Mapped[GeometryLevel] = coded(GeometryLevel, info=passport(N_("Level"), audience=COORD))
    area_code: Mapped[str | None] = mapped_column(String(32), info=passport(N_("Area"), audience=COORD))
    reasons: Mapped[list[str]] = mapped_column(
        ARRAY(String(32)), server_default=text("'{}'"), info=passport(N_("Reasons"), audience=COORD)
    )
    hold_until: Mapped[datetime | None] = mapped_column(info=passport(N_("Waits until"), audience=COORD))
    due_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Look again at"), audience=INTERNAL))
    waits_for: Mapped[str] = mapped_column(
        String(16), server_default="", info=passport(N_("Waits for people"), audience=COORD)
    )
    fingerprint: Mapped[str] = mapped_column(
        String(64), server_default="", info=passport(N_("Hash of the row that waits"), audience=INTERNAL)
    )
    judged_at: Mapped[datetime] = mapped_column(info=passport(N_("Judged"), audience=INTERNAL))


class JudgedWorld(Base):
    """What the last whole batch knew of the world besides the records. One row."""

    __tablename__ = "judged_worlds"
    id: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, info=passport(N_("Number"), audience=INTERNAL)
    )
    stamp: Mapped[str] = mapped_column(String(64), info=passport(N_("Rules and baselines"), audience=INTERNAL))
    areas: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("Modes by area"), audience=INTERNAL)
    )


class Proposal(Base):
    """What one person proposes and another must agree to; it ends by itself where it has an end."""

    __tablename__ = "proposals"
    __table_args__ = (one_of("kind", KINDS), Index("ix_proposals_kind", "kind", "proposed_at"))
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    kind: Mapped[str] = mapped_column(String(16), info=passport(N_("What kind"), audience=COORD))
    body: Mapped[dict[str, Any]] = mapped_column(JSONB, info=passport(N_("What exactly"), audience=COORD))
    reason: Mapped[str] = mapped_column(String(500), server_default="", info=passport(N_("Reason"), audience=COORD))
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=passport(N_("Proposed by"), audience=COORD))
    proposed_at: Mapped[datetime] = mapped_column(info=passport(N_("Proposed"), audience=COORD))
    agreed_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), info=passport(N_("Agreed by"), audience=COORD)
    )
    agreed_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Agreed"), audience=COORD))
    until_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Until"), audience=COORD))
    ended_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), info=passport(N_("Ended by"), audience=COORD)
    )
    ended_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Ended"), audience=COORD))


class PolicyVersion(Base):
    """The rules as everybody may read them, one row for each version that was ever in force."""

    __tablename__ = "policy_versions"
    __table_args__ = {"schema": "pub"}
    version: Mapped[str] = mapped_column(
        String(16), primary_key=True, info=passport(N_("Version of the rules"), audience=PUBLIC)
    )
    in_force_on: Mapped[date] = mapped_column(Date, info=passport(N_("In force since"), audience=PUBLIC))
    body: Mapped[dict[str, Any]] = mapped_column(JSONB, info=passport(N_("The rules"), audience=PUBLIC))


class DangerWarning(Base):
    """A warning that reaches people at once: a danger, an area, advice. It names no site, no damage and no record."""

    __tablename__ = "warnings"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    public_id: Mapped[str] = mapped_column(String(16), unique=True, info=passport(N_("Warning"), audience=COORD))
    hazard: Mapped[Hazard] = coded(Hazard, info=passport(N_("Danger"), audience=COORD))
    geo_level: Mapped[str] = mapped_column(String(8), info=passport(N_("Level"), audience=COORD))
    area_code: Mapped[str] = mapped_column(String(32), info=passport(N_("Area"), audience=COORD))
    is_generic: Mapped[bool] = mapped_column(info=passport(N_("In general words"), audience=COORD))
    issued_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=INTERNAL))
    issued_at: Mapped[datetime] = mapped_column(info=passport(N_("Issued"), audience=COORD))
    expires_at: Mapped[datetime] = mapped_column(info=passport(N_("Ends"), audience=COORD))
    ended_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Ended early"), audience=COORD))


class PublishedWarning(Base):
    """A warning as the public reads it."""

    __tablename__ = "warnings"
    __table_args__ = {"schema": "pub"}
    warning_id: Mapped[str] = mapped_column(String(16), primary_key=True, info=passport(N_("Warning"), audience=PUBLIC))
    danger: Mapped[str] = mapped_column(String(32), info=passport(N_("Danger"), audience=PUBLIC))
    issuer: Mapped[str] = mapped_column(String(200), info=passport(N_("Issued by"), audience=PUBLIC))
    geo_level: Mapped[str] = mapped_column(String(8), info=passport(N_("Level"), audience=PUBLIC))
    area_code: Mapped[str] = mapped_column(String(32), info=passport(N_("Area"), audience=PUBLIC))
    area_name: Mapped[str] = mapped_column(String(200), info=passport(N_("Area name"), audience=PUBLIC))
    shape: Mapped[str] = mapped_column(Text, info=passport(N_("Shape"), audience=PUBLIC))
    issued_at: Mapped[datetime] = mapped_column(info=passport(N_("Issued"), audience=PUBLIC))
    expires_at: Mapped[datetime] = mapped_column(info=passport(N_("Ends"), audience=PUBLIC))
