"""The course of one place through time: strikes, repairs, service. Damage adds up: the worst grade since the last repair. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from server.vocabulary import FunctionalStatus


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Something that happened at a place: a strike with its grade (None: nobody could tell), or a visit, with or without a repair.

    ``grade`` after a repair is what was left of the damage (None: nothing). ``service`` None says nothing of how well it works.
    """

    at: datetime | None
    kind: Literal["strike", "repair", "visit"]
    name: str
    grade: int | None = None
    service: FunctionalStatus | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """A moment, and what held after it. ``is_again`` marks a strike on a place that was struck before."""

    moment: Moment
    grade: int | None
    service: FunctionalStatus | None
    is_again: bool = False


def course(moments: Iterable[Moment]) -> list[Step]:
    """The steps in the order of time; what has no time comes first."""
    steps: list[Step] = []
    grade: int | None = None
    service: FunctionalStatus | None = None
    struck = False
    for moment in sorted(moments, key=_when):
        grade = (moment.grade or 0) if moment.kind == "repair" else _worst(grade, moment.grade)
        service = moment.service or service
        steps.append(Step(moment=moment, grade=grade, service=service, is_again=moment.kind == "strike" and struck))
        struck = struck or moment.kind == "strike"
    return steps


def _when(moment: Moment) -> tuple[bool, float, str]:
    return moment.at is not None, moment.at.timestamp() if moment.at else 0.0, moment.name


def _worst(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
