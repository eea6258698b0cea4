"""The damage records that may speak of the same damage, found by index: near in place and time, or one numbered place.

A box on the GiST index of the incidents, then planar distance and time: about a quarter of the cost of ``ST_DWithin`` on geography.
The search is on incidents and not on reports because row-level security forbids an index on geometry (its operators are not
leakproof); reports are then fetched by number. Words stay sealed; a numbered place is found by its keyed hash.
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, radians
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, delete, text
from sqlalchemy.dialects.postgresql import insert

from server.core.columns import lon_lat
from server.core.database import session
from server.core.geography import METRES_PER_DEGREE, box_around
from server.core.settings import settings
from server.matching.accounts import Account
from server.matching.models import ReportAddress
from server.matching.reading import read
from server.matching.weights import Weights
from server.matching.worth import Stakes, stakes_of
from server.reports.access import words_in, words_of
from server.reports.models import Report
from server.reports.vault import PrivateWords
from server.vocabulary import SourceType

MOST_INCIDENTS = 24
MOST_ACCOUNTS = 12  # of one incident; many people say the same of one house
SAME_SITE_M = 60.0  # so near, older damage is asked for too: the place may have been struck before

_D2 = "(((ST_X(i.point) - :lon) * :shrink) ^ 2 + (ST_Y(i.point) - :lat) ^ 2)"
_LATEST = "coalesce(i.event_latest, i.first_received_at)"
_EARLIEST = "coalesce(i.event_earliest, i.first_received_at - CAST(:unknown AS interval))"
_SOON = f"({_LATEST} >= :since AND {_EARLIEST} <= :until)"

# The index answers box and time together; what lies on the very same spot is asked for whatever its time. Those in time
# come first. An open end of an event's interval reaches for ever in the index, so the second time clause narrows it.
NEAR = f"""
SELECT id, d2, in_time FROM (
  SELECT i.id, {_D2} AS d2, true AS in_time FROM incidents i
  WHERE i.point && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
    AND tstzrange(i.event_earliest, i.event_latest, '[]') && tstzrange(:since, :until, '[]')
    AND {_D2} <= CAST(:reach2 AS float8) AND {_SOON} AND i.on_map
  UNION ALL
  SELECT i.id, {_D2} AS d2, false AS in_time FROM incidents i
  WHERE i.point && ST_MakeEnvelope(:site_west, :site_south, :site_east, :site_north, 4326)
    AND {_D2} <= CAST(:site2 AS float8) AND NOT {_SOON} AND i.on_map
) AS found
ORDER BY in_time DESC, d2, id LIMIT :most"""  # noqa: S608 - put together from this module's own words; values are bound

RESCUE = f"""
SELECT i.id, {_D2} AS d2, true AS in_time
FROM report_addresses k
JOIN attachments a ON a.report_id = k.report_id AND a.ended_at IS NULL
JOIN incidents i ON i.id = a.incident_id
WHERE k.address_key = ANY(:keys) AND i.on_map
  AND ST_X(i.point) BETWEEN :far_west AND :far_east AND ST_Y(i.point) BETWEEN :far_south AND :far_north
  AND {_LATEST} >= :rescue_since AND {_EARLIEST} <= :rescue_until
ORDER BY d2, i.id LIMIT :most"""  # noqa: S608 - as NEAR

# What lies on the incidents found, with the photos' fingerprints, the sealed words and what hangs on each record, in the same trip.
_LAID_ON = """
SELECT r.id, ST_X(r.point) AS lon, ST_Y(r.point) AS lat, r.pin_accuracy_m, r.event_earliest, r.event_latest, r.received_at,
  r.site_type, r.damage_min, r.damage_max, r.source_type, r.import_id, r.flags, wanted.id AS incident_id, imports.source AS import_source,
  s.wrapped_key, s.sealed, i.certainty, i.people_trapped, i.needs, i.report_count,
  (SELECT array_agg(p.perceptual_hash ORDER BY p.position) FROM photos p
   WHERE p.report_id = r.id AND p.state = 'CLEAN' AND p.perceptual_hash IS NOT NULL) AS photos
FROM wanted
JOIN incidents i ON i.id = wanted.id
CROSS JOIN LATERAL (
  SELECT a.report_id FROM attachments a
  WHERE a.incident_id = wanted.id AND a.ended_at IS NULL AND a.report_id <> :report
  ORDER BY a.begun_at DESC, a.report_id LIMIT :most_accounts) AS laid
