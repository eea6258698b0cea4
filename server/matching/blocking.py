"""Which pairs of a whole file are worth comparing: near in place and time, or rescued by a shared address. numpy only.

A grid of time, north and east whose cells are as wide as the reach. Every account asks its own and the neighbouring cells, half
of them, so that each pair within reach appears exactly once. Two sides of the date line are not joined.
"""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from server.core.geography import METRES_PER_DEGREE
from server.matching.accounts import Columns, Floats, Whole
from server.matching.evidence import Pairs
from server.matching.weights import Weights

CHUNK = 2_000_000
CROWDED_ADDRESS = 40  # an address that more reports share says nothing about one damage
_NEIGHBOURS = ((0, 0), (0, 1), (1, -1), (1, 0), (1, 1))  # steps in (time, north); east is a range of three cells
_EAST_BITS, _NORTH_BITS = 24, 20

Found = tuple[Whole, Whole]


def candidate_pairs(columns: Columns, weights: Weights) -> Found:
    """Row numbers (left < right) of every pair within reach and of those a shared address rescues: sorted, each once."""
    found = [*_near(columns, weights), _rescued(columns, weights)]
    keys = np.unique(np.concatenate([np.minimum(a, b) * len(columns) + np.maximum(a, b) for a, b in found]))
    return keys // max(1, len(columns)), keys % max(1, len(columns))


def crowding(columns: Columns, left: Whole, right: Whole) -> Floats:
    """For each pair how many other candidates its busier side has."""
    company = np.bincount(left, minlength=len(columns)) + np.bincount(right, minlength=len(columns)) - 1
    return np.maximum(company[left], company[right]).astype(np.float64)


def _near(columns: Columns, weights: Weights) -> Iterator[Found]:
    placed = np.flatnonzero(np.isfinite(columns.lon) & np.isfinite(columns.lat) & np.isfinite(columns.earliest))
    time = np.floor(columns.earliest[placed] / (weights.reach_days * 86400)).astype(np.int64)
    north = np.floor(columns.lat[placed] * METRES_PER_DEGREE / weights.reach_m).astype(np.int64)
    keys = _key(time, north, _east(columns.lon[placed], north, weights.reach_m))
    order = np.argsort(keys, kind="stable")
    placed, time, north, keys = placed[order], time[order], north[order], keys[order]
    for later, up in _NEIGHBOURS:
        east = _east(columns.lon[placed], north + up, weights.reach_m)
        start = np.searchsorted(keys, _key(time + later, north + up, east - 1), "left")
        stop = np.searchsorted(keys, _key(time + later, north + up, east + 1), "right")
        if (later, up) == (0, 0):
            start = np.maximum(start, np.arange(len(keys)) + 1)
        for left, right in _ranges(start, np.maximum(start, stop)):
            yield _within(columns, placed[left], placed[right], weights)


def _east(lon: Floats, north: Whole, reach_m: float) -> Whole:
    """The east cell of a longitude as the row of cells ``north`` counts it."""
    latitude = np.radians(np.minimum(89.9, np.abs((north + 0.5) * reach_m / METRES_PER_DEGREE)))
    return np.floor(lon * METRES_PER_DEGREE * np.cos(latitude) / reach_m).astype(np.int64)


def _key(time: Whole, north: Whole, east: Whole) -> Whole:
    shifted = (time << _NORTH_BITS) + north + (1 << (_NORTH_BITS - 1))
    return (shifted << _EAST_BITS) + east + (1 << (_EAST_BITS - 1))


def _ranges(start: Whole, stop: Whole) -> Iterator[Found]:
    """Each row with each row of its range, in pieces that fit in memory."""
    counts = stop - start
    cuts = np.flatnonzero(np.diff(np.cumsum(counts) // CHUNK, prepend=0))
    for rows in np.split(np.arange(len(counts)), cuts):
        sizes = counts[rows]
        ends = np.cumsum(sizes)
        inner = np.arange(int(sizes.sum())) - np.repeat(ends - sizes, sizes)
        yield np.repeat(rows, sizes), np.repeat(start[rows], sizes) + inner


def _within(columns: Columns, left: Whole, right: Whole, weights: Weights) -> Found:
    near = Pairs.bare(columns, left, right)
    keep = (near.metres <= weights.reach_m) & (near.gap_hours <= weights.reach_days * 24)
    return left[keep], right[keep]


def _rescued(columns: Columns, weights: Weights) -> Found:
    """Pairs that name the same numbered place within the rescue reach, however wrong their pins are."""
    sharers: dict[str, list[int]] = defaultdict(list)
    for row, reading in enumerate(columns.readings):
        for name in reading.addresses:
            sharers[name].append(row)
    pairs = [pair for rows in sharers.values() for pair in _some_pairs(rows, columns, weights)]
    both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    found = Pairs.bare(columns, both[:, 0], both[:, 1])
    keep = (found.metres <= weights.rescue_m) & (found.gap_hours <= weights.rescue_days * 24)
    return both[keep, 0], both[keep, 1]


def _some_pairs(rows: list[int], columns: Columns, weights: Weights) -> Iterator[tuple[int, int]]:
    """Pairs of the rows that share an address, in the order of time, each with the few that follow it soon."""
    rows = sorted(rows, key=lambda row: float(columns.earliest[row]))
    reach = weights.rescue_days * 86400
    for place, row in enumerate(rows):
        for other in rows[place + 1 : place + 1 + CROWDED_ADDRESS]:
            if columns.earliest[other] - columns.latest[row] > reach:
                break
            yield row, other
