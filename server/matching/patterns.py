"""How a report is worded and what its photos show, as keyed hashes by which look-alikes find one another. Pure.

Words: several short sketches of the set of telling words (MinHash in bands), so that one wording with other names, numbers and
order still shares some of them. Photos: pieces of the perceptual hash. Posts: the addresses that the words cite.
"""

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from random import Random

BANDS, ROWS = 8, 3
ENOUGH_WORDS = 6  # shorter wordings are everybody's
ALIKE_BANDS = 2  # so many shared bands mean about two thirds of the words
PHOTO_PIECES, PIECE_BITS = 4, 16
SAME_PICTURE_BITS = 6
_PRIME = (1 << 61) - 1
_POST = re.compile(r"(?:https?://|\bt\.me/|\bx\.com/|\btwitter\.com/|\byoutu\.be/)[^\s<>\"'()]+", re.IGNORECASE)


class Patterns:
    """Marks under one installation's key: nobody without it can compute the marks of a guessed text."""

    def __init__(self, key: bytes) -> None:
        self._key = key[:64]
        dice = Random(int.from_bytes(blake2b(b"bands", key=self._key, digest_size=8).digest(), "big"))  # noqa: S311 - spreads, hides nothing
        self._turns = [(dice.randrange(1, _PRIME), dice.randrange(_PRIME)) for _ in range(BANDS * ROWS)]

    def of_words(self, tokens: Iterable[str]) -> list[int]:
        """The marks of a wording, none for a short one; numbers do not count, for a template changes them."""
        telling = sorted({token for token in tokens if not token.isdigit()})
        if len(telling) < ENOUGH_WORDS:
            return []
        values = [self._hash(b"w", token.encode()) % _PRIME for token in telling]
        least = [min((turn * value + shift) % _PRIME for value in values) for turn, shift in self._turns]
        rows = [least[band * ROWS : (band + 1) * ROWS] for band in range(BANDS)]
        return [self._hash(b"b%d" % band, repr(row).encode()) for band, row in enumerate(rows)]

    def of_photos(self, hashes: Iterable[int]) -> list[int]:
        """The marks of photos: two that are alike share at least one, two that share one need not be alike."""
        mask = (1 << PIECE_BITS) - 1
        pieces = {(piece, (value >> (piece * PIECE_BITS)) & mask) for value in hashes for piece in range(PHOTO_PIECES)}
        return sorted(self._hash(b"p%d" % piece, bits.to_bytes(2, "big")) for piece, bits in pieces)

    def of_posts(self, words: str) -> list[int]:
        """The marks of the posts that a text cites, however their address is dressed."""
        found = {_bare(address) for address in _POST.findall(words)}
        return sorted(self._hash(b"u", address.encode()) for address in found)

    def _hash(self, kind: bytes, data: bytes) -> int:
        return int.from_bytes(blake2b(data, key=self._key, person=kind, digest_size=8).digest(), "big", signed=True)


def alike_pictures(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether any picture of one side is a picture of the other, sent again, shrunk or compressed."""
    mask = (1 << 64) - 1
    return any(((a ^ b) & mask).bit_count() <= SAME_PICTURE_BITS for a in one for b in other)


def _bare(address: str) -> str:
    bare = re.sub(r"^https?://(www\.|m\.|mobile\.)?", "", address.lower()).split("#")[0]
    bare = re.sub(r"^twitter\.com/", "x.com/", bare)
    return re.sub(r"[?&](utm_[a-z]+|s|si|t|feature|ref)=[^&]*", "", bare).rstrip("/.,;:!?")
