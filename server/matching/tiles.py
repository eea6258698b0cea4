"""The desk's map: what a tile shows of the damage records, exact at every zoom."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import BigInteger, Numeric, SQLColumnExpression, Text, case, cast, func, literal, select, text

from server.core import tiles
from server.core.database import session
from server.core.geography import CELL_LEVEL, key_centre
from server.matching import columns, exactness, filters
from server.matching.models import Incident
from server.vocabulary import DamageGrade, SensitivityClass

SINGLE_FROM_ZOOM = 11  # of 512 px tiles: what a person sees at zoom 12
SINGLE_MOST = 200
NEVER_MORE = 100_000  # a tile so deep that cells end cannot hold more than fell on one spot

KEPT_S = 2.0  # the short way (``core.swift``) keeps them as long again

memory = tiles.TileMemory(seconds=KEPT_S)
_TOLD = Incident.public_id, Incident.damage_best, Incident.certainty, Incident.site_type, Incident.s_class

# Cells and the log of changes not yet folded into them, together: true at every moment.
_CELLS = text("""
SELECT cell, sum(n)::int, sum(d0)::int, sum(d1)::int, sum(d2)::int, sum(d3)::int, sum(d4)::int, sum(du)::int FROM (
  SELECT cell, n, d0, d1, d2, d3, d4, du FROM map_cells WHERE level = :level AND cell >= :low AND cell < :high
  UNION ALL
  SELECT cell_key >> :shift, step, step * (grade = 0)::int, step * (grade = 1)::int, step * (grade = 2)::int,
         step * (grade = 3)::int, step * (grade = 4)::int, step * (grade = 5)::int
  FROM map_changes WHERE cell_key >= :low_key AND cell_key < :high_key
) AS parts GROUP BY cell ORDER BY cell
""")


def tile(z: int, x: int, y: int, asked: Mapping[str, Any], name: str) -> tuple[bytes, str]:
    """Body and ETag of a tile under the filters ``asked``; ``name`` is the query as written, under which it is kept.

    Who does not see exact places gets each record in the middle of its square (``exactness``), and the same counts; the most
    protected (S4) lie in the middle of theirs for everybody.
    """
    tiles.checked(z, x, y)
    told_alike = z < SINGLE_FROM_ZOOM and tiles.level_of(z) <= exactness.PROTECTED and not asked["bbox"] and not asked["adm"]
    if asked.get("exact") or told_alike:
        return memory.answer(f"{z}/{x}/{y}?{name}", lambda: _made(z, x, y, asked))
    return memory.answer(f"squares/{z}/{x}/{y}?{name}", lambda: _made_of_squares(z, x, y, asked))


def _made(z: int, x: int, y: int, asked: Mapping[str, Any]) -> dict[str, object]:
    """Cells first: they say at little cost whether the records are few enough to be shown one by one."""
    level = tiles.level_of(z)
    if level < z:
        return {"incidents": _single(z, x, y, asked)}
    cells = _filtered(z, x, y, level, asked) if filters.says_something(asked) else _counted(z, x, y, level)
    if z >= SINGLE_FROM_ZOOM and sum(cell[1] for cell in cells) <= SINGLE_MOST:
        return {"incidents": _single(z, x, y, asked)}
    return {"cells": tiles.as_rows(cells, level)}


def _made_of_squares(z: int, x: int, y: int, asked: Mapping[str, Any]) -> dict[str, object]:
    """The same for who sees squares only: cells while they are many, single records in the middle of their squares above."""
    level, key = tiles.level_of(z), exactness.square_key()
    here = [Incident.on_map, exactness.in_tile(z, x, y, tiles.finest_range), *filters.conditions(asked)]
    if level >= z:
        is_plain = level <= exactness.USUAL and not filters.says_something(asked)
        cells = _counted_in_squares(z, x, y, level) if is_plain else _grouped(key, level, here)
        if z < SINGLE_FROM_ZOOM or sum(cell[1] for cell in cells) > SINGLE_MOST:
            return {"cells": tiles.as_rows(cells, level)}
    found = session.execute(select(key.label("key"), *_TOLD).where(*here).order_by(Incident.cell_key).limit(NEVER_MORE))
    return {"incidents": [_squared(row) for row in found]}


def _counted_in_squares(z: int, x: int, y: int, level: int) -> list[tiles.Cell]:
    """The cells everybody sees, with what is protected (S3) taken out of its own cell and put where its square is."""
    low, high = tiles.finest_range(z, x, y)
    coarser: list[SQLColumnExpression[bool]] = [Incident.on_map, Incident.s_class == SensitivityClass.S3]
    here = _grouped(Incident.cell_key, level, [*coarser, Incident.cell_key >= low, Incident.cell_key < high])
    shown = _grouped(exactness.square_key(), level, [*coarser, exactness.in_tile(z, x, y, tiles.finest_range)])
    total: dict[int, list[int]] = {}
    for sign, cells in ((1, _counted(z, x, y, level)), (-1, here), (1, shown)):
        for cell, *counts in cells:
            total[cell] = [before + sign * count for before, count in zip(total.get(cell, [0] * len(counts)), counts, strict=True)]
    return [(cell, *counts) for cell, counts in total.items()]  # type: ignore[misc]


def _squared(row: Any) -> list[Any]:
    lon, lat = key_centre(row.key, CELL_LEVEL)
    grade = DamageGrade.DU.value if row.damage_best is None else f"D{row.damage_best}"
    radius = exactness.radius_m(exactness.level_of(row.s_class), lat)
    return [round(lon, 5), round(lat, 5), row.public_id, grade, row.certainty.value, radius, row.site_type.value]


def _counted(z: int, x: int, y: int, level: int) -> list[tiles.Cell]:
    low, high = tiles.level_range(z, x, y, level)
    low_key, high_key = tiles.finest_range(z, x, y)
    asked = {"level": level, "low": low, "high": high, "low_key": low_key, "high_key": high_key, "shift": 2 * (24 - level)}
    return [tuple(row) for row in session.execute(_CELLS, asked)]  # type: ignore[misc]


def _filtered(z: int, x: int, y: int, level: int, asked: Mapping[str, Any]) -> list[tiles.Cell]:
    low, high = tiles.finest_range(z, x, y)
    known = columns.cells(asked, low, high, 2 * (CELL_LEVEL - level))
    if known is not None:
        return known
    here = [Incident.on_map, exactness.shown_in_tile(z, x, y, tiles.finest_range), *filters.conditions(asked)]
    return _grouped(exactness.shown_key(), level, here)


def _grouped(
    key: SQLColumnExpression[int] | SQLColumnExpression[int | None], level: int, here: Sequence[SQLColumnExpression[bool]]
) -> list[tiles.Cell]:
    """Counts by cell at ``level`` of the records ``here``, each where its finest ``key`` says."""
    cell = key.op(">>")(literal(2 * (CELL_LEVEL - level)))
    grades = [func.count().filter(Incident.damage_best == grade) for grade in range(5)]
    query = (
        select(cast(cell, BigInteger), func.count(), *grades, func.count().filter(Incident.damage_best.is_(None)))
        .where(*here)
        .group_by(text("1"))
    )
    return [tuple(row) for row in session.execute(query)]  # type: ignore[misc]


def _single(z: int, x: int, y: int, asked: Mapping[str, Any]) -> orjson.Fragment:
    """``[lon, lat, public id, grade, certainty, accuracy in metres, site type]`` of each record in the tile.

    The database writes the JSON: a tile of hundreds of records would otherwise cost more to spell than to find. The few of S4
    come after them, in the middle of their square.
    """
    low, high = tiles.finest_range(z, x, y)
    most = Incident.s_class == SensitivityClass.S4
    grade = case((Incident.damage_best.is_(None), DamageGrade.DU.value), else_=func.concat("D", Incident.damage_best))
    row = func.json_build_array(
        func.round(cast(func.ST_X(Incident.point), Numeric), 6), func.round(cast(func.ST_Y(Incident.point), Numeric), 6),
        Incident.public_id, grade, Incident.certainty, Incident.accuracy_m, Incident.site_type,
    )  # fmt: skip
    found = (
        select(cast(row, Text))
        .where(Incident.on_map, ~most, Incident.cell_key >= low, Incident.cell_key < high, *filters.conditions(asked))
        .order_by(Incident.cell_key)
        .limit(NEVER_MORE)
    )
    here = [Incident.on_map, most, exactness.shown_in_tile(z, x, y, tiles.finest_range), *filters.conditions(asked)]
    protected = session.execute(select(exactness.shown_key().label("key"), *_TOLD).where(*here).order_by(Incident.id).limit(NEVER_MORE))
    rows = [*session.scalars(found), *(orjson.dumps(_squared(row)).decode() for row in protected)]
    return orjson.Fragment("[" + ",".join(rows) + "]")
