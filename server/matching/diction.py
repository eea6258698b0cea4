"""What single words are worth, learnt from labelled reports: shared by both accounts, or said by one of them alone. Pure.

"Toyota" said by one side only speaks against one damage as loudly as "the" says nothing; nobody can write such a list by hand,
but labels teach it. Words are kept as skeletons, so that the list can be read. A word that was never seen is worth nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from server.matching.accounts import Columns, Floats, Whole


@dataclass(frozen=True)
class Diction:
    """Words by their hash, rising, and what each adds to the log-odds when ``shared`` and when said ``alone``."""

    known: Whole
    shared: Floats
    alone: Floats

    @classmethod
    def of(cls, words: Mapping[str, tuple[float, float]]) -> "Diction":
        """From the list of a weights file: ``{skeleton: (shared, alone)}``."""
        hashed = sorted((crc32(word.encode()), shared, alone) for word, (shared, alone) in words.items())
        return cls(
            np.array([one for one, _, _ in hashed], np.int64),
            np.array([shared for _, shared, _ in hashed], float),
            np.array([alone for _, _, alone in hashed], float),
        )

    def of_pairs(self, columns: Columns, left: Whole, right: Whole) -> Floats:
        """The summed worth of the words of each pair."""
        bags = columns.tokens
        shared, alone = self._along(bags.items, self.shared), self._along(bags.items, self.alone)
        own = bags.weigh(alone)
        return own[left] + own[right] + bags.shared(left, right, shared - 2 * alone)

    def _along(self, items: Whole, worth: Floats) -> Floats:
        if not len(self.known):
            return np.zeros(len(items))
        spots = np.minimum(np.searchsorted(self.known, items), len(self.known) - 1)
        return np.where(self.known[spots] == items, worth[spots], 0.0)
