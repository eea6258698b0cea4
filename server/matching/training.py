"""Learn from labelled reports what each piece of evidence is worth: a ridged logistic fit over the knots of every measure.

Pure, numpy only. The result is a weights file of the same shape as the one it started from, so a person can read what changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from server.matching.accounts import Floats, Whole

RIDGE = 0.5  # pulls every worth towards 0, in pairs
SMOOTH = 4.0  # pulls neighbouring knots towards each other, in pairs
LOYALTY = 3.0  # pulls every worth towards what it was before a few decisions were heard, in pairs
ROUNDS = 30
MOST_NEGATIVES = 250_000
# Whatever the data say, more distance never speaks for one damage, nor do less alike words: -1 falls, 1 rises.
DIRECTIONS = {"distance": -1, "accuracy": -1, "days": -1, "kind": -1, "mentioned": -1, "numbers": -1, "address": -1,
              "photo": -1, "damage": -1, "words": 1, "spelling": 1, "source": -1, "crowd": -1}  # fmt: skip
DISTRACTOR_WEIGHT = 0.3  # a pair with a report that nobody labelled may be an unnoticed duplicate


@dataclass(frozen=True)
class Design:
    """The knots of every measure side by side as columns of one matrix, each measure with one more column for "unknown"."""

    knots: dict[str, Floats]

    @property
    def spans(self) -> dict[str, slice]:
        """The columns of each measure; column 0 is the prior."""
        spans, start = {}, 1
        for name, knots in self.knots.items():
            spans[name] = slice(start, start + len(knots) + 1)
            start += len(knots) + 1
        return spans

    @property
    def width(self) -> int:
        """How many columns there are."""
        return 1 + sum(len(knots) + 1 for knots in self.knots.values())

    def matrix(self, values: Mapping[str, Floats]) -> np.ndarray:
        """One row for each pair: how near its value lies to each knot (two neighbours share 1), or 1 for unknown."""
        rows = len(next(iter(values.values())))
        matrix = np.zeros((rows, self.width), np.float32)
        matrix[:, 0] = 1
        for name, span in self.spans.items():
            _spread(matrix[:, span], values[name], self.knots[name])
        return matrix

    def penalty(self) -> np.ndarray:
        """The ridge and the smoothness over neighbouring knots, as one quadratic form."""
        form = np.eye(self.width) * RIDGE
        form[0, 0] = 1e-6
        for span in self.spans.values():
            for left in range(span.start, span.stop - 2):
                form[left, left] += SMOOTH
                form[left + 1, left + 1] += SMOOTH
                form[left, left + 1] -= SMOOTH
                form[left + 1, left] -= SMOOTH
        return form


def fit(data: dict[str, Any], values: Mapping[str, Floats], same: np.ndarray, trust: Floats) -> dict[str, Any]:
    """The weights file ``data`` with prior and worths learnt from pairs: their measures, whether they are one, how far to trust it."""
    design = Design({name: np.array(line["knots"], float) for name, line in data["evidence"].items()})
    rows, weight = _sample(same, trust)
    matrix = design.matrix({name: values[name][rows] for name in design.knots})
    usual = weight @ matrix / weight.sum()
    worth = _logistic(matrix, same[rows].astype(float), weight, design.penalty())
    return _written(data, design, _directed(design, worth, usual), usual)


def adapt(data: dict[str, Any], values: Mapping[str, Floats], same: np.ndarray) -> dict[str, Any]:
    """The weights file ``data`` moved towards some decided pairs, and no further than they can tell: what they say nothing of stays.

    Measures that hang on who else is near (crowd) are not in ``values`` and stay too.
    """
    own = {name: line for name, line in data["evidence"].items() if name in values}
    design = Design({name: np.array(line["knots"], float) for name, line in own.items()})
    before = np.concatenate([[data["prior"]], *([*line["worth"], line["unknown"]] for line in own.values())])
    matrix = design.matrix(values)
    matrix[:, [span.stop - 1 for span in design.spans.values()]] = 0  # silence stays worth what it was
    penalty = design.penalty() * (LOYALTY / RIDGE)
    penalty[0, 0] = LOYALTY
    moved = _logistic(matrix, same.astype(float), np.ones(len(same)), penalty, before=before)
    moved = _directed(design, moved, np.maximum(matrix.sum(axis=0).astype(float), 1e-3))
    evidence = dict(data["evidence"])
    for name, span in design.spans.items():
        lines = [round(float(value), 3) for value in moved[span]]
        evidence[name] = {**data["evidence"][name], "worth": lines[:-1], "unknown": lines[-1]}
    return {**data, "prior": round(float(moved[0]), 3), "evidence": evidence}


def _spread(columns: np.ndarray, values: Floats, knots: Floats) -> None:
    known = np.flatnonzero(~np.isnan(values))
    columns[np.isnan(values), len(knots)] = 1
    if len(knots) == 1:
        columns[known, 0] = 1
        return
    inside = np.clip(values[known], knots[0], knots[-1])
    left = np.clip(np.searchsorted(knots, inside, "right") - 1, 0, len(knots) - 2)
    share = (inside - knots[left]) / (knots[left + 1] - knots[left])
    columns[known, left] = 1 - share
    columns[known, left + 1] = share


def _sample(same: np.ndarray, trust: Floats) -> tuple[Whole, Floats]:
    """All pairs that are one, and at most so many that are not, standing for all of them; the same choice every time."""
    positive, negative = np.flatnonzero(same & (trust > 0)), np.flatnonzero(~same & (trust > 0))
    kept = negative
    if len(negative) > MOST_NEGATIVES:
        kept = np.sort(np.random.default_rng(1).choice(negative, MOST_NEGATIVES, replace=False))
    weight = np.concatenate([trust[positive], trust[kept] * (len(negative) / max(1, len(kept)))])
    return np.concatenate([positive, kept]), weight


def _logistic(
    matrix: np.ndarray, same: Floats, weight: Floats, penalty: np.ndarray, *, before: Floats | None = None
) -> Floats:
    """Newton's method with a damped step; converges because the penalised likelihood is concave. It is pulled to ``before``, or 0."""
    start = np.zeros(matrix.shape[1]) if before is None else before
    worth = start.copy()
    for _ in range(ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(matrix @ worth, -30, 30)))
        slope = matrix.T @ (weight * (same - chance)) - penalty @ (worth - start)
        curve = (matrix * (weight * chance * (1 - chance)).astype(np.float32)[:, None]).T @ matrix + penalty
        step = np.linalg.solve(curve, slope)
        step *= min(1.0, 4.0 / max(1e-9, float(np.abs(step).max())))
        cost = _cost(matrix, same, weight, penalty, worth, start)
        while np.abs(step).max() > 1e-3 and _cost(matrix, same, weight, penalty, worth + step, start) > cost:
            step /= 2
        worth += step
        if np.abs(step).max() < 1e-3:
            break
    return worth


