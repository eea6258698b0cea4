"""A whole file of reports at once: clusters, suggestions and learnt weights, by the same judgement as the live system. Pure.

Pairs are judged in pieces, so that memory follows the number of pairs kept, not of measures taken.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from server.matching import blocking
from server.matching.accounts import Account, Columns, Floats, Whole
from server.matching.clustering import cluster
from server.matching.evidence import Pairs, Rarity
from server.matching.files import account_of, read_rows, write_rows
from server.matching.scoring import judge, unrivalled
from server.matching.weights import Weights

PIECE = 400_000
ENOUGH_WORDS = 500  # from so many reports on, the file itself says which words are rare
MOST_SUGGESTED = 5
SUGGESTION_DEPTH = 3.0  # how far below the live threshold a ranked list still goes


@dataclass(frozen=True)
class Compared:
    """Every candidate pair of a file with what was judged of it; rows are in the order of the ids."""

    ids: list[str]
    columns: Columns
    left: Whole
    right: Whole
    total: Floats
    attach: np.ndarray
    conflict: np.ndarray


def cluster_file(source: Path, target: Path, weights: Weights) -> tuple[int, int]:
    """Write ``id,cluster,auto_cluster`` for each report; returns how many reports and how many clusters there are."""
    rows = read_rows(source)
    compared = compare([account_of(row) for row in rows], weights)
    best, sure = best_guess(compared, weights), automatic(compared, weights)
    write_rows(target, ("id", "cluster", "auto_cluster"), ((row["id"], best[row["id"]], sure[row["id"]]) for row in rows))
    return len(rows), len(set(best.values()))


def suggest_file(source: Path, target: Path, weights: Weights) -> int:
    """Write ``id,rank,candidate,score``: the earlier reports each report may repeat, the likeliest first; returns how many."""
    compared = compare([account_of(row) for row in read_rows(source)], weights)
    rows = list(suggestions(compared, weights))
    write_rows(target, ("id", "rank", "candidate", "score"), rows)
    return len(rows)


def compare(accounts: Sequence[Account], weights: Weights) -> Compared:
    """Judge every pair of accounts that is near enough. The order of the accounts does not matter."""
    columns = Columns(sorted(accounts, key=lambda account: account.id))
    left, right = blocking.candidate_pairs(columns, weights)
    crowd = blocking.crowding(columns, left, right)
    rarity = Rarity.of(columns) if len(columns) >= ENOUGH_WORDS else weights.rarity
    total, attach, conflict = np.zeros(len(left)), np.zeros(len(left), bool), np.zeros(len(left), bool)
    for start in range(0, len(left), PIECE):
        piece = slice(start, start + PIECE)
        judged = judge(Pairs(columns, left[piece], right[piece], rarity, crowd[piece]), weights)
        total[piece], attach[piece], conflict[piece] = judged.total, judged.attach, judged.conflict
    return Compared([account.id for account in columns.accounts], columns, left, right, total, attach, conflict)


def best_guess(compared: Compared, weights: Weights) -> dict[str, str]:
    """The likeliest clustering: correlation clustering over all pairs."""
    worth = compared.total - weights.join
    group = _groups(len(compared.ids), compared.left[worth > 0], compared.right[worth > 0])
    inside = np.flatnonzero(group[compared.left] == group[compared.right])
    return cluster(compared.ids, _worths(compared, inside, worth), absent=weights.absent)


def automatic(compared: Compared, weights: Weights) -> dict[str, str]:
    """The clustering that the automatic band alone would make: no contradiction inside, no rival beside."""
    sure = np.array(_unrivalled(compared, weights), dtype=np.int64)
    group = _groups(len(compared.ids), compared.left[sure], compared.right[sure])
    against = np.flatnonzero(compared.conflict & (group[compared.left] == group[compared.right]))
    cannot = [(compared.ids[one], compared.ids[other]) for one, other in _rows(compared, against)]
    return cluster(compared.ids, _worths(compared, sure, compared.total - weights.attach + 1.0), cannot=cannot)


def suggestions(compared: Compared, weights: Weights) -> Iterator[tuple[str, int, str, float]]:
    """For each report its earlier candidates in order: ``(id, rank, candidate, score)``."""
    earliest, found = np.nan_to_num(compared.columns.earliest), defaultdict(list)
    for edge in np.flatnonzero(compared.total >= weights.suggest - SUGGESTION_DEPTH).tolist():
        one, other = int(compared.left[edge]), int(compared.right[edge])
        later, earlier = (one, other) if earliest[one] > earliest[other] else (other, one)
        found[later].append((-round(float(compared.total[edge]), 3), compared.ids[earlier]))
    for later in sorted(found):
        for rank, (negative, candidate) in enumerate(sorted(found[later])[:MOST_SUGGESTED], start=1):
            yield compared.ids[later], rank, candidate, -negative


def write_weights(data: dict[str, object], target: Path) -> None:
    """A weights file that a person can read and compare: one line for each measure."""
    lines = [f'    {json.dumps(name)}: {json.dumps(line)}' for name, line in dict(data["evidence"]).items()]  # type: ignore[call-overload]
    head = f'{{\n  "version": {json.dumps(data["version"])},\n  "prior": {json.dumps(data["prior"])},\n'
    parts = [f'  {json.dumps(name)}: {json.dumps(data[name])}' for name in ("bands", "reach", "words")]
    body = '  "evidence": {\n' + ",\n".join(lines) + "\n  },\n" + ",\n".join(parts) + "\n}\n"
    target.write_text(head + body, encoding="utf-8")


def _unrivalled(compared: Compared, weights: Weights) -> list[int]:
    """The pairs of the automatic band of which neither side has a nearly equal candidate that is something else."""
    near: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for edge in np.flatnonzero(compared.total >= weights.attach - weights.crowding_margin).tolist():
        one, other, total = int(compared.left[edge]), int(compared.right[edge]), float(compared.total[edge])
        near[one].append((total, other))
        near[other].append((total, one))
    friends = set(_rows(compared, np.flatnonzero((compared.total >= weights.suggest) & ~compared.conflict)))
    kept = []
    for edge in np.flatnonzero(compared.attach).tolist():
        one, other, total = int(compared.left[edge]), int(compared.right[edge]), float(compared.total[edge])
        sides = ((rival, found, mate) for side, mate in ((one, other), (other, one)) for found, rival in near[side])
        if all(
            rival == mate or unrivalled(total, found, weights) or (min(rival, mate), max(rival, mate)) in friends
            for rival, found, mate in sides
        ):
            kept.append(edge)
    return kept


def _groups(count: int, left: Whole, right: Whole) -> Whole:
    """The connected component of each row, named by its smallest row (labels spread and shortcut until nothing moves)."""
    label = np.arange(count)
    while True:
        low = np.minimum(label[left], label[right])
        spread = label.copy()
        for side in (label[left], label[right]):
            np.minimum.at(spread, side, low)
        while not np.array_equal(shorter := spread[spread], spread):
            spread = shorter
        if np.array_equal(spread, label):
            return label
        label = spread


def _worths(compared: Compared, edges: Whole, worth: Floats) -> dict[tuple[str, str], float]:
    pairs = _rows(compared, edges)
    return {(compared.ids[a], compared.ids[b]): value for (a, b), value in zip(pairs, worth[edges].tolist(), strict=True)}


def _rows(compared: Compared, edges: Whole) -> list[tuple[int, int]]:
    return list(zip(compared.left[edges].tolist(), compared.right[edges].tolist(), strict=True))