JOIN reports r ON r.id = laid.report_id
LEFT JOIN vault.report_secrets s ON s.report_id = r.id
LEFT JOIN imports ON imports.id = r.import_id"""
# Where the report lies itself, and the incidents a person ruled it apart from: one row that is always there.
_AGAIN = """
SELECT (SELECT a.incident_id FROM attachments a WHERE a.report_id = :report AND a.ended_at IS NULL) AS lies_on,
  ARRAY(SELECT DISTINCT a.incident_id FROM pair_rulings p
        JOIN attachments a ON a.report_id = CASE WHEN p.report_a = :report THEN p.report_b ELSE p.report_a END AND a.ended_at IS NULL
        WHERE p.ruling = 'cannot' AND p.ended_at IS NULL AND :report IN (p.report_a, p.report_b)) AS apart"""
_BOTH = f"SELECT * FROM ({_AGAIN}) AS again LEFT JOIN ({_LAID_ON}) AS found ON true ORDER BY found.id"  # noqa: S608 - as NEAR
_NAMED = "SELECT id FROM unnest(CAST(:named AS uuid[])) AS named (id)"
_FOUND = text(f"WITH wanted AS (SELECT id FROM ({NEAR}) AS near UNION {_NAMED}) {_BOTH}")  # noqa: S608 - as NEAR
_FOUND_FAR = text(  # only where the report names a numbered place
    f"WITH wanted AS (SELECT id FROM ({NEAR}) AS near UNION SELECT id FROM ({RESCUE}) AS far UNION {_NAMED}) {_BOTH}"  # noqa: S608 - as NEAR
)
_NEAR, _RESCUE = text(NEAR), text(RESCUE)  # made once: each text() is parsed anew


@dataclass(frozen=True, slots=True)
class Probe:
    """Where and when to look. Degrees, longitude first; aware moments."""

    report_id: UUID
    lon: float
    lat: float
    earliest: datetime
    latest: datetime


@dataclass(frozen=True)
class Around:
    """What is near a report: accounts by the incident they lie on, and what hangs on each incident.

    ``lies_on`` is where the report lies itself; ``apart`` are the incidents that a person ruled it apart from.
    """

    accounts: dict[UUID, list[Account]]
    stakes: dict[UUID, Stakes]
    lies_on: UUID | None
    apart: list[UUID]


def around(probe: Probe, account: Account, weights: Weights, *, named: Iterable[UUID] = ()) -> Around:
    """Look around the probe once its neighbourhood is locked: MOST_INCIDENTS in place, as many by address, and ``named``."""
    keys = address_keys(account)
    asked = {**_where(probe, weights), "named": list(named), "report": probe.report_id, "most_accounts": MOST_ACCOUNTS}
    if keys:
        rows = session.execute(_FOUND_FAR, {**asked, **_far(probe, weights), "keys": keys}).mappings().all()
    else:
        rows = session.execute(_FOUND, asked).mappings().all()
    laid = [row for row in rows if row["id"]]
    stakes = {row["incident_id"]: stakes_of(row) for row in laid}
    return Around(_by_incident(laid, weights), stakes, rows[0]["lies_on"], list(rows[0]["apart"]))


def incidents_near(probe: Probe, keys: list[int], weights: Weights) -> list[UUID]:
    """The incidents near the probe in place and time, and those whose reports name one of its numbered places."""
    where = _where(probe, weights)
    found = list(session.scalars(_NEAR, where))
    if keys:
        found += session.scalars(_RESCUE, {**where, **_far(probe, weights), "keys": keys})
    return list(dict.fromkeys(found))


def account_of(
    report: Report, weights: Weights, *, photos: Sequence[int] = (), import_source: str | None = None, words: PrivateWords | None = None
) -> Account:
    """One report as matching reads it; ``words`` where they were opened already."""
    place = lon_lat(report.point) if report.point is not None else (None, None)
    row = {name: getattr(report, name) for name in _COLUMNS}
    row |= {"lon": place[0], "lat": place[1], "photos": photos, "import_source": import_source}
    return _account(row, words or words_of([report.id]).get(report.id), weights)


def probe_of(report: Report, weights: Weights) -> Probe:
    """Where and when to look for the others; the report must have a point."""
    if report.point is None:
        raise ValueError("a report without a point has no neighbours")
    lon, lat = lon_lat(report.point)
    earliest, latest = _interval(report.event_earliest, report.event_latest, report.received_at, weights)
    return Probe(report.id, lon, lat, earliest, latest)


def remember_addresses(report_id: UUID, account: Account) -> None:
    """Keep the keyed hashes of the numbered places that a report names, so that later ones find it. Twice is as once."""
    rows = [{"report_id": report_id, "address_key": key} for key in address_keys(account)]
    if rows:
        session.execute(insert(ReportAddress).values(rows).on_conflict_do_nothing())


def forget_addresses(report_id: UUID) -> None:
    """Remove them again."""
    session.execute(delete(ReportAddress).where(ReportAddress.report_id == report_id))


def address_keys(account: Account) -> list[int]:
    """Keyed 64-bit hashes of the numbered places in an account's words; without the key nobody can guess them back."""
    secret = f"tessera:address:{settings().secret_key}".encode()
    names = sorted(read(account.text, account.place_text).addresses)
    return [int.from_bytes(hmac.digest(secret, name.encode(), hashlib.sha256)[:8], "big", signed=True) for name in names]


