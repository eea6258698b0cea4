"""Which accounts belong together, given what each pair of them is worth: correlation clustering by greedy contraction.

Pure. A cannot-link is never crossed and a must-link never broken. The answer does not depend on the order of the input. What no
positive pair connects cannot influence the rest, so every connected part is solved by itself (``contraction.py``).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from server.matching.accounts import Floats, Whole
from server.matching.contraction import Contraction, ContradictoryLinks, Linkage

__all__ = ["ContradictoryLinks", "Linkage", "cluster", "cluster_rows", "components", "groups", "recluster"]

Pair = tuple[str, str]
Rows = Iterable[tuple[int, int]]
THOUSANDTHS = 1000


def cluster(
    ids: Iterable[str],
    worth: Mapping[Pair, float],
    *,
    must: Iterable[Pair] = (),
    cannot: Iterable[Pair] = (),
    absent: float = 0.0,
    linkage: Linkage = "sum",
) -> dict[str, str]:
    """The cluster of each id, named by its smallest member.

    ``worth`` is log-odds for a pair (either order; absent pairs are worth ``absent``); raises ContradictoryLinks.
    """
    names = sorted(set(ids))
    row = {name: place for place, name in enumerate(names)}
    pairs = np.array([(row[left], row[right]) for left, right in worth], np.int64).reshape(-1, 2)
    found = cluster_rows(
        len(names), pairs[:, 0], pairs[:, 1], np.fromiter(worth.values(), float, len(worth)),
        must=[(row[left], row[right]) for left, right in must],
        cannot=[(row[left], row[right]) for left, right in cannot],
        absent=absent, linkage=linkage,
    )  # fmt: skip
    return {name: names[place] for name, place in zip(names, found.tolist(), strict=True)}


def cluster_rows(
    count: int,
    left: Whole,
    right: Whole,
    worth: Floats,
    *,
    must: Rows = (),
    cannot: Rows = (),
    absent: float = 0.0,
    linkage: Linkage = "sum",
) -> Whole:
    """The same by row numbers 0…count-1: for each row the smallest row of its cluster."""
    bound = np.array(sorted(tuple(sorted(pair)) for pair in must), np.int64).reshape(-1, 2)
    value = np.round(np.asarray(worth, float) * THOUSANDTHS).astype(np.int64)
    for_it = value > 0
    part = groups(count, np.concatenate([left[for_it], bound[:, 0]]), np.concatenate([right[for_it], bound[:, 1]]))
    forbidden: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for one, other in cannot:
        if one == other:
            raise ContradictoryLinks("one cannot be apart from itself")
        if part[one] == part[other]:
            forbidden[int(part[one])].append((one, other))
    bonds: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for one, other in bound.tolist():
        bonds[int(part[one])].append((one, other))
    answer = np.array(part)
    for name, rows, edges in _parts(part, left, right, linkage, forbidden):
        solver = Contraction(rows, absent=round(absent * THOUSANDTHS), linkage=linkage)
        for one, other in forbidden.get(name, ()):
            solver.forbid(one, other)
        for one, other in bonds.get(name, ()):
            solver.bind(one, other)
        for one, other, worthy in zip(left[edges].tolist(), right[edges].tolist(), value[edges].tolist(), strict=True):
            solver.weigh(one, other, worthy)
        solver.contract()
        answer[rows] = [solver.root(row) for row in rows]
    return answer


def recluster(
    before: Mapping[str, str],
    worth: Mapping[Pair, float],
    *,
    touched: Iterable[str],
    must: Iterable[Pair] = (),
    cannot: Iterable[Pair] = (),
    **how: Any,
) -> dict[str, str]:
    """The clustering after ``touched`` ids arrived or changed: only what they are connected with is solved again.

    The same as ``cluster`` over everything, because what no positive pair connects cannot influence the rest.
    """
    must, cannot = list(must), list(cannot)
    ids = set(before) | set(touched)
    part = _connected(set(touched), worth, must)
    inside = {pair: value for pair, value in worth.items() if pair[0] in part and pair[1] in part}
    solved = cluster(part, inside, must=_among(must, part), cannot=_among(cannot, part), **how)
    return {one: solved.get(one, before.get(one, one)) for one in sorted(ids)}


def components(ids: Iterable[str], pairs: Iterable[Pair]) -> dict[str, str]:
    """The connected component of each id, named by its smallest member."""
    names = sorted(set(ids))
    row = {name: place for place, name in enumerate(names)}
    both = np.array([(row[left], row[right]) for left, right in pairs], np.int64).reshape(-1, 2)
    found = groups(len(names), both[:, 0], both[:, 1])
    return {name: names[place] for name, place in zip(names, found.tolist(), strict=True)}


def groups(count: int, left: Whole, right: Whole) -> Whole:
    """The connected component of each row, named by its smallest row."""
    if not count:
        return np.zeros(0, np.int64)
    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
    labels = connected_components(graph, directed=False)[1]
    return np.unique(labels, return_index=True)[1].astype(np.int64)[labels]


def _parts(
    part: Whole, left: Whole, right: Whole, linkage: Linkage, forbidden: Mapping[int, Sequence[tuple[int, int]]]
) -> Iterator[tuple[int, list[int], Whole]]:
    """Each connected part that has to be solved: its name, its rows and the places of its pairs.

    Single linkage joins a whole part unless something in it is forbidden, so only such parts are solved.
    """
    sizes = np.bincount(part, minlength=len(part))
    wanted = sizes > 1
    if linkage == "single":
        only = np.zeros(len(part), bool)
        only[[*forbidden]] = True
        wanted &= only
    rows, edges = np.flatnonzero(wanted[part]), np.flatnonzero((part[left] == part[right]) & wanted[part[left]])
    rows, edges = rows[np.argsort(part[rows], kind="stable")], edges[np.argsort(part[left[edges]], kind="stable")]
    names = np.flatnonzero(wanted)
    row_starts, edge_starts = np.searchsorted(part[rows], names), np.searchsorted(part[left[edges]], names)
    row_ends, edge_ends = np.searchsorted(part[rows], names, "right"), np.searchsorted(part[left[edges]], names, "right")
    for place, name in enumerate(names.tolist()):
        yield name, rows[row_starts[place] : row_ends[place]].tolist(), edges[edge_starts[place] : edge_ends[place]]


def _connected(seeds: set[str], worth: Mapping[Pair, float], must: list[Pair]) -> set[str]:
    near: dict[str, list[str]] = defaultdict(list)
    for left, right in [*(pair for pair, value in worth.items() if round(value * THOUSANDTHS) > 0), *must]:
        near[left].append(right)
        near[right].append(left)
    part, front = set(seeds), list(seeds)
    while front:
        fresh = set(near[front.pop()]) - part
        part |= fresh
        front.extend(fresh)
    return part


def _among(pairs: list[Pair], part: set[str]) -> Iterator[Pair]:
    return (pair for pair in pairs if pair[0] in part and pair[1] in part)
