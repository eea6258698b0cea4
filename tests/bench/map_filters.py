"""Under filters, over a million records: the map far out, the numbers above the list, the pages of the list; and the map over more records.

``LARGER=5000000`` makes a second database of that many damage records once (some minutes, 7 GB) and compares its overview with this one's.
"""

import http.client
import os
from time import monotonic, perf_counter, sleep
from urllib.parse import urlencode
from uuid import UUID, uuid4

from tests.bench import ground

ROUNDS, FAR_OUT, UNDER_MS = 9, range(7), 100
WAKE_S = float(os.environ.get("WAKE_S", "40"))
LARGER = int(os.environ.get("LARGER", "0"))
DEPTH_GOAL, LARGER_GOAL = 1.2, 1.2


def run(cookie: str) -> dict[str, float]:
    """Measure and print."""
    print("Filters: milliseconds of answers that were never asked before, by one client who is signed in")
    with ground.connect() as known:
        house = known.execute("SELECT id FROM organisations LIMIT 1").fetchone()
        chosen, cursors = _choices(house[0] if house else None), _cursors(known)
    with ground.server() as address:
        asker = _Asker(address, cookie)
        asker.wake()
        found = _overviews(asker, chosen) | _numbers(asker, chosen) | _pages(asker, cursors)
    return found | (_larger(cookie) if LARGER else {})


def _choices(house: UUID | None) -> dict[str, str]:
    """Each filter of the desk by itself, four together, and two that let nearly nothing through."""
    alone = {
        "time": {"since": "2026-05-01", "until": "2026-06-30"}, "kind of place": {"site_group": "EDU"}, "type of place": {"site_type": "RES.APT"},
        "damage": {"damage": "4"}, "function": {"function": "F1"}, "certainty": {"certainty": "PROBABLE"}, "workflow": {"workflow": "NEW"},
        "need": {"need": "MED"}, "hazard": {"hazard": "HZ.UXO"}, "source": {"source": "MEDIA_LOCAL"}, "organisation": {"organisation": house},
        "area": {"adm": "B007"}, "box": {"bbox": "-20.5,-10.25,35.125,44"}, "trapped": {"trapped": "true"},
        "four together": {"since": "2026-03-01", "until": "2026-06-30", "site_type": "RES.APT", "damage": "3", "certainty": "PROBABLE"},
    }  # fmt: skip
    return {name: urlencode({key: value for key, value in asked.items() if value}) for name, asked in alone.items()}


def _cursors(known) -> tuple[str, str]:
    """Where the first page of the list goes on, and where the last full one begins."""
    from server.core.paging import encode_cursor

    order = "SELECT changed_at, id FROM incidents ORDER BY changed_at {way}, id {way} OFFSET 101 LIMIT 1"
    rows = [known.execute(order.format(way=way)).fetchone() for way in ("DESC", "ASC")]
    return tuple(encode_cursor(row[0].isoformat(), row[1]) for row in rows)


class _Asker:
    """One connection that stays open."""

    def __init__(self, address: tuple[str, int], cookie: str) -> None:
        self._address, self._cookie = address, cookie
        self._line = http.client.HTTPConnection(*address, timeout=60)

    def ms(self, path: str) -> float:
        began = perf_counter()
        self._line.request("GET", path, headers={"Cookie": self._cookie})
        answer = self._line.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {body[:200]!r}")
        return 1000 * (perf_counter() - began)

    def wake(self) -> None:
        """Let both workers load what they keep in memory; the first questions under filters go to the table meanwhile."""
        until = monotonic() + WAKE_S
        while monotonic() < until:
            self._line = http.client.HTTPConnection(*self._address, timeout=60)
            self.ms(f"/api/v1/desk/map/10/512/512?damage=4&n={uuid4().hex}")
            sleep(0.5)


def _overviews(asker: _Asker, chosen: dict[str, str]) -> dict[str, float]:
    found = {}
    for name, query in chosen.items():
        times = [asker.ms(f"/api/v1/desk/map/{z}/{2**z // 2}/{2**z // 3}?{query}&n={uuid4().hex}") for z in FAR_OUT for _ in range(ROUNDS)]
        found[f"map by {name}"] = ground.percentile(times, 0.95)
        ground.line(f"map at z 0–6 by {name}, median; p95", f"{ground.median(times):.0f}; {found[f'map by {name}']:.0f}", f"under {UNDER_MS}")
    return found


def _numbers(asker: _Asker, chosen: dict[str, str]) -> dict[str, float]:
    times = [asker.ms(f"/api/v1/desk/summary?{query}") for _ in range(ROUNDS) for query in chosen.values()]
    ground.line(
        "exact numbers above the list, any filter, median; p95",
        f"{ground.median(times):.0f}; {ground.percentile(times, 0.95):.0f}",
        f"under {UNDER_MS}",
    )
    return {"numbers": ground.percentile(times, 0.95)}


def _pages(asker: _Asker, cursors: tuple[str, str]) -> dict[str, float]:
    """The second page beside the last full one: both go on behind a cursor, as every page but the first does."""
    first, deepest = (f"/desk/list?cursor={cursor}" for cursor in cursors)
    asker.ms(first)
    ratio = ground.median([asker.ms(deepest) / asker.ms(first) for _ in range(3 * ROUNDS)])
    ground.line("list: the deepest page / the first", f"{ratio:.2f}", f"goal {DEPTH_GOAL}")
    return {"deepest_page": ratio}


def _larger(cookie: str) -> dict[str, float]:
    """The overview over ``LARGER`` records beside the one over these."""
    own = ground.NAME, ground.ROWS
    ground.NAME, ground.ROWS = f"tessera_bench_{LARGER}", LARGER
    try:
        ground.prepare()
        with ground.connect(ground.NAME) as known:
            known.execute("UPDATE sign_ins SET used_at = now(), begun_at = now()")
        with ground.server() as larger:
            ground.NAME, ground.ROWS = own
            with ground.server() as smaller:
                there, here = _Asker(larger, cookie), _Asker(smaller, cookie)
                tiles = [f"/api/v1/desk/map/2/{x}/{y}" for x in range(4) for y in range(4)]
                ratios = [_sum(there, tiles) / _sum(here, tiles) for _ in range(3 * ROUNDS)]
    finally:
        ground.NAME, ground.ROWS = own
    ground.line(f"z2 over {LARGER:,} / over {ground.ROWS:,}, never asked before", f"{ground.median(ratios):.2f}", f"goal {LARGER_GOAL}")
    return {"larger": ground.median(ratios)}


def _sum(asker: _Asker, tiles: list[str]) -> float:
    return sum(asker.ms(f"{tile}?n={uuid4().hex}") for tile in tiles)
