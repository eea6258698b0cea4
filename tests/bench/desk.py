"""The desk over a million records: a step of the queue, its exact counts, and what fifty coordinators cost who only look."""

import http.client
import os
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, perf_counter, sleep
from urllib.parse import urlencode

import psycopg

from tests.bench import desk_paint, ground
from tests.bench.map import COOKIE

COORDINATORS, EVERY_S, FOR_S = 50, 10.0, 60.0
ROUNDS = 15
TICK = os.sysconf("SC_CLK_TCK")
COUNTS = "SELECT queue, count(*) FROM incidents WHERE queue IS NOT NULL GROUP BY queue"


def run() -> None:
    """Measure and print."""
    print(f"The desk over {ground.ROWS:,} damage records")
    with ground.connect() as known:
        known.execute("UPDATE sign_ins SET used_at = now(), begun_at = now()")
        figures = _sql(known)
    with ground.server() as address:
        figures |= _steps(address) | _polling(address)
    ground.keep("desk", figures | desk_paint.run(COOKIE))


def _sql(known: psycopg.Connection) -> dict[str, float]:
    known.execute("VACUUM incidents")
    times = [_timed(known, COUNTS) for _ in range(ROUNDS)]
    waiting = known.execute("SELECT count(*) FROM incidents WHERE queue IS NOT NULL").fetchone()
    ground.line(f"exact counts of the queues, {waiting and waiting[0]:,} waiting, ms", f"{ground.median(times):.0f}", "under 100")
    return {"counts_ms": ground.median(times)}


def _timed(known: psycopg.Connection, query: str) -> float:
    began = perf_counter()
    known.execute(query).fetchall()
    return (perf_counter() - began) * 1000


def _steps(address: tuple[str, int]) -> dict[str, float]:
    """A step is taken as a page with scripts does: the next record is fetched, the present one is moved on."""
    asker, fetching, moving = http.client.HTTPConnection(*address, timeout=30), [], []
    for _ in range(ROUNDS):
        began = perf_counter()
        page = _ask(asker, "GET", "/desk/work/next").decode()
        fetching.append((perf_counter() - began) * 1000)
        number, version = (page.partition(f'{name}="')[2].partition('"')[0] for name in ("data-item", 'name="version" value'))
        began = perf_counter()
        _ask(asker, "POST", f"/desk/work/{number}", urlencode({"step": "t", "version": version, "queue": "all", "seen": "{}"}))
        moving.append((perf_counter() - began) * 1000)
    ground.line("the next record of the queue, ms", f"{ground.median(fetching):.0f}", "under 100")
    ground.line("a step, with new counts of all queues, ms", f"{ground.median(moving):.0f}", "under 250")
    return {"next_ms": ground.median(fetching), "step_ms": ground.median(moving)}


def _ask(asker: http.client.HTTPConnection, method: str, path: str, body: str = "", **headers: str) -> bytes:
    sent = {"Cookie": COOKIE, "Accept": "application/json", "Sec-Fetch-Site": "same-origin", **headers}
    asker.request(method, path, body or None, {**sent, "Content-Type": "application/x-www-form-urlencoded"} if body else sent)
    answer = asker.getresponse()
    content = answer.read()
    if answer.status not in (200, 303, 304):
        raise SystemExit(f"{path}: {answer.status} {content[:200]!r}")
    return content


def _polling(address: tuple[str, int]) -> dict[str, float]:
    """Fifty open desks for a minute, while a record changes every second; the processor time of server and database together."""
    over = threading.Event()
    desks = [threading.Thread(target=_look, args=(address, at * EVERY_S / COORDINATORS, over), daemon=True) for at in range(COORDINATORS)]
    changing = threading.Thread(target=_change, args=(over,), daemon=True)
    for thread in (*desks, changing):
        thread.start()
    sleep(EVERY_S)
    began, before = monotonic(), _spent()
    sleep(FOR_S)
    cores = (_spent() - before) / (monotonic() - began)
    over.set()
    for thread in desks:
        thread.join(timeout=EVERY_S + 30)
    ground.line("50 coordinators looking, cores of server and database", f"{cores:.2f}", "under 1")
    return {"cores": cores}


def _look(address: tuple[str, int], late_s: float, over: threading.Event) -> None:
    """One open desk: the pulse, the news of its list, and after a new pulse the tiles in view."""
    after, pulse = datetime.now(UTC).isoformat(), b""
    over.wait(late_s)
    while not over.is_set():
        asker = http.client.HTTPConnection(*address, timeout=30)  # the server closes what lay idle between two looks
        heard = _ask(asker, "GET", "/desk/pulse")
        _ask(asker, "GET", f"/desk/news?{urlencode({'after': after, 'known': ''})}")
        if heard != pulse:
            for tile in _tiles():
                _ask(asker, "GET", f"/api/v1/desk/map/{tile}")
        pulse = heard
        asker.close()
        over.wait(EVERY_S)


def _tiles() -> Iterable[str]:
    """What a wide screen shows at zoom 6, and the world for the total."""
    return ("0/0/0", *(f"5/{x}/{y}" for x in range(14, 18) for y in range(10, 13)))


def _change(over: threading.Event) -> None:
    with ground.connect() as known:
        while not over.wait(1.0):
            known.execute("UPDATE incidents SET changed_at = now(), version = version + 1 WHERE id = (SELECT id FROM incidents LIMIT 1)")


def _spent() -> float:
    """Seconds of processor time of every gunicorn and PostgreSQL process of this machine so far, those that ended included."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _close, rest = stat.read_text().rpartition(")")
        except OSError:  # it ended meanwhile
            continue
        if "gunicorn" in name or "postgres" in name:
            total += sum(map(int, rest.split()[11:15]))
    return total / TICK
