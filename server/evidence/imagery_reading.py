"""A satellite file as rows in our grades: which layers count, what each row saw, which area was looked at."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from server.evidence import imagery_fields
from server.evidence.imagery_fields import Columns, Image, RowRefused, Seen, Tally
from server.evidence.survey import Layer, survey
from server.vocabulary import DamageScale, UnknownGrade

DEGREES = (-180.001, -90.001, 180.001, 90.001)


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One thing that was looked at: its number at the source, its shape (WGS 84), and what each image showed."""

    key: str
    shape: shapely.Geometry
    images: list[Seen]
    is_validated: bool = False


@dataclass(kw_only=True)
class Reading:
    """What a file says: its things, which columns said it, what was left out and why."""

    columns: Columns | None = None
    layers: list[str] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    area: shapely.Geometry | None = None
    area_is_stated: bool = False
    fields: dict[str, list[str]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows would be written: one for each image of each thing."""
        return sum(len(unit.images) for unit in self.units)

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and the last image."""
        days = [seen.taken_on for unit in self.units for seen in unit.images if seen.taken_on]
        return (min(days), max(days)) if days else (None, None)

    @property
    def classes(self) -> list[tuple[str, int | None, int | None, int | None, int]]:
        """Each class of the source with what it means to us, and how often it occurs: ``(value, min, max, best, n)``."""
        found = Counter((seen.value, seen.interval) for unit in self.units for seen in unit.images)
        number = imagery_fields.grade_number
        rows = [(value, number(said.min), number(said.max), number(said.best), n) for (value, said), n in found.items()]
        return sorted(rows, key=lambda row: (-row[4], row[0]))

    @property
    def undated(self) -> int:
        """How many rows have no date of their image."""
        return sum(seen.taken_on is None for unit in self.units for seen in unit.images)


def read(data: bytes, *, provider: str, taken_on: date | None = None, chosen: Columns | None = None) -> Reading:
    """What a satellite file says. SurveyRefused when it cannot be read at all; rows that cannot be are told in the tally.

    ``chosen`` says which columns mean what, where a person knows better; ``taken_on`` is the date of images that have none.
    """
    layers = survey(data)
    table = _images(layers)
    found = Reading(fields={layer.name: list(layer.columns) for layer in layers if layer.columns})
    extents = []
    for layer in layers:
        columns = _columns(layer, provider, chosen)
        if imagery_fields.is_extent(layer.name):
            extents += [shape for shape in _shapes(layer) if shape is not None]
        elif columns is not None:
            found.columns = found.columns or columns
            found.layers.append(layer.name)
            found.units += _units(layer, columns, table, found.tally, taken_on)
    _bound(found, extents)
    return found


def _columns(layer: Layer, provider: str, chosen: Columns | None) -> Columns | None:
    if not any(shape is not None for shape in layer.shapes) and layer.shapes:
        return None
    if chosen is not None:
        return chosen if set(chosen.classes) <= set(layer.columns) else None
    return imagery_fields.recognise(layer.columns, layer.columns, provider=provider)


def _images(layers: Sequence[Layer]) -> dict[str, Image]:
    found: dict[str, Image] = {}
    for layer in layers:
        if imagery_fields.is_image_table(layer.columns):
            found.update(imagery_fields.image_table(layer.row(at) for at in range(len(layer.shapes))))
    return found


def _units(layer: Layer, columns: Columns, table: dict[str, Image], tally: Tally, taken_on: date | None) -> Iterator[Unit]:
    seen_keys: Counter[str] = Counter()
    for at, shape in enumerate(_shapes(layer)):
        row = layer.row(at)
        if shape is None or not _on_earth(shape):
            tally.refuse(layer.name, at + 1, RowRefused.NO_SHAPE if shape is None else RowRefused.NOT_ON_EARTH)
            continue
        images = _seen(row, columns, table, tally, taken_on, where=(layer.name, at + 1))
        if images:
            key = (row.get(columns.unit, "") or str(at + 1))[:48]
            seen_keys[key] += 1
            is_validated = imagery_fields.says_yes(row.get(columns.validation, ""))
            yield Unit(key=key if seen_keys[key] == 1 else f"{key}~{seen_keys[key]}", shape=shape, images=images, is_validated=is_validated)


def _seen(
    row: dict[str, str], columns: Columns, table: dict[str, Image], tally: Tally, taken_on: date | None, *, where: tuple[str, int]
) -> list[Seen]:
    try:
        images = imagery_fields.images_of(row, columns, table, taken_on=taken_on)
    except UnknownGrade:
        values = ", ".join(row.get(column, "") for column in columns.classes)
        tally.refuse(*where, RowRefused.UNKNOWN_CLASS, values)
        return []
    except ValueError as wrong:
        tally.refuse(*where, RowRefused.BAD_DATE, str(wrong))
        return []
    if not images and columns.scale is not DamageScale.UNOSAT_RDBA:
        tally.refuse(*where, RowRefused.NO_CLASS)
    return images


def _shapes(layer: Layer) -> list[shapely.Geometry | None]:
    """The shapes of a layer in WGS 84; None for each that cannot be read, and for all where the CRS is not known."""
    given = shapely.from_wkb(np.array(layer.shapes, dtype=object), on_invalid="ignore")
    move = _mover(layer.crs)
    if move is not None:
        given = shapely.transform(given, lambda points: np.column_stack(move.transform(points[:, 0], points[:, 1])))
    made = shapely.force_2d(given)
    broken = shapely.is_missing(made) | shapely.is_empty(made)
    crossed = ~broken & ~shapely.is_valid(made)
    made[crossed] = shapely.make_valid(made[crossed], method="structure", keep_collapsed=False)  # the other way a star takes minutes
    broken |= shapely.is_empty(made)
    return [None if is_broken else shape for shape, is_broken in zip(made.tolist(), broken.tolist(), strict=True)]


def _mover(crs: str) -> Transformer | None:
    """From a layer's coordinates to longitude and latitude; None where they are that already, or say nothing of themselves."""
    try:
        found = CRS.from_user_input(crs) if crs else None
    except CRSError:
        found = None
    if found is None or found.to_epsg() == 4326:
        return None
    return Transformer.from_crs(found, "EPSG:4326", always_xy=True)


def _on_earth(shape: shapely.Geometry) -> bool:
    west, south, east, north = shape.bounds
    return bool(DEGREES[0] <= west and south >= DEGREES[1] and east <= DEGREES[2] and north <= DEGREES[3])


def _bound(found: Reading, extents: list[shapely.Geometry]) -> None:
    """The area that was looked at: as the source says, else what encloses all it marked."""
    found.area_is_stated = bool(extents)
    if extents:
        found.area = shapely.union_all(extents)
    elif found.units:
        found.area = shapely.MultiPoint([unit.shape.representative_point() for unit in found.units]).convex_hull
