"""The desk's filters over columns in memory: the same answer as ``filters.conditions`` gives over the table. Pure, on NumPy."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from server.core.choices import Choice
from server.core.response import this_response
from server.vocabulary import Hazard, NeedType, SiteType

if TYPE_CHECKING:
    from server.matching.columns import Columns

UNKNOWN_GRADE, UNKNOWN_AT = "U", 5
_ELSEWHERE = ("q", "adm", "bbox", "source", "organisation")  # what only the tables know
_MICROSECOND = timedelta(microseconds=1)


def is_answered(asked: Mapping[str, Any]) -> bool:
    """Whether the columns hold all that these filters look at."""
    return not any(asked.get(name) for name in _ELSEWHERE)


@cache
def place(code: Choice) -> int:
    """The place of a code in its list, from 1; 0 stands for no code."""
    return list(type(code)).index(code) + 1


def mask(known: "Columns", asked: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Which records the filters let through."""
    found = np.ones(len(known.site_type), dtype=bool)
    for name in ("site_type", "certainty", "workflow", "function"):
        if asked.get(name):
            found &= _among(getattr(known, name), asked[name])
    if asked.get("site_group"):
        found &= _among(known.site_type, [kind for kind in SiteType if kind.group in asked["site_group"]])
    for name, column, kind in (("need", known.needs, NeedType), ("hazard", known.hazards, Hazard)):
        if asked.get(name):
            found &= (column & _bits(kind, asked[name])) != 0
    if asked.get("damage"):
        grades = [UNKNOWN_AT if grade == UNKNOWN_GRADE else int(grade) for grade in asked["damage"]]
        found &= np.isin(known.damage, grades)
    if asked.get("trapped"):
        found &= (known.flags & 1) != 0
    return found & _days(known, asked)


def _days(known: "Columns", asked: Mapping[str, Any]) -> NDArray[np.bool_]:
    zone, found = ZoneInfo(this_response().time_zone), np.ones(len(known.site_type), dtype=bool)
    if asked.get("since"):
        found &= known.latest >= microseconds(datetime.combine(asked["since"], time.min, zone))
    if asked.get("until"):
        found &= known.earliest < microseconds(datetime.combine(asked["until"] + timedelta(days=1), time.min, zone))
    return found


def _among(column: NDArray[np.int16], codes: list[Any]) -> NDArray[np.bool_]:
    wanted = np.zeros(int(column.max(initial=0)) + 2, dtype=bool)
    for code in codes:
        if place(code) < len(wanted):
            wanted[place(code)] = True
    return wanted[column]


def _bits(kind: type[Choice], codes: list[Any]) -> np.int64:
    return np.int64(sum(1 << list(kind).index(code) for code in set(codes)))


def microseconds(at: datetime) -> int:
    """A moment as the columns keep it."""
    return (at - datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))) // _MICROSECOND
