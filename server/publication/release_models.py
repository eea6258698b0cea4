"""Dated data sets: what the public reads of them (schema ``pub``), and the frozen rows they are made from.

Every version of every public row is kept once, with the edition that first held it and the first that no longer did. So a
data set is a choice of versions, a difference is two choices compared, and a data set can be made again without a row.
"""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import BigInteger, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import one_of, passport, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience

PUBLIC, INTERNAL = Audience.PUBLIC, Audience.INTERNAL

PUBLISHED: Final = "PUBLISHED"
WITHDRAWN: Final = "WITHDRAWN"
ADDED, CHANGED, REMOVED = "added", "changed", "removed"

BUILDING, BLOCKED, WAITING, DISCARDED = "BUILDING", "BLOCKED", "WAITING", "DISCARDED"
UNDER_WAY = (BUILDING, BLOCKED, WAITING)
DRAFT_STATES = (*UNDER_WAY, DISCARDED, PUBLISHED)


class Release(Base):
    """A dated data set: frozen, numbered, signed. One that held a row that was taken out is withdrawn whole."""

    __tablename__ = "releases"
    __table_args__ = (one_of("state", (PUBLISHED, WITHDRAWN)), {"schema": "pub"})
    number: Mapped[str] = mapped_column(
        String(32), primary_key=True, info=passport(N_("Dated data set"), audience=PUBLIC)
    )
    sequence: Mapped[int] = mapped_column(Integer, unique=True, info=passport(N_("Order of release"), audience=PUBLIC))
    edition: Mapped[int] = mapped_column(Integer, index=True, info=passport(N_("Edition of the rows"), audience=PUBLIC))
    state: Mapped[str] = mapped_column(
        String(16), server_default=PUBLISHED, info=passport(N_("Published or withdrawn"), audience=PUBLIC)
    )
    published_on: Mapped[date] = mapped_column(Date, info=passport(N_("Published on"), audience=PUBLIC))
    batch_id: Mapped[str] = mapped_column(String(32), info=passport(N_("Made from the update"), audience=PUBLIC))
    policy_version: Mapped[str] = mapped_column(String(16), info=passport(N_("Version of the rules"), audience=PUBLIC))
    rows_total: Mapped[int] = mapped_column(Integer, info=passport(N_("Rows"), audience=PUBLIC))
    rows_added: Mapped[int] = mapped_column(Integer, info=passport(N_("Rows that appeared"), audience=PUBLIC))
    rows_changed: Mapped[int] = mapped_column(Integer, info=passport(N_("Rows that changed"), audience=PUBLIC))
    rows_removed: Mapped[int] = mapped_column(Integer, info=passport(N_("Rows that disappeared"), audience=PUBLIC))
    previous: Mapped[str | None] = mapped_column(
        String(32), info=passport(N_("The data set before it"), audience=PUBLIC)
    )
    replaced_by: Mapped[str | None] = mapped_column(String(32), info=passport(N_("Replaced by"), audience=PUBLIC))
    is_exercise: Mapped[bool] = mapped_column(
        server_default=text("false"), info=passport(N_("Exercise"), audience=PUBLIC)
    )
    manifest: Mapped[str] = mapped_column(Text, info=passport(N_("Signed list of its files"), audience=PUBLIC))
    signature: Mapped[str] = mapped_column(String(128), info=passport(N_("Signature, Ed25519, hex"), audience=PUBLIC))


class PublishedFile(Base):
    """One file of a dated data set, or of the current copy, kept in the store under its SHA-256; text also packed once."""

    __tablename__ = "files"
    __table_args__ = {"schema": "pub"}
    release: Mapped[str] = mapped_column(
        String(32), primary_key=True, info=passport(N_("Dated data set, or update"), audience=PUBLIC)
    )
    name: Mapped[str] = mapped_column(String(80), primary_key=True, info=passport(N_("File name"), audience=PUBLIC))
    position: Mapped[int] = mapped_column(Integer, info=passport(N_("Order of the files"), audience=PUBLIC))
    format: Mapped[str] = mapped_column(String(24), info=passport(N_("Format"), audience=PUBLIC))
    media_type: Mapped[str] = mapped_column(String(80), info=passport(N_("Media type"), audience=PUBLIC))
    size_bytes: Mapped[int] = mapped_column(BigInteger, info=passport(N_("Size in bytes"), audience=PUBLIC))
    rows_total: Mapped[int | None] = mapped_column(Integer, info=passport(N_("Rows"), audience=PUBLIC))
    sha256: Mapped[str] = mapped_column(String(64), info=passport(N_("SHA-256"), audience=PUBLIC))
    packed_sha256: Mapped[str | None] = mapped_column(String(64), info=passport(N_("SHA-256, packed"), audience=PUBLIC))
    packed_bytes: Mapped[int | None] = mapped_column(BigInteger, info=passport(N_("Size packed"), audience=PUBLIC))