_COLUMNS = (
    "id", "pin_accuracy_m", "event_earliest", "event_latest", "received_at", "site_type", "damage_min", "damage_max",
    "source_type", "import_id", "flags",
)  # fmt: skip


def _where(probe: Probe, weights: Weights) -> dict[str, Any]:
    span = timedelta(days=weights.reach_days)
    west, south, east, north = box_around(probe.lon, probe.lat, weights.reach_m)
    site = box_around(probe.lon, probe.lat, SAME_SITE_M)
    return {
        "lon": probe.lon, "lat": probe.lat, "shrink": max(0.01, cos(radians(probe.lat))),
        "west": west, "south": south, "east": east, "north": north,
        "site_west": site[0], "site_south": site[1], "site_east": site[2], "site_north": site[3],
        "reach2": (weights.reach_m / METRES_PER_DEGREE) ** 2, "site2": (SAME_SITE_M / METRES_PER_DEGREE) ** 2,
        "since": probe.earliest - span, "until": probe.latest + span, "unknown": span, "most": MOST_INCIDENTS,
    }  # fmt: skip


def _far(probe: Probe, weights: Weights) -> dict[str, Any]:
    span = timedelta(days=weights.rescue_days)
    west, south, east, north = box_around(probe.lon, probe.lat, weights.rescue_m)
    return {
        "far_west": west, "far_south": south, "far_east": east, "far_north": north,
        "rescue_since": probe.earliest - span, "rescue_until": probe.latest + span,
    }  # fmt: skip


def _by_incident(rows: Sequence[RowMapping], weights: Weights) -> dict[UUID, list[Account]]:
    grouped: dict[UUID, list[Account]] = defaultdict(list)
    for row, account in zip(rows, accounts_of(rows, weights), strict=True):
        grouped[row["incident_id"]].append(account)
    return dict(grouped)


def accounts_of(rows: Sequence[Any], weights: Weights) -> list[Account]:
    """Rows of reports with their place, photos, import and sealed words as accounts, the words opened."""
    words = words_in(rows)
    return [_account(row, words.get(row["id"]), weights) for row in rows]


def _account(row: Any, words: Any, weights: Weights) -> Account:
    earliest, latest = _interval(row["event_earliest"], row["event_latest"], row["received_at"], weights)
    return Account(
        id=str(row["id"]),
        lon=row["lon"],
        lat=row["lat"],
        accuracy_m=row["pin_accuracy_m"],
        earliest=earliest,
        latest=latest,
        kind=_kind(row["site_type"]),
        damage_min=row["damage_min"],
        damage_max=row["damage_max"],
        text=words.text if words else "",
        place_text=words.place_text if words else "",
        photos=tuple(value & (2**64 - 1) for value in row["photos"] or ()),
        source=(row["import_source"] or "") if row["source_type"] == SourceType.PARTNER_DB else "",
        flags=frozenset(row["flags"]),
    )


def _kind(site_type: str | None) -> str:
    return "" if site_type in (None, "UNK", "OTH") else str(site_type)


def _interval(
    earliest: datetime | None, latest: datetime | None, received_at: datetime, weights: Weights
) -> tuple[datetime, datetime]:
    """The event's interval; where no time is given, some time before the report was received."""
    return (
        earliest or latest or received_at - timedelta(days=weights.reach_days),
        latest or earliest or received_at,
    )
