"""The evidence that two reports speak of one damage: what is measured between them, one measure a function.

Pure. Every measure takes ``Pairs`` and gives one number for each pair, in its own unit, NaN where one side does not say. What a
number is worth is in the weights file, not here. Add a measure: write it, name it in ``MEASURES``, give it knots in the weights.
"""

from collections.abc import Callable, Iterable
from math import nan

import numpy as np
from rapidfuzz import fuzz, process

from server.matching import context
from server.matching.accounts import Bags, Floats, Whole
from server.matching.pairs import Pairs, Rarity
from server.vocabulary import SiteType, taxonomy_distance

__all__ = ["MEASURES", "Pairs", "Rarity", "kind_distance", "measure"]

LEAST_ACCURACY_M = 5.0
MANY = 10_000  # from so many pairs on, a second thread is worth its start
DIFFERENT_WORDS = 0.75  # two free-text categories that share no word may still mean one kind of place


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
    told = pairs.telling
    norm = np.sqrt(told.mass[pairs.left] * told.mass[pairs.right])
    shared = pairs.columns.tokens.shared(pairs.left, pairs.right, told.squared)
    return np.divide(shared, norm, out=np.full(len(shared), np.nan), where=norm > 0)


def spelling(pairs: Pairs) -> Floats:
    """How alike the folded texts are letter by letter, whatever the order of their words: 0 to 1."""
    return _alike(pairs, fuzz.token_sort_ratio)


def overlap(pairs: Pairs) -> Floats:
    """How alike the texts are where one says more than the other (the words of the shorter within the longer): 0 to 1."""
    return _alike(pairs, fuzz.token_set_ratio)


def quoted(pairs: Pairs) -> Floats:
    """How much of the shorter text stands within the longer as it is: 0 to 1."""
    return _alike(pairs, fuzz.partial_ratio)


def telling(pairs: Pairs) -> Floats:
    """How telling the shared words are, summed."""
    return pairs.columns.tokens.shared(pairs.left, pairs.right, pairs.telling.rare)


def diction(pairs: Pairs) -> Floats:
    """What the words are worth, word by word, as labels taught; NaN where nothing was learnt."""
    if pairs.diction is None:
        return np.full(len(pairs.left), np.nan)
    return pairs.diction.of_pairs(pairs.columns, pairs.left, pairs.right)


def left_over_few(pairs: Pairs) -> Floats:
    """Words that the terser side says alone."""
    sizes = pairs.columns.tokens.sizes
    return np.minimum(sizes[pairs.left], sizes[pairs.right]) - pairs.columns.tokens.shared(pairs.left, pairs.right)


def left_over_many(pairs: Pairs) -> Floats:
    """Words that the wordier side says alone."""
    sizes = pairs.columns.tokens.sizes
    return np.maximum(sizes[pairs.left], sizes[pairs.right]) - pairs.columns.tokens.shared(pairs.left, pairs.right)


def numbers(pairs: Pairs) -> Floats:
    """0 where the words share a number, 1 where both have numbers and share none."""
    return _agreement(pairs, pairs.columns.numbers)


def address(pairs: Pairs) -> Floats:
    """0 where both name the same numbered place, 1 where they name the same street or list with other numbers."""
    columns = pairs.columns
    same = columns.addresses.shared(pairs.left, pairs.right) > 0
    street = columns.streets.shared(pairs.left, pairs.right) > 0
    return np.where(same, 0.0, np.where(street & (numbers(pairs) == 1), 1.0, np.nan))


def site_number(pairs: Pairs) -> Floats:
    """0 where both give one number of a school, clinic or the like, 1 where both give one and none agrees."""
    return _agreement(pairs, pairs.columns.sites)


def house_number(pairs: Pairs) -> Floats:
    """The same for numbers beside a street."""
    return _agreement(pairs, pairs.columns.houses)


def street(pairs: Pairs) -> Floats:
    """0 where both name one street, 1 where each names another."""
    return _agreement(pairs, pairs.columns.roads)


def name(pairs: Pairs) -> Floats:
    """0 where both places are called after the same thing ("Victory", in any language), 1 where after other things."""
    return _agreement(pairs, pairs.columns.names)


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
    """0 where they come from two curated lists, 1 from one, 2 from one that never names a thing twice; else NaN."""
    columns = pairs.columns
    left, right = columns.sources[pairs.left], columns.sources[pairs.right]
    worth = np.array([*(2.0 if name in pairs.distinct else 1.0 for name in columns.source_names), np.nan])
    return np.where((left < 0) | (right < 0), np.nan, np.where(left == right, worth[left], 0.0))


def clock(pairs: Pairs) -> Floats:
    """Hours between the times of day, whatever the day, where both know the hour: what recurs at one hour is a nuisance."""
    rest = pairs.gap_hours % 24
    return np.where(pairs.coarse, np.nan, np.minimum(rest, 24 - rest))


def accuracy_best(pairs: Pairs) -> Floats:
    """The better of the two accuracies claimed, in metres."""
    return np.fmin(pairs.columns.accuracy[pairs.left], pairs.columns.accuracy[pairs.right])


def accuracy_worst(pairs: Pairs) -> Floats:
    """The worse of the two accuracies claimed, in metres."""
    return np.fmax(pairs.columns.accuracy[pairs.left], pairs.columns.accuracy[pairs.right])


def crowd(pairs: Pairs) -> Floats:
    """How many other reports lie near either of the two."""
    return pairs.crowd


def _standing(among: str) -> Callable[[Pairs], Floats]:
    """A measure of ``context.py``; NaN where it was not taken."""

    def take(pairs: Pairs) -> Floats:
        found = pairs.context.get(among)
        return np.full(len(pairs.left), np.nan) if found is None else found.astype(np.float64)

    return take


Measure = Callable[[Pairs], Floats]
MEASURES: dict[str, Measure] = {
    measure.__name__: measure
    for measure in (
        distance, accuracy, hours, days, kind, mentioned, words, spelling, numbers, address, photo, damage, source, crowd,
        overlap, quoted, telling, diction, left_over_few, left_over_many, site_number, house_number, street, name, clock,
        accuracy_best, accuracy_worst,
    )
} | {among: _standing(among) for among in context.MEASURED}  # fmt: skip


def measure(pairs: Pairs, names: Iterable[str] = tuple(MEASURES)) -> dict[str, Floats]:
    """The measures named, or all, of every pair."""
    return {name: MEASURES[name](pairs) for name in names}


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


def _alike(pairs: Pairs, scorer: Callable[..., float]) -> Floats:
    left, right = pairs.columns.folded[pairs.left], pairs.columns.folded[pairs.right]
    alike = process.cpdist(left, right, scorer=scorer, dtype=np.float32, workers=2 if len(left) >= MANY else 1) / 100
    return np.where((left == "") | (right == ""), np.nan, alike)


def _agreement(pairs: Pairs, bags: Bags) -> Floats:
    shared = bags.shared(pairs.left, pairs.right)
    both = (bags.sizes[pairs.left] > 0) & (bags.sizes[pairs.right] > 0)
    return np.where(both, (shared == 0).astype(np.float64), np.nan)
