"""The batch of the public copy: what judging everything costs, and what it costs on a day on which one record in a hundred changed."""

import random
from datetime import datetime, timedelta
from time import perf_counter, process_time
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, text

from tests.bench import ground

RECORDS = max(2_000, min(ground.ROWS // 50, 20_000))
PLACES = 20_000
KINDS = ("RES.APT", "RES.HOUSE", "EDU.SCHOOL", "HEA.CLINIC", "TRA.ROAD")


def run() -> None:
    """Measure and print; everything happens in one transaction that is never kept."""
    import os

    os.environ.update(ground.environment())
    from server.core.clock import now
    from server.core.database import bind, session
    from server.core.settings import settings
    from server.publication.service import publish_batch
    from tests.publication.town import AGREED

    bind(settings())
    print(f"The batch of the public copy, {RECORDS:,} records due")
    session.execute(text("SET LOCAL statement_timeout = 0"))
    _fill(session, now())
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
    ground.line("everything judged anew, CPU ms for each record", f"{1000 * whole[1] / RECORDS:.2f}")
    ground.line("the same for 1,000,000 records, minutes", f"{whole[1] / RECORDS * 1e6 / 60:.0f}")
    ground.line("one in a hundred changed / everything anew", f"{day[0] / whole[0]:.3f}", "goal 0.1")


def _timed(act: Any) -> tuple[float, float]:
    """Wall seconds and our own CPU seconds."""
    began, cpu = perf_counter(), process_time()
    act()
    return perf_counter() - began, process_time() - cpu


def _fill(session: Any, at: datetime) -> None:
    """A land with places that exist, a war in one half, and records that are due."""
    from server.matching.models import Incident
    from server.places.models import BaselineSite
    from server.vocabulary import SiteType
    from tests.publication import town

    dice, kinds = random.Random(7), [kind for kind in SiteType if kind in KINDS]
    town.areas()
    for mode, pcode in (("CONFLICT_ACTIVE", town.DISTRICTS[0]), ("DISASTER", town.DISTRICTS[1])):
        town.said(mode, pcode=pcode, since=at - timedelta(days=1), until=at + timedelta(days=9))
    listed = {"source": "bench", "source_dated_on": at.date(), "name": ""}
    places = ({**listed, "site_type": dice.choice(kinds), **_spot(dice, (10.5, 59.25), 0.2)} for _ in range(PLACES))
    session.execute(insert(BaselineSite), list(places))
    towns = [(10.05 + 0.9 * dice.random(), 59.05 + 0.4 * dice.random()) for _ in range(40)]
    struck = at - timedelta(days=90)
    dated = {
        "event_earliest": struck,
        "event_latest": struck,
        "first_received_at": struck,
        "evidence_received_at": struck,
    }
    usual = {
        "certainty": "CONFIRMED",
        "workflow": "DECIDED",
        "damage_min": 1,
        "damage_max": 3,
        "damage_best": 2,
        **dated,
    }
    rows = []
    for number in range(RECORDS):
        kind, where = dice.choice(kinds), _spot(dice, dice.choice(towns), 0.02)
        one = {"id": uuid4(), "public_id": f"BP{number:010}", "site_type": kind, "s_class": kind.sensitivity}
        rows.append({**one, **usual, **where})
    session.execute(insert(Incident), rows)
    for table in ("incidents", "baseline_sites", "admin_areas"):
        session.execute(text(f"ANALYZE {table}"))  # as the database does by itself, some minutes after so many rows


def _spot(dice: random.Random, near: tuple[float, float], wide: float) -> dict[str, Any]:
    """A place near a point, with its cell and its areas."""
    import h3

    from server.core.columns import pin
    from tests.publication import town

    lon = min(max(dice.gauss(near[0], wide), 10.001), 10.999)
    lat = min(max(dice.gauss(near[1], wide / 2), 59.001), 59.499)
    region, district, place = town.pcodes(lon, lat)
    codes = {"adm1_pcode": region, "adm2_pcode": district, "adm3_pcode": place}
    return {"point": pin(lon, lat), "h3_r9": h3.latlng_to_cell(lat, lon, 9), **codes}
