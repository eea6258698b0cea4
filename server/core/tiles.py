"""Tile-shaped answers of a map: counts per cell at low zoom, single records above, kept in memory for a few seconds.

Every answer stands for exactly the rows of its tile; cells come from a pyramid of counts, so an answer costs the same over a
thousand records and over a million (``reference/performance`` §b).
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from time import monotonic
from weakref import WeakSet

import orjson
from flask import Response, request

from server.core import replica
from server.core.geography import CELL_LEVEL, key_centre, tile_range
from server.core.problems import Problem

COARSEST, FINEST = 5, 17
FINER_BY = 4  # a tile of 512 px shows cells of 32 px, which the page gathers further
DEEPEST_ZOOM = 20
KEPT_S = 4.0
KEPT = 2_000

_memories: WeakSet["TileMemory"] = WeakSet()

Cell = tuple[int, int, int, int, int, int, int, int]  # cell, n, d0, d1, d2, d3, d4, du


class TileMemory:
    """Ready answers by name, for a few seconds, at most so many: the second viewer of a tile costs no query."""

    def __init__(self, seconds: float = KEPT_S, most: int = KEPT) -> None:
        self._seconds, self._most = seconds, most
        self.age = 0  # rises whenever everything is forgotten
        self._kept: OrderedDict[str, tuple[float, bytes, str]] = OrderedDict()
        self._lock = Lock()
        _memories.add(self)

    def answer(self, name: str, make: Callable[[], dict[str, object]]) -> tuple[bytes, str]:
        """The body and ETag of ``name``, made anew when older than a few seconds."""
        name = replica.memory_name(name)
        kept = self._kept.get(name)
        if kept and kept[0] > monotonic():
            return kept[1], kept[2]
        body = orjson.dumps(make())
        tag = hashlib.blake2b(body, digest_size=8).hexdigest()
        with self._lock:
            self._kept[name] = (monotonic() + self._seconds, body, tag)
            self._kept.move_to_end(name)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return body, tag

    def forget(self) -> None:
        """Drop everything, after an act whose result must be seen at once."""
        with self._lock:
            self._kept.clear()
            self.age += 1


def forget_all() -> None:
    """Drop every kept answer of this process, as when the database under it has become another."""
    for memory in _memories:
        memory.forget()


def respond(body: bytes, tag: str, *, cache: str) -> Response:
    """A tile's answer, or 304 when the asker has it."""
    is_known = tag in request.if_none_match
    response = Response(status=304) if is_known else Response(body, mimetype="application/json")
    response.headers["ETag"] = f'"{tag}"'
    response.headers["Cache-Control"] = cache
    return response


def checked(z: int, x: int, y: int) -> None:
    """Problem ``not_found`` for a tile that does not exist."""
    if not (0 <= z <= DEEPEST_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise Problem("not_found")


def level_of(z: int) -> int:
    """The level of the cells that a tile at ``z`` shows, among those the pyramid holds."""
    return max(COARSEST, min(FINEST, z + FINER_BY))


def finest_range(z: int, x: int, y: int) -> tuple[int, int]:
    """The half-open range of finest keys in a tile."""
    return tile_range(z, x, y, CELL_LEVEL)


def level_range(z: int, x: int, y: int, level: int) -> tuple[int, int]:
    """The half-open range of cells at ``level`` in a tile (for tiles deeper than the level: none)."""
    return tile_range(z, x, y, level)


def as_rows(cells: list[Cell], level: int) -> list[list[float]]:
    """Cells as the map wants them: ``[lon, lat, n, d0, d1, d2, d3, d4, du]``, five decimals; empty cells are left out."""
    return [[*_centre(cell[0], level), *cell[1:]] for cell in cells if cell[1] > 0]


@lru_cache(maxsize=100_000)
def _centre(cell: int, level: int) -> tuple[float, float]:
    lon, lat = key_centre(cell, level)
    return round(lon, 5), round(lat, 5)
