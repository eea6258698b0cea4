"""What telling people needs to remember: saved views, papers under way, alert rules, the inbox, webhooks and what they carried, feed keys.

Nothing here holds a word of a reporter: a name that somebody gave to a view, codes, ids, and the frozen envelopes of webhooks.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_, Choice
from server.core.columns import coded, coded_list, listed, passport, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience, Certainty, Sector, Tier

COORD, INTERNAL = Audience.COORD, Audience.INTERNAL


class Sharing(Choice):
    """Who besides its owner may use a saved view."""

    OWN = "OWN", N_("Only me")
    ORGANISATION = "ORGANISATION", N_("My organisation")
    RESPONSE = "RESPONSE", N_("Everyone in this response")


class AlertKind(Choice):
    """What a rule may ask to be told of."""

    NEW = "NEW", N_("A new damage record")
    TRAPPED = "TRAPPED", N_("People may be trapped")
    HOSPITAL = "HOSPITAL", N_("A hospital or clinic does not work")
    HAZARD = "HAZARD", N_("A danger on the site")
    CERTAINTY = "CERTAINTY", N_("A certainty is reached")
    COUNT = "COUNT", N_("Many new records within a day")
    NEED = "NEED", N_("A need was opened")
    REFERRAL = "REFERRAL", N_("Something was referred to my organisation")
    ANSWER = "ANSWER", N_("A reporter answered or said more")


class Mailing(Choice):
    """How often a rule's news are gathered into a letter."""

    NONE = "NONE", N_("No e-mail")
    HOURLY = "HOURLY", N_("Once an hour")
    DAILY = "DAILY", N_("Once a day")


class PaperForm(Choice):
    """What a situation report is printed as."""

    PDF = "PDF", N_("PDF, for printing")
    HTML = "HTML", N_("One file with a map, for use without internet")


class PaperState(Choice):
    """How far a paper is."""

    WAITING = "WAITING", N_("Waits its turn")
    WORKING = "WORKING", N_("Being made")
    DONE = "DONE", N_("Ready")
    CANCELLED = "CANCELLED", N_("Stopped")
    FAILED = "FAILED", N_("Could not be made")


class SavedView(Base):
    """A name over the desk's filters, as the address gives them. A filter that is gone by now is kept and named."""

    __tablename__ = "saved_views"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    name: Mapped[str] = mapped_column(String(100), info=passport(N_("Name of the view"), audience=COORD))
    query: Mapped[dict[str, Any]] = mapped_column(JSONB, info=passport(N_("Filters"), audience=COORD))
    sharing: Mapped[Sharing] = coded(Sharing, info=passport(N_("Who may use it"), audience=COORD))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True, info=passport(N_("Made by"), audience=COORD))
    organisation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("organisations.id"), index=True, info=passport(N_("Organisation"), audience=COORD)
    )
    created_at: Mapped[stamped] = mapped_column(info=passport(N_("Made"), audience=COORD))
    changed_at: Mapped[stamped] = mapped_column(info=passport(N_("Changed"), audience=COORD))
    ended_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Deleted"), audience=INTERNAL))


class SituationPaper(Base):
    """One printing of the situation report: for whom, in which language and form, how far it is, and for a day its bytes."""

    __tablename__ = "situation_papers"
    __table_args__ = (Index("ix_situation_papers_person_id", "person_id", "asked_at"),)
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=passport(N_("Asked by"), audience=COORD))
    view_id: Mapped[UUID | None] = mapped_column(ForeignKey("saved_views.id"), index=True, info=passport(N_("Saved view"), audience=COORD))
    query: Mapped[dict[str, Any]] = mapped_column(JSONB, info=passport(N_("Filters"), audience=COORD))
    audience: Mapped[Tier] = coded(Tier, info=passport(N_("For whom"), audience=COORD))
    language: Mapped[str] = mapped_column(String(8), info=passport(N_("Language"), audience=COORD))
    form: Mapped[PaperForm] = coded(PaperForm, info=passport(N_("Form"), audience=COORD))
    state: Mapped[PaperState] = coded(PaperState, info=passport(N_("State"), audience=COORD))
    steps_done: Mapped[int] = mapped_column(Integer, server_default="0", info=passport(N_("Steps done"), audience=COORD))
    steps_total: Mapped[int] = mapped_column(Integer, server_default="0", info=passport(N_("Steps in all"), audience=COORD))
    asked_at: Mapped[stamped] = mapped_column(info=passport(N_("Asked"), audience=COORD))
    figures_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Time of the figures"), audience=COORD))
    body: Mapped[bytes | None] = mapped_column(
        LargeBinary, deferred=True, info=passport(N_("The paper itself"), audience=INTERNAL)
    )


