"""What a partner may take away: the records of their own areas and sectors under the rules of their tier, as one table.

Nothing is kept but what was told: who, why, how many rows, the checksum, and of each record the place that was named, so that a
later table may be finer only inside it. The order of the rows belongs to the export, so that a leaked copy tells whose it was.
"""

import csv
import hashlib
import hmac
import io
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from flask_babel import gettext
from sqlalchemy import any_, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Uuid

from server.accounts.policy import Actor, acts_for, acts_in, may
from server.core.cells import escape_cell
from server.core.clock import now as present
from server.core.database import session
from server.core.ledger import record
from server.core.problems import Problem
from server.core.schemas import csv_header
from server.matching.models import Incident
from server.publication import changing
from server.publication.areas import area_names
from server.publication.candidates import Case, cases, holdback_key
from server.publication.coarsening import CELLS, Disclosure
from server.publication.gate import blocked
from server.publication.holding_models import PartnerDisclosure, PartnerExport
from server.publication.rows import WORDS, public_row
from server.publication.rules import judge
from server.publication.schemas import PublicIncident
from server.publication.writing import ALPHABET
from server.vocabulary import Decision, GeometryLevel, Tier

KEPT_FOR: Final = timedelta(days=30)
MOST_ROWS: Final = 5_000
A_DAY: Final = 10
ONE_AT_A_TIME: Final = text(
    "SELECT pg_advisory_xact_lock(727214)"
)  # each table must know of what the one before it told
LEFT_OUT: Final = frozenset({"incident_id", "release_id", "record_status", "licence"})
HEADER: Final = (
    "export_id", "delete_by", "record", *(name for name in csv_header(PublicIncident) if name not in LEFT_OUT)
)  # fmt: skip
"""The columns of the table: what the public knows of a record, at the partner's tier, with the desk's number of it."""


@dataclass(frozen=True)
class Taken:
    """A table as it was made, and what is kept of it."""

    export: PartnerExport
    data: bytes


def take(actor: Actor, *, purpose: str) -> Taken:
    """Make a partner's table, and keep that it was taken. Problem when the purpose is missing, or it was asked too often."""
    if not may(actor, "export_for_partner") or actor.person_id is None:
        raise Problem("not_allowed")
    if not purpose.strip():
        raise Problem("invalid_input", errors=[{"field": "purpose", "code": "required", "message": ""}])
    session.execute(ONE_AT_A_TIME)
    now = present()
    if _taken_since(actor.person_id, now - timedelta(days=1)) >= A_DAY:
        raise Problem("too_many_requests")
    number = "EXP-" + "".join(secrets.choice(ALPHABET) for _ in range(8))
    found = list(_rows(actor, now))
    found.sort(key=lambda pair: _place_in_order(number, pair[0]))
    data = _table(number, now + KEPT_FOR, [row for _, row in found])
    made = PartnerExport(
        id=uuid4(), export_id=number, person_id=actor.person_id, purpose=purpose.strip()[:300],
        policy_version=changing.in_force(now).version, rows_total=len(found),
        sha256=hashlib.sha256(data).hexdigest(), made_at=now, expires_at=now + KEPT_FOR,
    )  # fmt: skip
    session.add(made)
    session.flush()
    record("partner.exported", made.id, actor_id=actor.person_id, export=number, rows=len(found), sha256=made.sha256)
    return Taken(made, data)


def taken_by(person_id: UUID) -> list[PartnerExport]:
    """What somebody took, the newest first, at most fifty."""
    theirs = select(PartnerExport).where(PartnerExport.person_id == person_id)
    return list(session.scalars(theirs.order_by(PartnerExport.made_at.desc(), PartnerExport.id).limit(50)))


def _rows(actor: Actor, now: datetime) -> Iterator[tuple[UUID, dict[str, Any]]]:
    """The rows that the rules show to a partner of the records in the actor's areas and sectors."""
    ids = _within(actor)
    told, names, rules = _told(ids), area_names(), changing.in_force(now)
    for case in cases(ids, now=now):
        seen = tuple(told.get(case.candidate.id, ()))
        around = replace(case.surroundings, disclosed=(*case.surroundings.disclosed, *seen))
        verdict = judge(case.candidate, surroundings=around, tier=Tier.PARTNER, policy=rules)
        if verdict.decision is not Decision.PUBLISH:
            continue
        row = public_row(case.facts, verdict=verdict, areas=names)
        if blocked(row, words_in=WORDS, names=frozenset()):
            continue
        _tell(case, row, now)
        yield case.candidate.id, {**row, "record": getattr(case.facts, "public_id", "")}


def _within(actor: Actor) -> list[UUID]:
    """The newest records of the actor's own areas and sectors. Problem when there are too many for one table."""
    row = Incident
    query = select(row.id, row.site_type, row.adm1_pcode, row.adm2_pcode, row.adm3_pcode).where(
        row.merged_into.is_(None), row.killed_at.is_(None)
    )
    found = [
        one.id
        for one in session.execute(query.order_by(row.h3_r9, row.id))
        if acts_in(actor, (one.adm1_pcode, one.adm2_pcode, one.adm3_pcode))
        and acts_for(actor, [one.site_type.sector.value])
    ]
    if len(found) > MOST_ROWS:
        raise Problem(
            "invalid_input", detail=gettext("These are more than %(n)s records. Ask for fewer areas.", n=MOST_ROWS)
        )
    return found


def _told(ids: list[UUID]) -> dict[UUID, list[Disclosure]]:
    """What partners were told of some records before."""
    told: dict[UUID, list[Disclosure]] = {}
    among = PartnerDisclosure.incident_id == any_(literal(ids, ARRAY(Uuid)))
    for one in session.scalars(select(PartnerDisclosure).where(among)):
        cell = one.area_code if one.geo_level in CELLS or one.geo_level is GeometryLevel.POINT else None
        pcodes = (one.pcodes[0], one.pcodes[1], one.pcodes[2])
        told.setdefault(one.incident_id, []).append(Disclosure(level=one.geo_level, cell=cell, pcodes=pcodes))
    return told


def _tell(case: Case, row: dict[str, Any], now: datetime) -> None:
    """Remember what this table tells of a record's place."""
    told = {
        "id": uuid4(), "incident_id": case.candidate.id, "geo_level": row["geo_level"], "area_code": row["area_code"],
        "pcodes": [row[f"adm{at}_pcode"] for at in (1, 2, 3)], "first_at": now,
    }  # fmt: skip
    session.execute(insert(PartnerDisclosure).values(told).on_conflict_do_nothing())


def _table(number: str, expires: datetime, rows: list[dict[str, Any]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    own = {"export_id": number, "delete_by": expires.date().isoformat()}
    for row in rows:
        writer.writerow([escape_cell({**row, **own}.get(name)) for name in HEADER])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _place_in_order(number: str, incident_id: UUID) -> bytes:
    """Where a row stands in an export: another order for every export, which the house can make again."""
    return hmac.new(holdback_key(), b"export:" + number.encode() + incident_id.bytes, hashlib.sha256).digest()


def _taken_since(person_id: UUID, since: datetime) -> int:
    counted = select(func.count()).select_from(PartnerExport)
    return session.scalar(counted.where(PartnerExport.person_id == person_id, PartnerExport.made_at > since)) or 0
