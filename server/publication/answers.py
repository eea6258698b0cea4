"""How a public answer travels: cacheable for half a minute, revalidated by the release."""

import hashlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request

from server.publication import reading

OPEN = "public, max-age=30"
"""Everything public is asked for again after half a minute, so that what is taken out is gone at once."""


def tag(release_id: str) -> str:
    """The ETag of any public answer: it changes with the release, and nothing else changes it."""
    asked = f"{release_id} {request.full_path}"
    return hashlib.blake2b(asked.encode(), digest_size=8).hexdigest()


def release() -> str:
    """The newest dated data set, "" before the first."""
    newest = reading.latest()
    return newest.release_id if newest else ""


def unchanged(release_id: str) -> Response | None:
    """304 when the asker has this answer already, before any work is done."""
    if tag(release_id) not in request.if_none_match:
        return None
    return sealed(Response(status=304), release_id)


def answer(body: Any, release_id: str, *, mimetype: str = "application/json") -> Response:
    """A JSON answer with its ETag. Codes and dates are written by their values."""
    return sealed(Response(orjson.dumps(body), mimetype=mimetype), release_id)


def sealed(response: Response, release_id: str) -> Response:
    """The same answer with its ETag and how long it may be kept."""
    response.set_etag(tag(release_id))
    response.headers["Cache-Control"] = OPEN
    return response


def hashed(response: Response) -> Response:
    """An answer whose ETag follows from its own bytes and not from the release; 304 for those who have it."""
    response.add_etag()
    response.headers["Cache-Control"] = OPEN
    response.make_conditional(request)
    return response


def query(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values as the part of an address after "?", with the "?"; "" for none."""
    words = urlencode(list(pairs))
    return f"?{words}" if words else ""
