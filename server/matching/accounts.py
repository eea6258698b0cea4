"""What one report says, as matching reads it, and many of them laid out as columns so that pairs are compared by the million.

Pure. The live system lays out a new report and its few candidates; the commands lay out a whole file. Both then go through
the same evidence (``evidence.py``) and the same weights, so there is one judgement.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from server.matching.reading import Reading, kind_of, read

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
COARSE_HOURS = 6.0  # an interval at least this wide says the day or a part of it, not the hour
VAGUE_HOURS = 72.0  # an interval at least this wide hardly says when
_ITEM_BITS = 32


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

    def __init__(self, bags: Sequence[Iterable[str]]) -> None:
        sets = [sorted({crc32(item.encode()) for item in bag}) for bag in bags]
        self.sizes: Whole = np.fromiter((len(items) for items in sets), np.int64, len(sets))
        self.starts: Whole = np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64)
        self.items: Whole = np.fromiter((item for items in sets for item in items), np.int64, int(self.starts[-1]))
        self.keys: Whole = (np.repeat(np.arange(len(sets)), self.sizes) << _ITEM_BITS) | self.items

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
    """Accounts as arrays, in the order given. Unknown numbers are NaN; unknown kinds are -1; times are POSIX seconds."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self.accounts = accounts
        self.readings: list[Reading] = [read(account.text, account.place_text) for account in accounts]
        self.lon, self.lat = _floats(a.lon for a in accounts), _floats(a.lat for a in accounts)
        self.accuracy = _floats(a.accuracy_m for a in accounts)
        self.earliest = _floats(_posix(a.earliest or a.latest) for a in accounts)
        self.latest = _floats(_posix(a.latest or a.earliest) for a in accounts)
        self.damage_min = _floats(a.damage_min for a in accounts)
        self.damage_max = _floats(a.damage_max if a.damage_max is not None else a.damage_min for a in accounts)
        self.kind_names, self.kinds = _coded([_kind(a.kind) for a in accounts])
        self.sources = _coded([a.source for a in accounts])[1]
        self.photos = _photos(accounts)
        self.folded = np.array([reading.folded for reading in self.readings], dtype=object)

    def __len__(self) -> int:
        return len(self.accounts)

    @cached_property
    def coarse(self) -> NDArray[np.bool_]:
        """True where the account knows the day or a part of it, not the hour."""
        return self.latest - self.earliest >= COARSE_HOURS * 3600

    @cached_property
    def vague(self) -> NDArray[np.bool_]:
        """True where the account hardly knows when it was; that times overlap then means nothing."""
        return ~(self.latest - self.earliest < VAGUE_HOURS * 3600)

    @cached_property
    def tokens(self) -> Bags:
        """The telling words, as skeletons."""
        return Bags([reading.tokens for reading in self.readings])

    @cached_property
    def numbers(self) -> Bags:
        """House and site numbers."""
        return Bags([reading.numbers for reading in self.readings])

    @cached_property
    def addresses(self) -> Bags:
        """Numbered places."""
        return Bags([reading.addresses for reading in self.readings])

    @cached_property
    def streets(self) -> Bags:
        """Names that a number stands beside."""
        return Bags([reading.streets for reading in self.readings])

    @cached_property
    def mentions(self) -> tuple[list[str], Whole]:
        """The kinds of place that the words mention, as a list of sets by name and the index of each account's set (-1: none)."""
        return _coded([",".join(sorted(reading.kinds)) for reading in self.readings])


def _floats(values: Iterable[float | int | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


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


def _photos(accounts: Sequence[Account]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Perceptual hashes, one row for each account, and which of them are there."""
    width = max([1, *(len(account.photos) for account in accounts)])
    hashes = np.zeros((len(accounts), width), np.uint64)
    there = np.zeros((len(accounts), width), bool)
    for row, account in enumerate(accounts):
        for column, value in enumerate(account.photos):
            hashes[row, column], there[row, column] = value & (2**64 - 1), True
    return hashes, there
