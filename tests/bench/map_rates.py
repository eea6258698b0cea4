"""Map answers a second beside those of tipg over the same table in the same run, without filters and with four.

Both have two workers and eight clients that look at random places where records are, as viewers do. tipg draws vector tiles of at
most 10,000 records, so far out it shows a part and ours the whole; it is asked for the two properties a map colours by. Ours answers
somebody who is signed in. Under four filters ours is asked twice: as people look, and so that no answer was ever asked before.
"""

import os
import random
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote, urlencode
from uuid import uuid4

from tests.bench import ground, load, peers

CLIENTS, SECONDS, ROUNDS = 8, 3.0, int(os.environ.get("ROUNDS", "5"))
WAKE_S = float(os.environ.get("WAKE_S", "40"))
GOALS = {6: 75, 10: 30}
FILTERED_GOAL = 5
SINCE, UNTIL = "2026-03-01", "2026-06-30"
OURS = urlencode({"since": SINCE, "until": UNTIL, "site_type": "RES.APT", "damage": "3", "certainty": "PROBABLE"})
THEIRS = urlencode({
    "filter-lang": "cql2-text",
    "filter": "site_type='RES.APT' AND damage_best=3 AND certainty='PROBABLE' "
    f"AND event_latest >= TIMESTAMP('{SINCE}T00:00:00Z') AND event_earliest < TIMESTAMP('2026-07-01T00:00:00Z')",
})  # fmt: skip

Ask = Callable[[], bytes]


def compare(points: list[tuple[float, float]], cookie: str) -> dict[str, float]:
    """Print tiles a second, ours over tipg's, and give the medians of the ratios."""
    if not (peers.HOME / "bin" / "uvicorn").exists():
        print(f"  tipg is not here; make its environment with: {peers.MAKE}")
        return {}
    print("Tiles a second beside tipg over the same table, 8 clients, 2 workers each")
    found: dict[str, float] = {}
    with ground.server() as here, _tipg() as there:
        ours, theirs = _Side(here, points, cookie), _Side(there, points, "")
        _wake(ours)
        for zoom, goal in GOALS.items():
            found |= _race(f"z{zoom}, no filters", ours.tiles(zoom), theirs.peer_tiles(zoom), goal, here, there)
        for zoom in GOALS:
            theirs_now = theirs.peer_tiles(zoom, THEIRS)
            found |= _race(f"z{zoom}, four filters", ours.tiles(zoom, OURS), theirs_now, FILTERED_GOAL, here, there)
            unasked = ours.tiles(zoom, OURS, fresh=True)
            found |= _race(f"z{zoom}, four filters, never asked before", unasked, theirs_now, 0, here, there)
    return found


class _Side:
    """Makes the requests of viewers who look at random places."""

    def __init__(self, address: load.ADDRESS, points: list[tuple[float, float]], cookie: str) -> None:
        self.address, self._points, self._dice = address, points, random.Random(11)
        self._headers = {"Cookie": cookie} if cookie else {}

    def tiles(self, zoom: int, query: str = "", *, fresh: bool = False) -> Ask:
        """Of our map; ``fresh`` under a name that no worker keeps an answer for."""
        return lambda: self._get("/api/v1/desk/map/{z}/{x}/{y}", zoom, f"{query}&n={uuid4().hex}" if fresh else query)

    def peer_tiles(self, zoom: int, query: str = "") -> Ask:
        """Of tipg."""
        path = "/collections/public.incidents/tiles/WebMercatorQuad/{z}/{x}/{y}"
        return lambda: self._get(path, zoom, f"properties=damage_best,certainty&{query}")

    def _get(self, path: str, zoom: int, query: str) -> bytes:
        from server.core.geography import mercator

        x, y = mercator(*self._dice.choice(self._points))
        found = path.format(z=zoom, x=int(x * 2**zoom), y=int(y * 2**zoom))
        return load.request_bytes("GET", f"{found}?{query}", headers=self._headers)


def _race(said: str, ours: Ask, theirs: Ask, goal: float, here: load.ADDRESS, there: load.ADDRESS) -> dict[str, float]:
    ratios, rates = [], []
    for _ in range(ROUNDS):
        slow = load.rate(there, theirs, clients=CLIENTS, seconds=SECONDS, expect={200, 204})
        quick = load.rate(here, ours, clients=CLIENTS, seconds=SECONDS, expect={200})
        ratios.append(quick / max(slow, 1 / SECONDS))
        rates.append((quick, slow))
    quick, slow = (ground.median([pair[at] for pair in rates]) for at in (0, 1))
    ground.line(f"{said}: ours {quick:,.0f}, tipg {slow:,.0f}; times as many", f"{ground.median(ratios):.0f}", f"goal {goal}" if goal else "")
    return {said: ground.median(ratios)}


def _wake(ours: _Side) -> None:
    """Let both workers load what they keep in memory; the first questions under filters go to the table meanwhile."""
    until = monotonic() + WAKE_S
    while monotonic() < until:
        with suppress(TimeoutError):
            load.Client(ours.address).ask(ours.tiles(10, OURS, fresh=True)())
        sleep(0.5)


@contextmanager
def _tipg():
    with ground.connect() as connection:
        told = connection.info
        url = f"postgresql://{told.user}@{quote(told.host, safe='')}:{told.port}/{told.dbname}"
    settings = {
        "DATABASE_URL": url, "TIPG_DB_SCHEMAS": '["public"]', "TIPG_DB_TABLES": '["public.incidents"]', "TIPG_DB_MAX_CONN_SIZE": "8",
        "TIPG_CATALOG_TTL": "3600", "TIPG_CACHECONTROL": "no-store",
    }  # fmt: skip
    command = [str(Path(peers.HOME) / "bin" / "uvicorn"), "tipg.main:app", "--workers", "2", "--log-level", "error", "--port"]
    with peers.running(command, settings) as address:
        yield address
