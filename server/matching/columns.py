"""Counts under any filter in milliseconds at a million records: answers from the columns in memory (``mirror``), exact as the table's.

Each gives None where the table is to be asked instead. What a set of filters lets through is kept while the columns stay the same, so
that the tiles, the numbers, the days and the areas of one view look once.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from server.core.database import session
from server.core.response import this_response
from server.core.tiles import Cell
from server.matching import exactness, facets, filters
from server.matching.facets import MERGED, PLACED, TRAPPED, Columns
from server.matching.mirror import LATEST_UNKNOWN, MIRROR
from server.vocabulary import Certainty, SensitivityClass, WorkflowState

GRADES = 6  # D0 … D4 and unknown
KEPT, KEPT_ROWS = 12, 4_000_000


@dataclass(frozen=True)
class Chosen:
    """What some filters let through: the place of each record in the columns; cell and grade of those on the map."""

    rows: NDArray[np.intp]
    cells: NDArray[np.int64]
    grades: NDArray[np.int8]
    told: dict[str, int] = field(default_factory=dict)  # the numbers above the list, once they were counted


class _Kept:
    """The last choices among the present columns."""

    def __init__(self) -> None:
        self._of: Columns | None = None
        self._known: OrderedDict[str, Chosen] = OrderedDict()

    def choose(self, known: Columns, asked: Mapping[str, Any]) -> Chosen:
        """What ``asked`` lets through among ``known``."""
        if self._of is not known:
            self._of, self._known = known, OrderedDict()
        name = f"{this_response().time_zone} {sorted((name, str(value)) for name, value in asked.items() if value)}"
        found = self._known.pop(name, None) or _choose(known, asked)
        self._known[name] = found
        while len(self._known) > 1 and (
            len(self._known) > KEPT or sum(len(one.rows) for one in self._known.values()) > KEPT_ROWS
        ):
            self._known.popitem(last=False)
        return found


_kept = _Kept()


def _choose(known: Columns, asked: Mapping[str, Any]) -> Chosen:
    found = facets.mask(known, asked)
    if box := filters.read_box(asked.get("bbox") or ""):
        within = np.zeros(len(known), dtype=bool)
        within[_in_squares(known, box, exact=asked.get("exact", False))] = True
        found &= within
    rows = np.flatnonzero(found)
    placed = rows[known.cell[rows] >= 0]
    return Chosen(rows, known.cell[placed], known.damage[placed])


def _in_squares(known: Columns, box: facets.Box, *, exact: bool) -> NDArray[np.intp]:
    """As ``exactness.in_box``: the records in the box grown to the squares in which their class is shown."""
    rows = facets.near_box(known, exactness.grown(box, exactness.SEVERE))
    classes, found = known.s_class[rows], np.zeros(len(rows), dtype=bool)
    squares = {
        s_class: level for s_class, level in exactness.LEVELS.items() if s_class is SensitivityClass.S4 or not exact
    }
    for s_class in SensitivityClass:
        own = None if exact and s_class not in squares else squares.get(s_class, exactness.USUAL)
        of_class = np.flatnonzero(classes == facets.place(s_class))
        found[of_class] = facets.in_box(known, rows[of_class], box if own is None else exactness.grown(box, own))
    return rows[found]


def _chosen(asked: Mapping[str, Any]) -> tuple[Columns, Chosen] | None:
    known = MIRROR.present()
    if known is None or not facets.is_answered(known, asked, sees_all=session.info.get("scope", ("",))[0] == "all"):
        return None
    return known, _kept.choose(known, asked)


def cells(asked: Mapping[str, Any], low: int, high: int, shift: int) -> list[Cell] | None:
    """``(cell, n, d0 … d4, du)`` of the records on the map with keys in ``[low, high)``."""
    found = _chosen(asked)
    if found is None:
        return None
    here = (found[1].cells >= low) & (found[1].cells < high)
    first, width = low >> shift, max(1, (high - low) >> shift)
    counted = np.bincount(
        ((found[1].cells[here] >> shift) - first) * GRADES + found[1].grades[here], minlength=GRADES * width
    )
    table = counted.reshape(-1, GRADES)
    rows = [
        (int(at) + first, int(table[at].sum()), *(int(n) for n in table[at]))
        for at in np.flatnonzero(table.any(axis=1))
    ]
    return cast("list[Cell]", rows)


def days(asked: Mapping[str, Any], bounds: list[datetime]) -> dict[int, int] | None:
    """How many records of the list ended from each of the rising ``bounds`` to the next, by its place."""
    found = _chosen(asked)
    if found is None:
        return None
    ends = found[0].latest[_listed(*found, asked)]
    ends = ends[ends != LATEST_UNKNOWN]
    counted = np.bincount(np.searchsorted([facets.microseconds(bound) for bound in bounds], ends, side="right"))
    return {int(at) - 1: int(counted[at]) for at in np.flatnonzero(counted)}


def _listed(known: Columns, chosen: Chosen, asked: Mapping[str, Any]) -> NDArray[np.intp]:
    """Which of the chosen the list shows (``queries.shown``): not merged away, not taken back unless asked for."""
    here = (known.flags[chosen.rows] & MERGED) == 0
    if not asked.get("workflow"):
        here &= known.workflow[chosen.rows] != facets.place(WorkflowState.WITHDRAWN)
    return chosen.rows[here]


def numbers(asked: Mapping[str, Any], open_states: list[WorkflowState]) -> dict[str, int] | None:
    """The numbers above the list (``queries.summary``)."""
    found = _chosen(asked)
    if found is None:
        return None
    if not found[1].told:
        found[1].told.update(_summed(found[0], _listed(*found, asked), open_states))
    return dict(found[1].told)


def _summed(known: Columns, rows: NDArray[np.intp], open_states: list[WorkflowState]) -> dict[str, int]:
    flags = known.flags[rows]
    certain = np.bincount(known.certainty[rows], minlength=len(Certainty) + 1)
    is_open = facets.among(known.workflow, [facets.place(state) for state in open_states])[rows]
    told = {
        "total": len(rows), "without_place": int(((flags & PLACED) == 0).sum()), "open": int(is_open.sum()),
        "trapped": int(((flags & TRAPPED) != 0).sum()),
    }  # fmt: skip
    return told | {code.value: int(certain[facets.place(code)]) for code in Certainty}


def areas(asked: Mapping[str, Any], level: int, pcodes: Iterable[str]) -> dict[str | None, list[int]] | None:
    """``[n, d0 … d4, du]`` of the records on the map by area of a level; None for those in none of ``pcodes``.

    Nobody is told in which municipality the most protected lie.
    """
    found = _chosen(asked)
    if found is None:
        return None
    known, rows = found[0], found[1].rows
    rows = rows[known.cell[rows] >= 0]
    places = getattr(known, f"adm{level}")[rows]
    if level == exactness.SMALLEST_AREA:
        places = np.where(known.s_class[rows] == facets.place(SensitivityClass.S4), 0, places)
    width = len(known.areas or {}) or 1
    table = np.bincount(places.astype(np.intp) * GRADES + known.damage[rows], minlength=GRADES * width).reshape(
        -1, GRADES
    )
    return _by_name(table, {(known.areas or {}).get(facets.area_mark(pcode), -1): pcode for pcode in pcodes})


def _by_name(table: NDArray[np.intp], names: Mapping[int, str]) -> dict[str | None, list[int]]:
    told: dict[str | None, list[int]] = {}
    for at in np.flatnonzero(table.any(axis=1)):
        row = told.setdefault(names.get(int(at)), [0] * (GRADES + 1))
        for place, n in enumerate((int(table[at].sum()), *(int(n) for n in table[at]))):
            row[place] += n
    return told


def latest(asked: Mapping[str, Any], size: int, after: tuple[datetime, UUID] | None) -> list[UUID] | None:
    """The numbers of the ``size`` records of the list changed last, latest first, behind the row ``after``."""
    found = _chosen(asked)
    if found is None:
        return None
    known, rows = found[0], _listed(*found, asked)
    if after:
        rows = rows[_comes_after(known, rows, *after)]
    if len(rows) > size:
        least = -np.partition(-known.changed[rows], size - 1)[size - 1]
        rows = rows[known.changed[rows] >= least]
    order = np.lexsort((known.low[rows], known.high[rows], known.changed[rows]))[::-1][:size]
    return [UUID(int=int(known.high[at]) << 64 | int(known.low[at])) for at in rows[order]]


def _comes_after(known: Columns, rows: NDArray[np.intp], moment: datetime, number: UUID) -> facets.Mask:
    changed, high = facets.microseconds(moment), np.uint64(number.int >> 64)
    same = known.changed[rows] == changed
    below = (known.high[rows] < high) | (
        (known.high[rows] == high) & (known.low[rows] < np.uint64(number.int & (2**64 - 1)))
    )
    return (known.changed[rows] < changed) | (same & below)
