"""Where the bands lie: the join of the best guess and the threshold of the automatic band, set on honest scores of labelled pairs.

Pure. The automatic band is safe first: among all settings that join few enough incidents wrongly the one that finds most.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from server.matching import batch
from server.matching.accounts import Columns, Floats, Whole
from server.matching.scoring import judge
from server.matching.weights import Linkage, Weights, weights_from

# The share of incidents that the automatic band may join with another one, on unseen places, give or take one standard error. Half
# of what is promised: the judge that is used learnt from more than those tried, and is bolder; other people have other words.
SAFE = 0.0155
# Where most reports were never labelled, the labelled incidents are the crowded ones, and some that lie together there are one.
SAFE_AMONG_UNLABELLED = 0.032
CLUMP = 25  # wrong joins come by a few: a street that is hard to tell apart is so for all of its houses
JOINS = tuple(step / 2 for step in range(-8, 4))
LINKAGES: tuple[Linkage, ...] = ("single", "mean", "sum")
ATTACHES = tuple(step / 4 for step in range(-4, 33))
FINER = tuple(-step / 20 for step in range(5))
WINDOWS_HOURS = (3.0, 24.0, 168.0)
BEYOND_REACH = -6.0  # what a pair out of reach is held to be worth where clusters join by their mean
BEYOND_REACH_SUM = -0.5
MOST_JOINED, MOST_TRIED = 32_000, 40_000  # reports on which joins, and bands, are tried; of more some whole stripes are taken


@dataclass(frozen=True)
class Labelled:
    """Labelled reports laid out as columns, in the order of their ids; ``gold`` are those whose label can be trusted."""

    columns: Columns
    cluster: Whole
    gold: np.ndarray

    def same(self, left: Whole, right: Whole) -> np.ndarray:
        """Which pairs are of one incident."""
        return self.cluster[left] == self.cluster[right]


def set_bands(
    labelled: Labelled, data: dict[str, Any], left: Whole, right: Whole, total: Floats
) -> tuple[dict[str, Any], dict[str, float]]:
    """The weights file with its bands set by the honest ``total`` of each pair, and what they reach."""
    guess = _best_join(labelled, weights_from(data), left, right, total)
    join, linkage = guess["join"], guess["linkage"]
    clusters = {**data["clusters"], "linkage": linkage}
    bands = {**data["bands"], "join": join, "absent": _absent(linkage, join), "suggest": round(min(join, 0.0) - 1, 3)}
    data = {**data, "bands": bands, "clusters": clusters}
    sure = _safest(labelled, weights_from(data), left, right, total)
    bands |= {name: sure[name] for name in ("attach", "is_strict", "crowding_margin", "same_event_hours")}
    clusters["sure_linkage"] = sure["sure_linkage"]
    return {**data, "bands": bands, "clusters": clusters}, {
        "f1": guess["f1"], "automatic_recall": sure["recall"], "automatic_wrong": sure["wrong"],
    }  # fmt: skip


def agreement(truth: Whole, guess: Whole) -> dict[str, float]:
    """How a clustering agrees with the labels: F1 and recall of pairs, share of incidents joined wrongly."""
    guess, truth = np.unique(guess, return_inverse=True)[1], np.unique(truth, return_inverse=True)[1]
    both = _pairs_in(guess.astype(np.int64) * (int(truth.max(initial=0)) + 1) + truth)
    precision, recall = both / max(1, _pairs_in(guess)), both / max(1, _pairs_in(truth))
    return {
        "f1": 2 * precision * recall / max(1e-9, precision + recall),
        "recall": recall,
        "wrong": _share_joined_wrongly(guess, truth),
    }


def _best_join(labelled: Labelled, weights: Weights, left: Whole, right: Whole, total: Floats) -> dict[str, Any]:
    """How clusters agree best with the labels: by which linkage and from which log-odds on.

    A peak is not trusted: single linkage chains a whole street as soon as one score is a little too high elsewhere. What counts is
    the mean with the joins just above and below.
    """
    some = _some(labelled, MOST_JOINED)
    kept = some[left] & some[right]
    compared = _compared(labelled, left[kept], right[kept], total[kept], weights.distinct)
    tried = {}
    for linkage, join in product(LINKAGES, JOINS):
        tuned = replace(weights, linkage=linkage, join=join, absent=_absent(linkage, join))
        found = _agreement(labelled, batch.best_guess(compared, tuned), some)
        tried[linkage, join] = {"linkage": linkage, "join": join, **found}
    return max(tried.values(), key=lambda one: (round(_around(tried, one), 4), -one["wrong"], one["join"]))


def _around(tried: dict[tuple[Linkage, float], dict[str, Any]], one: dict[str, Any]) -> float:
    """The mean F1 of a setting and of its neighbours."""
    place = JOINS.index(one["join"])
    near = [tried[one["linkage"], join]["f1"] for join in JOINS[max(0, place - 1) : place + 2]]
    return sum(near) / len(near)


def _some(labelled: Labelled, most: int) -> np.ndarray:
    """Which reports settings are tried on: all, or those of some whole stripes of longitude."""
    if len(labelled.columns) <= most:
        return np.ones(len(labelled.columns), bool)
    first = np.unique(labelled.cluster, return_index=True)[1][np.unique(labelled.cluster, return_inverse=True)[1]]
    stripe = np.floor(np.nan_to_num(labelled.columns.lon[first]) * 20).astype(np.int64)
    return stripe % -(-len(labelled.columns) // most) == 0


def _absent(linkage: str, join: float) -> float:
    return BEYOND_REACH - join if linkage == "mean" else BEYOND_REACH_SUM


def _safest(labelled: Labelled, weights: Weights, left: Whole, right: Whole, total: Floats) -> dict[str, Any]:
    """The automatic band that joins most among those that are safe; if none is, the one that joins fewest wrongly."""
    some = _some(labelled, MOST_TRIED)
    kept = some[left] & some[right]
    goal = SAFE if labelled.gold.mean() > 0.5 else SAFE_AMONG_UNLABELLED
    count = len(np.unique(labelled.cluster[labelled.gold & some]))
    tried = [one for attempt in _tries(labelled, weights, left[kept], right[kept], total[kept], some) for one in attempt.closest(goal, count)]
    safe = [one for one in tried if _at_worst(one, count) <= goal]
    if safe:
        return max(safe, key=lambda one: (one["recall"], -one["wrong"]))
    return min(tried, key=lambda one: (one["wrong"], -one["recall"]))


def _at_worst(one: dict[str, Any], count: int) -> float:
    """The share joined wrongly with one standard error on top, as ``count`` incidents tell it."""
    return float(one["wrong"] + np.sqrt(CLUMP * one["wrong"] / max(1, count)))


@dataclass(frozen=True)
class _Try:
    """One way to be careful, with the pairs it lets through whatever their total; ``at`` tries it from several thresholds on."""

    labelled: Labelled
    tuned: Weights
    compared: batch.Compared
    among: np.ndarray

    def at(self, thresholds: Iterable[float]) -> Iterator[dict[str, Any]]:
        """What is reached with each threshold, and the setting itself."""
        for threshold in thresholds:
            tuned = replace(self.tuned, attach=threshold, absent=_absent(self.tuned.sure_linkage, threshold))
            compared = replace(self.compared, attach=self.compared.attach & (self.compared.total >= threshold))
            yield {"attach": round(threshold, 3), **self._setting(), **_agreement(self.labelled, batch.automatic(compared, tuned), self.among)}

    def closest(self, goal: float, count: int) -> list[dict[str, Any]]:
        """What is reached from each threshold on, in finer steps near the lowest that is safe."""
        tried = list(self.at(ATTACHES))
        lowest = min((one["attach"] for one in tried if _at_worst(one, count) <= goal), default=None)
        return tried if lowest is None else [*tried, *self.at(max(ATTACHES[0], lowest + step) for step in FINER)]

    def _setting(self) -> dict[str, Any]:
        return {name: getattr(self.tuned, name) for name in ("is_strict", "crowding_margin", "same_event_hours", "sure_linkage")}


def _tries(
    labelled: Labelled, weights: Weights, left: Whole, right: Whole, total: Floats, some: np.ndarray
) -> Iterator[_Try]:
    """Every way to be careful."""
    compared = _compared(labelled, left, right, total, weights.distinct)
    for is_strict, window, linkage in _settings(weights):
        margin = weights.crowding_margin if is_strict else 0.0
        tuned = replace(
            weights, is_strict=is_strict, same_event_hours=window, sure_linkage=linkage, attach=-np.inf, trees=None, crowding_margin=margin
        )
        attach, conflict = _judged(labelled, tuned, left, right)
        yield _Try(labelled, tuned, replace(compared, attach=attach, conflict=conflict), some)


def _settings(weights: Weights) -> list[tuple[bool, float, Linkage]]:
    """The ways to be careful: what the trees weighed already need not be asked again; lines alone need the strict rules."""
    free: tuple[bool, float, Linkage] = (False, WINDOWS_HOURS[0], "single")
    return [free] if weights.trees else [*((True, window, "single") for window in WINDOWS_HOURS), free]


def _judged(labelled: Labelled, weights: Weights, left: Whole, right: Whole) -> tuple[np.ndarray, np.ndarray]:
    """Which pairs the rules of the automatic band would let through and which contradict, whatever their total."""
    attach, conflict = np.zeros(len(left), bool), np.zeros(len(left), bool)
    for piece, pairs in batch.laid_out(labelled.columns, left, right, weights):
        judged = judge(pairs, weights)
        attach[piece], conflict[piece] = judged.attach, judged.conflict
    return attach, conflict


def _compared(labelled: Labelled, left: Whole, right: Whole, total: Floats, distinct: frozenset[str]) -> batch.Compared:
    none = np.zeros(len(left), bool)
    return batch.Compared(labelled.columns.ids, labelled.columns, left, right, total, none, none, distinct)


def _agreement(labelled: Labelled, found: dict[str, str], among: np.ndarray) -> dict[str, float]:
    seen = labelled.gold & among
    names = np.array([found[one] for one in labelled.columns.ids])[seen]
    return agreement(labelled.cluster[seen], names)


def _pairs_in(group: Whole) -> int:
    sizes = np.unique(group, return_counts=True)[1]
    return int((sizes * (sizes - 1) // 2).sum())


def _share_joined_wrongly(guess: Whole, truth: Whole) -> float:
    cells = np.unique(np.stack([guess, truth]), axis=1)
    crowded = np.unique(cells[0], return_counts=True)
    mixed = np.isin(cells[0], crowded[0][crowded[1] > 1])
    return len(np.unique(cells[1][mixed])) / max(1, len(np.unique(truth)))
