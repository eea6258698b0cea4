"""What the public side reads: only schema ``pub``, through the database role that can read nothing else."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Float, Row, Select, case, cast, func, or_, select, true
from sqlalchemy.orm import Session

from server.core.database import public_session
from server.core.tiles import TileMemory
from server.publication.about import About
from server.publication.formats import geojson
from server.publication.models import PublishedArea, PublishedBatch, PublishedIncident
from server.publication.schemas import UNKNOWN_GRADE, PublicIncident, read_box
from server.publication.source import TAIL, Source, Spelling, position_of
from server.vocabulary import GeometryLevel

Asked = Mapping[str, Any]
COLUMNS: tuple[str, ...] = PublicIncident.Meta.fields
NEAR_M = 500
NEAR_MOST = 20
HAIR = 1e-9  # a box without width or height is no polygon, and would touch nothing
CELLS = (GeometryLevel.H3_9, GeometryLevel.H3_8, GeometryLevel.H3_7)
OUTLINE_DEGREES = 0.01  # about a kilometre: a file of a thousand rows repeats a district's outline a thousand times

OUTLINES_KEPT = 10_000

_counts = TileMemory(seconds=600.0, most=500)


class ChangedMeanwhile(RuntimeError):
    """A batch came while a file was being sent. The file breaks off, so that nobody keeps half of two data sets."""


class _Drawn:
    """Outlines as they were spelt for earlier pages of the present batch: whoever pages through meets the same areas again."""

    def __init__(self) -> None:
        self._of: object = None
        self._known: dict[bytes, bytes] = {}

    def of(self, source: Source, codes: AbstractSet[str]) -> Mapping[bytes, bytes]:
        """GeoJSON of at least these areas, by code; without those that have no outline."""
        newest_one = latest()
        present = (newest_one and newest_one.release_id, _counts.age)
        if self._of != present or len(self._known) > OUTLINES_KEPT:
            self._of, self._known = present, {}
        known = self._known
        if missing := sorted(code for code in codes if code.encode() not in known):
            known |= source.outlines(missing)
        return known


_drawn = _Drawn()


def latest() -> PublishedBatch | None:
    """The newest change of the public copy; None before the first."""
    return public_session.scalar(newest())


def batches(limit: int = 400) -> Sequence[PublishedBatch]:
    """The changes of the public copy, the newest first."""
    return public_session.scalars(newest().limit(limit)).all()


def count(asked: Asked) -> int:
    """How many public rows there are under some filters. Counted once for each batch: it costs more than a page."""
    newest_one = latest()
    name = f"{newest_one.release_id if newest_one else ''} {sorted((key, str(value)) for key, value in asked.items() if value)}"
    body, _tag = _counts.answer(name, lambda: _counted(asked))
    return int(orjson.loads(body)["n"])


def page(asked: Asked, *, size: int, after: int | None = None) -> tuple[list[dict[str, Any]], int | None]:
    """One page of rows in the order of export, and where the next begins (None at the end)."""
    found = public_session.execute(_rows(asked, after).limit(size + 1)).all()
    rows = [row._asdict() for row in found[:size]]
    return rows, rows[-1]["position"] if len(found) > size else None


def one(incident_id: str) -> dict[str, Any] | None:
    """One public row with its outline as GeoJSON text, or None."""
    row = public_session.execute(
        _with_outline(_rows({}).where(PublishedIncident.incident_id == incident_id))
    ).one_or_none()
    return row._asdict() if row else None


def objects(asked: Asked, *, size: int, after: int | None = None) -> tuple[list[bytes], int | None]:
    """One page of rows as JSON objects, spelt by PostgreSQL, and where the next begins (None at the end)."""
    return _spelt(_source(asked), geojson.ROW, size=size, after=after)


def features(asked: Asked, *, size: int, after: int | None = None) -> tuple[list[bytes], int | None]:
    """One page of rows as GeoJSON features, and where the next begins (None at the end)."""
    source = _source(asked)
    lines, last = _spelt(source, geojson.FEATURE, size=size, after=after)
    return list(geojson.placed(lines, _drawn.of(source, geojson.areas_of(lines)))), last


def own_session() -> Session:
    """A session of its own on the public copy, for what outlives a request's. The caller closes it."""
    return public_session.session_factory()


def is_newest(own: Session, release_id: str) -> bool:
    """Whether no batch came since the one with this number ("" before the first)."""
    return (own.scalar(newest().with_only_columns(PublishedBatch.release_id)) or "") == release_id


def area(level: GeometryLevel, code: str) -> Row[Any] | None:
    """An area's code, level, name, and outline as GeoJSON text; None when no public row names it."""
    wanted = select(
        PublishedArea.code, PublishedArea.geo_level, PublishedArea.name, _geojson(PublishedArea.shape).label("outline")
    )
    return public_session.execute(
        wanted.where(PublishedArea.code == code, PublishedArea.geo_level == level)
    ).one_or_none()  # fmt: skip


def extent() -> tuple[float, float, float, float] | None:
    """West, south, east, north of everything public; None where there is nothing."""
    row = PublishedIncident
    shapes = select(func.ST_Extent(PublishedArea.shape).label("box")).subquery()
    points = select(
        func.min(row.lon).label("w"),
        func.min(row.lat).label("s"),
        func.max(row.lon).label("e"),
        func.max(row.lat).label("n"),
    )
    p, box = points.subquery(), shapes.c.box
    edges = [
        func.least(p.c.w, func.ST_XMin(box)), func.least(p.c.s, func.ST_YMin(box)),
        func.greatest(p.c.e, func.ST_XMax(box)), func.greatest(p.c.n, func.ST_YMax(box)),
    ]  # fmt: skip
    found = public_session.execute(select(*edges).select_from(shapes.join(p, true()))).one()
    return None if found[0] is None else tuple(found)  # type: ignore[return-value]


