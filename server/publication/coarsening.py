"""Where on the ladder of places a damage record may stand: grid, never jitter, and hidden among k places like it. Pure.

What counts is the intersection of everything that was ever shown of the place: a cell and a district shown together, or
one this month and the other last month, tell as much as the sliver they share.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import h3

from server.publication.policy import PolicyRow
from server.vocabulary import GeometryLevel

POINT, NONE = GeometryLevel.POINT, GeometryLevel.NONE
CELLS = {GeometryLevel.H3_9: 9, GeometryLevel.H3_8: 8, GeometryLevel.H3_7: 7, GeometryLevel.H3_6: 6}
AREAS = {GeometryLevel.ADM2: 2, GeometryLevel.ADM1: 1}
FINEST_CELL = 9

Counts = Mapping[tuple[str, str], int]
"""How many sites exist: {(kind, area): n}. `kind` is a class ("S3"), a group ("HEA") or a type ("HEA.HOSP"); `area` is
a level of the record's own place ("H3_8", "ADM2") or two that are shown together ("H3_8&ADM3"). What is missing counts
0. Where several areas share a cell, the count of the pair is that of its smallest piece, because a blank beside its
neighbours' names tells as much as a name. "ADM1-ADM2:S3<3" is the region less its districts of three or more of the class."""


@dataclass(frozen=True, kw_only=True)
class Whereabouts:
    """What is known of the place itself; `pcodes` are those of levels 1, 2 and 3, None where there is none."""

    h3_r9: str | None
    pcodes: tuple[str | None, str | None, str | None]
    accuracy_m: float | None = None


@dataclass(frozen=True, kw_only=True)
class Disclosure:
    """What was once shown in public of a record's place. It cannot be taken back: every later row lives with it."""

    level: GeometryLevel
    cell: str | None = None
    pcodes: tuple[str | None, str | None, str | None] = (None, None, None)

    @cached_property
    def depth(self) -> int:
        """The finest administrative level shown, 0 for none."""
        return max((level for level, pcode in enumerate(self.pcodes, start=1) if pcode), default=0)


def cell_at(place: Whereabouts, level: GeometryLevel) -> str | None:
    """The H3 cell at a level, by the chain of parents: indexing a point anew at each level would leak a sliver."""
    return parent(place.h3_r9, CELLS[level]) if place.h3_r9 else None


@lru_cache(maxsize=200_000)
def parent(cell: str, resolution: int) -> str:
    """The ancestor of a cell at a coarser resolution, or the cell itself; a batch asks for the same ones many times."""
    return str(h3.cell_to_parent(cell, resolution))


def shown_place(place: Whereabouts, level: GeometryLevel) -> str | None:
    """The cell or the P-code that stands for the place at a level; None where there is none, and for a point."""
    if level in CELLS:
        return cell_at(place, level)
    return place.pcodes[AREAS[level] - 1] if level in AREAS else None


def settle(
    place: Whereabouts,
    row: PolicyRow,
    *,
    counts: Counts,
    seen: Iterable[Disclosure],
    accuracy_m: Mapping[GeometryLevel, float],
) -> GeometryLevel:
    """The finest level of one policy row at which the place is hidden well enough; NONE when there is none."""
    seen = tuple(seen)
    for level in steps(row):
        known = place.accuracy_m is None or place.accuracy_m <= accuracy_m.get(level, float("inf"))
        safe = agrees(place, level, seen) and hidden(level, row, counts=counts, seen=seen)
        if known and safe and exists(place, level):
            return level
    return NONE


def steps(row: PolicyRow) -> tuple[GeometryLevel, ...]:
    """The levels a row allows, the finest first. Where the exact place may be shown, any coarser one may be."""
    return tuple(level for level in GeometryLevel if level is not NONE) if row.ladder[0] is POINT else row.ladder


