"""Everything of a response in open formats, in one archive sealed to the holders of the backup keys.

    tables/<name>.csv     every table, less the columns that are for the house alone (passwords, keys, addresses)
    reports.jsonl         one report a line with its words and later additions; never a contact
                          (of more than 50,000 rows the rest follows in <name>.2.csv, reports.2.jsonl …)
    incidents.gpkg        the damage records with their places
    photos/<report>/…     every photo as it was cleaned

Opened with age (https://age-encryption.org) by whoever holds a key: ``age -d -i KEY everything.tar.age | tar -x``.
"""

import csv
import io
import itertools
import json
import os
import shutil
import tarfile
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import numpy as np
import pyogrio
from sqlalchemy import Column, Table, func, select, text

from server.core import storage
from server.core.cells import escape_cell
from server.core.clock import now
from server.core.columns import lon_lat
from server.core.database import Base, see_as, session
from server.core.response import facts_as_said
from server.evidence.models import Photo
from server.keeping import backups, disk, sealing
from server.keeping.errors import NotKept
from server.matching.models import Incident
from server.reports import vault
from server.reports.models import Amendment, Report, ReportSecret
from server.vocabulary import Audience

ARCHIVE = "everything.tar.age"
MANIFEST = "manifest.json"
LEDGERS = {"ledger", "ledger_seals"}
TOGETHER = 1_000
PART = 50_000  # rows of one file: the most that is held in memory
README = """\
{name}: everything, as of {moment}

tables/*.csv     UTF-8, one table a file; columns that are for the program alone were left out.
                 Words that a spreadsheet would run as a formula begin with an apostrophe; reports.jsonl has them as they came
reports.jsonl    one report a line, in JSON, with its words; contacts were left out
incidents.gpkg   damage records with exact places (WGS 84). Not for publication
photos/          by report, cleaned of metadata

What reporters said and where they stood can put people in danger. Keep this as you keep the keys.
"""


def export(folder: Path, *, keys: Sequence[str]) -> dict[str, Any]:
    """Write the sealed archive and its manifest into a new folder in ``folder``; the manifest. NotKept without keys.

    Nothing is left of one that did not end well.
    """
    if not keys:
        raise NotKept(backups.NO_KEY)
    moment = now()
    name = f"export-{moment:%Y-%m-%dT%H-%M-%SZ}"
    with backups.alone(folder):
        unfinished = folder / f"{backups.UNFINISHED}-{name}"
        unfinished.mkdir(mode=0o700)
        try:
            told = _export(unfinished, name, moment, keys)
            disk.give_name(unfinished, folder / name)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    return told


def _export(place: Path, called: str, moment: datetime, keys: Sequence[str]) -> dict[str, Any]:
    counted: dict[str, int] = {}
    with _sealed(place / ARCHIVE, keys) as (tar, sealed):
        _put(tar, "README.txt", README.format(name=facts_as_said().name, moment=moment.isoformat()).encode())
        see_as("all")
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            session.execute(text(f"SET LOCAL {limit} = 0"))
        for name, data, rows in _members():
            _put(tar, name, data)
            group = "photos" if name.startswith("photos/") else name
            counted[group] = counted.get(group, 0) + rows
    told = {
        "made_at": moment.isoformat(), "archive": f"{called}/{ARCHIVE}", "sha256": sealed[0].sha256,
        "bytes": sealed[0].size, "rows": counted,
    }  # fmt: skip
    disk.write(place / MANIFEST, json.dumps(told, indent=1, ensure_ascii=False).encode())
    return told


class _sealed:  # noqa: N801 - used as a function
    """``with _sealed(path, keys) as (tar, sealed)``: a tar whose bytes are sealed as they are written, never plain on the disk."""

    def __init__(self, path: Path, keys: Sequence[str]) -> None:
        self._keys, self._path = sealing.recipients(keys), path
        self._done: list[sealing.Sealed] = []
        self._fault: BaseException | None = None

    def __enter__(self) -> tuple[tarfile.TarFile, list[sealing.Sealed]]:
        reading, writing = os.pipe()
        self._writer = os.fdopen(writing, "wb")
        self._sealer = threading.Thread(target=self._seal, args=(os.fdopen(reading, "rb"),), name="export")
        self._sealer.start()
        self._tar = tarfile.open(fileobj=self._writer, mode="w|", format=tarfile.PAX_FORMAT)
        return self._tar, self._done

    def __exit__(self, kind: object, *_rest: object) -> None:
        for stream in (self._tar, self._writer):
            with suppress(OSError):  # the sealer is gone: what it died of is told below
                stream.close()
        self._sealer.join()
        if kind is not None or self._fault is not None:
            self._path.unlink(missing_ok=True)
        if kind is None and self._fault is not None:
            raise self._fault

    def _seal(self, reader: IO[bytes]) -> None:
        try:
            with reader, self._path.open("xb") as out:
                self._done.append(sealing.seal(reader, out, self._keys))
                out.flush()
                os.fsync(out.fileno())
        except BaseException as fault:  # noqa: BLE001 - told where the archive is written
            self._fault = fault


