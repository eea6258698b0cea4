"""What each piece of evidence is worth, in log-odds: read once from a weights file, the same for the live system and the commands.

Pure. A measure's worth is a line through knots (value of the measure -> log-odds), which a person can read and correct.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from server.matching.accounts import Floats
from server.matching.evidence import MEASURES, Rarity

DEFAULT = Path(__file__).parent / "weights.json"


class UnusableWeights(ValueError):
    """The weights file cannot be used; the message says why in a sentence."""


@dataclass(frozen=True)
class Line:
    """Log-odds along a measure: ``worth`` at each of the rising ``knots``, flat outside, ``unknown`` where nothing is said."""

    knots: Floats
    worth: Floats
    unknown: float

    def contribution(self, values: Floats) -> Floats:
        """Log-odds of each value."""
        return np.where(np.isnan(values), self.unknown, np.interp(np.nan_to_num(values), self.knots, self.worth))


@dataclass(frozen=True)
class Weights:
    """One version of the weights. Thresholds are total log-odds; distances in metres, times in hours or days as named."""

    version: str
    prior: float
    lines: dict[str, Line]
    attach: float
    suggest: float
    join: float
    absent: float
    crowding_margin: float
    says_same: float
    same_event_hours: float
    second_strike_hours: float
    reach_m: float
    reach_days: float
    rescue_m: float
    rescue_days: float
    rarity: Rarity

    def contributions(self, values: dict[str, Floats]) -> dict[str, Floats]:
        """The log-odds that each measure adds, for each pair."""
        return {name: line.contribution(values[name]) for name, line in self.lines.items()}

    def total(self, contributions: dict[str, Floats]) -> Floats:
        """The log-odds of each pair: the prior and all that the evidence adds."""
        return self.prior + np.sum(np.stack(list(contributions.values())), axis=0)


@cache
def default_weights() -> Weights:
    """The weights that come with the program."""
    return load_weights(DEFAULT)


def load_weights(path: str | Path) -> Weights:
    """Read a weights file; raise UnusableWeights with a sentence when it is not one."""
    try:
        return weights_from(json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise UnusableWeights(f"{path} is not a usable weights file: {error}") from error


def weights_from(data: dict[str, Any]) -> Weights:
    """Weights from the parsed JSON of a weights file."""
    unknown = set(data["evidence"]) - set(MEASURES)
    if unknown:
        raise UnusableWeights(f"no evidence is called {', '.join(sorted(unknown))}")
    bands, reach = data["bands"], data["reach"]
    return Weights(
        version=str(data["version"]),
        prior=float(data["prior"]),
        lines={name: _line(name, line) for name, line in data["evidence"].items()},
        attach=float(bands["attach"]), suggest=float(bands["suggest"]),
        join=float(bands["join"]), absent=float(bands["absent"]), crowding_margin=float(bands["crowding_margin"]),
        says_same=float(bands["says_same"]),
        same_event_hours=float(bands["same_event_hours"]), second_strike_hours=float(bands["second_strike_hours"]),
        reach_m=float(reach["metres"]), reach_days=float(reach["days"]),
        rescue_m=float(reach["rescue_metres"]), rescue_days=float(reach["rescue_days"]),
        rarity=_rarity(data["words"]),
    )  # fmt: skip


def _line(name: str, line: dict[str, Any]) -> Line:
    knots, worth = np.array(line["knots"], float), np.array(line["worth"], float)
    if len(knots) != len(worth) or not len(knots) or (np.diff(knots) <= 0).any() or not np.isfinite(worth).all():
        raise UnusableWeights(f"the knots of {name} must rise and each needs one finite worth")
    return Line(knots, worth, float(line["unknown"]))


def _rarity(words: dict[str, Any]) -> Rarity:
    counts = {crc32(word.encode()): int(count) for word, count in words["counts"].items()}
    return Rarity(counts, int(words["documents"]))
