"""Satellite assessments brought in: tried first, kept after, taken back whole (standards §3.1: one row for each image)."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import shapely
from geoalchemy2 import WKBElement
from sqlalchemy import delete, insert, select, update

from server.accounts.policy import Actor, may
from server.core import ledger
from server.core.clock import now
from server.core.database import session, settled
from server.core.problems import Problem
from server.core.storage import store
from server.evidence import imagery_fields
from server.evidence.imagery_fields import Columns
from server.evidence.imagery_models import (
    KEEPING,
    KEPT,
    MONITOR,
    POST,
    READING,
    TRIED,
    UNDONE,
    VISUAL,
    ImageryImport,
    ImageryRow,
)
from server.evidence.imagery_reading import Reading, Unit, read
from server.evidence.service import put_sealed
from server.reports import vault
from server.vocabulary import DamageGrade, DamageScale

STORED_IN = "imports"
TRIED_FOR = timedelta(days=2)
BATCH = 1_000
PROVIDERS = ("UNOSAT", "CEMS", "OTHER")
AREA_ONLY, FROM_ABOVE = "AREA_ONLY", "FROM_ABOVE"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a person says of a file: whose it is, which product, under which licence; dates and columns where it has none."""

    provider: str
    product: str
    licence: str
    may_redistribute: bool = False
    method: str = VISUAL
    taken_on: date | None = None
    chosen: Columns | None = None


def try_out(data: bytes, said: Said, *, actor: Actor) -> tuple[ImageryImport, Reading]:
    """Read a file and keep it sealed for two days; nothing else changes. SurveyRefused when it cannot be read at all.

    Problem ``nothing_seen`` where no column says damage. No transaction is open while the file is read.
    """
    _must(actor)
    session.rollback()
    reading = read(data, provider=said.provider, taken_on=said.taken_on, chosen=said.chosen)
    if reading.columns is None:
        raise Problem("nothing_seen", more={"fields": reading.fields})
    made = begun(data, said, actor=actor, state=TRIED)
    describe(made, reading)
    session.flush()
    ledger.record("imagery.tried", made.id, actor_id=actor.person_id, sha256=made.sha256, rows=made.rows)
    return made, reading


def begun(data: bytes, said: Said, *, actor: Actor, state: str) -> ImageryImport:
    """A new import with what a person said of the file, which lies sealed until the import ends."""
    made = ImageryImport(
        id=uuid4(), state=state, provider=said.provider, product=said.product, licence=said.licence,
        may_redistribute=said.may_redistribute, method=said.method, sha256=hashlib.sha256(data).hexdigest(),
        source_scale=said.chosen.scale if said.chosen else DamageScale.TESSERA,
        mapping={**(said.chosen.told() if said.chosen else {}), "taken_on": said.taken_on and said.taken_on.isoformat(), "layers": [],
                 "is_chosen": said.chosen is not None},
        person_id=actor.person_id,
    )  # fmt: skip
    key, made.file_key = vault.new_key(made.id)
    made.file_ref = put_sealed(data, STORED_IN, key=key, bound_to=made.id)
    session.add(made)
    return made


def describe(one: ImageryImport, reading: Reading) -> None:
    """Note on an import what its file says: how many things and rows, of which days and area, what each class means, what is left out."""
    columns = reading.columns
    one.mapping = {**one.mapping, **(columns.told() if columns else {}), "layers": reading.layers}
    one.source_scale = columns.scale if columns else DamageScale.TESSERA
    one.units, one.rows, one.refused = len(reading.units), reading.rows, reading.tally.refused
    one.first_on, one.last_on = reading.days
    one.area, one.area_is_stated = _element(reading.area) if reading.area is not None else None, reading.area_is_stated
    one.found = {
        "classes": [list(row) for row in reading.classes], "undated": reading.undated, "told": [list(row) for row in reading.tally.told],
    }  # fmt: skip


def read_again(one: ImageryImport) -> Reading:
    """What the file of an import that was only tried says; Problem ``not_found`` when it is kept no longer."""
    if one.file_ref is None or one.file_key is None:
        raise Problem("not_found")
    data = store().get_sealed(one.file_ref, STORED_IN, key=vault.unwrap(one.file_key, one.id), bound_to=one.id.bytes)
    provider, mapping = one.provider, dict(one.mapping)
    session.rollback()
    return read(data, provider=provider, taken_on=imagery_fields.read_day(mapping["taken_on"] or ""), chosen=_chosen(mapping))


def _chosen(mapping: dict[str, Any]) -> Columns | None:
    if not mapping.get("is_chosen"):
        return None
    named = {name: tuple(mapping[name]) for name in ("classes", "dates", "sensors", "confidences")}
    return Columns(scale=DamageScale(mapping["scale"]), unit=mapping["unit"], validation=mapping["validation"], source=mapping["source"], **named)


