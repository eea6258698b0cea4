"""The batch of the public copy: what judging everything costs, and what it costs on a day on which one record in a hundred changed."""

from time import perf_counter, process_time
from typing import Any

from sqlalchemy import text

from tests.bench import ground

RECORDS = max(2_000, min(ground.ROWS // 50, 20_000))


def run() -> None:
    """Measure and print; everything happens in one transaction that is never kept."""
    import os

    os.environ.update(ground.environment())
    from server.core.clock import now
    from server.core.database import bind, session
    from server.core.settings import settings
    from server.publication.service import publish_batch
    from tests.bench import due
    from tests.publication.town import AGREED

    bind(settings())
    print(f"The batch of the public copy, {RECORDS:,} records due")
    session.execute(text("SET LOCAL statement_timeout = 0"))
    due.fill(session, now(), records=RECORDS)
    first = _timed(lambda: publish_batch(now(), agreed=AGREED))
    session.execute(text("ANALYZE judgements, disclosures"))
    whole = _timed(lambda: publish_batch(now(), agreed=AGREED, anew=True))
    session.execute(
        text("UPDATE incidents SET damage_best = 1 WHERE workflow = 'DECIDED' AND right(public_id, 2) = '07'")
    )
    day = _timed(lambda: publish_batch(now(), agreed=AGREED))
    session.rollback()
    session.remove()
    ground.line("first batch, CPU ms for each record", f"{1000 * first[1] / RECORDS:.2f}")
    ground.line("everything judged anew, CPU ms for each record", f"{1000 * whole[1] / RECORDS:.2f}", "goal 0.30")
    ground.line("the same for 1,000,000 records, minutes", f"{whole[1] / RECORDS * 1e6 / 60:.1f}", "goal 5")
    ground.line("one in a hundred changed / everything anew", f"{day[0] / whole[0]:.3f}", "goal 0.1")


def _timed(act: Any) -> tuple[float, float]:
    """Wall seconds and our own CPU seconds."""
    began, cpu = perf_counter(), process_time()
    act()
    return perf_counter() - began, process_time() - cpu
