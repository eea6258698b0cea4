"""What the desk reads of rows that wait for people: the row as it would be public, why it is signed, and its hash."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from server.core.clock import now as present
from server.core.database import session
from server.matching.models import Incident
from server.publication import changing
from server.publication.approving import fingerprint
from server.publication.areas import area_names
from server.publication.candidates import cases
from server.publication.rows import as_disclosed, public_row
from server.publication.rule_models import Judgement
from server.publication.service import BATCH_AT
from server.publication.writing import verdict_on
from server.vocabulary import SensitivityClass

MOST = 100


@dataclass(frozen=True, kw_only=True)
class DeskRow:
    """One row that waits: the desk's number, why it waits, its class, what it would say, and the hash to sign.

    `may_be_signed` is false where the record has changed since the batch that asked: the next batch asks anew.
    """

    public_id: str
    waits_for: str
    sensitivity: SensitivityClass
    row: dict[str, Any]
    fingerprint: str
    may_be_signed: bool


def waiting_rows() -> list[DeskRow]:
    """The rows that wait for people, the most sensitive first, at most a hundred."""
    wanted = select(Judgement.incident_id).where(Judgement.waits_for != "")
    ids = list(session.scalars(wanted.order_by(Judgement.sensitivity.desc(), Judgement.incident_id).limit(MOST)))
    if not ids:
        return []
    at, names = present(), area_names()
    rules = changing.in_force(at)
    kept = {
        found.incident_id: found for found in session.scalars(select(Judgement).where(Judgement.incident_id.in_(ids)))
    }
    numbers = dict(session.execute(select(Incident.id, Incident.public_id).where(Incident.id.in_(ids))).all())  # type: ignore[arg-type]
    found = []
    for case in cases(ids, now=at):
        row = public_row(case.facts, verdict=verdict_on(case, rules), areas=names)
        asked, mark = kept[case.candidate.id], fingerprint(case.candidate.id, as_disclosed(row))
        found.append(
            DeskRow(
                public_id=numbers[case.candidate.id], waits_for=asked.waits_for, sensitivity=asked.sensitivity, row=row,
                fingerprint=mark, may_be_signed=mark == asked.fingerprint,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (-one.sensitivity.rank, one.public_id))


def next_batch_at(at: datetime) -> datetime:
    """When the next daily batch is due."""
    today = datetime.combine(at.date(), BATCH_AT)
    return today if today > at else today + timedelta(days=1)
