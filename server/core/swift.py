"""A short way for map tiles: who was let in a moment ago, and asks for what was answered a moment ago, is answered before the application.

A page of the desk asks for a dozen tiles at once, and fifty desks ask for the same ones. The first question of somebody goes the whole
way: their sign-in is looked up, their rights are asked, and the view says for which audience its answer is the same
(``told_alike``). For two seconds the same question of that audience is answered from memory, to those of whom every header says what
it said when they were let in. So a sign-in that was ended, or a right that was taken, still opens what the same process told others of
that audience within these two seconds, and nothing else.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from flask import request

from server.core import replica
from server.core.tiles import TileMemory

KEPT_S = 2.0
MOST = 2_000
AUDIENCE = "tessera.audience"

_SAYS_NOTHING = frozenset(
    {"HTTP_IF_NONE_MATCH", "HTTP_USER_AGENT", "HTTP_REFERER", "HTTP_CACHE_CONTROL", "HTTP_PRAGMA"}
)
_OF_A_BODY = frozenset({"content-length", "content-type", "content-encoding"})

Headers = list[tuple[str, str]]
Who = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Answer:
    until: float
    age: int  # of the memory it was made from: what was forgotten there is not told here
    headers: Headers
    tag: str
    body: bytes


def told_alike(audience: str) -> None:
    """Say of the present answer that everybody of ``audience`` gets the same."""
    request.environ[AUDIENCE] = audience


class ShortWay:
    """WSGI: stands before an application and answers what matches ``path`` while it is fresh."""

    def __init__(
        self, app: WSGIApplication, path: re.Pattern[str], memory: TileMemory, clock: Callable[[], float] = monotonic
    ) -> None:
        self._app, self._path, self._memory, self._clock = app, path, memory, clock
        self._let_in: OrderedDict[Who, tuple[float, str]] = OrderedDict()
        self._answers: OrderedDict[tuple[str, str, str, str], _Answer] = OrderedDict()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer from memory, or pass the question on and remember."""
        cookies = environ.get("HTTP_COOKIE", "")
        if (
            environ["REQUEST_METHOD"] != "GET"
            or not self._path.fullmatch(environ["PATH_INFO"])
            or replica.COOKIE in cookies
        ):
            return self._app(environ, start_response)
        who = tuple(
            sorted(
                (name, value)
                for name, value in environ.items()
                if name.startswith("HTTP_") and name not in _SAYS_NOTHING
            )
        )
        until, audience = self._let_in.get(who, (0.0, ""))
        known = self._answers.get(_name(audience, environ)) if until > self._clock() else None
        if known is None or known.until <= self._clock() or known.age != self._memory.age:
            return self._ask(environ, start_response, who)
        if known.tag and known.tag in environ.get("HTTP_IF_NONE_MATCH", ""):
            start_response("304 NOT MODIFIED", [pair for pair in known.headers if pair[0].lower() not in _OF_A_BODY])
            return [b""]
        start_response("200 OK", list(known.headers))
        return [known.body]

    def _ask(self, environ: dict[str, Any], start_response: StartResponse, who: Who) -> Iterable[bytes]:
        said: list[tuple[str, Headers]] = []

        def listen(status: str, headers: Headers, *failed: Any) -> Callable[[bytes], object]:
            said.append((status, headers))
            return start_response(status, headers, *failed)

        age = self._memory.age
        answer = self._app(environ, listen)
        if AUDIENCE not in environ or not said or said[-1][0][:3] not in ("200", "304"):
            return answer
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        self._remember(environ, who, age, *said[-1], body)
        return [body]

    def _remember(
        self, environ: dict[str, Any], who: Who, age: int, status: str, headers: Headers, body: bytes
    ) -> None:
        audience, until, by_name = (
            environ[AUDIENCE],
            self._clock() + KEPT_S,
            {name.lower(): value for name, value in headers},
        )
        if "set-cookie" in by_name:
            return
        _keep(self._let_in, who, (until, audience))
        if status.startswith("200"):
            _keep(self._answers, _name(audience, environ), _Answer(until, age, headers, by_name.get("etag", ""), body))


def _name(audience: str, environ: dict[str, Any]) -> tuple[str, str, str, str]:
    return audience, environ["PATH_INFO"], environ.get("QUERY_STRING", ""), environ.get("HTTP_ACCEPT_ENCODING", "")


def _keep(store: OrderedDict[Any, Any], name: Any, value: Any) -> None:
    store[name] = value
    store.move_to_end(name)
    while len(store) > MOST:
        store.popitem(last=False)
