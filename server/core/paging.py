"""Keyset cursors: one way for every list to go on, as fast on the last page as on the first."""

import base64
import binascii
import json
from typing import Any

from server.core.problems import Problem

PAGE = 100
MOST = 1000


def encode_cursor(*keys: Any) -> str:
    """The keys of the last row of a page as an opaque word."""
    return base64.urlsafe_b64encode(json.dumps(keys, separators=(",", ":"), default=str).encode()).decode().rstrip("=")


def decode_cursor(word: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The keys in a cursor, checked against ``kinds``; None for none; Problem ``bad_request`` for a forged one."""
    if not word:
        return None
    try:
        keys = json.loads(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise Problem("bad_request", errors=[{"field": "cursor", "code": "invalid", "message": "cursor"}]) from None
    if (
        not isinstance(keys, list)
        or len(keys) != len(kinds)
        or not all(_fits(key, kind) for key, kind in zip(keys, kinds, strict=True))
    ):
        raise Problem("bad_request", errors=[{"field": "cursor", "code": "invalid", "message": "cursor"}])
    return tuple(keys)


def _fits(key: Any, kind: type) -> bool:
    """Whether a key is of its kind and a value the database can compare."""
    return type(key) is kind and (not isinstance(key, int) or -(2**63) <= key < 2**63)


def page_size(asked: int | None) -> int:
    """How many rows to give: what was asked, between 1 and 1,000, or 100."""
    return max(1, min(MOST, asked or PAGE))
