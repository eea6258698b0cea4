"""Writing a dated data set: every format, the tables beside them, and the tests of the gate; step by step, with progress."""

import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, text, update

from server.core.database import session, settled
from server.core.jobs import job
from server.core.ledger import record
from server.publication import (
    descriptors,
    five_w_files,
    five_w_frozen,
    frozen,
    reference_tables,
    release_gate,
    serving,
    utility,
)
from server.publication.formats import FORMATS
from server.publication.release_models import BLOCKED, BUILDING, WAITING, PublishedFile, ReleaseDraft
from server.publication.releases import about, publish
from server.publication.service import ONE_WRITER, take_time
from server.publication.source import Source

COMPLETENESS = "completeness.csv"
TABLES: dict[str, Callable[[], reference_tables.Table]] = {
    "codelists.csv": reference_tables.code_table,
    "crosswalks.csv": reference_tables.crosswalk_table,
    "columns.csv": reference_tables.column_table,
    "5w-columns.csv": reference_tables.activity_column_table,
    COMPLETENESS: utility.public_table,
}
README = "readme.txt"
WRITTEN = len(FORMATS) + 1  # the tables and descriptions
STEPS = WRITTEN + len(release_gate.TESTS)

_SPAN = text("SELECT min(date_start), max(date_end) FROM pg_temp.frozen_incidents")
_COUNTRIES = text(
    "SELECT DISTINCT country_iso3 FROM pg_temp.frozen_incidents WHERE country_iso3 IS NOT NULL ORDER BY 1"
)


@job("publication.build_release")
def build_release(subject: str) -> None:
    """Write and test a data set that was prepared. One that is made again is published at once; others wait for people."""
    written: list[dict[str, Any]] = []
    try:
        with settled():
            draft = session.get(ReleaseDraft, UUID(subject))
            if draft is None or draft.state != BUILDING:
                return
            take_time()
            frozen.lay_out(draft.edition, number=str(draft.number))
            with tempfile.TemporaryDirectory() as folder:
                for file in _write(draft, Path(folder)):  # one by one: what is thrown away leaves none behind
                    written.append(file)  # noqa: PERF402
                found = release_gate.examine(draft, Path(folder), heard=lambda done: _tell(draft.id, WRITTEN + done))
            _finish(draft, written, found)
    except _ThrownAway:
        forget_files(written)


class _ThrownAway(Exception):
    """Nobody wants the data set any more."""


@job("publication.remake_release")
def remake_release(subject: str) -> None:
    """Write a withdrawn data set again without the rows that had to go, and take its old files away."""
    with settled():
        draft = session.get(ReleaseDraft, UUID(subject))
        gone = draft.remakes if draft else None
        rows = session.execute(
            delete(PublishedFile)
            .where(PublishedFile.release == gone)
            .returning(PublishedFile.sha256, PublishedFile.packed_sha256)
        )
        files = [row._asdict() for row in rows]
    build_release(subject)
    forget_files(files)


@job("publication.sweep_files")
def sweep_files() -> None:
    """Remove files that no data set and no copy names: of drafts that were thrown away, and what was left behind."""
    with settled():
        serving.sweep()


def forget_files(files: list[dict[str, Any]]) -> None:
    """Remove the stored bytes of files that are public no more, unless another public file is the same."""
    with settled():
        serving.forget(digest for file in files for digest in (file["sha256"], file["packed_sha256"]))


def _write(draft: ReleaseDraft, folder: Path) -> Iterator[dict[str, Any]]:
    said = about(draft)
    source = Source(session.connection(), said, relation=frozen.ROWS, areas=frozen.AREAS)
    files = []
    for position, kind in enumerate(FORMATS.values(), start=1):
        path = folder / kind.filename(said.release_id)
        kind.write(source, path)
        files.append(_kept(draft, path, position, kind.name, kind.mimetype, rows=draft.rows_total))
        _tell(draft.id, position)
        yield files[-1]
    yield from _companions(draft, folder, files)
    _tell(draft.id, WRITTEN)


def _companions(draft: ReleaseDraft, folder: Path, files: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The tables that explain the codes, and the data set told to programs."""
    readme = folder / README
    readme.write_text(about(draft).text() + five_w_files.readme(), encoding="utf-8", newline="")
    files.append(_kept(draft, readme, len(files) + 1, README, "text/plain", rows=None))
    yield files[-1]
    for name, table in TABLES.items():
        path = folder / name
        path.write_bytes(reference_tables.as_csv(table()))
        files.append(_kept(draft, path, len(files) + 1, name, "text/csv", rows=None))
        yield files[-1]
    for file in _who_does_what(draft, folder, len(files)):
        files.append(file)
        yield file
    described = {
        "datapackage.json": descriptors.data_package(about(draft), files),
        "hdx_dataset.json": descriptors.hdx_dataset(about(draft), files, span=_span(), countries=_countries()),
    }
    for name, body in described.items():
        path = folder / name
        path.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2))
        files.append(_kept(draft, path, len(files) + 1, name, "application/json", rows=None))
        yield files[-1]


def _who_does_what(draft: ReleaseDraft, folder: Path, before: int) -> Iterator[dict[str, Any]]:
    """The 5W as it was frozen, in its formats."""
    rows = five_w_frozen.rows(draft.edition, number=str(draft.number))
    for position, ending in enumerate(five_w_files.FORMATS, start=before + 1):
        path = folder / five_w_files.name_of(str(draft.number), ending)
        path.write_bytes(five_w_files.written(rows, about(draft), ending=ending))
        yield _kept(draft, path, position, f"5w.{ending}", five_w_files.media_type(ending), rows=len(rows))


def _kept(
    draft: ReleaseDraft, path: Path, position: int, kind: str, media_type: str, *, rows: int | None
) -> dict[str, Any]:
    return serving.keep(
        path, release=str(draft.number), name=path.name, position=position, kind=kind, media_type=media_type, rows=rows
    )


def _finish(draft: ReleaseDraft, written: list[dict[str, Any]], found: dict[str, list[str]]) -> None:
    """Let the data set wait for people, or publish it when it is only made again."""
    session.execute(ONE_WRITER)
    session.refresh(draft, with_for_update=True)
    if draft.state != BUILDING:
        raise _ThrownAway
    draft.files, draft.found, draft.steps_done, draft.steps_total = written, found, STEPS, STEPS
    draft.state = BLOCKED if any(found.values()) else WAITING
    session.flush()
    record(
        "release.built",
        draft.id,
        number=draft.number,
        files=len(written),
        stopped_by=[k for k, v in found.items() if v],
    )
    if draft.remakes and draft.state == WAITING:
        publish(draft)


def _tell(draft_id: UUID, steps: int) -> None:
    """Say how far the work is, in a transaction of its own, so that the desk sees it while it goes on, and stop if nobody waits."""
    going = update(ReleaseDraft).where(ReleaseDraft.id == draft_id, ReleaseDraft.state == BUILDING)
    with session.session_factory() as own:
        told = own.scalar(going.values(steps_done=steps, steps_total=STEPS).returning(ReleaseDraft.id))
        own.commit()
    if told is None:
        raise _ThrownAway


def _span() -> tuple[date, date] | None:
    first, last = session.execute(_SPAN).one()
    return (first, last) if first and last else None


def _countries() -> list[str]:
    return list(session.scalars(_COUNTRIES))
