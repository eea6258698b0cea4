"""Fit a whole weights file to labelled reports: how far to look, what evidence is worth, and where the bands lie. Pure.

Labels are ``cluster_id`` and, where some reports were never labelled, ``label`` (gold or distractor).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from server.matching import batch, blocking, training
from server.matching.accounts import Columns, Whole
from server.matching.evidence import Pairs, Rarity, measure
from server.matching.files import UnusableFile, account_of, read_rows
from server.matching.weights import Weights, weights_from

WRONG_MERGES = 0.01  # the automatic band may join this share of incidents with another one, on what it learnt from
ENOUGH_PAIRS = 20
MOST_PAIRS = 3_000_000
JOINS = (-2.0, -1.5, -1.25, -1.0, -0.75, -0.5, -0.25, 0.0, 0.5)
ATTACHES = (3.0, 4.0, 5.0, 6.0, 8.0)
WINDOWS_HOURS = (3.0, 24.0, 168.0)


@dataclass(frozen=True)
class Labelled:
    """Labelled reports laid out as columns, in the order of their ids; ``gold`` are those whose label can be trusted."""

    columns: Columns
    cluster: Whole
    gold: np.ndarray


def train_file(source: Path, target: Path, start: dict[str, Any], *, version: str) -> dict[str, float]:
    """Learn a weights file from a labelled CSV; returns what the learnt weights reach on that same file.

    ``start`` is the parsed weights file to begin from. UnusableFile when the labels do not suffice.
    """
    labelled = read_labelled(source)
    data = {**start, "version": version, "reach": _reach(labelled, start["reach"])}
    data = _fitted(labelled, data)
    data, reached = _with_bands(labelled, data)
    batch.write_weights(data, target)
    return reached


def read_labelled(source: Path) -> Labelled:
    """The reports of a file with their labels."""
    rows = sorted(read_rows(source), key=lambda row: row["id"])
    if not rows or not all(row.get("cluster_id") for row in rows):
        raise UnusableFile(f"{source} needs a column cluster_id with a value in every row")
    cluster = np.unique([row["cluster_id"] for row in rows], return_inverse=True)[1]
    gold = np.array([(row.get("label") or "gold") == "gold" for row in rows])
    labelled = Labelled(Columns([account_of(row) for row in rows]), cluster, gold)
    if len(_true_pairs(labelled)) < ENOUGH_PAIRS:
        raise UnusableFile(f"{source} has fewer than {ENOUGH_PAIRS} pairs of reports of one incident: too few to learn from")
    return labelled


def _true_pairs(labelled: Labelled) -> Whole:
    """Pairs of neighbours in time within each incident, as two columns of row numbers."""
    rows = np.flatnonzero(labelled.gold & np.isfinite(labelled.columns.lon) & np.isfinite(labelled.columns.earliest))
    order = rows[np.lexsort((labelled.columns.earliest[rows], labelled.cluster[rows]))]
    same = np.flatnonzero(labelled.cluster[order[1:]] == labelled.cluster[order[:-1]])
    return np.stack([order[same], order[same + 1]], axis=1)


def _reach(labelled: Labelled, start: dict[str, Any]) -> dict[str, Any]:
    """How far apart reports of one incident lie in this file, nearly always; less where that would make too many pairs."""
    both = _true_pairs(labelled)
    found = Pairs.bare(labelled.columns, both[:, 0], both[:, 1])
    metres = float(np.clip(1.5 * np.quantile(found.metres, 0.96), 200, 1500))
    days = float(np.clip(1.5 * np.quantile(found.gap_hours, 0.96) / 24, 3, 60))
    reach = {**start, "metres": ceil(metres / 50) * 50, "days": ceil(days)}
    while reach["metres"] > 200 and _pair_count(labelled, reach) > MOST_PAIRS:
        reach = {**reach, "metres": reach["metres"] * 3 // 4}
    return reach


def _pair_count(labelled: Labelled, reach: dict[str, Any]) -> int:
    return len(blocking.candidate_pairs(labelled.columns, _only_reach(reach))[0])


def _only_reach(reach: dict[str, Any]) -> Any:
    from types import SimpleNamespace

    return SimpleNamespace(
        reach_m=reach["metres"], reach_days=reach["days"], rescue_m=reach["rescue_metres"], rescue_days=reach["rescue_days"]
    )


def _fitted(labelled: Labelled, data: dict[str, Any]) -> dict[str, Any]:
    columns = labelled.columns
    left, right = blocking.candidate_pairs(columns, weights_from(data))
    rarity = Rarity.of(columns) if len(columns) >= batch.ENOUGH_WORDS else weights_from(data).rarity
    values = measure(Pairs(columns, left, right, rarity, blocking.crowding(columns, left, right)))
    same = labelled.cluster[left] == labelled.cluster[right]
    sure = labelled.gold[left].astype(int) + labelled.gold[right]
    trust = np.where(same | (sure == 2), 1.0, np.where(sure == 1, training.DISTRACTOR_WEIGHT, 0.0))
    return training.fit(data, values, same, trust)


def _with_bands(labelled: Labelled, data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, float]]:
    """The thresholds that do best on these labels: most agreement for the guess, most joined safely for the automatic band."""
    weights = weights_from(data)
    compared = batch.compare(labelled.columns.accounts, weights)
    guesses = {join: _agreement(labelled, batch.best_guess(compared, replace(weights, join=join))) for join in JOINS}
    join = max(JOINS, key=lambda one: (guesses[one]["f1"], one))
    attach, window, sure = _safest(labelled, weights)
    bands = {**data["bands"], "join": join, "attach": attach, "same_event_hours": window, "suggest": round(join - 1, 3)}
    reached = {"f1": guesses[join]["f1"], "automatic_recall": sure["recall"], "automatic_wrong": sure["wrong"]}
    return {**data, "bands": bands}, reached


def _safest(labelled: Labelled, weights: Weights) -> tuple[float, float, dict[str, float]]:
    """The automatic band that joins most and wrongly at most WRONG_MERGES of the incidents; else the strictest of all."""
    tried = []
    for window in WINDOWS_HOURS:
        wide = replace(weights, same_event_hours=window, attach=min(ATTACHES))
        compared = batch.compare(labelled.columns.accounts, wide)
        for attach in ATTACHES:
            strict = replace(compared, attach=compared.attach & (compared.total >= attach))
            found = _agreement(labelled, batch.automatic(strict, replace(wide, attach=attach)))
            tried.append((attach, window, found))
    safe = [one for one in tried if one[2]["wrong"] <= WRONG_MERGES]
    return max(safe, key=lambda one: one[2]["recall"]) if safe else min(tried, key=lambda one: one[2]["wrong"])


def _agreement(labelled: Labelled, found: dict[str, str]) -> dict[str, float]:
    """How a clustering agrees with the labels of the trusted reports: F1 and recall of pairs, share of incidents joined wrongly."""
    names = np.array([found[account.id] for account in labelled.columns.accounts])[labelled.gold]
    guess, truth = np.unique(names, return_inverse=True)[1], labelled.cluster[labelled.gold]
    both = _pairs_in(guess * (int(truth.max()) + 1) + truth)
    precision, recall = both / max(1, _pairs_in(guess)), both / max(1, _pairs_in(truth))
    return {
        "f1": 2 * precision * recall / max(1e-9, precision + recall),
        "recall": recall,
        "wrong": _share_joined_wrongly(guess, truth),
    }


def _pairs_in(group: Sequence[int] | Whole) -> int:
    sizes = np.unique(group, return_counts=True)[1]
    return int((sizes * (sizes - 1) // 2).sum())


def _share_joined_wrongly(guess: Whole, truth: Whole) -> float:
    cells = np.unique(np.stack([guess, truth]), axis=1)
    crowded = np.unique(cells[0], return_counts=True)
    mixed = np.isin(cells[0], crowded[0][crowded[1] > 1])
    return len(np.unique(cells[1][mixed])) / max(1, len(np.unique(truth)))
