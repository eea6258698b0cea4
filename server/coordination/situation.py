"""The situation report in numbers: one shape for every audience, filled by the room that may look.

Nothing in it is an exact place. Damage is counted in squares of a grid of some kilometres (``Cell``) or in administrative areas
(``Area``), and single records are named by number, kind, day and area. Pure.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import floor, log2
from typing import Final

from server.core.choices import N_, Choice
from server.core.geography import key_centre, mercator
from server.vocabulary import Certainty, DamageGrade, Tier

Box = tuple[float, float, float, float]
Counts = tuple[int, int, int, int, int, int]

AUDIENCES: Final = (Tier.COORD, Tier.PARTNER, Tier.PUBLIC)
GRADES: Final = (*(DamageGrade(f"D{number}") for number in range(5)), DamageGrade.DU)
FINEST_GRID: Final = 13  # squares of about five kilometres at the equator, three in the middle latitudes: no place is told by them
COARSEST_GRID: Final = 5
ACROSS: Final = 18  # at most so many squares a map is wide, so that their numbers do not lie over one another
MARGIN: Final = 0.08  # degrees
MOST_LINES: Final = 40
MOST_RECORDS: Final = 60


@dataclass(frozen=True)
class Line:
    """One line of a table: words (a code, or the name of an area) and counts by damage, D0 to D4 and unknown."""

    label: Choice | str
    counts: Counts

    @property
    def total(self) -> int:
        """All of the line."""
        return sum(self.counts)


@dataclass(frozen=True)
class Record:
    """One damage record as an audience may read it."""

    number: str
    site: Choice | None
    damage: DamageGrade
    certainty: Certainty
    area: str
    when: str
    is_new: bool = False
    is_urgent: bool = False


@dataclass(frozen=True)
class Cell:
    """A square of the grid: the middle of it (longitude, latitude) and counts by damage."""

    lon: float
    lat: float
    counts: Counts


@dataclass(frozen=True)
class Area:
    """An administrative area of which only the whole is known: its outline as GeoJSON text, a point inside, and counts."""

    name: str
    outline: str
    lon: float
    lat: float
    counts: Counts


@dataclass(frozen=True, kw_only=True)
class Figures:
    """All a situation report says. ``box`` is what the map shows; ``left_out`` names filters that this audience cannot ask."""

    audience: Tier
    at: datetime
    since: datetime | None
    total: int
    new: int | None
    trapped: int | None
    by_area: tuple[Line, ...]
    by_kind: tuple[Line, ...]
    by_certainty: tuple[Line, ...]
    by_need: tuple[tuple[Choice, int], ...]
    records: tuple[Record, ...]
    cells: tuple[Cell, ...]
    areas: tuple[Area, ...]
    box: Box | None
    left_out: tuple[str, ...] = ()
    data_set: str = ""

    @property
    def by_damage(self) -> tuple[tuple[DamageGrade, int], ...]:
        """How many records of each grade."""
        return tuple((grade, sum(line.counts[at] for line in self.by_certainty)) for at, grade in enumerate(GRADES))


CAVEATS: Final[Mapping[Tier, tuple[str, ...]]] = {
    Tier.COORD: (
        N_("No record does not mean no damage: nobody may have reported yet."),
        N_("Rumours and possible damage are counted with the rest. Read the table of certainty first."),
        N_("For coordinators only. Do not pass it on: choose the audience of partners or of everybody instead."),
    ),
    Tier.PARTNER: (
        N_("No record does not mean no damage: nobody may have reported yet."),
        N_("Places are areas, and the most sensitive ones are larger or left out. Never take the middle of an area for the place."),
        N_("For the partners of this response. Do not publish it: choose the audience of everybody instead."),
    ),
    Tier.PUBLIC: (
        N_("No record does not mean no damage."),
        N_("Records come late on purpose and places are made coarser on purpose, to protect people."),
        N_("Only what is public already is in this report. Not for targeting, and not for claims against anybody."),
    ),
}
"""What every paper says of itself, by audience (msgids)."""


def grade_at(best: int | None) -> int:
    """The place of a grade 0–4 in ``Counts``; the last is "cannot tell"."""
    return 5 if best is None else best


def grid_level(box: Box | None) -> int:
    """The level of the grid on which a box is one or two dozen squares wide, never finer than ``FINEST_GRID``."""
    if box is None:
        return COARSEST_GRID
    west, north = mercator(box[0], box[3])
    east, south = mercator(box[2], box[1])
    span = max(east - west, south - north, 2**-FINEST_GRID)
    return max(COARSEST_GRID, min(FINEST_GRID, floor(log2(ACROSS / span))))


class Tally:
    """Counts by damage under any key, gathered row by row."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._counted: dict[object, Counter[int]] = {}

    def add(self, key: object, best: int | None, n: int = 1) -> None:
        """Count ``n`` records of a grade under a key."""
        self._counted.setdefault(key, Counter())[grade_at(best)] += n

    def counts(self) -> dict[object, Counts]:
        """What was counted."""
        return {key: _six(found) for key, found in self._counted.items()}


