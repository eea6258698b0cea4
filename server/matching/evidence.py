"""The evidence that two reports speak of one damage: what is measured between them, one measure a function.

Pure. Every measure takes ``Pairs`` and gives one number for each pair, in its own unit, NaN where one side does not say. What a
number is worth is in the weights file, not here. Add a measure: write it, name it in ``MEASURES``, give it knots in the weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import log, nan

import numpy as np
from rapidfuzz import fuzz, process

from server.core.geography import METRES_PER_DEGREE
from server.matching.accounts import Bags, Columns, Floats, Whole
from server.vocabulary import SiteType, taxonomy_distance

LEAST_ACCURACY_M = 5.0
DIFFERENT_WORDS = 0.75  # two free-text categories that share no word may still mean one kind of place


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
class Pairs:
    """Pairs of accounts by row number, and how crowded the place is (how many other candidates lie near either of them)."""

    columns: Columns
    left: Whole
    right: Whole
    rarity: Rarity
    crowd: Floats

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


def distance(pairs: Pairs) -> Floats:
    """Metres apart."""
    return pairs.metres


def accuracy(pairs: Pairs) -> Floats:
    """Metres apart, in units of the accuracy that both sides claim together; NaN unless both claim one."""
    stated = pairs.columns.accuracy[pairs.left] + pairs.columns.accuracy[pairs.right]
    return pairs.metres / np.maximum(stated, LEAST_ACCURACY_M)


def hours(pairs: Pairs) -> Floats:
    """Hours between the two times, where both know the hour."""
    return np.where(pairs.coarse, np.nan, pairs.gap_hours)


def days(pairs: Pairs) -> Floats:
    """Days between the two intervals, where one side knows no hour but both know the day or nearly so."""
    return np.where(pairs.coarse & (~pairs.vague | (pairs.gap_hours > 0)), pairs.gap_hours / 24, np.nan)


def kind(pairs: Pairs) -> Floats:
    """Distance between the two kinds of place in the taxonomy: 0 the same, 1 nothing in common."""
    columns = pairs.columns
    return _looked_up(columns.kind_names, columns.kinds[pairs.left], columns.kinds[pairs.right], kind_distance)


def mentioned(pairs: Pairs) -> Floats:
    """The same between the kinds of place that the words mention."""
    names, index = pairs.columns.mentions
    return _looked_up(names, index[pairs.left], index[pairs.right], _nearest_kind)


def words(pairs: Pairs) -> Floats:
    """How much of what the words tell is shared: cosine of rare-word weights, 0 to 1; NaN where either side is wordless."""
    bags = pairs.columns.tokens
    weights = pairs.rarity.along(bags.items) ** 2
    total = bags.weigh(weights)
    norm = np.sqrt(total[pairs.left] * total[pairs.right])
    shared = bags.shared(pairs.left, pairs.right, weights)
    return np.divide(shared, norm, out=np.full(len(shared), np.nan), where=norm > 0)


def spelling(pairs: Pairs) -> Floats:
    """How alike the folded texts are letter by letter, whatever the order of their words: 0 to 1."""
    left, right = pairs.columns.folded[pairs.left], pairs.columns.folded[pairs.right]
    alike = process.cpdist(left, right, scorer=fuzz.token_sort_ratio, dtype=np.float32) / 100
    return np.where((left == "") | (right == ""), np.nan, alike)


def numbers(pairs: Pairs) -> Floats:
    """0 where the words share a number, 1 where both have numbers and share none."""
    return _agreement(pairs, pairs.columns.numbers)


def address(pairs: Pairs) -> Floats:
    """0 where both name the same numbered place, 1 where they name the same street or list with other numbers."""
    columns = pairs.columns
    same = columns.addresses.shared(pairs.left, pairs.right) > 0
    street = columns.streets.shared(pairs.left, pairs.right) > 0
    return np.where(same, 0.0, np.where(street & (numbers(pairs) == 1), 1.0, np.nan))


def photo(pairs: Pairs) -> Floats:
    """Bits in which the two nearest photos differ, of 64; NaN where either side has none."""
    hashes, there = pairs.columns.photos
    nearest = np.full(len(pairs.left), np.nan)
    for one in range(hashes.shape[1]):
        for other in range(hashes.shape[1]):
            bits = np.bitwise_count(hashes[pairs.left, one] ^ hashes[pairs.right, other]).astype(np.float64)
            both = there[pairs.left, one] & there[pairs.right, other]
            nearest = np.fmin(nearest, np.where(both, bits, np.nan))
    return nearest


def damage(pairs: Pairs) -> Floats:
    """Grades between the two intervals of damage; 0 where they overlap."""
    low = np.maximum(pairs.columns.damage_min[pairs.left], pairs.columns.damage_min[pairs.right])
    high = np.minimum(pairs.columns.damage_max[pairs.left], pairs.columns.damage_max[pairs.right])
    return np.maximum(0.0, low - high) + 0 * (low + high)


def source(pairs: Pairs) -> Floats:
    """1 where both come from one curated list, whose maker holds its rows to be distinct; 0 where from two; else NaN."""
    left, right = pairs.columns.sources[pairs.left], pairs.columns.sources[pairs.right]
    return np.where((left < 0) | (right < 0), np.nan, (left == right).astype(np.float64))


def crowd(pairs: Pairs) -> Floats:
    """How many other reports lie near either of the two."""
    return pairs.crowd


Measure = Callable[[Pairs], Floats]
MEASURES: dict[str, Measure] = {
    measure.__name__: measure
    for measure in (
        distance, accuracy, hours, days, kind, mentioned, words, spelling, numbers, address, photo, damage, source, crowd,
    )
}  # fmt: skip


def measure(pairs: Pairs) -> dict[str, Floats]:
    """Every measure of every pair."""
    return {name: take(pairs) for name, take in MEASURES.items()}


def kind_distance(one: str, other: str) -> float:
    """0 the same kind of place, 1 nothing in common, NaN where a code meets free words that are no known kind (marked ~)."""
    if one == other:
        return 0.0
    if one.startswith("~") != other.startswith("~"):
        return nan
    if one.startswith("~"):
        return DIFFERENT_WORDS * (1 - fuzz.token_set_ratio(one, other) / 100)
    return taxonomy_distance(_SITES[one], _SITES[other])


_SITES = {site.value: site for site in SiteType}


def _nearest_kind(one: str, other: str) -> float:
    return min(kind_distance(left, right) for left in one.split(",") for right in other.split(","))


def _looked_up(names: list[str], left: Whole, right: Whole, distance_of: Callable[[str, str], float]) -> Floats:
    """A distance between names for each pair, computed once for each pair of names; NaN where a side has none."""
    known = (left >= 0) & (right >= 0)
    keys, back = np.unique(np.minimum(left, right) * len(names) + np.maximum(left, right), return_inverse=True)
    table = [distance_of(names[key // len(names)], names[key % len(names)]) if key >= 0 else 0.0 for key in keys.tolist()]
    return np.where(known, np.array([*table, 0.0])[back], np.nan)


def _agreement(pairs: Pairs, bags: Bags) -> Floats:
    shared = bags.shared(pairs.left, pairs.right)
    both = (bags.sizes[pairs.left] > 0) & (bags.sizes[pairs.right] > 0)
    return np.where(both, (shared == 0).astype(np.float64), np.nan)