class AlertRule(Base):
    """What somebody, or an organisation, wants to be told of: where, in which sectors, which kinds, and by which ways."""

    __tablename__ = "alert_rules"
    __table_args__ = (listed("kinds", AlertKind), listed("sectors", Sector))
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True, info=passport(N_("Made by"), audience=COORD))
    organisation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("organisations.id"), index=True, info=passport(N_("For the organisation"), audience=COORD)
    )
    name: Mapped[str] = mapped_column(String(100), info=passport(N_("Name of the alert"), audience=COORD))
    kinds: Mapped[list[str]] = coded_list(AlertKind, info=passport(N_("Tell me when"), audience=COORD))
    adm: Mapped[str] = mapped_column(
        String(32), server_default="", info=passport(N_("Only in the area"), hint=N_("P-code of a region, district or municipality."), audience=COORD)
    )
    sectors: Mapped[list[str]] = coded_list(Sector, info=passport(N_("Only in the sectors"), audience=COORD))
    certainty: Mapped[Certainty | None] = coded(Certainty, info=passport(N_("Certainty to reach"), audience=COORD))
    threshold: Mapped[int | None] = mapped_column(Integer, info=passport(N_("How many within a day"), audience=COORD))
    mailing: Mapped[Mailing] = coded(Mailing, info=passport(N_("E-mail"), audience=COORD))
    webhook_id: Mapped[UUID | None] = mapped_column(ForeignKey("webhooks.id"), index=True, info=passport(N_("Webhook"), audience=COORD))
    created_at: Mapped[stamped] = mapped_column(info=passport(N_("Made"), audience=COORD))
    ended_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Deleted"), audience=INTERNAL))


class Notice(Base):
    """One piece of news for one person: which rule, what happened, to which record. Told once, kept when the record is gone."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("rule_id", "person_id", "kind", "subject_id"),
        Index("ix_notices_unread", "person_id", postgresql_where=text("read_at IS NULL")),
        Index("ix_notices_person_id", "person_id", "at"),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    rule_id: Mapped[UUID] = mapped_column(ForeignKey("alert_rules.id"), info=passport(N_("Rule"), audience=INTERNAL))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=passport(N_("For"), audience=INTERNAL))
    kind: Mapped[AlertKind] = coded(AlertKind, info=passport(N_("What happened"), audience=COORD))
    subject_id: Mapped[UUID] = mapped_column(info=passport(N_("To what"), audience=INTERNAL))
    incident_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("incidents.id"), index=True, info=passport(N_("Damage record"), audience=COORD)
    )
    count: Mapped[int] = mapped_column(Integer, server_default="1", info=passport(N_("How many"), audience=COORD))
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=COORD))
    read_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Read"), audience=INTERNAL))
    mailed_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Sent by e-mail"), audience=INTERNAL))


class Webhook(Base):
    """An address outside that is told. Its secret is computed from the installation's key and ``turn``, and stored nowhere."""

    __tablename__ = "webhooks"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True, info=passport(N_("Made by"), audience=COORD))
    organisation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("organisations.id"), index=True, info=passport(N_("Organisation"), audience=COORD)
    )
    address: Mapped[str] = mapped_column(String(500), info=passport(N_("Address"), audience=INTERNAL))
    turn: Mapped[int] = mapped_column(Integer, server_default="1", info=passport(N_("Which secret"), audience=INTERNAL))
    created_at: Mapped[stamped] = mapped_column(info=passport(N_("Made"), audience=COORD))
    ended_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Deleted"), audience=INTERNAL))


class Delivery(Base):
    """One frozen envelope on its way to a webhook. It is sent as it was made, or not at all."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "kind", "subject_id"),
        Index("ix_deliveries_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id"), info=passport(N_("Webhook"), audience=INTERNAL))
    kind: Mapped[str] = mapped_column(String(32), info=passport(N_("What happened"), audience=COORD))
    subject_id: Mapped[UUID] = mapped_column(info=passport(N_("To what"), audience=INTERNAL))
    incident_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("incidents.id"), index=True, info=passport(N_("Damage record"), audience=COORD)
    )
    body: Mapped[str] = mapped_column(Text, info=passport(N_("Envelope"), audience=COORD))
    made_at: Mapped[stamped] = mapped_column(info=passport(N_("Made"), audience=COORD))
    attempts: Mapped[int] = mapped_column(Integer, server_default="0", info=passport(N_("Tries"), audience=COORD))
    next_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Next try"), audience=COORD))
    delivered_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Delivered"), audience=COORD))
    outcome: Mapped[str] = mapped_column(String(32), server_default="", info=passport(N_("How it went"), audience=COORD))


class DeliveryAttempt(Base):
    """One try to deliver: when, how it went, and how long it took. Nothing of the answer is kept but its status."""

    __tablename__ = "delivery_attempts"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id"), index=True, info=passport(N_("Envelope"), audience=INTERNAL))
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=COORD))
    outcome: Mapped[str] = mapped_column(String(32), info=passport(N_("How it went"), audience=COORD))
    status: Mapped[int | None] = mapped_column(Integer, info=passport(N_("Answer"), audience=COORD))
    took_ms: Mapped[int] = mapped_column(Integer, info=passport(N_("Milliseconds"), audience=COORD))


class FeedKey(Base):
    """A personal key to the news feed of one saved view. Only its hash is kept; it ends with the account or in ninety days."""

    __tablename__ = "feed_keys"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True, info=passport(N_("Person"), audience=INTERNAL))
    view_id: Mapped[UUID] = mapped_column(ForeignKey("saved_views.id"), index=True, info=passport(N_("Saved view"), audience=COORD))
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, info=passport(N_("Hash of the key"), audience=INTERNAL))
    created_at: Mapped[stamped] = mapped_column(info=passport(N_("Made"), audience=COORD))
    expires_at: Mapped[datetime] = mapped_column(info=passport(N_("Ends"), audience=COORD))
    revoked_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Taken back"), audience=COORD))
