"""Finding the records near one new report among a million, against an indexed ST_DWithin on geography."""

import random
import re
from datetime import UTC, datetime, timedelta
from time import perf_counter
from uuid import uuid4

from sqlalchemy import text

from tests.bench import ground

PROBES = 400
WARM_UP = 40
EXPLAINED = 100

GEOGRAPHY = text(
    "SELECT i.id, ST_Distance(i.point::geography, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography) AS d FROM incidents i "
    "WHERE ST_DWithin(i.point::geography, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography, :reach) "
    "AND i.event_latest >= :since AND i.event_earliest <= :until ORDER BY d LIMIT :most"
)


def run() -> None:
    """Measure and print."""
    import os

    os.environ.update(ground.environment())
    from server.core.database import bind, see_as, session
    from server.core.settings import settings
    from server.matching import candidates
    from server.matching.weights import default_weights

    bind(settings())
    see_as("all")
    weights = default_weights()
    print(f"Candidates of one report among {ground.ROWS:,} ({weights.reach_m:.0f} m, {weights.reach_days:.0f} days)")
    probes = _probes(candidates.Probe)
    ours, theirs, service, hits = [], [], [], 0
    driver = session.connection().connection.driver_connection
    near, geography = _for_driver(candidates.NEAR), _for_driver(GEOGRAPHY.text)
    for number, probe in enumerate(probes):
        first = _timed(driver, near, candidates._where(probe, weights))
        second = _timed(driver, geography, _asked(probe, weights))
        began = perf_counter()
        found = candidates.incidents_near(probe, [], weights)
        if number >= WARM_UP:
            ours.append(first)
            theirs.append(second)
            service.append(1000 * (perf_counter() - began))
            hits += len(found)
    inside = [_inside(session, candidates, probe, weights) for probe in probes[:EXPLAINED]]
    plan = _plan(session, candidates, probes[0], weights)
    session.remove()
    ratio = ground.median([a / b for a, b in zip(ours, theirs, strict=True)])
    within = ground.median(inside)
    ground.line("ours / geography ST_DWithin, time inside the database", f"{within:.2f}", "goal 0.5")
    ground.line("the same as the client sees it, with a trip to the database each", f"{ratio:.2f}")
    ground.line("ours, median and p95 in ms", f"{ground.median(ours):.2f}; {ground.percentile(ours, 0.95):.2f}")
    ground.line(
        "ours through the service's own code, median and p95 in ms",
        f"{ground.median(service):.2f}; {ground.percentile(service, 0.95):.2f}",
        "goal p95 < 5",
    )
    ground.line(
        "geography, median and p95 in ms", f"{ground.median(theirs):.2f}; {ground.percentile(theirs, 0.95):.2f}"
    )
    ground.line("records found per probe", f"{hits / len(ours):.1f}")
    ground.line("plan", plan, "uses the index")
    ground.keep(
        "candidates",
        {"per_geography": within, "per_geography_with_trip": ratio, "p95_ms": ground.percentile(service, 0.95)},
    )


def _for_driver(sql: str) -> str:
    """The statement with the driver's own placeholders, so that both are timed without anything above it."""
    return re.sub(r"(?<!:):([a-z_0-9]+)", r"%(\1)s", sql)


def _timed(driver, sql: str, asked: dict) -> float:
    began = perf_counter()
    driver.execute(sql, asked, prepare=True).fetchall()
    return 1000 * (perf_counter() - began)


def _probes(kind: type) -> list:
    dice = random.Random(11)
    with ground.connect() as connection:
        rows = connection.execute(
            "SELECT ST_X(point), ST_Y(point), event_latest FROM incidents TABLESAMPLE SYSTEM (1) LIMIT 20000"
        ).fetchall()
    found = []
    for lon, lat, at in dice.sample(rows, min(PROBES, len(rows))):
        moment = at if at.tzinfo else datetime.now(UTC)
        found.append(
            kind(uuid4(), lon + dice.gauss(0, 1e-4), lat + dice.gauss(0, 1e-4), moment, moment + timedelta(hours=1))
        )
    return found


def _asked(probe, weights) -> dict:
    span = timedelta(days=weights.reach_days)
    return {
        "lon": probe.lon,
        "lat": probe.lat,
        "reach": weights.reach_m,
        "since": probe.earliest - span,
        "until": probe.latest + span,
        "most": 24,
    }


def _inside(session, candidates, probe, weights) -> float:
    """Execution time of ours over that of geography, as EXPLAIN ANALYZE tells it for one probe."""
    ours = _execution(session, candidates.NEAR, candidates._where(probe, weights))
    return ours / _execution(session, GEOGRAPHY.text, _asked(probe, weights))


def _execution(session, sql: str, asked: dict) -> float:
    rows = list(session.execute(text("EXPLAIN (ANALYZE, TIMING OFF) " + sql), asked).scalars())
    return float(rows[-1].split(":")[1].split()[0])


def _plan(session, candidates, probe, weights) -> str:
    rows = session.execute(text("EXPLAIN " + candidates.NEAR), candidates._where(probe, weights)).scalars()
    return next((row.split("using ")[-1].split(" ")[0] for row in rows if "Index Scan" in row), "NO INDEX")
