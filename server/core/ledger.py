"""Who did what: an append-only ledger, sealed in hashed batches, and the outbox that carries each event to the worker.

The ledger holds ids, codes and hashes only, never words of a person, so that erasing somebody breaks no seal. An event and
the work that follows from it are written in the transaction of the act itself: either both exist or neither.
"""

import hashlib
import json
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    Identity,
    LargeBinary,
    String,
    Uuid,
    bindparam,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import passport, stamped
from server.core.database import Base, session
from server.vocabulary import Audience

INTERNAL = Audience.INTERNAL


class LedgerEntry(Base):
    """One act. Rows are only ever added; the database refuses UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "ledger"
    id: Mapped[int] = mapped_column(
        BigInteger, Identity(), primary_key=True, info=passport(N_("Number"), audience=INTERNAL)
    )
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=INTERNAL))
    actor_id: Mapped[UUID | None] = mapped_column(info=passport(N_("Who"), audience=INTERNAL))
    event: Mapped[str] = mapped_column(String(64), info=passport(N_("What"), audience=INTERNAL))
    subject_id: Mapped[UUID] = mapped_column(index=True, info=passport(N_("To what"), audience=INTERNAL))
    details: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("Details"), audience=INTERNAL)
    )
    transaction: Mapped[int] = mapped_column(
        BigInteger,
        server_default=text("pg_current_xact_id()::text::bigint"),
        info=passport(N_("Transaction"), audience=INTERNAL),
    )


class LedgerSeal(Base):
    """A hash over a run of entries and over the seal before it: a changed, removed or swapped entry shows."""

    __tablename__ = "ledger_seals"
    id: Mapped[int] = mapped_column(
        BigInteger, Identity(), primary_key=True, info=passport(N_("Number"), audience=INTERNAL)
    )
    sealed_at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=INTERNAL))
    entry_ids: Mapped[list[int]] = mapped_column(JSONB, info=passport(N_("Entries"), audience=INTERNAL))
    root: Mapped[bytes] = mapped_column(LargeBinary(32), info=passport(N_("Hash"), audience=INTERNAL))


class OutboxEvent(Base):
    """An event on its way to the worker. Plain rows without NOTIFY: intake stays fast, the worker polls."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(
        BigInteger, Identity(), primary_key=True, info=passport(N_("Number"), audience=INTERNAL)
    )
    event: Mapped[str] = mapped_column(String(64), info=passport(N_("What"), audience=INTERNAL))
    subject_id: Mapped[UUID] = mapped_column(info=passport(N_("To what"), audience=INTERNAL))


def record(event: str, subject: UUID, *, actor_id: UUID | None = None, **details: Any) -> None:
    """Write that ``event`` (``noun.past``) happened to ``subject``, and send it on its way, in the present transaction."""
    session.execute(
        insert(LedgerEntry), [{"event": event, "subject_id": subject, "actor_id": actor_id, "details": details}]
    )
    session.execute(insert(OutboxEvent), [{"event": event, "subject_id": subject}])


def record_with(subject: Any, event: str) -> list[CTE]:
    """The same as two CTEs that hang on another statement's rows (``subject`` is their id column): one trip, all or nothing.

    The statement takes the parameters ``actor_id`` and ``details``.
    """
    actor, details = bindparam("actor_id", type_=Uuid), bindparam("details", type_=JSONB)
    entry = insert(LedgerEntry.__table__).from_select(  # type: ignore[arg-type]
        ["event", "subject_id", "actor_id", "details"], select(literal(event), subject, actor, details)
    )
    outgoing = insert(OutboxEvent.__table__).from_select(  # type: ignore[arg-type]
        ["event", "subject_id"], select(literal(event), subject)
    )
    return [entry.cte("ledger_entry"), outgoing.cte("outgoing")]


def history(subject: UUID) -> list[LedgerEntry]:
    """What happened to ``subject``, oldest first."""
    return list(session.scalars(select(LedgerEntry).where(LedgerEntry.subject_id == subject).order_by(LedgerEntry.id)))


def seal(limit: int = 10_000) -> int:
    """Seal the oldest unsealed entries of finished transactions; return how many. An open transaction's entries wait."""
    last = session.scalar(select(LedgerSeal).order_by(LedgerSeal.id.desc()).limit(1))
    sealed = select(func.jsonb_array_elements(LedgerSeal.entry_ids).cast(BigInteger)).where(
        LedgerSeal.id > (last.id - 50 if last else 0)
    )
    entries = list(
        session.scalars(
            select(LedgerEntry)
            .where(
                LedgerEntry.id > func.coalesce(_settled_below(), 0),
                LedgerEntry.transaction < text("pg_snapshot_xmin(pg_current_snapshot())::text::bigint"),
                LedgerEntry.id.not_in(sealed),
            )
            .order_by(LedgerEntry.id)
            .limit(limit)
        )
    )
    if entries:
        session.add(LedgerSeal(entry_ids=[entry.id for entry in entries], root=_root(entries, last)))
    return len(entries)


def broken_seals(*, newest: int | None = None) -> list[int]:
    """The numbers of seals that no longer fit their entries or the seal before them; empty when nothing was touched.

    With ``newest`` only so many of the last seals are read, for a page that cannot wait for all.
    """
    broken: list[int] = []
    chosen = list(session.scalars(select(LedgerSeal).order_by(LedgerSeal.id.desc()).limit(newest + 1 if newest else None)))[::-1]
    before = chosen.pop(0) if newest and len(chosen) > newest else None
    for found in chosen:
        entries = list(
            session.scalars(select(LedgerEntry).where(LedgerEntry.id.in_(found.entry_ids)).order_by(LedgerEntry.id))
        )
        if len(entries) != len(found.entry_ids) or _root(entries, before) != found.root:
            broken.append(found.id)
        before = found
    return broken


def _settled_below() -> Any:
    """All entries up to this number are sealed: the oldest number in the last fifty seals, less one."""
    recent = select(LedgerSeal.entry_ids).order_by(LedgerSeal.id.desc()).limit(50).subquery()
    return select(func.min(recent.c.entry_ids[0].cast(BigInteger)) - 1).scalar_subquery()


def _root(entries: list[LedgerEntry], before: LedgerSeal | None) -> bytes:
    digest = hashlib.sha256(before.root if before else b"tessera ledger")
    for entry in entries:
        line = [entry.id, entry.at.isoformat(), str(entry.actor_id), entry.event, str(entry.subject_id), entry.details]
        digest.update(hashlib.sha256(json.dumps(line, sort_keys=True, separators=(",", ":")).encode()).digest())
    return digest.digest()
