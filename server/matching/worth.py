"""What a wrong answer to a doubtful pair would cost: how open the question is, times what hangs on it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log2
from typing import Any

from server.vocabulary import Certainty

LEAST_DOUBT = 0.15  # even a pair that seems clear may be wrong, and somebody may be trapped there
_CERTAINTY = {Certainty.POSSIBLE: 1.0, Certainty.PROBABLE: 2.0, Certainty.CONFIRMED: 3.0}  # rumours are never public
_TRAPPED, _NEED, _MOST_NEEDS = 4.0, 0.5, 4


@dataclass(frozen=True, kw_only=True)
class Stakes:
    """What hangs on one damage record."""

    certainty: Certainty
    people_trapped: bool = False
    needs: int = 0
    reports: int = 1


def stakes_of(incident: Any) -> Stakes:
    """The stakes of a record, or of a row or mapping with its certainty, trapped people, needs and count of reports."""
    certainty, trapped, needs, reports = (
        incident[name] if isinstance(incident, Mapping) else getattr(incident, name)
        for name in ("certainty", "people_trapped", "needs", "report_count")
    )
    return Stakes(certainty=Certainty(certainty), people_trapped=bool(trapped), needs=len(needs or ()), reports=reports or 1)


def worth(score: float, one: Stakes, other: Stakes) -> float:
    """The worth of asking, greatest first: doubt about a log-odds ``score``, times the stakes of both sides."""
    likely = 1 / (1 + exp(-max(-30.0, min(30.0, score))))
    return round(max(LEAST_DOUBT, 4 * likely * (1 - likely)) * (1 + _stakes(one) + _stakes(other)), 4)


def _stakes(side: Stakes) -> float:
    """People in danger first, then what is or may become public, what is asked for, and how many reports would go astray."""
    return (
        _TRAPPED * side.people_trapped
        + _CERTAINTY.get(side.certainty, 0.0)
        + _NEED * min(side.needs, _MOST_NEEDS)
        + 0.25 * log2(max(1, side.reports))
    )
