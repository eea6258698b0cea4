"""Which accounts belong together, given what each pair of them is worth: correlation clustering by greedy edge contraction.

Pure. Two clusters join while the sum of what their pairs are worth is positive, the best first (greedy additive edge contraction,
Keuper et al. 2015). A cannot-link is never crossed and a must-link never broken. The answer does not depend on the order of the
input: worths are whole thousandths, so sums are exact, and ties go by id.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush

Pair = tuple[str, str]
THOUSANDTHS = 1000


class ContradictoryLinks(ValueError):
    """What must be together must also be apart: no clustering can obey both."""


def cluster(
    ids: Iterable[str],
    worth: Mapping[Pair, float],
    *,
    must: Iterable[Pair] = (),
    cannot: Iterable[Pair] = (),
    absent: float = 0.0,
) -> dict[str, str]:
    """The cluster of each id, named by its smallest member.

    ``worth`` is log-odds for a pair (either order; absent pairs are worth ``absent``); raises ContradictoryLinks.
    """
    solver = _Contraction(sorted(set(ids)), round(absent * THOUSANDTHS))
    solver.forbid(cannot)
    solver.bind(must)
    solver.weigh(worth)
    solver.contract()
    return solver.answer()


def recluster(
    before: Mapping[str, str],
    worth: Mapping[Pair, float],
    *,
    touched: Iterable[str],
    must: Iterable[Pair] = (),
    cannot: Iterable[Pair] = (),
    absent: float = 0.0,
) -> dict[str, str]:
    """The clustering after ``touched`` ids arrived or changed: only what they are connected with is solved again.

    The same as ``cluster`` over everything, because what no positive pair connects cannot influence the rest.
    """
    must, cannot = list(must), list(cannot)
    ids = set(before) | set(touched)
    part = _connected(set(touched), worth, must)
    inside = {pair: value for pair, value in worth.items() if pair[0] in part and pair[1] in part}
    solved = cluster(
        part, inside, must=_among(must, part), cannot=_among(cannot, part), absent=absent
    )
    return {one: solved.get(one, before.get(one, one)) for one in sorted(ids)}


def components(ids: Iterable[str], pairs: Iterable[Pair]) -> dict[str, str]:
    """The connected component of each id, named by its smallest member."""
    parent = {one: one for one in ids}
    for left, right in pairs:
        low, high = sorted((_root(parent, left), _root(parent, right)))
        parent[high] = low
    return {one: _root(parent, one) for one in parent}


def _root(parent: dict[str, str], one: str) -> str:
    while parent[one] != one:
        parent[one] = parent[parent[one]]
        one = parent[one]
    return one


def _connected(seeds: set[str], worth: Mapping[Pair, float], must: list[Pair]) -> set[str]:
    near: dict[str, list[str]] = defaultdict(list)
    for left, right in [*(pair for pair, value in worth.items() if value > 0), *must]:
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


class _Contraction:
    """The state of one contraction: clusters by their smallest id, what they are worth to each other, what is forbidden."""

    def __init__(self, ids: list[str], absent: int) -> None:
        self.parent = {one: one for one in ids}
        self.size = dict.fromkeys(ids, 1)
        self.absent = absent
        self.worth: dict[str, dict[str, int]] = {one: {} for one in ids}
        self.known: dict[str, dict[str, int]] = {one: {} for one in ids}
        self.apart: dict[str, set[str]] = defaultdict(set)
        self.heap: list[tuple[int, str, str]] = []

    def forbid(self, pairs: Iterable[Pair]) -> None:
        for left, right in pairs:
            if left == right:
                raise ContradictoryLinks(f"{left} cannot be apart from itself")
            self.apart[left].add(right)
            self.apart[right].add(left)

    def bind(self, pairs: Iterable[Pair]) -> None:
        for left, right in sorted(tuple(sorted(pair)) for pair in pairs):
            one, other = _root(self.parent, left), _root(self.parent, right)
            if one != other:
                if other in self.apart[one]:
                    raise ContradictoryLinks(f"{left} and {right} must be together and must be apart")
                self._join(*sorted((one, other)))

    def weigh(self, worth: Mapping[Pair, float]) -> None:
        for (left, right), value in worth.items():
            one, other = _root(self.parent, left), _root(self.parent, right)
            if one != other:
                self._add(one, other, round(value * THOUSANDTHS), 1)

    def contract(self) -> None:
        self.heap = [entry for one in self.worth for other in self.worth[one] if one < other for entry in self._offer(one, other)]
        heapify(self.heap)
        while self.heap:
            negative, one, other = heappop(self.heap)
            if self._stands(one, other, -negative):
                self._join(one, other)
                for third in self.worth[one]:
                    for entry in self._offer(*sorted((one, third))):
                        heappush(self.heap, entry)

    def answer(self) -> dict[str, str]:
        return {one: _root(self.parent, one) for one in self.parent}

    def _stands(self, one: str, other: str, value: int) -> bool:
        """An offer counts only while both clusters exist, are worth just that, and may meet."""
        alive = self.parent[one] == one and self.parent[other] == other
        return alive and other not in self.apart[one] and self._total(one, other) == value

    def _offer(self, one: str, other: str) -> Iterator[tuple[int, str, str]]:
        value = self._total(one, other)
        if value > 0 and other not in self.apart[one]:
            yield -value, one, other

    def _total(self, one: str, other: str) -> int:
        pairs = self.size[one] * self.size[other]
        return self.worth[one].get(other, 0) + self.absent * (pairs - self.known[one].get(other, 0))

    def _add(self, one: str, other: str, value: int, count: int) -> None:
        for left, right in ((one, other), (other, one)):
            self.worth[left][right] = self.worth[left].get(right, 0) + value
            self.known[left][right] = self.known[left].get(right, 0) + count

    def _join(self, one: str, other: str) -> None:
        """The second cluster becomes part of the first (the smaller id), with all that binds and forbids it."""
        self.parent[other] = one
        self.size[one] += self.size.pop(other)
        worth, known = self.worth.pop(other), self.known.pop(other)
        for third in worth:
            del self.worth[third][other], self.known[third][other]
        for third, value in worth.items():
            if third != one:
                self._add(one, third, value, known[third])
        for third in self.apart.pop(other, set()):
            self.apart[third].discard(other)
            self.apart[third].add(one)
            self.apart[one].add(third)
