"""What one report says, as matching reads it, and many of them laid out as columns so that pairs are compared by the million.

Pure. The live system lays out a new report and its few candidates; the commands lay out a whole file. Both then go through
the same evidence (``evidence.py``) and the same weights, so there is one judgement.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from math import nan
from sys import intern
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from server.matching.reading import Reading, kind_of, read

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
COARSE_HOURS = 6.0  # an interval at least this wide says the day or a part of it, not the hour
VAGUE_HOURS = 72.0  # an interval at least this wide hardly says when
BAGS = ("tokens", "numbers", "addresses", "streets", "sites", "houses", "roads", "names")
_ITEM_BITS = 32
_DERIVED = ("coarse", "vague")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one report says. ``lon``/``lat`` WGS 84 or None; ``accuracy_m`` as stated, or None; damage grades 0-4 or None.

    ``earliest``/``latest`` bound the moment of the damage, aware; ``kind`` is a site code or free words; ``photos`` are 64-bit
    perceptual hashes; ``source`` names a curated list (an import) whose rows its maker holds to be distinct, or is "".
    """

    id: str
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    kind: str = ""
    damage_min: int | None = None
    damage_max: int | None = None
    text: str = ""
    place_text: str = ""
    photos: tuple[int, ...] = ()
    source: str = ""
    flags: frozenset[str] = field(default_factory=frozenset)


class Bags:
    """One small set of items for each account, as sorted keys, so that what two accounts share is found without a loop."""

    def __init__(self, sizes: Whole, items: Whole) -> None:
        self.sizes: Whole = sizes
        self.starts: Whole = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.items: Whole = items
        self.keys: Whole = (np.repeat(np.arange(len(sizes)), sizes) << _ITEM_BITS) | items

    def taken(self, order: Whole) -> "Bags":
        """The same bags in another order of the accounts."""
        sizes = self.sizes[order]
        ends = np.cumsum(sizes)
        inner = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - sizes, sizes)
        return Bags(sizes, self.items[np.repeat(self.starts[order], sizes) + inner])

    def weigh(self, weight_of_item: Floats) -> Floats:
        """The summed weight of each account's items; ``weight_of_item`` runs along ``items``."""
        sums = np.concatenate([[0.0], np.cumsum(weight_of_item)])
        return sums[self.starts[1:]] - sums[self.starts[:-1]]

    def shared(self, left: Whole, right: Whole, weight_of_item: Floats | None = None) -> Floats:
        """For each pair the summed weight (or the number) of the items that both accounts have."""
        if not len(self.keys):
            return np.zeros(len(left))
        swap = self.sizes[left] > self.sizes[right]
        small, large = np.where(swap, right, left), np.where(swap, left, right)
        sizes = self.sizes[small]
        ends = np.cumsum(sizes)
        inner = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - sizes, sizes)
        items = np.repeat(self.starts[small], sizes) + inner
        wanted = (np.repeat(large, sizes) << _ITEM_BITS) | self.items[items]
        spots = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        hits = self.keys[spots] == wanted
        worth = hits.astype(np.float64) if weight_of_item is None else np.where(hits, weight_of_item[items], 0.0)
        return np.bincount(np.repeat(np.arange(len(left)), sizes), worth, minlength=len(left)).astype(np.float64)


class Columns:
    """Accounts as arrays, in the order given. Unknown numbers are NaN; unknown kinds are -1; times are POSIX seconds.

    ``lean`` keeps neither the accounts nor their words, only what pairs are judged by: about 1 kB for each account.
    """

    def __init__(self, accounts: Iterable[Account], *, lean: bool = False) -> None:
        sheet = _Sheet()
        self.accounts: list[Account] = []
        self.readings: list[Reading] = []
        for account in accounts:
            reading = read(account.text, account.place_text)
            sheet.add(account, reading)
            if not lean:
                self.accounts.append(account)
                self.readings.append(reading)
        self.ids: list[str] = sheet.ids
        (self.lon, self.lat, self.accuracy, self.earliest, self.latest, self.damage_min, self.damage_max) = sheet.numbers_()
        self.kind_names, self.kinds = _coded(sheet.kinds)
        self.source_names, self.sources = _coded(sheet.sources)
        self.mentions = _coded(sheet.mentions)
        self.photos = _photos(sheet.photos)
        self.folded = np.array(sheet.folded, dtype=object)
        self.tokens, self.numbers, self.addresses, self.streets, self.sites, self.houses, self.roads, self.names = (
            bag.bags() for bag in sheet.bags
        )

    def __len__(self) -> int:
        return len(self.ids)

    def sorted(self) -> "Columns":
        """The same accounts in the order of their ids."""
        if all(one <= other for one, other in pairwise(self.ids)):
            return self
        order = np.array(sorted(range(len(self.ids)), key=self.ids.__getitem__), dtype=np.int64)
        other = object.__new__(Columns)
        for name, value in vars(self).items():
            setattr(other, name, _in_order(name, value, order))
        return other

    @cached_property
    def coarse(self) -> NDArray[np.bool_]:
        """True where the account knows the day or a part of it, not the hour."""
        return self.latest - self.earliest >= COARSE_HOURS * 3600

    @cached_property
    def vague(self) -> NDArray[np.bool_]:
        """True where the account hardly knows when it was; that times overlap then means nothing."""
        return ~(self.latest - self.earliest < VAGUE_HOURS * 3600)


