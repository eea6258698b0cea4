"""What each piece of evidence is worth, in log-odds: read once from a weights file, the same for the live system and the commands.

Pure. A measure's worth is a line through knots (value of the measure -> log-odds), which a person can read and correct. A file
that was learnt from labels may have trees besides (``trees.py``); then they judge, and the lines stay as what they began from.
"""

import json
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, cast
from zlib import crc32

import numpy as np

from server.matching import context
from server.matching.accounts import Floats
from server.matching.diction import Diction
from server.matching.evidence import MEASURES, Rarity
from server.matching.trees import Trees

RULED = ("numbers", "kind", "mentioned", "damage", "source", "address", "photo", "words", "spelling")
Linkage = Literal["sum", "mean", "single"]
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
        return np.where(np.isnan(values), self.unknown, np.interp(values, self.knots, self.worth))


@dataclass(frozen=True)
class Weights:
    """One version of the weights. Thresholds are total log-odds; distances in metres, times in hours or days as named.

    ``is_strict`` asks of the automatic band that something names the thing itself and nothing contradicts. ``linkage`` says how
    clusters join (``clustering.py``), ``sure_linkage`` how the automatic band's do; ``distinct`` are lists that never repeat.
    ``reach_edge`` bends the reach inwards (0: a box; 1: what is twice as far must be half as late; 0.5: more so).
    """

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
    reach_edge: float = 0.0
    linkage: Linkage = "sum"
    sure_linkage: Linkage = "single"
    is_strict: bool = True
    distinct: frozenset[str] = frozenset()
    diction: Diction | None = None
    trees: Trees | None = None

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """What has to be measured of a pair, the careful rules of the automatic band included."""
        return tuple(dict.fromkeys([*self.lines, *(self.trees.measures if self.trees else ()), *RULED]))

    @property
    def base(self) -> float:
        """What every pair starts from."""
        return self.trees.base if self.trees else self.prior

    @property
    def needs_context(self) -> bool:
        """Whether a pair is also judged by how it stands among the others."""
        return any(name in context.MEASURED for name in self.measures)

    def totals(self, values: dict[str, Floats]) -> Floats:
        """The log-odds of each pair."""
        if self.trees:
            return self.trees.totals(values)
        return self.prior + np.sum(np.stack([line.contribution(values[name]) for name, line in self.lines.items()]), axis=0)

    def contributions(self, values: dict[str, Floats]) -> tuple[float, dict[str, Floats]]:
        """What every pair starts from and what each measure adds to it: their sum is the total."""
        if self.trees:
            return self.trees.contributions(values)
        return self.prior, {name: line.contribution(values[name]) for name, line in self.lines.items()}


@cache
def default_weights(path: str = "") -> Weights:
    """The weights that come with the program, or those of the file an operator chose."""
    return load_weights(path or DEFAULT)


def load_weights(path: str | Path) -> Weights:
    """Read a weights file; raise UnusableWeights with a sentence when it is not one."""
    try:
        return weights_from(json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise UnusableWeights(f"{path} is not a usable weights file: {error}") from error


def weights_from(data: dict[str, Any]) -> Weights:
    """Weights from the parsed JSON of a weights file."""
    unknown = set(data["evidence"]) - set(MEASURES)
    if unknown:
        raise UnusableWeights(f"no evidence is called {', '.join(sorted(unknown))}")
    bands, reach, joined = data["bands"], data["reach"], data.get("clusters", {})
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
        reach_edge=float(reach.get("edge", 0)),
        linkage=_linkage(joined.get("linkage", "sum")), sure_linkage=_linkage(joined.get("sure_linkage", "single")),
        is_strict=bool(bands.get("is_strict", True)),
        distinct=frozenset(joined.get("distinct", ())),
        diction=Diction.of(data["diction"]) if data.get("diction") else None,
        trees=_trees(data["trees"]) if data.get("trees") else None,
    )  # fmt: skip


def _linkage(name: str) -> Linkage:
    if name not in {"sum", "mean", "single"}:
        raise UnusableWeights(f"clusters join by sum, mean or single, not by {name}")
    return cast("Linkage", name)


def _trees(data: dict[str, Any]) -> Trees:
    unknown = set(data["measures"]) - set(MEASURES)
    if unknown:
        raise UnusableWeights(f"no evidence is called {', '.join(sorted(unknown))}")
    return Trees.of(data)


def _line(name: str, line: dict[str, Any]) -> Line:
    knots, worth = np.array(line["knots"], float), np.array(line["worth"], float)
    if len(knots) != len(worth) or not len(knots) or (np.diff(knots) <= 0).any() or not np.isfinite(worth).all():
        raise UnusableWeights(f"the knots of {name} must rise and each needs one finite worth")
    return Line(knots, worth, float(line["unknown"]))


def _rarity(words: dict[str, Any]) -> Rarity:
    counts = {crc32(word.encode()): int(count) for word, count in words["counts"].items()}
    return Rarity(counts, int(words["documents"]))
