"""A made-up land with places that exist, a war in one half, and damage records that are due: what batch and release are measured on."""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import h3
from sqlalchemy import text

from server.vocabulary import SiteType
from tests.publication import town

PLACES = 20_000
KINDS = ("RES.APT", "RES.HOUSE", "EDU.SCHOOL", "HEA.CLINIC", "TRA.ROAD")
TOWNS = 40

_WHERE = ("point", "h3_r9", "adm1_pcode", "adm2_pcode", "adm3_pcode")
_DATES = ("event_earliest", "event_latest", "first_received_at", "evidence_received_at")
_RECORD = (
    "id", "public_id", "site_type", "s_class", "certainty", "workflow", "damage_min", "damage_max", "damage_best", *_DATES, *_WHERE,
)  # fmt: skip
_PLACE = ("source", "source_dated_on", "name", "site_type", *_WHERE)


def fill(session: Any, at: datetime, *, records: int) -> None:
    """Lay the land out in the session's transaction, with so many records that are due at ``at``."""
    town.areas()
    for mode, pcode in (("CONFLICT_ACTIVE", town.DISTRICTS[0]), ("DISASTER", town.DISTRICTS[1])):
        town.said(mode, pcode=pcode, since=at - timedelta(days=1), until=at + timedelta(days=9))
    dice = random.Random(7)
    _copy(session, "baseline_sites", _PLACE, _places(dice, at))
    session.execute(
        text("ALTER TABLE incidents DISABLE TRIGGER USER")
    )  # the counts of the desk's map are not measured here
    _copy(session, "incidents", _RECORD, _records(dice, at, records))
    for table in ("incidents", "baseline_sites", "admin_areas"):
        session.execute(text(f"ANALYZE {table}"))  # as the database does by itself, some minutes after so many rows


def _places(dice: random.Random, at: datetime) -> Iterator[Sequence[Any]]:
    for _ in range(PLACES):
        yield "bench", at.date(), "", dice.choice(KINDS), *_spot(dice, (10.5, 59.25), 0.2)


def _records(dice: random.Random, at: datetime, records: int) -> Iterator[Sequence[Any]]:
    known = {kind.value: kind.sensitivity for kind in SiteType if kind in KINDS}
    towns = [(10.05 + 0.9 * dice.random(), 59.05 + 0.4 * dice.random()) for _ in range(TOWNS)]
    struck = at - timedelta(days=90)
    for number in range(records):
        kind, identity = dice.choice(KINDS), UUID(int=dice.getrandbits(128), version=4)
        said = ("CONFIRMED", "DECIDED", 1, 3, 2, struck, struck, struck, struck)
        yield identity, f"BP{number:010}", kind, known[kind].value, *said, *_spot(dice, dice.choice(towns), 0.02)


def _spot(dice: random.Random, near: tuple[float, float], wide: float) -> tuple[str, str, str, str, str]:
    """A place near a point, with its cell and its areas."""
    lon = min(max(dice.gauss(near[0], wide), 10.001), 10.999)
    lat = min(max(dice.gauss(near[1], wide / 2), 59.001), 59.499)
    return f"SRID=4326;POINT({lon} {lat})", h3.latlng_to_cell(lat, lon, 9), *town.pcodes(lon, lat)


def _copy(session: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    session.flush()
    cursor = session.connection().connection.cursor()
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
