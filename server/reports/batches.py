"""Many reports at once, for files: the same rows, vault, ledger and outbox as one report, written a thousand at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import insert, select, update

from server.accounts.policy import Actor
from server.core import ledger
from server.core.clock import now
from server.core.database import Base, see_as, session
from server.reports import vault
from server.reports.draft import Draft
from server.reports.imports import Import
from server.reports.models import Report, ReportSecret
from server.reports.rows import row_of, words_of
from server.reports.service import erase_words
from server.vocabulary import HandlingState

BATCH = 1_000
Item = TypeVar("Item")


def receive_many(drafts: Iterable[Draft], *, actor: Actor) -> int:
    """Take many reports in; returns how many were new. A number that is known already is passed over, as it stands."""
    see_as("all")
    return sum(_receive_batch(batch, actor) for batch in in_batches(drafts))


def _receive_batch(drafts: Sequence[Draft], actor: Actor) -> int:
    received_at = now()
    known = set(session.scalars(select(Report.id).where(Report.id.in_([draft.id for draft in drafts]))))
    fresh = [draft for draft in drafts if draft.id not in known]
    if fresh:
        _write(Report, [row_of(draft, actor=actor, received_at=received_at) for draft in fresh])
        _write(ReportSecret, [_sealed(draft) for draft in fresh])
        record_many("report.received", {draft.id: {"sha256": draft.sha256.hex()} for draft in fresh}, actor=actor)
    return len(fresh)


def _write(kind: type[Base], rows: list[dict[str, Any]]) -> None:
    """Add rows by one prepared statement; a thousand rows in one text take longer to parse than to store."""
    session.connection().execute(insert(kind), rows)


def _sealed(draft: Draft) -> dict[str, Any]:
    key, wrapped = vault.new_key(draft.id)
    return {"report_id": draft.id, "wrapped_key": wrapped, "sealed": vault.seal_words(words_of(draft), key, draft.id)}


def record_many(event: str, subjects: Mapping[UUID, Mapping[str, Any]], *, actor: Actor) -> None:
    """Write one event for many subjects (``{id: details}``) to the ledger and the outbox."""
    entries = [
        {"event": event, "subject_id": subject, "actor_id": actor.person_id, "details": dict(details)}
        for subject, details in subjects.items()
    ]
    if entries:
        _write(ledger.LedgerEntry, entries)
        _write(ledger.OutboxEvent, [{"event": event, "subject_id": subject} for subject in subjects])


def supersede_many(replacements: Mapping[UUID, UUID], *, actor: Actor) -> None:
    """Let newer reports count instead of older ones (``{old: new}``), which stay on record."""
    see_as("all")
    for batch in in_batches(replacements.items()):
        pairs = [{"id": old, "superseded_by": new, "withdrawn_at": now()} for old, new in batch]
        session.execute(update(Report), pairs)
        record_many("report.withdrawn", {old: {"replaced_by": str(new)} for old, new in batch}, actor=actor)


def withdraw_import(import_id: UUID, *, actor: Actor) -> int:
    """Take back every report of one import, and let what it had replaced count again. Returns how many were taken back."""
    see_as("all")
    withdrawn = 0
    present = list(
        session.scalars(select(Report.id).where(Report.import_id == import_id, Report.withdrawn_at.is_(None)))
    )
    for batch in in_batches(present):
        session.execute(
            update(Report).where(Report.id.in_(batch)).values(withdrawn_at=now(), handling=HandlingState.CLOSED)
        )
        erase_words(*batch)
        record_many("report.withdrawn", {report_id: {} for report_id in batch}, actor=actor)
        _restore_replaced_by(batch, actor)
        withdrawn += len(batch)
    return withdrawn


def _restore_replaced_by(batch: Sequence[UUID], actor: Actor) -> None:
    still_there = select(Import.id).where(Import.undone_at.is_(None))
    restored = list(
        session.scalars(
            update(Report)
            .where(Report.superseded_by.in_(batch), Report.import_id.in_(still_there))
            .values(superseded_by=None, withdrawn_at=None)
            .returning(Report.id)
        )
    )
    record_many("report.restored", {report_id: {} for report_id in restored}, actor=actor)


def in_batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items, at most ``BATCH`` at a time."""
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
