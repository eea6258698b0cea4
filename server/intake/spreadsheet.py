"""The spreadsheet door: what would come of every row of a file, and doing it.

Good rows enter, refused rows come back with reasons, a re-import changes only what changed, an import can be undone.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from server.accounts.policy import Actor
from server.core import ledger
from server.core.choices import N_, Choice
from server.core.clock import now
from server.core.database import see_as, session
from server.core.problems import Problem
from server.core.storage import store
from server.intake.spreadsheet_rows import ReadRow
from server.reports import batches, vault
from server.reports.draft import Draft
from server.reports.imports import Import, ImportedRow

STORED_IN = "imports"
REFUSED_KEPT = timedelta(days=30)


class Verdict(Choice):
    """What comes of a row."""

    NEW = "NEW", N_("new")
    CHANGED = "CHANGED", N_("changed")
    SAME = "SAME", N_("same as before")
    REFUSED = "REFUSED", N_("refused")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A row and what comes of it; `replaces` is the report that a changed row stands in for."""

    row: ReadRow
    key: str
    verdict: Verdict
    replaces: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an import will do, row by row."""

    source: str
    outcomes: Sequence[Outcome]

    def of(self, verdict: Verdict) -> list[Outcome]:
        """The rows with one verdict, in the order of the file."""
        return [outcome for outcome in self.outcomes if outcome.verdict is verdict]


def plan_rows(rows: Iterable[ReadRow], source: str) -> Plan:
    """Compare the rows of a file with what the same source sent before. Reads the database, changes nothing."""
    keyed = _keyed(rows)
    known = _known(source, [key for key, row in keyed if row.draft])
    outcomes: list[Outcome] = []
    seen: set[str] = set()
    for key, row in keyed:
        outcomes.append(_outcome(key, row, known, is_twin=key in seen))
        seen.add(key)
    return Plan(source=source, outcomes=outcomes)


def _keyed(rows: Iterable[ReadRow]) -> list[tuple[str, ReadRow]]:
    """Each row under its key; a row without one under the hash of its content and a count, so that twins stay two."""
    keyed: list[tuple[str, ReadRow]] = []
    first: dict[str, ReadRow] = {}
    twins: dict[bytes, int] = {}
    for row in rows:
        if row.draft is None:
            keyed.append((row.key, row))
        elif row.key:
            keyed.append((row.key, _settled(row, first.setdefault(row.key, row))))
        else:
            count = twins[row.draft.sha256] = twins.get(row.draft.sha256, 0) + 1
            keyed.append((f"~{row.draft.sha256.hex()[:40]}~{count}", row))
    return keyed


def _settled(row: ReadRow, before: ReadRow) -> ReadRow:
    """A second row with one key is the same row again, or a contradiction that only the sender can settle."""
    if row is before or (row.draft and before.draft and row.draft.sha256 == before.draft.sha256):
        return row
    sentence = f"The key {row.key!r} stands in row {before.number} already, with other content."
    return replace(row, draft=None, refusals=(("key", sentence),))


def report_of_row(key: str, *, sources: str) -> UUID | None:
    """The latest report that a row with this key brought, from any source that begins with ``sources``; None where none stands."""
    rows = select(ImportedRow.report_id).where(ImportedRow.row_key == key, ImportedRow.source.startswith(sources, autoescape=True))
    standing = rows.join(Import, Import.id == ImportedRow.import_id).where(Import.undone_at.is_(None))
    return session.scalar(standing.order_by(Import.begun_at.desc()).limit(1))


def _known(source: str, keys: Sequence[str]) -> Mapping[str, ImportedRow]:
    found: dict[str, ImportedRow] = {}
    for batch in batches.in_batches(keys):
        rows = session.scalars(select(ImportedRow).where(ImportedRow.source == source, ImportedRow.row_key.in_(batch)))
        found.update((row.row_key, row) for row in rows)
    return found


def _outcome(key: str, row: ReadRow, known: Mapping[str, ImportedRow], *, is_twin: bool) -> Outcome:
    before = known.get(key)
    if row.draft is None:
        return Outcome(row=row, key=key, verdict=Verdict.REFUSED)
    if is_twin or (before is not None and before.row_sha256 == row.draft.sha256):
        return Outcome(row=row, key=key, verdict=Verdict.SAME)
    if before is None:
        return Outcome(row=row, key=key, verdict=Verdict.NEW)
    return Outcome(row=row, key=key, verdict=Verdict.CHANGED, replaces=before.report_id)


def lock_source(source: str) -> None:
    """Let one import of a source run at a time, until the work is settled."""
    number = int.from_bytes(hashlib.sha256(source.encode()).digest()[:8], "big", signed=True)
    session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def carry_out(plan: Plan, *, import_id: UUID, mapping: Mapping[str, str], refused: str, actor: Actor) -> Import:
    """Do what the plan says, in the present transaction: all of it is kept or none. `refused` is the CSV of refused rows."""
    made = Import(
        id=import_id, source=plan.source, mapping=dict(mapping), person_id=actor.person_id, organisation_id=actor.organisation_id,
        **{f"rows_{verdict.lower()}": len(plan.of(verdict)) for verdict in Verdict},
    )  # fmt: skip
    _keep_refused(made, refused)
    session.add(made)
    session.flush()
    entering = [
        (one, one.row.draft) for one in plan.outcomes if one.row.draft and one.verdict in (Verdict.NEW, Verdict.CHANGED)
    ]
    batches.receive_many((draft for _outcome, draft in entering), actor=actor)
    _remember(plan.source, entering, import_id)
    batches.supersede_many({one.replaces: draft.id for one, draft in entering if one.replaces}, actor=actor)
    ledger.record("import.finished", import_id, actor_id=actor.person_id, reports=len(entering))
    return made


def _remember(source: str, entered: Iterable[tuple[Outcome, Draft]], import_id: UUID) -> None:
    """Note which report stands behind each row now."""
    changed = insert(ImportedRow)
    present = {name: changed.excluded[name] for name in ("report_id", "row_sha256", "import_id")}
    for batch in batches.in_batches(entered):
        rows = [
            {
                "source": source,
                "row_key": one.key,
                "report_id": draft.id,
                "row_sha256": draft.sha256,
                "import_id": import_id,
            }
            for one, draft in batch
        ]
        session.execute(changed.on_conflict_do_update(index_elements=["source", "row_key"], set_=present), rows)


def _keep_refused(made: Import, refused: str) -> None:
    """Keep the refused rows with their reasons, sealed, so that they can be asked for again."""
    if refused:
        key, made.refused_key = vault.new_key(made.id)
        made.refused_ref = store().put_sealed(refused.encode(), STORED_IN, key=key, bound_to=made.id.bytes)


def _forget_refused(one: Import) -> None:
    """An import that is undone leaves no words behind, those of its refused rows neither."""
    if one.refused_ref:
        store().delete(one.refused_ref, STORED_IN)
    one.refused_ref = one.refused_key = None


def forget_old_refused() -> int:
    """Throw away refused rows that nobody put right within a month; returns of how many imports."""
    old = select(Import).where(Import.refused_ref.is_not(None), Import.begun_at < now() - REFUSED_KEPT)
    found = session.scalars(old.with_for_update()).all()
    for one in found:
        _forget_refused(one)
    return len(found)


def imports() -> list[Import]:
    """Every import, the latest first."""
    return list(session.scalars(select(Import).order_by(Import.begun_at.desc())))


def find_import(start: str) -> Import:
    """The import whose number begins so; Problem ``not_found`` if none does or more than one."""
    wanted = start.strip().lower()
    found = [one for one in imports() if len(wanted) >= 4 and str(one.id).startswith(wanted)]
    if len(found) != 1:
        raise Problem("not_found")
    return found[0]


def refused_of(one: Import) -> str:
    """The refused rows of an import as CSV; "" if none was refused."""
    if not (one.refused_ref and one.refused_key):
        return ""
    key = vault.unwrap(one.refused_key, one.id)
    return store().get_sealed(one.refused_ref, STORED_IN, key=key, bound_to=one.id.bytes).decode()


def undo(one: Import, *, actor: Actor) -> int:
    """Take back every report of an import; rows it had replaced count again. Returns how many; 0 the second time."""
    lock_source(one.source)
    session.refresh(one)
    if one.undone_at is not None:
        return 0
    one.undone_at = now()
    session.flush()
    _recall(one)
    _forget_refused(one)
    withdrawn = batches.withdraw_import(one.id, actor=actor)
    ledger.record("import.undone", one.id, actor_id=actor.person_id, reports=withdrawn)
    return withdrawn


_BACK_TO_BEFORE = text("""
    UPDATE imported_rows row SET report_id = old.id, row_sha256 = old.payload_sha256, import_id = old.import_id
    FROM reports old JOIN imports ON imports.id = old.import_id AND imports.undone_at IS NULL
    WHERE old.superseded_by = row.report_id AND row.source = :source AND row.import_id = :import""")
_AS_IF_NEW = text("DELETE FROM imported_rows WHERE source = :source AND import_id = :import")


def _recall(one: Import) -> None:
    """Let the rows of an undone import be what they were before it, or new again."""
    see_as("all")
    for statement in (_BACK_TO_BEFORE, _AS_IF_NEW):
        session.execute(statement, {"source": one.source, "import": one.id})
