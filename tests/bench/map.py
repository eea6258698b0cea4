"""A map answer over a million records at every zoom, cold and warm, against /health/live; and what upholding it costs an insert."""

import http.client
import json
import os
import random
from time import perf_counter, sleep
from uuid import uuid4

from sqlalchemy import text

from tests.bench import ground, map_filters, map_rates

ZOOMS = range(19)
ROUNDS = 24
COOKIE = "tessera=bench-bench-bench-bench-bench-bench-bench"


def run() -> None:
    """Measure and print."""
    print(f"Map answers over {ground.ROWS:,} damage records (one client, signed in, through the real server)")
    with ground.connect() as connection:
        connection.execute("UPDATE sign_ins SET used_at = now(), begun_at = now()")
        points = connection.execute(
            "SELECT ST_X(point), ST_Y(point) FROM incidents TABLESAMPLE SYSTEM (0.2) LIMIT 2000"
        ).fetchall()
    with ground.server() as address:
        asker = _Asker(address)
        worst_cold, worst_warm = 0.0, 0.0
        for zoom in ZOOMS:
            cold, warm = _at(asker, zoom, points)
            worst_cold, worst_warm = max(worst_cold, cold), max(worst_warm, warm)
            ground.line(
                f"zoom {zoom:2}: cold / live, warm / live (medians of ratios)", f"{cold:.2f}; {warm:.2f}", "goal 2.5; 1.3"
            )
        whole = asker.count("0/0/0")
    ground.line("sum of the counts on the world's tile", f"{whole:,}", f"rows {ground.ROWS:,}")
    found = {"worst_cold": worst_cold, "worst_warm": worst_warm, "counted": whole}
    ground.keep("map", found | map_rates.compare(points, COOKIE) | map_filters.run(COOKIE))
    _inserts()


class _Asker:
    """One connection that stays open; times whole answers."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.connection = http.client.HTTPConnection(*address, timeout=30)

    def ask(self, path: str) -> tuple[float, bytes]:
        began = perf_counter()
        self.connection.request("GET", path, headers={"Cookie": COOKIE})
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {body[:200]!r}")
        return perf_counter() - began, body

    def count(self, tile: str) -> int:
        answer = json.loads(self.ask(f"/api/v1/desk/map/{tile}")[1])
        return sum(cell[2] for cell in answer.get("cells", [])) + len(answer.get("incidents", []))


def _at(asker: _Asker, zoom: int, points: list) -> tuple[float, float]:
    """Medians of cold/live and warm/live at one zoom, each trio asked right after one another.

    A tile is kept for four seconds by each worker: cold ones are asked under a name nobody used, warm ones twice before.
    """
    from server.core.geography import mercator

    dice, cold, warm = random.Random(zoom), [], []
    for _ in range(ROUNDS):
        x, y = mercator(*dice.choice(points))
        tile = f"/api/v1/desk/map/{zoom}/{int(x * 2**zoom)}/{int(y * 2**zoom)}"
        live = min(asker.ask("/health/live")[0] for _ in range(3))
        name = uuid4().hex
        cold.append(asker.ask(f"{tile}?n={name}")[0] / live)
        asker.ask(f"{tile}?n={name}")
        warm.append(min(asker.ask(f"{tile}?n={name}")[0] for _ in range(3)) / live)
    return ground.median(cold), ground.median(warm)


def _inserts() -> None:
    """Records per second into the table with the map's log and its folding, over without, alternating."""
    print("What exact counts cost an insert")
    with ground.connect(autocommit=False) as connection:
        for rows, said, goal in (
            (1, "one record per transaction, as the worker opens them", "goal 0.8"),
            (200, "200 per transaction", ""),
        ):
            ratios = []
            for _ in range(7):
                without = _insert_rate(connection, rows, counted=False)
                ratios.append(_insert_rate(connection, rows, counted=True) / without)
            ground.line(f"with upkeep / without, {said}", f"{ground.median(ratios):.2f}", goal)
            ground.keep(f"map_upkeep_{rows}", {"insert_ratio": ground.median(ratios)})
    _count_anew()


def _count_anew() -> None:
    """The records of this benchmark went without a trace in the log, so the cells are counted again."""
    os.environ.update(ground.environment())
    from server.core.database import bind, session, settled
    from server.core.settings import settings
    from server.matching import map_cells

    bind(settings())
    with settled():
        session.execute(text("SET LOCAL statement_timeout = 0"))
        map_cells.rebuild()


_INSERT = (
    "INSERT INTO incidents (id, public_id, s_class, damage_best, damage_min, damage_max, point) "
    "VALUES (gen_random_uuid(), %s, 'S1', %s, %s, %s, ST_SetSRID(ST_MakePoint(%s, %s), 4326))"
)


def _insert_rate(connection, at_once: int, *, counted: bool) -> float:
    from server.matching.map_cells import _FOLD, COARSEST, FINEST

    connection.execute(f"ALTER TABLE incidents {'ENABLE' if counted else 'DISABLE'} TRIGGER USER")
    connection.commit()
    dice, began, done = random.Random(3), perf_counter(), 0
    while perf_counter() - began < 2:
        rows = [(uuid4().hex[:12], 2, 2, 2, dice.uniform(-60, 60), dice.uniform(-40, 50)) for _ in range(at_once)]
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, rows)
        connection.commit()
        done += len(rows)
    if counted:
        fold = (
            _FOLD.text.replace(":most", "1000000").replace(":coarsest", str(COARSEST)).replace(":finest", str(FINEST))
        )
        connection.execute(fold)
        connection.commit()
    took = perf_counter() - began
    connection.execute("ALTER TABLE incidents DISABLE TRIGGER USER")
    of_this_run = "public_id !~ '^B' AND NOT EXISTS (SELECT FROM attachments a WHERE a.incident_id = i.id)"
    connection.execute(f"DELETE FROM incidents i WHERE {of_this_run}")
    connection.execute("ALTER TABLE incidents ENABLE TRIGGER USER")
    connection.commit()
    sleep(0.1)
    return done / took
