"""The public map's tiles: counts by grid cell while the grid is coarser than the areas, then areas, and points one by one.

Each row counts exactly once in exactly one tile of every zoom, so the numbers on the map always add up to the rows.
"""

from typing import Any

from sqlalchemy import BigInteger, cast, func, literal, select, text

from server.core import tiles
from server.core.database import public_session
from server.publication.models import PublishedCell, PublishedIncident
from server.publication.pyramid import FINEST_FOR, in_grid
from server.publication.reading import Asked, conditions
from server.vocabulary import GeometryLevel

SINGLE_FROM_ZOOM = 11
SINGLE_MOST = 600
GRADES = ("d0", "d1", "d2", "d3", "d4", "du")


def tile(z: int, x: int, y: int, asked: Asked) -> dict[str, object]:
    """``{"cells": [[lon, lat, n, d0 … du]], "areas": [[level, code, n, d0 … du]], "incidents": [[lon, lat, …]]}``."""
    tiles.checked(z, x, y)
    level = tiles.level_of(z)
    if z >= SINGLE_FROM_ZOOM:
        return _near(z, x, y, level, asked)
    gridded = in_grid(level)
    cells = _grouped(z, x, y, level, gridded, asked) if _narrows(asked) else _counted(z, x, y, level)
    return {"cells": tiles.as_rows(cells, level), "areas": _areas(z, x, y, gridded, asked)}


def _near(z: int, x: int, y: int, level: int, asked: Asked) -> dict[str, object]:
    """Close by, every area is an outline and every point a symbol, unless there are too many points."""
    points = [GeometryLevel.POINT.value]
    found: dict[str, object] = {"areas": _areas(z, x, y, points, asked)}
    single = _single(z, x, y, asked)
    if len(single) <= SINGLE_MOST or level < z:
        return {**found, "incidents": single}
    return {**found, "cells": tiles.as_rows(_grouped(z, x, y, level, points, asked), level)}


def _narrows(asked: Asked) -> bool:
    return any(value not in (None, "", []) for value in asked.values())


def _counted(z: int, x: int, y: int, level: int) -> list[tiles.Cell]:
    low, high = tiles.level_range(z, x, y, level)
    cell = PublishedCell
    query = select(cell.cell, cell.n, *(getattr(cell, grade) for grade in GRADES)).where(
        cell.level == level, cell.cell >= low, cell.cell < high
    )
    return [tuple(row) for row in public_session.execute(query.order_by(cell.cell))]  # type: ignore[misc]


def _grouped(z: int, x: int, y: int, level: int, gridded: list[str], asked: Asked) -> list[tiles.Cell]:
    cell = PublishedIncident.cell_key.op(">>")(literal(2 * (24 - level)))
    query = select(cast(cell, BigInteger), *_counts()).where(
        *_in_tile(z, x, y, asked), PublishedIncident.geo_level.in_(gridded)
    )
    return [tuple(row) for row in public_session.execute(query.group_by(text("1")))]  # type: ignore[misc]


def _areas(z: int, x: int, y: int, gridded: list[str], asked: Asked) -> list[list[Any]]:
    """Rows that no grid cell counts here, by the area they name."""
    row = PublishedIncident
    outside = [kind for kind in FINEST_FOR if kind.value not in gridded]
    query = select(row.geo_level, row.area_code, *_counts()).where(
        *_in_tile(z, x, y, asked), row.geo_level.in_(outside)
    )
    found = public_session.execute(query.group_by(row.geo_level, row.area_code).order_by(row.area_code))
    return [[level.value, *rest] for level, *rest in found]


def _single(z: int, x: int, y: int, asked: Asked) -> list[list[Any]]:
    """``[lon, lat, number, grade, certainty, None, site type]`` of each point in the tile."""
    row = PublishedIncident
    query = select(row.lon, row.lat, row.incident_id, row.damage_best, row.certainty, row.site_type)
    found = public_session.execute(
        query.where(*_in_tile(z, x, y, asked), row.geo_level == GeometryLevel.POINT)
        .order_by(row.position)
        .limit(100_000)
    )
    return [
        [lon, lat, number, "DU" if best is None else f"D{best}", certainty.value, None, kind.value if kind else "UNK"]
        for lon, lat, number, best, certainty, kind in found
    ]


def _counts() -> list[Any]:
    grades = [func.count().filter(PublishedIncident.damage_best == grade) for grade in range(5)]
    return [func.count(), *grades, func.count().filter(PublishedIncident.damage_best.is_(None))]


def _in_tile(z: int, x: int, y: int, asked: Asked) -> list[Any]:
    low, high = tiles.finest_range(z, x, y)
    return [PublishedIncident.cell_key >= low, PublishedIncident.cell_key < high, *conditions(asked)]
