"""Sealing and opening: each report's words lie under a key of its own, and that key under the installation's.

AES-256-GCM. Destroying the wrapped key of a report erases its words for good, in every backup made after.
"""

import hashlib
import hmac
import json
import os
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.core.assets import STATIC
from server.core.settings import settings

NONCE = 12


@dataclass(frozen=True, kw_only=True)
class PrivateWords:
    """What only the one door opens."""

    text: str = ""
    place_text: str = ""
    contact: str = ""
    unread: dict[str, Any] = field(default_factory=dict)
    is_erased: bool = False


ERASED = PrivateWords(is_erased=True)


@cache
def derived_key(purpose: str) -> bytes:
    """A key of 32 bytes for one purpose, from SECRET_KEY."""
    return hmac.new(settings().secret_key.encode(), f"tessera:{purpose}".encode(), hashlib.sha256).digest()


@cache
def _wrapping() -> AESGCM:
    return AESGCM(derived_key("wrap"))


def new_key(owner: UUID) -> tuple[bytes, bytes]:
    """A fresh key for ``owner`` and the same key wrapped for storing."""
    key = os.urandom(32)
    return key, wrap(key, owner)


def wrap(key: bytes, owner: UUID) -> bytes:
    """A key of ``owner`` as it is stored: under the installation's own."""
    nonce = os.urandom(NONCE)
    return nonce + _wrapping().encrypt(nonce, key, owner.bytes)


def unwrap(wrapped: bytes, owner: UUID) -> bytes:
    """The key of ``owner`` again."""
    return _wrapping().decrypt(wrapped[:NONCE], wrapped[NONCE:], owner.bytes)


def seal(data: bytes, key: bytes, owner: UUID) -> bytes:
    """``data`` sealed under ``key``, bound to ``owner``: it cannot be moved to another report."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, owner.bytes)


def unseal(sealed: bytes, key: bytes, owner: UUID) -> bytes:
    """What was sealed."""
    return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], owner.bytes)


def seal_words(words: PrivateWords, key: bytes, owner: UUID) -> bytes:
    """The private words of a report, sealed."""
    members = {name: value for name, value in asdict(words).items() if value}
    return seal(json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode(), key, owner)


def open_words(wrapped: bytes | None, sealed: bytes, owner: UUID) -> PrivateWords:
    """The private words of a report; ERASED when its key was destroyed."""
    if wrapped is None:
        return ERASED
    return PrivateWords(**json.loads(unseal(sealed, unwrap(wrapped, owner), owner)))


def receipt_hash(code: str) -> bytes:
    """The keyed hash under which a report is found again; the code itself is never stored. Spaces, dashes and case do not count."""
    return receipt_hash_of_key(hashlib.sha256(normal_code(code).encode()).hexdigest())


def receipt_hash_of_key(receipt_key: str) -> bytes:
    """The same from what a phone sends: the SHA-256 (hex) of the code it made, so that the code never travels."""
    return hmac.new(derived_key("receipt"), receipt_key.lower().encode(), hashlib.sha256).digest()


def derived_code(report_id: UUID) -> str:
    """The code of a form sent without JavaScript: eight words (80 bits) derived from the report's number, the same for a repeat."""
    digest = hmac.new(derived_key("code"), report_id.bytes, hashlib.sha256).digest()
    bits = int.from_bytes(digest[:10], "big")
    return "-".join(_words()[bits >> shift & 1023] for shift in range(70, -1, -10))


@cache
def _words() -> list[str]:
    """The list from which phones make codes too."""
    return (STATIC / "field" / "words.txt").read_text(encoding="ascii").split()


ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32: no I, L, O or U to be misread
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})


def normal_code(code: str) -> str:
    """A code as it is hashed: upper case, look-alikes resolved, everything else dropped."""
    return "".join(letter for letter in code.upper().translate(_MISREAD) if letter in ALPHABET)