def earliest() -> date | None:
    """The first day that any public row names; None where there is none."""
    return public_session.scalar(select(func.min(PublishedIncident.date_start)))


def nearby(lon: float, lat: float) -> list[dict[str, Any]]:
    """What is publicly known at a place: rows whose cell holds it, and points within half a kilometre, newest first."""
    here = func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326)
    holding = select(PublishedArea.code).where(
        PublishedArea.geo_level.in_(CELLS), PublishedArea.shape.ST_Intersects(here)
    )
    spot = func.ST_SetSRID(func.ST_MakePoint(PublishedIncident.lon, PublishedIncident.lat), 4326)
    metres = func.ST_DistanceSphere(spot, here)
    degrees = (
        NEAR_M / 50_000
    )  # a box that holds the circle up to 63 degrees from the equator; further out it is smaller
    in_box = PublishedIncident.lon.between(lon - degrees, lon + degrees) & PublishedIncident.lat.between(
        lat - degrees, lat + degrees
    )
    wanted = select(*_columns(), cast(case((PublishedIncident.lon.is_not(None), metres)), Float).label("metres")).where(
        or_(PublishedIncident.area_code.in_(holding) & PublishedIncident.lon.is_(None), in_box & (metres <= NEAR_M))
    )
    newest = wanted.order_by(PublishedIncident.date_end.desc().nulls_last(), PublishedIncident.position).limit(
        NEAR_MOST
    )
    return [row._asdict() for row in public_session.execute(newest)]


def conditions(asked: Asked) -> list[ColumnElement[bool]]:
    """The filters as SQL conditions over public rows, all bound."""
    row = PublishedIncident
    found = [
        getattr(row, name).in_(asked[name])
        for name in ("certainty", "site_group", "site_type", "sector")
        if asked.get(name)
    ]
    if asked.get("damage"):
        found.append(_grades(asked["damage"]))
    if code := asked.get("adm"):
        found.append(or_(row.adm1_pcode == code, row.adm2_pcode == code, row.adm3_pcode == code))
    if asked.get("since"):
        found.append(row.date_end >= asked["since"])
    if asked.get("until"):
        found.append(row.date_start <= asked["until"])
    if box := read_box(asked.get("bbox") or ""):
        found.append(_in_box(*box))
    return found


def _grades(asked: Sequence[str]) -> ColumnElement[bool]:
    known = PublishedIncident.damage_best.in_([int(grade) for grade in asked if grade != UNKNOWN_GRADE])
    return or_(known, PublishedIncident.damage_best.is_(None)) if UNKNOWN_GRADE in asked else known


def _in_box(west: float, south: float, east: float, north: float) -> ColumnElement[bool]:
    """Rows whose area touches the box; a box that crosses the date line is two."""
    east, north = east + HAIR * (east == west), north + HAIR * (north == south)
    spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    touching = [PublishedArea.shape.ST_Intersects(func.ST_MakeEnvelope(w, south, e, north, 4326)) for w, e in spans]
    row = PublishedIncident
    inside = [row.lon.between(w, e) & row.lat.between(south, north) for w, e in spans]
    return or_(row.area_code.in_(select(PublishedArea.code).where(or_(*touching))), *inside)


def _counted(asked: Asked) -> dict[str, object]:
    counted = select(func.count()).select_from(PublishedIncident).where(*conditions(asked))
    return {"n": public_session.scalar(counted) or 0}


def _source(asked: Asked) -> Source:
    return Source(public_session.connection(), About(release_id=""), where=conditions(asked))


def _spelt(source: Source, spelling: Spelling, *, size: int, after: int | None) -> tuple[list[bytes], int | None]:
    rows = source.some(spelling, after=after, size=size + 1)
    return [row[:-TAIL] for row in rows[:size]], position_of(rows[size - 1]) if len(rows) > size else None


def _columns() -> list[Any]:
    return [getattr(PublishedIncident, name) for name in COLUMNS]


def _rows(asked: Asked, after: int | None = None) -> Select[Any]:
    query = select(*_columns(), PublishedIncident.position, PublishedIncident.area_code).where(*conditions(asked))
    if after is not None:
        query = query.where(PublishedIncident.position > after)
    return query.order_by(PublishedIncident.position)


def _with_outline(query: Select[Any]) -> Select[Any]:
    rows = query.subquery()
    point = func.ST_SetSRID(func.ST_MakePoint(rows.c.lon, rows.c.lat), 4326)
    shape = func.ST_SimplifyPreserveTopology(
        PublishedArea.shape, case((PublishedArea.geo_level.like("ADM%"), OUTLINE_DEGREES), else_=0.0)
    )
    outline = case((rows.c.lon.is_not(None), _geojson(point)), else_=_geojson(func.ST_Multi(shape)))
    joined = rows.outerjoin(PublishedArea, PublishedArea.code == rows.c.area_code)
    return select(*rows.c, outline.label("outline")).select_from(joined).order_by(rows.c.position)


def _geojson(shape: Any) -> Any:
    """GeoJSON text after RFC 7946: five decimals, outer rings against the clock."""
    return func.ST_AsGeoJSON(func.ST_ForcePolygonCCW(shape), 5)


def newest() -> Select[PublishedBatch]:
    """The changes of the public copy, the newest first."""
    number = func.length(PublishedBatch.release_id)
    return select(PublishedBatch).order_by(
        PublishedBatch.published_on.desc(), number.desc(), PublishedBatch.release_id.desc()
    )
