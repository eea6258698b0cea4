"""Fit a whole weights file to labelled reports: how far to look, what evidence is worth, and where the bands lie.

Labels are ``cluster_id`` and, where some reports were never labelled, ``label`` (gold or distractor). Trees are grown where there
are labels enough, else only the lines are fitted. Thresholds are set on scores of places that the scorer had not seen.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from server.matching import batch, blocking, growing, thresholds, training
from server.matching.accounts import Columns, Floats, Whole
from server.matching.evidence import MEASURES, measure
from server.matching.files import UnusableFile, account_of, read_rows
from server.matching.pairs import Pairs
from server.matching.thresholds import Labelled
from server.matching.weights import Weights, weights_from
from server.matching.weights_file import write_weights

ENOUGH_PAIRS = 20
ENOUGH_FOR_TREES = 200  # pairs of neighbours in time that are one; fewer teach the lines only
MOST_PAIRS = 3_000_000
COVERED = 0.985  # of the neighbours in time of one incident the reach lets so many through
REACHES_M, REACHES_DAYS, EDGES = (400, 600, 800, 1000, 1500, 2000), (7, 14, 30, 45, 60, 90, 120), (0.0, 1.0, 0.5)
DISTINCT_PAIRS = 50  # so many near pairs of one list, none of them one thing: the list never names a thing twice
WORDS_PAY = 0.005  # what single words must add to the average precision to be kept
LEARNT = tuple(name for name in MEASURES if name != "diction")

Said = Callable[[str], None]


def train_file(source: Path, target: Path, start: dict[str, Any], *, version: str, say: Said = lambda _: None) -> dict[str, float]:
    """Learn a weights file from a labelled CSV; returns what it reaches on places it did not learn from.

    ``start`` is the parsed weights file to begin from; ``say`` is told what is being done. UnusableFile when the labels do not suffice.
    """
    data, reached = learn(read_labelled(source), {**start, "version": version}, say=say)
    write_weights(data, target)
    return reached


def learn(labelled: Labelled, start: dict[str, Any], *, say: Said = lambda _: None) -> tuple[dict[str, Any], dict[str, float]]:
    """The weights file learnt from labelled reports, and what it reaches."""
    columns = labelled.columns
    data = {name: value for name, value in start.items() if name not in {"trees", "diction"}}
    data["reach"] = _reach(labelled, start["reach"])
    data["clusters"] = {"linkage": "sum", "sure_linkage": "single", "distinct": []}
    left, right = blocking.candidate_pairs(columns, weights_from(data))
    data["clusters"]["distinct"] = _distinct(labelled, left, right)
    say(f"{len(columns)} reports, {len(left)} pairs within {data['reach']['metres']} m and {data['reach']['days']} days")
    lesson = _lesson(labelled, left, right, weights_from(data))
    data = training.fit(data, dict(zip(lesson.names, lesson.matrix.T, strict=True)), lesson.same, lesson.trust)
    if len(_true_pairs(labelled)) >= ENOUGH_FOR_TREES:
        say("growing trees, each fold judged by those that saw the others")
        data, total = _with_trees(labelled, data, lesson, left, right, say)
    else:
        total = weights_from(data).totals(dict(zip(lesson.names, lesson.matrix.T.astype(float), strict=True)))
    say("setting the thresholds")
    return thresholds.set_bands(labelled, data, left, right, total)


def read_labelled(source: Path) -> Labelled:
    """The reports of a file with their labels."""
    rows = sorted(read_rows(source), key=lambda row: row["id"])
    if not rows or not all(row.get("cluster_id") for row in rows):
        raise UnusableFile(f"{source} needs a column cluster_id with a value in every row")
    cluster = np.unique([row["cluster_id"] for row in rows], return_inverse=True)[1]
    gold = np.array([(row.get("label") or "gold") == "gold" for row in rows])
    labelled = Labelled(Columns(account_of(row) for row in rows), cluster, gold)
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
    """How far apart reports of one incident lie in this file, nearly always, at the price of the fewest pairs to compare."""
    both = _true_pairs(labelled)
    found = Pairs.bare(labelled.columns, both[:, 0], both[:, 1])
    shapes = sorted(product(REACHES_M, REACHES_DAYS, EDGES), key=lambda shape: (_area(*shape), shape))
    tried = [{**start, "metres": metres, "days": days, "edge": edge} for metres, days, edge in shapes]
    near = [(blocking.is_near(found, _only_reach(reach)).mean(), reach) for reach in tried]
    most = max(share for share, _ in near)
    for share, reach in near:
        if share >= min(COVERED, most) and _pair_count(labelled, reach) <= MOST_PAIRS:
            return reach
    return {**start, "edge": 0.0}


def _area(metres: float, days: float, edge: float) -> float:
    """How many pairs a reach lets through, as if reports lay evenly in place and time."""
    return metres**2 * days * {0.0: 1 / 2, 1.0: 1 / 6, 0.5: 1 / 30}[edge]


def _pair_count(labelled: Labelled, reach: dict[str, Any]) -> int:
    return len(blocking.candidate_pairs(labelled.columns, _only_reach(reach))[0])


def _only_reach(reach: dict[str, Any]) -> Any:
    from types import SimpleNamespace

    return SimpleNamespace(
        reach_m=reach["metres"], reach_days=reach["days"], reach_edge=reach["edge"], rescue_m=reach["rescue_metres"],
        rescue_days=reach["rescue_days"],
    )  # fmt: skip


def _distinct(labelled: Labelled, left: Whole, right: Whole) -> list[str]:
    """The curated lists whose own rows, however near, are never one thing by these labels."""
    source, sure = labelled.columns.sources, labelled.gold[left] & labelled.gold[right]
    own = sure & (source[left] >= 0) & (source[left] == source[right])
    near, same = Counter(source[left[own]].tolist()), Counter(source[left[own & labelled.same(left, right)]].tolist())
    names = labelled.columns.source_names
    return sorted(names[number] for number, count in near.items() if count >= DISTINCT_PAIRS and not same[number])


def _lesson(labelled: Labelled, left: Whole, right: Whole, weights: Weights) -> growing.Lesson:
    """What there is to learn from: pairs with a report that nobody labelled count less, or not at all."""
    same = labelled.same(left, right)
    sure = labelled.gold[left].astype(int) + labelled.gold[right]
    trust = np.where(same | (sure == 2), 1.0, np.where(sure == 1, training.DISTRACTOR_WEIGHT, 0.0))
    matrix = np.empty((len(left), len(LEARNT)), np.float32)
    for piece, pairs in batch.laid_out(labelled.columns, left, right, weights, with_context=True):
        values = measure(pairs, LEARNT)
        for column, name in enumerate(LEARNT):
            matrix[piece, column] = values[name]
    fold = growing.folds_of(labelled.columns, labelled.cluster)
    return growing.Lesson(LEARNT, matrix, same, trust, (fold[left], fold[right]))


def _with_trees(
    labelled: Labelled, data: dict[str, Any], lesson: growing.Lesson, left: Whole, right: Whole, say: Said
) -> tuple[dict[str, Any], Floats]:
    """The weights with trees, and with what single words are worth where that pays; and the honest totals of all pairs."""
    total, sure = growing.honest_totals(lesson, say=say), lesson.trust == 1.0
    say("learning what single words are worth")
    wordings = growing.Wordings.of(labelled.columns, left, right)
    said = wordings.honest(lesson, total)
    of_fold = np.stack(said)[lesson.folds[0], np.arange(len(left))]
    gain = growing.average_precision(lesson.same[sure], (total + of_fold)[sure]) - growing.average_precision(lesson.same[sure], total[sure])
    every = np.ones(len(left), bool)
    if gain < WORDS_PAY:
        say("growing the trees that are kept")
        return {**data, "trees": _written(lesson, growing.grow(lesson, every))}, total
    names = (*lesson.names, "diction")
    matrices = [np.column_stack([lesson.matrix, one]).astype(np.float32) for one in said]
    worded = replace(lesson, names=names, matrix=np.column_stack([lesson.matrix, of_fold]).astype(np.float32))
    honest = growing.honest_totals(worded, matrices, say=say)
    words = wordings.learn(lesson, every, total)
    data = {**data, "diction": _spelt(labelled.columns, wordings.words, words)}
    return {**data, "trees": _written(worded, growing.grow(worded, every))}, honest


def _written(lesson: growing.Lesson, text: str) -> dict[str, Any]:
    return {"measures": list(lesson.names), "model": text.splitlines()}


def _spelt(columns: Columns, hashes: list[int], worth: Floats) -> dict[str, list[float]]:
    """The learnt words as skeletons with what they are worth shared and alone; those worth nothing are left out."""
    spelt = {crc32(word.encode()): word for word in _words(columns)}
    both = zip(hashes, worth[: len(hashes)].tolist(), worth[len(hashes) :].tolist(), strict=True)
    return {spelt[one]: [shared, alone] for one, shared, alone in both if one in spelt and (shared or alone)}


def _words(columns: Columns) -> Iterator[str]:
    return (word for reading in columns.readings for word in reading.tokens)
