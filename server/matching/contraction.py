"""The greedy joining of clusters, one connected part at a time: best offer first, nothing forbidden ever crossed. Pure.

Worths are whole thousandths, so sums are exact; ties go by the smaller member: the order of the input changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
from typing import Literal

Linkage = Literal["sum", "mean", "single"]
FINE = 1_000_000  # a mean is compared as a whole number of millionths of a thousandth


class ContradictoryLinks(ValueError):
    """What must be together must also be apart: no clustering can obey both."""


class Contraction:
    """The state of one contraction: clusters by their smallest row, what they are worth to each other, what is forbidden.

    ``sum`` joins while what all pairs between two clusters are worth together is positive (greedy additive edge contraction),
    ``mean`` does so by the best average (average linkage), ``single`` by the best single pair. Absent pairs are worth ``absent``.
    """

    def __init__(self, rows: Iterable[int], *, absent: int, linkage: Linkage) -> None:
        self.parent = {row: row for row in rows}
        self.size = dict.fromkeys(self.parent, 1)
        self.absent, self.linkage = absent, linkage
        self.worth: dict[int, dict[int, int]] = {row: {} for row in self.parent}
        self.known: dict[int, dict[int, int]] = {row: {} for row in self.parent}
        self.apart: dict[int, set[int]] = defaultdict(set)
        self.heap: list[tuple[int, int, int]] = []

    def forbid(self, left: int, right: int) -> None:
        """These two must not lie together."""
        if left == right:
            raise ContradictoryLinks("one cannot be apart from itself")
        self.apart[left].add(right)
        self.apart[right].add(left)

    def bind(self, left: int, right: int) -> None:
        """These two must lie together."""
        one, other = self.root(left), self.root(right)
        if one != other:
            if other in self.apart[one]:
                raise ContradictoryLinks("two that must be together must be apart")
            self._join(*sorted((one, other)))

    def weigh(self, left: int, right: int, value: int) -> None:
        """This pair is worth so much."""
        one, other = self.root(left), self.root(right)
        if one != other:
            self._add(one, other, value, 1)

    def contract(self) -> None:
        """Join until no offer is left."""
        self.heap = [entry for one in self.worth for other in self.worth[one] if one < other for entry in self._offer(one, other)]
        heapify(self.heap)
        while self.heap:
            negative, one, other = heappop(self.heap)
            if self._stands(one, other, -negative):
                self._join(one, other)
                for third in self.worth[one]:
                    for entry in self._offer(*sorted((one, third))):
                        heappush(self.heap, entry)

    def root(self, row: int) -> int:
        """The smallest member of the cluster of a row."""
        while self.parent[row] != row:
            self.parent[row] = self.parent[self.parent[row]]
            row = self.parent[row]
        return row

    def _stands(self, one: int, other: int, value: int) -> bool:
        """An offer counts only while both clusters exist, are worth just that, and may meet."""
        alive = self.parent[one] == one and self.parent[other] == other
        return alive and other not in self.apart[one] and self._total(one, other) == value

    def _offer(self, one: int, other: int) -> Iterator[tuple[int, int, int]]:
        value = self._total(one, other)
        if value > 0 and other not in self.apart[one]:
            yield -value, one, other

    def _total(self, one: int, other: int) -> int:
        worth = self.worth[one].get(other, 0)
        if self.linkage == "single":
            return worth
        pairs = self.size[one] * self.size[other]
        total = worth + self.absent * (pairs - self.known[one].get(other, 0))
        return total if self.linkage == "sum" else total * FINE // pairs

    def _add(self, one: int, other: int, value: int, count: int) -> None:
        for left, right in ((one, other), (other, one)):
            row = self.worth[left]
            if self.linkage == "single":
                row[right] = max(row[right], value) if right in row else value
            else:
                row[right] = row.get(right, 0) + value
            self.known[left][right] = self.known[left].get(right, 0) + count

    def _join(self, one: int, other: int) -> None:
        """The second cluster becomes part of the first (the smaller row), with all that binds and forbids it."""
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
