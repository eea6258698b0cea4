"""A table through the desk: kept sealed while its columns are mapped, looked at as often as wanted, then brought in whole or not at all."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, select

from server.accounts.policy import Actor
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.intake import spreadsheet
from server.intake.drafts import NAMED
from server.intake.files import read_table
from server.intake.mapping import EXTRA, KEEP, folded, unknown_targets
from server.intake.refused_rows import refused_csv
from server.intake.spreadsheet import Plan, Verdict
from server.intake.spreadsheet_frame import frame, headings, map_columns
from server.intake.spreadsheet_rows import read_row
from server.intake.tables import Table, UnreadableTable
from server.intake.upload_table_models import TableUpload
from server.reports import vault
from server.reports.imports import Import
from server.vocabulary import DamageScale, SourceType

BYTES, MOST_ROWS = 20_000_000, 5_000
KEPT = timedelta(days=1)
NOT_ASKED = ("media", "receipt_key", "contact", "consents", "casualties", "hint_seen", "answer_kind", "answer_about", "form_version", "point")
TARGETS = tuple(name for name in (*EXTRA, *sorted(NAMED)) if name not in NOT_ASKED)
"""What a column may be said to tell."""


@dataclass(frozen=True)
class Look:
    """What would come of a table as it is mapped now. The number of the import to be is that of the upload."""

    upload: TableUpload
    table: Table
    mapping: Mapping[str, str]
    plan: Plan


def keep(data: bytes, *, source: str, actor: Actor) -> TableUpload:
    """Keep a table sealed until it is brought in. Problem ``unreadable_file`` with the sentence why it gives no rows."""
    table = _table(data)
    if len(table.rows) > MOST_ROWS:
        raise Problem("too_large")
    number = uuid4()
    key, wrapped = vault.new_key(number)
    sealed = vault.seal(data, key, number)
    upload = TableUpload(id=number, at=now(), person_id=actor.person_id, source=source[:64], chosen={}, wrapped_key=wrapped, sealed=sealed)
    session.add(upload)
    session.flush()
    return upload


def _table(data: bytes) -> Table:
    known = headings()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        path.write_bytes(data)
        try:
            return read_table(path, knows=lambda heading: folded(heading) in known)
        except UnreadableTable as why:
            raise Problem("unreadable_file", detail=str(why)) from None


def find(upload_id: UUID, *, actor: Actor) -> TableUpload:
    """A table that this person is bringing in; Problem ``not_found``."""
    query = select(TableUpload).where(TableUpload.id == upload_id, TableUpload.person_id == actor.person_id)
    found = session.scalar(query)
    if found is None:
        raise Problem("not_found")
    return found


def choose(upload: TableUpload, chosen: Mapping[str, Any]) -> None:
    """Say what the columns tell and how to read them. Problem ``invalid_input`` for a field that no report has."""
    if wrong := unknown_targets(chosen.get("mapping", {}).values(), NAMED):
        raise Problem("invalid_input", errors=[{"field": "mapping", "code": "unknown", "message": name} for name in wrong])
    upload.chosen = {**upload.chosen, **chosen}


def look(upload: TableUpload) -> Look:
    """Read every row as it is mapped now. Changes nothing."""
    table = _table(vault.unseal(upload.sealed, vault.unwrap(upload.wrapped_key, upload.id), upload.id))
    chosen = upload.chosen
    mapping = map_columns(table, chosen.get("mapping", {}))
    mapping = {heading: target for heading, target in mapping.items() if target != KEEP}
    scale, source_type = chosen.get("scale", ""), chosen.get("source_type", "")
    how = frame(
        table, mapping, order=chosen.get("dates", ""), scale=DamageScale(scale) if scale else None,
        source_type=SourceType(source_type) if source_type else SourceType.PARTNER_DB, lang=chosen.get("lang", "und"),
    )  # fmt: skip
    rows = [read_row(row, table.headings, how, import_id=upload.id) for row in table.rows]
    return Look(upload, table, mapping, spreadsheet.plan_rows(rows, upload.source))


def bring_in(upload: TableUpload, *, organisation_id: UUID | None, actor: Actor) -> Import:
    """Do it: all good rows enter, the refused are kept to be taken back. Problem ``already_done`` where no row would enter."""
    spreadsheet.lock_source(upload.source)
    seen = look(upload)
    if not seen.plan.of(Verdict.NEW) + seen.plan.of(Verdict.CHANGED):
        raise Problem("already_done")
    refused = refused_csv(seen.table, (outcome.row for outcome in seen.plan.of(Verdict.REFUSED)))
    whose = replace(actor, organisation_id=organisation_id)
    made = spreadsheet.carry_out(seen.plan, import_id=upload.id, mapping=seen.mapping, refused=refused, actor=whose)
    session.delete(upload)
    session.flush()
    return made


def forget(upload: TableUpload) -> None:
    """Throw a table away that is not to be brought in."""
    session.delete(upload)
    session.flush()


def sweep() -> int:
    """Throw away tables that nobody brought in within a day; returns how many."""
    return len(session.scalars(delete(TableUpload).where(TableUpload.at < now() - KEPT).returning(TableUpload.id)).all())