def _six(found: Counter[int]) -> Counts:
    return (found[0], found[1], found[2], found[3], found[4], found[5])


def lines(counted: Mapping[object, Counts], *, most: int = MOST_LINES, rest: str = N_("All others")) -> tuple[Line, ...]:
    """The largest lines first, and what is left as one."""
    ordered = sorted(counted.items(), key=lambda item: (-sum(item[1]), str(item[0])))
    shown = [Line(key, counts) for key, counts in ordered[:most]]  # type: ignore[arg-type]
    left = [counts for _key, counts in ordered[most:]]
    if left:
        shown.append(Line(rest, tuple(sum(column) for column in zip(*left, strict=True))))  # type: ignore[arg-type]
    return tuple(shown)


def gathered(fine: Mapping[int, Counts]) -> tuple[tuple[Cell, ...], Box | None]:
    """Counts in squares of the finest grid, gathered so that their numbers do not lie over one another, and the box around them.

    A gathered square stands in the middle of what it holds: of its finest squares, not of any place.
    """
    if not fine:
        return (), None
    middles = {key: key_centre(key, FINEST_GRID) for key in fine}
    box = around(list(middles.values()))
    shift = 2 * (FINEST_GRID - grid_level(box))
    groups: dict[int, list[int]] = {}
    for key in sorted(fine):
        groups.setdefault(key >> shift, []).append(key)
    return _apart([_gathered(keys, fine, middles) for keys in groups.values()], box), box


def _apart(cells: list[Cell], box: Box | None) -> tuple[Cell, ...]:
    """The same counts with those that would lie over one another laid together, the larger taking the smaller."""
    if box is None:
        return tuple(cells)
    reach = max(box[2] - box[0], (box[3] - box[1]) * 1.6) / ACROSS
    kept: list[Cell] = []
    for cell in sorted(cells, key=lambda cell: (-sum(cell.counts), cell.lon, cell.lat)):
        near = next((at for at, other in enumerate(kept) if max(abs(other.lon - cell.lon), abs(other.lat - cell.lat) * 1.6) < reach), None)
        if near is None:
            kept.append(cell)
        else:
            kept[near] = _together(kept[near], cell)
    return tuple(kept)


def _together(one: Cell, other: Cell) -> Cell:
    counts = tuple(a + b for a, b in zip(one.counts, other.counts, strict=True))
    share = sum(other.counts) / sum(counts)
    return Cell(
        round(one.lon + (other.lon - one.lon) * share, 3), round(one.lat + (other.lat - one.lat) * share, 3), counts  # type: ignore[arg-type]
    )


def _gathered(keys: list[int], fine: Mapping[int, Counts], middles: Mapping[int, tuple[float, float]]) -> Cell:
    weights = [sum(fine[key]) for key in keys]
    lon, lat = (sum(middles[key][side] * weight for key, weight in zip(keys, weights, strict=True)) / sum(weights) for side in (0, 1))
    counts = tuple(sum(column) for column in zip(*(fine[key] for key in keys), strict=True))
    return Cell(round(lon, 3), round(lat, 3), counts)  # type: ignore[arg-type]


def around(points: Sequence[tuple[float, float]]) -> Box | None:
    """A box with some air around points; None for none."""
    if not points:
        return None
    west, east = min(lon for lon, _lat in points), max(lon for lon, _lat in points)
    south, north = min(lat for _lon, lat in points), max(lat for _lon, lat in points)
    air = max(MARGIN, 0.12 * max(east - west, north - south))
    return max(-180.0, west - air), max(-85.0, south - air), min(180.0, east + air), min(85.0, north + air)