class _Bag:
    """Bags while they are filled."""

    def __init__(self) -> None:
        self.sizes, self.items = array("q"), array("q")

    def add(self, words: Iterable[str]) -> None:
        found = sorted({crc32(word.encode()) for word in words})
        self.sizes.append(len(found))
        self.items.extend(found)

    def bags(self) -> Bags:
        return Bags(np.array(self.sizes, np.int64), np.array(self.items, np.int64))


class _Sheet:
    """Columns while they are filled, one account at a time."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.floats = tuple(array("d") for _ in range(7))
        self.kinds: list[str] = []
        self.sources: list[str] = []
        self.mentions: list[str] = []
        self.folded: list[str] = []
        self.photos: list[tuple[int, ...]] = []
        self.bags = tuple(_Bag() for _ in BAGS)

    def add(self, account: Account, reading: Reading) -> None:
        first, last = account.earliest or account.latest, account.latest or account.earliest
        worst = account.damage_max if account.damage_max is not None else account.damage_min
        given = (account.lon, account.lat, account.accuracy_m, _posix(first), _posix(last), account.damage_min, worst)
        for column, value in zip(self.floats, given, strict=True):
            column.append(nan if value is None else value)
        self.ids.append(account.id)
        self.kinds.append(intern(_kind(account.kind)))
        self.sources.append(intern(account.source))
        self.mentions.append(intern(",".join(sorted(reading.kinds))))
        self.folded.append(reading.folded)
        self.photos.append(account.photos)
        for bag, name in zip(self.bags, BAGS, strict=True):
            bag.add(getattr(reading, name))

    def numbers_(self) -> tuple[Floats, ...]:
        return tuple(np.frombuffer(column, np.float64) if len(column) else np.zeros(0) for column in self.floats)


def _in_order(name: str, value: Any, order: Whole) -> Any:
    """A part of the columns with its rows in another order."""
    if name in {"kind_names", "source_names"} or name in _DERIVED:
        return value[order] if name in _DERIVED else value
    if name == "mentions":
        return value[0], value[1][order]
    if name == "photos":
        return value[0][order], value[1][order]
    if isinstance(value, Bags):
        return value.taken(order)
    if isinstance(value, list):
        return [value[row] for row in order.tolist()] if value else value
    return value[order]


def _posix(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


def _kind(words: str) -> str:
    """A site code as it is; free words as the code they speak of, or else as themselves, marked with a tilde."""
    if not words or words == "UNK":
        return ""
    if words.isupper() and " " not in words:
        return words
    return kind_of(words) or f"~{words.strip().lower()}"


def _coded(names: Sequence[str]) -> tuple[list[str], Whole]:
    known = sorted(set(names) - {""})
    index = {name: number for number, name in enumerate(known)} | {"": -1}
    return known, np.fromiter((index[name] for name in names), np.int64, len(names))


def _photos(found: Sequence[tuple[int, ...]]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Perceptual hashes, one row for each account, and which of them are there."""
    width = max((len(one) for one in found), default=0) or 1
    hashes = np.zeros((len(found), width), np.uint64)
    there = np.zeros((len(found), width), bool)
    for row, values in enumerate(found):
        for column, value in enumerate(values):
            hashes[row, column], there[row, column] = value & (2**64 - 1), True
    return hashes, there