def _put(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    about = tarfile.TarInfo(name)
    about.size, about.mode = len(data), 0o600
    tar.addfile(about, io.BytesIO(data))


def _members() -> Iterator[tuple[str, bytes, int]]:
    """Name, content and number of rows of every file."""
    for table in Base.metadata.sorted_tables:
        columns = shared(table)
        if columns:
            yield from _parts(f"tables/{table.fullname}", "csv", _table(columns))
    yield from _parts("reports", "jsonl", _reports())
    yield "incidents.gpkg", *_incidents()
    yield from _photos()


def shared(table: Table) -> list[Column[Any]]:
    """The columns of a table that people of the response may see, by their passports; all of the ledger."""
    if table.name in LEDGERS:
        return list(table.columns)
    if table.name.startswith(("gazetteer_", "procrastinate_")):
        return []  # other people's data that anybody can get, and the machine's
    return [column for column in table.columns if column.info.get("audience", Audience.INTERNAL) is not Audience.INTERNAL]


def _parts(stem: str, ending: str, lines: Iterator[str]) -> Iterator[tuple[str, bytes, int]]:
    """Lines as files of a size that can be held; the first has the plain name. The head of a table, which comes first, is in each."""
    head = next(lines) if ending == "csv" else ""
    for number in itertools.count(1):
        part = list(itertools.islice(lines, PART))
        if part or number == 1:
            yield f"{stem}.{ending}" if number == 1 else f"{stem}.{number}.{ending}", (head + "".join(part)).encode(), len(part)
        if len(part) < PART:
            return


def _table(columns: Sequence[Column[Any]]) -> Iterator[str]:
    """The lines of a CSV, its head first."""
    yield _line([column.name for column in columns])
    asked = [column.ST_AsEWKT().label(column.name) if hasattr(column.type, "geometry_type") else column for column in columns]
    for row in session.execute(select(*asked).execution_options(yield_per=TOGETHER)):
        yield _line([escape_cell(_cell(value)) for value in row])


def _line(cells: Sequence[Any]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, UUID | Decimal):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _reports() -> Iterator[str]:
    """One report a line; what is held back keeps its words to itself."""
    columns = [column for column in shared(Report.__table__) if column.name != "point"]  # type: ignore[arg-type]
    query = select(*columns, Report.point, Report.quarantine.label("held"), ReportSecret.wrapped_key, ReportSecret.sealed)
    joined = query.outerjoin(ReportSecret, ReportSecret.report_id == Report.id).order_by(Report.received_at, Report.id)
    for row in session.execute(joined.execution_options(yield_per=TOGETHER)).mappings():
        told = {column.name: row[column.name] for column in columns}
        told["point"] = lon_lat(row["point"]) if row["point"] is not None else None
        told |= {} if row["held"] else _words(row)
        yield json.dumps(told, ensure_ascii=False, default=_cell) + "\n"


def _words(row: Any) -> dict[str, Any]:
    """What can still be opened of the words of a report: its own, and what was added later."""
    if row["wrapped_key"] is None:
        return {}
    words = vault.open_words(row["wrapped_key"], row["sealed"], row["id"])
    return {"text": words.text, "place_text": words.place_text, "added": _added(row["id"], row["wrapped_key"])}


def _added(report_id: UUID, wrapped: bytes) -> list[str]:
    key = vault.unwrap(wrapped, report_id)
    said = session.scalars(select(Amendment).where(Amendment.report_id == report_id).order_by(Amendment.at))
    return [vault.unseal(row.sealed, key, report_id).decode() for row in said if row.sealed]


def _incidents() -> tuple[bytes, int]:
    names = ("public_id", "site_type", "damage_best", "certainty", "workflow", "event_earliest", "event_latest", "adm1_pcode", "adm2_pcode")
    query = select(func.ST_AsBinary(Incident.point), *(getattr(Incident, name) for name in names))
    rows = session.execute(query.where(Incident.point.is_not(None), Incident.merged_into.is_(None)).order_by(Incident.public_id)).all()
    fields = [np.array(["" if row[at] is None else str(_cell(row[at])) for row in rows], dtype=object) for at in range(1, len(names) + 1)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "incidents.gpkg"
        shapes = np.array([bytes(row[0]) for row in rows], dtype=object)
        pyogrio.raw.write(
            path, shapes, fields, list(names), layer="incidents", driver="GPKG", geometry_type="Point", crs="EPSG:4326"
        )
        return path.read_bytes(), len(rows)


def _photos() -> Iterator[tuple[str, bytes, int]]:
    kept = select(Photo.id, Photo.report_id, Photo.clean_sha256).where(Photo.clean_sha256.is_not(None))
    for photo, report, name in session.execute(kept.order_by(Photo.report_id, Photo.position)):
        try:
            yield f"photos/{report}/{photo}.jpg", storage.store().get(str(name), "photos"), 1
        except (storage.NothingStored, storage.StorageDamaged):
            continue  # the nightly reading of the store tells of it
