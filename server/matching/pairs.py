"""Pairs of accounts, and what every measure asks of them: distance, time, and how telling a word is. Pure."""

from dataclasses import dataclass, field
from functools import cached_property
from math import log

import numpy as np

from server.core.geography import METRES_PER_DEGREE
from server.matching.accounts import Columns, Floats, Whole
from server.matching.diction import Diction


class Rarity:
    """How telling a word is: its inverse document frequency, learnt from a corpus, or one constant where nothing is known."""

    def __init__(self, counts: dict[int, int], documents: int) -> None:
        self.known = np.array(sorted(counts), dtype=np.int64)
        self.values = np.array([log((documents + 1) / (counts[item] + 1)) for item in self.known.tolist()])
        self.unseen = log(documents + 1)

    @classmethod
    def of(cls, columns: Columns) -> "Rarity":
        """Learn from the accounts themselves (a file of them)."""
        items, counts = np.unique(columns.tokens.items, return_counts=True)
        return cls(dict(zip(items.tolist(), counts.tolist(), strict=True)), len(columns))

    def along(self, items: Whole) -> Floats:
        """The weight of each item."""
        if not len(self.known):
            return np.full(len(items), max(self.unseen, 1.0))
        spots = np.minimum(np.searchsorted(self.known, items), len(self.known) - 1)
        return np.where(self.known[spots] == items, self.values[spots], self.unseen)


@dataclass(frozen=True)
class Telling:
    """How telling each token of some columns is, along ``columns.tokens.items``; its square; and the squares summed by account."""

    rare: Floats
    squared: Floats
    mass: Floats

    @classmethod
    def of(cls, columns: Columns, rarity: Rarity) -> "Telling":
        """Weighed once for all pairs of a file."""
        rare = rarity.along(columns.tokens.items)
        return cls(rare, rare**2, columns.tokens.weigh(rare**2))


@dataclass(frozen=True)
class Pairs:
    """Pairs of accounts by row number, and how crowded the place is (how many other candidates lie near either of them).

    ``context`` holds the measures of ``context.py`` for these pairs, ``diction`` what words are worth, ``distinct`` names the lists
    that never name a thing twice, ``weighed`` how telling the words are; each may be unknown.
    """

    columns: Columns
    left: Whole
    right: Whole
    rarity: Rarity
    crowd: Floats
    context: dict[str, np.ndarray] = field(default_factory=dict)
    diction: Diction | None = None
    distinct: frozenset[str] = frozenset()
    weighed: Telling | None = None

    @classmethod
    def bare(cls, columns: Columns, left: Whole, right: Whole) -> "Pairs":
        """Pairs of which only distance and time are asked."""
        return cls(columns, left, right, Rarity({}, 0), np.zeros(len(left)))

    @cached_property
    def metres(self) -> Floats:
        """Distance in metres on a locally flat Earth (good to 0.1 % at matching distances)."""
        lon, lat = self.columns.lon, self.columns.lat
        middle = np.radians((lat[self.left] + lat[self.right]) / 2)
        turn = (lon[self.left] - lon[self.right] + 180) % 360 - 180
        return np.hypot(turn * np.cos(middle), lat[self.left] - lat[self.right]) * METRES_PER_DEGREE

    @cached_property
    def gap_hours(self) -> Floats:
        """Hours between the two intervals of time; 0 where they touch."""
        late = np.maximum(self.columns.earliest[self.left], self.columns.earliest[self.right])
        early = np.minimum(self.columns.latest[self.left], self.columns.latest[self.right])
        return np.maximum(0.0, late - early) / 3600

    @cached_property
    def vague(self) -> np.ndarray:
        """True where either side hardly knows when it was."""
        return self.columns.vague[self.left] | self.columns.vague[self.right]

    @cached_property
    def coarse(self) -> np.ndarray:
        """True where either side does not know the hour."""
        return self.columns.coarse[self.left] | self.columns.coarse[self.right]

    @cached_property
    def telling(self) -> Telling:
        """How telling each token of the columns is."""
        return self.weighed or Telling.of(self.columns, self.rarity)