def hidden(
    level: GeometryLevel, row: PolicyRow, *, counts: Counts, seen: tuple[Disclosure, ...], depth: int = 0
) -> bool:
    """Whether k places of the row's class exist in the level, and in what it narrows together with all shown before.

    `depth` is the finest administrative column shown beside it. A row that may show the exact place asks for no k.
    """
    if row.k == 0 or row.ladder[0] is POINT:
        return True
    before, after = exposed(seen), exposed(seen, level=level, depth=depth)
    asked = {level.value, left_over(level, row)} | ({after} if after != before else set())
    return all(counts.get((row.sensitivity.value, area), 0) >= row.k for area in asked)


def exposed(seen: Iterable[Disclosure], *, level: GeometryLevel | None = None, depth: int = 0) -> str:
    """The narrowest area that everything shown so far, and this, share: "H3_8&ADM2", "ADM1", "POINT" or ""."""
    shown = {(item.level, item.depth) for item in seen} | ({(level, depth)} if level else {(NONE, depth)})
    return _shared(frozenset(shown))


@lru_cache(maxsize=10_000)
def _shared(shown: frozenset[tuple[GeometryLevel, int]]) -> str:
    levels = {level for level, _ in shown}
    if POINT in levels:
        return POINT.value
    cell = min((level for level in levels if level in CELLS), default=None)
    adm = max(max(AREAS.get(level, 0), depth) for level, depth in shown)
    return "&".join(part for part in (cell.value if cell else "", f"ADM{adm}" if adm else "") if part)


def finest(seen: Iterable[Disclosure]) -> GeometryLevel | None:
    """The finest level at which a place was ever shown; None where it never was."""
    return min((item.level for item in seen), default=None)


def left_over(level: GeometryLevel, row: PolicyRow) -> str:
    """The name under which is counted where a place at a level may lie for somebody who knows the rules.

    A region is shown where the district hides too few: so only the places of such districts are counted, "ADM1-ADM2:S3<3".
    """
    is_second_choice = level is GeometryLevel.ADM1 and GeometryLevel.ADM2 in row.ladder
    return f"ADM1-ADM2:{row.sensitivity.value}<{row.k}" if is_second_choice else level.value


def agrees(place: Whereabouts, level: GeometryLevel, seen: Iterable[Disclosure]) -> bool:
    """Whether showing the place at a level stays equal to, inside or around everything that was ever shown of it."""
    return all(_agrees(place, level, item) for item in seen)


def area_columns(
    place: Whereabouts, level: GeometryLevel, rows: Iterable[PolicyRow], *, counts: Counts, seen: tuple[Disclosure, ...]
) -> int:
    """How many administrative columns (1, 1–2 or 1–3) may stand beside the level without narrowing it below k."""
    rows = tuple(rows)
    if level in AREAS or level is NONE:
        return AREAS.get(level, 0)
    shown = 0
    for depth, pcode in enumerate(place.pcodes, start=1):
        consistent = all(item.pcodes[depth - 1] in (None, pcode) for item in seen)
        safe = all(hidden(level, row, counts=counts, seen=seen, depth=depth) for row in rows)
        if not (pcode and consistent and safe):
            break
        shown = depth
    return shown


def exists(place: Whereabouts, level: GeometryLevel) -> bool:
    """Whether the record has what a level would show."""
    return place.h3_r9 is not None if level is POINT else shown_place(place, level) is not None


def _agrees(place: Whereabouts, level: GeometryLevel, seen: Disclosure) -> bool:
    if level in AREAS:
        depth = AREAS[level]
        known = seen.pcodes[:depth]
        same = all(was in (None, pcode) for was, pcode in zip(known, place.pcodes, strict=False))
        return same and (known[-1] is not None or _same_cell(place, seen, FINEST_CELL))
    return _same_cell(place, seen, CELLS.get(level, FINEST_CELL)) and all(
        was in (None, pcode) for was, pcode in zip(seen.pcodes, place.pcodes, strict=True)
    )


def _same_cell(place: Whereabouts, seen: Disclosure, resolution: int) -> bool:
    """Whether the place and the cell once shown share an ancestor at a resolution, or at the shown one if coarser."""
    if seen.cell is None or place.h3_r9 is None:
        return True
    resolution = min(resolution, h3.get_resolution(seen.cell))
    return parent(seen.cell, resolution) == parent(place.h3_r9, resolution)