def _cost(matrix: np.ndarray, same: Floats, weight: Floats, penalty: np.ndarray, worth: Floats, start: Floats) -> float:
    """What the fit makes as small as it can: surprise at the labels, and distance from where it began."""
    total, moved = matrix @ worth, worth - start
    return float((weight * (np.logaddexp(0, total) - same * total)).sum() + moved @ penalty @ moved / 2)


def _directed(design: Design, worth: Floats, usual: Floats) -> Floats:
    """The worths with every measure that has a direction made to follow it, by pooling the knots that do not."""
    worth = worth.copy()
    for name, way in DIRECTIONS.items():
        if name in design.knots:
            span = design.spans[name]
            knots = slice(span.start, span.stop - 1)
            worth[knots] = way * _rising(way * worth[knots], usual[knots] + 1e-6)
    return worth


def _rising(values: Floats, weights: Floats) -> Floats:
    """The nearest never-falling line (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        pool = (value, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            before = pools.pop()
            together = before[1] + pool[1]
            pool = ((before[0] * before[1] + pool[0] * pool[1]) / together, together, before[2] + pool[2])
        pools.append(pool)
    return np.array([value for value, _, count in pools for _ in range(count)])


def _written(data: dict[str, Any], design: Design, worth: Floats, usual: Floats) -> dict[str, Any]:
    """The learnt worths in a weights file. Silence is worth nothing; a measure that always speaks is worth nothing on average."""
    prior, evidence = float(worth[0]), {}
    for name, span in design.spans.items():
        own, share = worth[span], usual[span]
        level = own[-1] if share[-1] > 0 else float(own @ share)
        prior += float(level)
        lines = [round(float(value - level), 3) for value in own]
        evidence[name] = {**data["evidence"][name], "worth": lines[:-1], "unknown": lines[-1] if share[-1] > 0 else 0.0}
    return {**data, "prior": round(prior, 3), "evidence": evidence}