class ReleaseChange(Base):
    """What an edition changed: one word for each row, and never a reason."""

    __tablename__ = "release_changes"
    __table_args__ = (one_of("change", (ADDED, CHANGED, REMOVED)), {"schema": "pub"})
    edition: Mapped[int] = mapped_column(Integer, primary_key=True, info=passport(N_("Edition"), audience=PUBLIC))
    incident_id: Mapped[str] = mapped_column(
        String(16), primary_key=True, info=passport(N_("Damage record"), audience=PUBLIC)
    )
    change: Mapped[str] = mapped_column(String(8), info=passport(N_("Change"), audience=PUBLIC))
    merged_into: Mapped[str | None] = mapped_column(
        String(16),
        info=passport(N_("Counted in"), hint=N_("Only where both named the same area and kind."), audience=PUBLIC),
    )


class FrozenRow(Base):
    """One version of one public row: from which edition on it was so, and from which on no more (NULL: still so)."""

    __tablename__ = "release_rows"
    __table_args__ = (
        Index("ix_release_rows_until_edition", "until_edition"),
        Index("ix_release_rows_from_edition", "from_edition"),
    )
    incident_id: Mapped[str] = mapped_column(
        String(16), primary_key=True, info=passport(N_("Damage record"), audience=INTERNAL)
    )
    from_edition: Mapped[int] = mapped_column(
        Integer, primary_key=True, info=passport(N_("From edition"), audience=INTERNAL)
    )
    until_edition: Mapped[int | None] = mapped_column(
        Integer, info=passport(N_("Until before edition"), audience=INTERNAL)
    )
    row: Mapped[dict[str, Any]] = mapped_column(JSONB, info=passport(N_("The row"), audience=INTERNAL))


class FrozenArea(Base):
    """The outline of an area that some frozen row names, for making a data set again."""

    __tablename__ = "release_areas"
    code: Mapped[str] = mapped_column(String(32), primary_key=True, info=passport(N_("Code"), audience=INTERNAL))
    geo_level: Mapped[str] = mapped_column(String(32), info=passport(N_("Level"), audience=INTERNAL))
    name: Mapped[str] = mapped_column(String(200), server_default="", info=passport(N_("Name"), audience=INTERNAL))
    shape: Mapped[WKBElement] = mapped_column(
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), info=passport(N_("Shape"), audience=INTERNAL)
    )


class ReleaseDraft(Base):
    """A dated data set while it is made: frozen, written, tested, read by people; then published or thrown away."""

    __tablename__ = "release_drafts"
    __table_args__ = (
        one_of("state", DRAFT_STATES),
        Index(
            "ix_release_drafts_one_at_a_time",
            text("(remakes IS NULL)"),
            unique=True,
            postgresql_where=text("remakes IS NULL AND state IN ('BUILDING', 'BLOCKED', 'WAITING')"),
        ),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    edition: Mapped[int] = mapped_column(Integer, info=passport(N_("Edition of the rows"), audience=INTERNAL))
    remakes: Mapped[str | None] = mapped_column(String(32), info=passport(N_("Made again from"), audience=INTERNAL))
    number: Mapped[str | None] = mapped_column(String(32), info=passport(N_("Dated data set"), audience=INTERNAL))
    state: Mapped[str] = mapped_column(String(16), info=passport(N_("State"), audience=INTERNAL))
    batch_id: Mapped[str] = mapped_column(String(32), info=passport(N_("Made from the update"), audience=INTERNAL))
    policy_version: Mapped[str] = mapped_column(
        String(16), info=passport(N_("Version of the rules"), audience=INTERNAL)
    )
    asked_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), info=passport(N_("Prepared by"), audience=INTERNAL)
    )
    asked_at: Mapped[stamped] = mapped_column(info=passport(N_("Prepared"), audience=INTERNAL))
    done_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Done"), audience=INTERNAL))
    rows_total: Mapped[int] = mapped_column(Integer, server_default="0", info=passport(N_("Rows"), audience=INTERNAL))
    steps_done: Mapped[int] = mapped_column(
        Integer, server_default="0", info=passport(N_("Steps done"), audience=INTERNAL)
    )
    steps_total: Mapped[int] = mapped_column(Integer, server_default="0", info=passport(N_("Steps"), audience=INTERNAL))
    files: Mapped[list[Any]] = mapped_column(
        JSONB, server_default=text("'[]'"), info=passport(N_("Files written"), audience=INTERNAL)
    )
    found: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("What the tests found"), audience=INTERNAL)
    )


class ReleaseApproval(Base):
    """One person's signature under a dated data set, and in which role it was given."""

    __tablename__ = "release_approvals"
    draft_id: Mapped[UUID] = mapped_column(
        ForeignKey("release_drafts.id"), primary_key=True, info=passport(N_("Dated data set"), audience=INTERNAL)
    )
    person_id: Mapped[UUID] = mapped_column(
        ForeignKey("people.id"), primary_key=True, info=passport(N_("Who"), audience=INTERNAL)
    )
    approved_at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=INTERNAL))
    roles: Mapped[list[str]] = mapped_column(
        ARRAY(String(32)), server_default=text("'{}'"), info=passport(N_("In which roles"), audience=INTERNAL)
    )