def keep(import_id: UUID, *, actor: Actor) -> ImageryImport:
    """Write the rows of an import that was tried; its file is destroyed. Problem ``already_done`` for one that is kept or undone."""
    _must(actor)
    reading = read_again(_tried(import_id))
    one = _tried(import_id, lock=True)
    for batch in batches_of(one, reading.units):
        session.execute(insert(ImageryRow), batch)
    finish(one, by=actor.person_id)
    return one


def finish(one: ImageryImport, *, by: UUID | None) -> None:
    """All rows are written: they count from now on, and the file's key is destroyed."""
    one.state, one.kept_at, one.done = KEPT, now(), one.rows
    drop_file(one)
    ledger.record("imagery.imported", one.id, actor_id=by, sha256=one.sha256, rows=one.rows, refused=one.refused)


def _tried(import_id: UUID, *, lock: bool = False) -> ImageryImport:
    query = select(ImageryImport).where(ImageryImport.id == import_id)
    one = session.scalar(query.with_for_update() if lock else query)
    if one is None:
        raise Problem("not_found")
    if one.state != TRIED:
        raise Problem("already_done")
    return one


def _rows(import_id: UUID, scale: DamageScale, units: list[Unit]) -> Iterator[dict[str, Any]]:
    is_area = scale is DamageScale.UNOSAT_RDBA
    for unit in units:
        shape = _element(unit.shape)
        for seen in unit.images:
            low, high, best = (imagery_fields.grade_number(grade) for grade in (seen.interval.min, seen.interval.max, seen.interval.best))
            yield {
                "id": uuid4(), "import_id": import_id, "unit_key": unit.key, "shape": shape, "is_area": is_area,
                "acquired_on": seen.taken_on, "clean_until": seen.clean_until, "event_phase": POST if seen.is_first else MONITOR,
                "sensor": seen.sensor, "gsd_m": seen.gsd_m, "source_value": seen.value, "damage_min": low, "damage_max": high,
                "damage_best": best, "confidence": seen.confidence, "field_validated": unit.is_validated, "is_latest": seen.is_latest,
                "limits": [AREA_ONLY] if is_area else [FROM_ABOVE] if seen.interval.best in {DamageGrade.D0, DamageGrade.DU} else [],
            }  # fmt: skip


def undo(import_id: UUID, *, actor: Actor) -> int:
    """Take an import back: its rows are gone, what it was stays on record. Returns how many rows; Problem ``already_done``."""
    _must(actor)
    one = session.scalar(select(ImageryImport).where(ImageryImport.id == import_id).with_for_update())
    if one is None:
        raise Problem("not_found")
    if one.state == UNDONE:
        raise Problem("already_done")
    gone = session.execute(delete(ImageryRow).where(ImageryRow.import_id == one.id)).rowcount  # type: ignore[attr-defined]
    one.state, one.undone_at, one.undone_by = UNDONE, now(), actor.person_id
    drop_file(one)
    ledger.record("imagery.undone", one.id, actor_id=actor.person_id, rows=gone)
    return int(gone)


def drop_file(one: ImageryImport) -> None:
    """The file's key goes with the row; the file itself is swept, so that a crash between the two leaves nothing readable."""
    one.file_key = None


def sweep_tried() -> int:
    """Destroy the files of imports that were tried and not kept for two days, and of those that ended. Returns how many."""
    with settled():
        is_over = ImageryImport.state.not_in((TRIED, READING, KEEPING)) | (ImageryImport.begun_at < now() - TRIED_FOR)
        stale = ImageryImport.file_ref.is_not(None) & is_over
        names = list(session.scalars(select(ImageryImport.file_ref).where(stale).with_for_update()))
        session.execute(update(ImageryImport).where(stale).values(file_ref=None, file_key=None))
    for name in names:
        store().delete(name or "", STORED_IN)
    return len(names)


def imports() -> list[ImageryImport]:
    """Every import of satellite assessments, the latest first; tried ones too, while their file is kept."""
    kept = (ImageryImport.state != TRIED) | ImageryImport.file_ref.is_not(None)
    return list(session.scalars(select(ImageryImport).where(kept).order_by(ImageryImport.begun_at.desc(), ImageryImport.id)))


def by_id(import_id: UUID) -> ImageryImport:
    """One import, or Problem ``not_found``."""
    found = session.get(ImageryImport, import_id)
    if found is None:
        raise Problem("not_found")
    return found


def find(start: str) -> ImageryImport:
    """The import whose number begins so; Problem ``not_found`` if none does or more than one."""
    found = [one for one in imports() if len(start.strip()) >= 4 and str(one.id).startswith(start.strip().lower())]
    if len(found) != 1:
        raise Problem("not_found")
    return found[0]


def _must(actor: Actor) -> None:
    if not may(actor, "import_imagery"):
        raise Problem("not_allowed" if actor.is_known else "sign_in_needed")


def _element(shape: shapely.Geometry) -> WKBElement:
    return WKBElement(shapely.to_wkb(shape), srid=4326)


def batches_of(one: ImageryImport, units: list[Unit]) -> Iterator[list[dict[str, Any]]]:
    """The rows that an import writes, a thousand at a time."""
    return _pieces(_rows(one.id, one.source_scale, units))


def _pieces(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
