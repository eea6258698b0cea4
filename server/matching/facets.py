"""The desk's filters over columns in memory: the same answer as ``filters.conditions`` gives over the table. Pure, on NumPy."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from server.core.choices import Choice
from server.core.response import this_response
from server.vocabulary import Hazard, NeedType, SensitivityClass, SiteType, SourceType

UNKNOWN_GRADE, UNKNOWN_AT = "U", 5
TRAPPED, MERGED, PLACED = 1, 2, 4
BEYOND = 0.0001  # degrees: more than single precision errs by
NOWHERE = -1  # the cell of a record that is on no map
_MICROSECOND = timedelta(microseconds=1)

Box = tuple[float, float, float, float]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Columns:
    """One row a record, sorted by number (two halves of the UUID).

    Times are microseconds since 1970, codes their place in their list from 1, sets of codes bits. ``houses`` names the bits of the
    organisations that reported; ``areas`` gives the number of an area by the mark of its P-code (``area_mark``), 0 being none.
    """

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    cell: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    earliest: NDArray[np.int64]
    latest: NDArray[np.int64]
    changed: NDArray[np.int64]
    reporters: NDArray[np.int64]
    needs: NDArray[np.int32]
    hazards: NDArray[np.int32]
    sources: NDArray[np.int32]
    adm1: NDArray[np.int32]
    adm2: NDArray[np.int32]
    adm3: NDArray[np.int32]
    site_type: NDArray[np.int8]
    damage: NDArray[np.int8]
    certainty: NDArray[np.int8]
    workflow: NDArray[np.int8]
    function: NDArray[np.int8]
    s_class: NDArray[np.int8]
    flags: NDArray[np.int8]
    houses: tuple[UUID, ...] = ()
    areas: Mapping[int, int] | None = None

    def __len__(self) -> int:
        return len(self.high)

    def each(self, change: Callable[[str], NDArray[Any]]) -> "Columns":
        """The same with every column as ``change`` gives it by name."""
        made: dict[str, Any] = {name: change(name) for name in ARRAYS}
        return replace(self, **made)

    def taken_over(self, changed: "Columns") -> "Columns":
        """These with the rows of ``changed`` in place of their older selves, or added."""
        at = np.searchsorted(self.high, changed.high)
        known = np.zeros(len(changed), dtype=bool)
        inside = at < len(self)
        known[inside] = (self.high[at[inside]] == changed.high[inside]) & (self.low[at[inside]] == changed.low[inside])

        def merged(name: str) -> NDArray[Any]:
            old, new = getattr(self, name).copy(), getattr(changed, name)
            old[at[known]] = new[known]
            return np.insert(old, at[~known], new[~known]) if not known.all() else old

        return self.each(merged)


ARRAYS = tuple(name for name in Columns.__annotations__ if name not in ("houses", "areas"))


def is_answered(known: Columns, asked: Mapping[str, Any], *, sees_all: bool) -> bool:
    """Whether the columns hold all that these filters look at; ``sees_all`` tells that whoever asks sees every report."""
    if asked.get("q"):
        return False
    if not (asked.get("source") or asked.get("organisation")):
        return True
    both = asked.get("source") and asked.get(
        "organisation"
    )  # one report must be of both, which bits of many reports do not tell
    return sees_all and not both and (not asked.get("organisation") or asked["organisation"] in known.houses)


@cache
def place(code: Choice) -> int:
    """The place of a code in its list, from 1; 0 stands for no code."""
    return list(type(code)).index(code) + 1


@cache
def area_mark(pcode: str) -> int:
    """What stands for a P-code where only numbers do: the first eight bytes of its MD5, as the database reads them."""
    return int.from_bytes(hashlib.md5(pcode.encode(), usedforsecurity=False).digest()[:8], "big", signed=True)


def mask(known: Columns, asked: Mapping[str, Any]) -> Mask:
    """Which records the filters let through."""
    found = np.ones(len(known), dtype=bool)
    for name in ("site_type", "certainty", "workflow", "function"):
        if asked.get(name):
            found &= among(getattr(known, name), [place(code) for code in asked[name]])
    if asked.get("site_group"):
        found &= among(known.site_type, [place(kind) for kind in SiteType if kind.group in asked["site_group"]])
    for name, column, kind in (
        ("need", known.needs, NeedType),
        ("hazard", known.hazards, Hazard),
        ("source", known.sources, SourceType),
    ):
        if asked.get(name):
            found &= (column & column.dtype.type(_bits(kind, asked[name]))) != 0
    if asked.get("damage"):
        found &= among(
            known.damage, [UNKNOWN_AT if grade == UNKNOWN_GRADE else int(grade) for grade in asked["damage"]]
        )
    if asked.get("trapped"):
        found &= (known.flags & TRAPPED) != 0
    if asked.get("organisation"):
        found &= (known.reporters & np.int64(1 << known.houses.index(asked["organisation"]))) != 0
    return found & _days(known, asked) & _in_area(known, asked)


def _days(known: Columns, asked: Mapping[str, Any]) -> Mask | np.bool_:
    zone = ZoneInfo(this_response().time_zone)
    found: Mask | np.bool_ = np.True_
    if asked.get("since"):
        found = found & (known.latest >= microseconds(datetime.combine(asked["since"], time.min, zone)))
    if asked.get("until"):
        found = found & (
            known.earliest < microseconds(datetime.combine(asked["until"] + timedelta(days=1), time.min, zone))
        )
    return found


def _in_area(known: Columns, asked: Mapping[str, Any]) -> Mask | np.bool_:
    """By P-code; a municipality tells nobody of S4."""
    if not asked.get("adm"):
        return np.True_
    number = (known.areas or {}).get(area_mark(asked["adm"]), -1)
    smallest = (known.adm3 == number) & (known.s_class != place(SensitivityClass.S4))
    return (known.adm1 == number) | (known.adm2 == number) | smallest


def near_box(known: Columns, box: Box) -> NDArray[np.intp]:
    """The places of the records in a box and a little beyond: few enough to look at more closely."""
    west, south, east, north = box[0] - BEYOND, box[1] - BEYOND, box[2] + BEYOND, box[3] + BEYOND
    return np.flatnonzero((known.lon >= west) & (known.lon <= east) & (known.lat >= south) & (known.lat <= north))


def in_box(known: Columns, rows: NDArray[np.intp], box: Box) -> Mask:
    """Which of ``rows`` lie in a box as PostGIS's ``&&`` says it of points: in single precision, rounded outwards."""
    (west, south, east, north), lon, lat = (np.float64(side) for side in box), known.lon[rows], known.lat[rows]
    across = (_down(lon) <= _up(east)) & (_up(lon) >= _down(west))
    return across & (_down(lat) <= _up(north)) & (_up(lat) >= _down(south))


def _down(value: Any) -> Any:
    near = value.astype(np.float32)
    return np.where(near > value, np.nextafter(near, np.float32(-np.inf)), near)


def _up(value: Any) -> Any:
    near = value.astype(np.float32)
    return np.where(near < value, np.nextafter(near, np.float32(np.inf)), near)


def among(column: NDArray[Any], places: list[int]) -> Mask:
    """Which values of a column of small numbers are among ``places``."""
    wanted = np.zeros(int(column.max(initial=0)) + 2, dtype=bool)
    wanted[[at for at in places if at < len(wanted)]] = True
    return wanted[column]


def _bits(kind: type[Choice], codes: list[Any]) -> int:
    return sum(1 << list(kind).index(code) for code in set(codes))


def microseconds(at: datetime) -> int:
    """A moment as the columns keep it."""
    return (at - datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))) // _MICROSECOND
