"""A whole file of reports at once: clusters and suggestions, by the same judgement as the live system.

Pairs are judged in pieces, so that memory follows the number of pairs kept, not of measures taken. Each piece stands alone given
its columns, so an engine of many machines can take the pieces apart.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from server.matching import blocking
from server.matching.accounts import Account, Columns, Floats, Whole
from server.matching.clustering import Linkage, cluster_rows, groups
from server.matching.context import surroundings
from server.matching.files import account_of, each_row, write_rows
from server.matching.lists import distinct_lists
from server.matching.pairs import Pairs, Rarity, Telling
from server.matching.scoring import judge
from server.matching.weights import Weights

PIECE = 200_000
ENOUGH_WORDS = 500  # from so many reports on, the file itself says which words are rare
MOST_SUGGESTED = 5
MOST_LISTED = 200  # of one list within one group, to keep apart each from each
AGAINST = -1.0  # what a pair that is not sure is worth at best to the automatic band

Links = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Compared:
    """Every candidate pair of a file with what was judged of it; rows are in the order of the ids.

    ``distinct`` names the lists that count what stands twice in them as two.
    """

    ids: list[str]
    columns: Columns
    left: Whole
    right: Whole
    total: Floats
    attach: np.ndarray
    conflict: np.ndarray
    distinct: frozenset[str] = frozenset()


def cluster_file(source: Path, target: Path, weights: Weights) -> tuple[int, int]:
    """Write ``id,cluster,auto_cluster`` for each report; returns how many reports and how many clusters there are."""
    columns = Columns((account_of(row) for row in each_row(source)), lean=True)
    compared = compare(columns, weights)
    best, sure = best_guess(compared, weights), automatic(compared, weights)
    write_rows(target, ("id", "cluster", "auto_cluster"), ((one, best[one], sure[one]) for one in columns.ids))
    return len(columns), len(set(best.values()))


def suggest_file(source: Path, target: Path, weights: Weights) -> int:
    """Write ``id,rank,candidate,score``: the earlier reports each report may repeat, the likeliest first; returns how many."""
    compared = compare(Columns((account_of(row) for row in each_row(source)), lean=True), weights)
    rows = list(suggestions(compared))
    write_rows(target, ("id", "rank", "candidate", "score"), rows)
    return len(rows)


def compare(accounts: Iterable[Account] | Columns, weights: Weights, judged_more: Callable[[float], None] = lambda _: None) -> Compared:
    """Judge every pair of accounts that is near enough. The order of the accounts does not matter.

    ``judged_more`` is told what further share of the pairs was judged.
    """
    columns = (accounts if isinstance(accounts, Columns) else Columns(accounts)).sorted()
    left, right = blocking.candidate_pairs(columns, weights)
    if not weights.trees:
        weights = replace(weights, distinct=weights.distinct | distinct_lists(columns, left, right))
    total, attach, conflict = np.zeros(len(left)), np.zeros(len(left), bool), np.zeros(len(left), bool)
    for piece, pairs in laid_out(columns, left, right, weights):
        judged = judge(pairs, weights)
        total[piece], attach[piece], conflict[piece] = judged.total, judged.attach, judged.conflict
        judged_more(len(pairs.left) / len(left))
    return Compared(columns.ids, columns, left, right, total, attach, conflict, weights.distinct)


def laid_out(
    columns: Columns, left: Whole, right: Whole, weights: Weights, *, with_context: bool = False
) -> Iterator[tuple[slice, Pairs]]:
    """The pairs in pieces, each with all that its measures ask for (or with the context too, whatever they ask for)."""
    crowd = blocking.crowding(columns, left, right)
    context = surroundings(columns, left, right) if weights.needs_context or with_context else {}
    rarity = Rarity.of(columns) if len(columns) >= ENOUGH_WORDS else weights.rarity
    weighed = Telling.of(columns, rarity)
    for start in range(0, len(left), PIECE):
        piece = slice(start, start + PIECE)
        around = {name: values[piece] for name, values in context.items()}
        yield piece, Pairs(columns, left[piece], right[piece], rarity, crowd[piece], around, weights.diction, weights.distinct, weighed)


def best_guess(compared: Compared, weights: Weights, *, must: Links = (), cannot: Links = ()) -> dict[str, str]:
    """The likeliest clustering over all pairs; ``must`` and ``cannot`` are what people ruled."""
    worth = compared.total - weights.join
    return _clusters(compared, worth, weights, weights.linkage, must=must, cannot=cannot)


def automatic(compared: Compared, weights: Weights, *, must: Links = (), cannot: Links = ()) -> dict[str, str]:
    """The clustering that the automatic band alone would make: no contradiction inside, no rival beside."""
    sure = np.zeros(len(compared.left), bool)
    sure[_unrivalled(compared, weights)] = True
    over = compared.total - weights.attach
    worth = np.where(sure, np.maximum(over, 0.0) + 0.01, np.minimum(over, AGAINST))
    return _clusters(compared, worth, weights, weights.sure_linkage, must=must, cannot=cannot, refused=compared.conflict)


def suggestions(compared: Compared) -> Iterator[tuple[str, int, str, float]]:
    """For each report its earlier candidates in order: ``(id, rank, candidate, score)``. Of two at one time either may be first."""
    earliest = np.nan_to_num(compared.columns.earliest)
    for_right = earliest[compared.left] <= earliest[compared.right]
    for_left = earliest[compared.right] <= earliest[compared.left]
    later = np.concatenate([compared.right[for_right], compared.left[for_left]])
    earlier = np.concatenate([compared.left[for_right], compared.right[for_left]])
    total = np.concatenate([compared.total[for_right], compared.total[for_left]])
    order = np.lexsort((earlier, -np.round(total, 3), later))
    owner = later[order]
    begins = np.flatnonzero(np.append(True, owner[1:] != owner[:-1])) if len(owner) else owner
    rank = np.arange(len(owner)) - np.repeat(begins, np.diff(np.append(begins, len(owner)))) + 1
    for edge, place in zip(order[rank <= MOST_SUGGESTED].tolist(), rank[rank <= MOST_SUGGESTED].tolist(), strict=True):
        yield compared.ids[later[edge]], place, compared.ids[earlier[edge]], round(float(total[edge]), 3)


def _clusters(
    compared: Compared, worth: Floats, weights: Weights, linkage: Linkage, *, must: Links, cannot: Links, refused: np.ndarray | None = None
) -> dict[str, str]:
    """The clusters by id, with what people ruled, what contradicts and what one list counts as two kept apart."""
    row = {one: place for place, one in enumerate(compared.ids)}
    bound = [(row[one], row[other]) for one, other in must]
    apart = [(row[one], row[other]) for one, other in cannot]
    joined = np.array(bound, np.int64).reshape(-1, 2)
    tied = groups(len(row), joined[:, 0], joined[:, 1])  # what people laid together, by one pair or by way of others
    if refused is not None:
        apart += _refused(compared, worth, joined, tied, refused)
    apart += _listed(compared, worth, tied)
    absent = weights.absent
    if linkage == "mean":
        worth = np.maximum(worth, absent)
    found = cluster_rows(
        len(row), compared.left, compared.right, worth, must=bound, cannot=apart, absent=absent, linkage=linkage
    )
    return dict(zip(compared.ids, (compared.ids[place] for place in found.tolist()), strict=True))


def _refused(compared: Compared, worth: Floats, joined: Whole, tied: Whole, refused: np.ndarray) -> list[tuple[int, int]]:
    """The pairs that contradict within each part that could come together (unless people tied them); elsewhere they decide nothing."""
    for_it = worth > 0
    part = groups(len(compared.ids), np.append(compared.left[for_it], joined[:, 0]), np.append(compared.right[for_it], joined[:, 1]))
    counts = refused & (part[compared.left] == part[compared.right]) & (tied[compared.left] != tied[compared.right])
    return _rows(compared, np.flatnonzero(counts))


def _listed(compared: Compared, worth: Floats, tied: Whole) -> Iterator[tuple[int, int]]:
    """Rows of one list that never names a thing twice, within each connected part (unless people tied them)."""
    names = compared.columns.source_names
    distinct = {number for number, name in enumerate(names) if name in compared.distinct}
    if not distinct:
        return
    for_it = worth > 0
    part = groups(len(compared.ids), compared.left[for_it], compared.right[for_it])
    members: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, (name, source) in enumerate(zip(part.tolist(), compared.columns.sources.tolist(), strict=True)):
        if source in distinct:
            members[name, source].append(place)
    for rows in members.values():
        few = rows[:MOST_LISTED]
        yield from ((one, other) for at, one in enumerate(few) for other in rows[at + 1 :] if tied[one] != tied[other])


def _unrivalled(compared: Compared, weights: Weights) -> Whole:
    """The pairs of the automatic band of which neither side has a nearly equal candidate that is something else."""
    sure = np.flatnonzero(compared.attach)
    if not weights.is_strict:
        return sure
    near: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for edge in np.flatnonzero(compared.total >= weights.attach - weights.crowding_margin).tolist():
        one, other, total = int(compared.left[edge]), int(compared.right[edge]), float(compared.total[edge])
        near[one].append((total, other))
        near[other].append((total, one))
    friends = set(_rows(compared, np.flatnonzero((compared.total >= weights.suggest) & ~compared.conflict)))
    kept = []
    for edge in sure.tolist():
        one, other, total = int(compared.left[edge]), int(compared.right[edge]), float(compared.total[edge])
        sides = ((rival, found, mate) for side, mate in ((one, other), (other, one)) for found, rival in near[side])
        if all(
            rival == mate or total - found >= weights.crowding_margin or (min(rival, mate), max(rival, mate)) in friends
            for rival, found, mate in sides
        ):
            kept.append(edge)
    return np.array(kept, dtype=np.int64)


def _rows(compared: Compared, edges: Whole) -> list[tuple[int, int]]:
    return list(zip(compared.left[edges].tolist(), compared.right[edges].tolist(), strict=True))
