"""One new report among a million stored: from the start of its job to its damage record, and how many a single worker bears."""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, process_time

from tests.bench import ground

REPORTS, WARM_UP = 400, 40
AT_ONCE = 2  # as server/worker.py says


def run() -> None:
    """Measure and print."""
    os.environ.update(ground.environment())
    ground.with_words()
    from server.core.database import bind, session, settled
    from server.core.settings import settings
    from server.matching import service
    from server.matching.weights import default_weights

    bind(settings())
    default_weights()
    print(f"Online: one report among {ground.ROWS:,}")
    numbers, later = _received(REPORTS + WARM_UP), _received(REPORTS)

    def match(number) -> None:
        with settled():
            service.match_report(number)

    took, began, cpu = [], perf_counter(), process_time()
    for place, number in enumerate(numbers):
        if place == WARM_UP:
            began, cpu = perf_counter(), process_time()
        start = perf_counter()
        match(number)
        took.append(1000 * (perf_counter() - start))
    spent, busy = perf_counter() - began, process_time() - cpu
    took = took[WARM_UP:]
    session.remove()
    began = perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as worker:
        list(worker.map(match, later))
    at_once = len(later) / (perf_counter() - began)
    ground.line("job start to damage record, median and p95 in ms", f"{ground.median(took):.1f}; {ground.percentile(took, 0.95):.1f}", "goal p95 < 50")
    ground.line("reports a second by one worker, one after another", f"{len(took) / spent:.0f}", "goal 100")
    ground.line(f"reports a second by one worker, {AT_ONCE} at a time as it works", f"{at_once:.0f}", "goal 100")
    ground.line("processor time of the worker for one report, in ms", f"{1000 * busy / len(took):.1f}")
    ground.keep("online", {"p95_ms": ground.percentile(took, 0.95), "per_second": len(took) / spent, "per_second_at_once": at_once, "cpu_ms": 1000 * busy / len(took)})


def _received(count: int) -> list:
    """New reports near stored ones, received as a door would."""
    import hashlib
    from datetime import timedelta
    from uuid import uuid4

    from server.accounts.policy import ANONYMOUS
    from server.core.columns import pin
    from server.core.database import settled
    from server.reports import service
    from server.reports.draft import Draft
    from server.vocabulary import Channel, DamageGrade, EventPrecision, SiteType

    dice = random.Random(23)
    with ground.connect() as connection:
        rows = connection.execute("SELECT ST_X(point), ST_Y(point), event_latest FROM incidents TABLESAMPLE SYSTEM (1) LIMIT 20000").fetchall()
    found = []
    for lon, lat, at in dice.sample(rows, count):
        number = uuid4()
        values = {
            "site_type": SiteType.RES_APT, "damage": DamageGrade.D3, "pin_accuracy_m": 20.0, "event_earliest": at, "event_latest": at + timedelta(hours=1),
            "event_precision": EventPrecision.HOUR, "point": pin(lon + dice.gauss(0, 1e-4), lat + dice.gauss(0, 1e-4)),
        }  # fmt: skip
        draft = Draft(id=number, channel=Channel.API, values=values, body=b"{}", sha256=hashlib.sha256(number.bytes).digest(), text=ground.words(dice), place_text="")
        with settled():
            service.receive(draft, actor=ANONYMOUS)
        found.append(number)
    return found
