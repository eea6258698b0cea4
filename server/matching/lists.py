"""Which curated lists hold their rows to be distinct, seen from the lists themselves where no labels say so. Pure.

One maker enters each event once; another logs every video of it. The second repeats itself nearly word for word on one spot and
day, the first does not: so what stands twice in the first is two things, however near.
"""

import numpy as np

from server.matching.accounts import Columns, Whole
from server.matching.evidence import spelling
from server.matching.pairs import Pairs

SPOT_M, DAY_HOURS = 100.0, 24.0
ENOUGH = 15  # pairs of one list on one spot and day, to tell anything
ALIKE = 0.95
SELDOM = 0.08


def distinct_lists(columns: Columns, left: Whole, right: Whole) -> frozenset[str]:
    """The names of the lists that never (or hardly ever) repeat themselves, among these candidate pairs."""
    own = (columns.sources[left] >= 0) & (columns.sources[left] == columns.sources[right])
    if not own.any():
        return frozenset()
    pairs = Pairs.bare(columns, left[own], right[own])
    near = (pairs.metres <= SPOT_M) & (pairs.gap_hours <= DAY_HOURS)
    pairs = Pairs.bare(columns, pairs.left[near], pairs.right[near])
    source, repeats = columns.sources[pairs.left], spelling(pairs) >= ALIKE
    count = np.bincount(source, minlength=len(columns.source_names))
    share = np.bincount(source, repeats, minlength=len(columns.source_names)) / np.maximum(count, 1)
    return frozenset(name for number, name in enumerate(columns.source_names) if count[number] >= ENOUGH and share[number] <= SELDOM)
