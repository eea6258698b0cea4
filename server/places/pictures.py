"""The operator's own streets and satellite pictures under the desk's map: from a file, or fetched by us from an address.

A browser asks this server alone. So whoever keeps the pictures learns that this server asked, never who looked, and nothing of what
lies there. In an exercise nothing is fetched; files are shown.
"""

import http.client
import sqlite3
import threading
import urllib.error
import urllib.request
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from server.core.choices import N_
from server.core.response import may_send_out
from server.core.settings import UnusableSettings, settings
from server.places.basemap import archive

LABELS = {"streets": N_("Streets"), "satellite": N_("Satellite")}
DEEPEST = 19
PATIENCE_S, MOST_BYTES, KEPT_BYTES = 8, 2_000_000, 32_000_000
KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}

Find = Callable[[int, int, int], bytes | None]


@dataclass(frozen=True)
class Pictures:
    """One layer: its name in addresses, whom it is credited to, and how a tile is found (zoom, column, row; None for none)."""

    name: str
    credit: str
    find: Find


def chosen() -> list[Pictures]:
    """The layers the operator has configured; UnusableSettings for a file that cannot be read."""
    known = settings()
    told = (
        ("streets", known.street_tiles, known.street_credit),
        ("satellite", known.satellite_tiles, known.satellite_credit),
    )
    return [
        Pictures(name, credit, _finder(where))
        for name, where, credit in told
        if where and (may_send_out() or not _is_address(where))
    ]


def kind_of(found: bytes) -> str:
    """By its first bytes, never by what a stranger calls it: nothing but a picture goes on from here."""
    return next((kind for begin, kind in KINDS.items() if found.startswith(begin)), "")


def _is_address(where: str) -> bool:
    return where.startswith("https://")


@cache
def _finder(where: str) -> Find:
    if _is_address(where):
        if not all(part in where for part in ("{z}", "{x}", "{y}")):
            raise UnusableSettings(f"The address {where} of a map layer must hold {{z}}, {{x}} and {{y}}.")
        return _Fetched(where).find
    return _of_mbtiles(where) if where.endswith(".mbtiles") else archive(where).tile


def _of_mbtiles(path: str) -> Find:
    if not Path(path).is_file():
        raise UnusableSettings(f"The map layer {path} cannot be read as an MBTiles file.")

    def find(zoom: int, column: int, row: int) -> bytes | None:
        with sqlite3.connect(
            f"{Path(path).as_uri()}?mode=ro&immutable=1", uri=True
        ) as opened:  # rows are counted from the south there
            asked = "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
            found = opened.execute(asked, (zoom, column, 2**zoom - 1 - row)).fetchone()
        opened.close()
        return bytes(found[0]) if found else None

    return find


class _Fetched:
    """Tiles of an address, kept for as long as there is room: the same street is looked at by many."""

    def __init__(self, address: str) -> None:
        self._address, self._lock = address, threading.Lock()
        self._kept: OrderedDict[tuple[int, int, int], bytes] = OrderedDict()
        self._size = 0
        self._opener = urllib.request.build_opener(_NoRedirect)

    def find(self, zoom: int, column: int, row: int) -> bytes | None:
        """The tile, from memory or from there; None where it cannot be had."""
        place = zoom, column, row
        known = self._kept.get(place)
        if known is not None:
            return known
        found = self._fetch(
            self._address.replace("{z}", str(zoom)).replace("{x}", str(column)).replace("{y}", str(row))
        )
        if found:
            self._keep(place, found)
        return found

    def _fetch(self, address: str) -> bytes | None:
        asked = urllib.request.Request(address, headers={"User-Agent": "Tessera"})  # noqa: S310 - https, of the operator
        try:
            with self._opener.open(asked, timeout=PATIENCE_S) as answer:
                found: bytes = answer.read(MOST_BYTES + 1)
        except (urllib.error.URLError, http.client.HTTPException, OSError):
            return None
        return found if len(found) <= MOST_BYTES and kind_of(found) else None

    def _keep(self, place: tuple[int, int, int], found: bytes) -> None:
        with self._lock:
            self._size += len(found) - len(self._kept.pop(place, b""))
            self._kept[place] = found
            while self._size > KEPT_BYTES:
                self._size -= len(self._kept.popitem(last=False)[1])


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_given: Any) -> None:
        """Nowhere else: the operator named one place."""
