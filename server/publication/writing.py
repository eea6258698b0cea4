"""One run of the rules: each case is judged, and what changes is written under random numbers in a random order."""

import random
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String, Uuid, any_, delete, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from server.core.database import session
from server.core.response import this_response
from server.places.models import BaselineSite, Site
from server.publication import pyramid
from server.publication.approving import Agreements, fingerprint
from server.publication.areas import area_names, copy_shapes, map_keys
from server.publication.candidates import Case
from server.publication.cases import Reason, Verdict
from server.publication.gate import blocked, findings, names_for_gate, stops
from server.publication.models import Disclosure, PublishedBatch, PublishedIncident
from server.publication.policy import Approval, Policy
from server.publication.rows import AreaName, as_disclosed, public_row, still_fits
from server.publication.rules import judge
from server.vocabulary import Certainty, DamageGrade, Decision, SiteGroup, SiteType, Tier

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that is misread or misheard
EXERCISE = "EXERCISE-"
NEVER_STAYS = frozenset({Reason.EMBARGO})
WAITS = {Approval.NONE: "", Approval.STANDING: "STANDING", Approval.SIGNATURES: "SIGNATURES"}

Written = tuple[Case, dict[str, Any], dict[str, Any]]
"""A case, the row to write for it, and the same as the ledger of disclosures keeps it."""

_dice = random.SystemRandom()


@dataclass(kw_only=True)
class Batch:
    """One run of the rules while it is made; afterwards, what came of it."""

    release_id: str
    at: datetime
    rules: Policy
    agreed: Agreements
    hourly: bool = False
    areas: dict[str, AreaName] = field(default_factory=dict)
    known_names: frozenset[str] = frozenset()
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: list[str] = field(default_factory=list)
    activities_removed: list[str] = field(default_factory=list)
    withheld: Counter[str] = field(default_factory=Counter)
    verdicts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """How many public rows it writes or removes."""
        return self.new + self.updated + len(self.removed)


def begin(now: datetime, *, rules: Policy, agreed: Agreements, hourly: bool = False) -> Batch:
    """A batch that has judged nothing yet."""
    names = select(Site.name).where(Site.name != "").union(select(BaselineSite.name).where(BaselineSite.name != ""))
    harmless = [choice.label for choice in (*SiteType, *SiteGroup, *DamageGrade, *Certainty)]
    return Batch(
        release_id=next_release(now),
        at=now,
        rules=rules,
        agreed=agreed,
        hourly=hourly,
        areas=area_names(),
        known_names=names_for_gate(session.scalars(names), harmless=harmless),
    )


def judged(case: Case, batch: Batch, *, version: int) -> Written | None:
    """What to write for a case, or None: nothing to show, or nothing changed. A row that may not stay is removed."""
    verdict = verdict_on(case, batch.rules)
    if batch.hourly and not verdict.hourly:
        return None  # at the daily batch: what changes at another hour would tell when it happened
    row = _row(case, verdict, batch) if verdict.decision is Decision.PUBLISH else None
    told = None if row is None else as_disclosed(row)
    waits_for, mark = _waits_for(case, verdict, row, told, batch)
    batch.verdicts.append(_remembered(case, verdict, version=version, at=batch.at, waits_for=waits_for, mark=mark))
    if row is not None and case.published_id and told == case.last_disclosed:
        batch.unchanged += 1
        return None
    if row is not None and told is not None and not waits_for:
        return case, row, told
    _withhold(case, verdict, waits_for, batch)
    return None


def verdict_on(case: Case, rules: Policy) -> Verdict:
    """What the public may see of a case."""
    return judge(case.candidate, surroundings=case.surroundings, tier=Tier.PUBLIC, policy=rules)


def write(writing: list[Written], batch: Batch) -> None:
    """Write new and changed rows under random numbers and in a random order, and what they disclose."""
    if not writing:
        return
    keys = map_keys({row["area_code"] for _case, row, _told in writing})
    fresh = _fresh_ids(sum(not case.published_id for case, _row, _told in writing))
    rows = [_numbered(case, row, keys, fresh, batch) for case, row, _told in writing]
    session.execute(
        delete(PublishedIncident).where(PublishedIncident.incident_id.in_([row["incident_id"] for row in rows]))
    )
    told = [_disclosed(case, row, fields, batch) for (case, _, fields), row in zip(writing, rows, strict=True)]
    _dice.shuffle(rows)
    # By table and not by model: the ORM would send rows with other blanks in other statements, a thousand for a thousand rows.
    session.execute(insert(PublishedIncident.__table__), rows)  # type: ignore[arg-type]
    session.execute(insert(Disclosure.__table__), told)  # type: ignore[arg-type]


def take_out(published_ids: Sequence[str], *, now: datetime) -> None:
    """Remove rows from the public copy and note in the ledger of disclosures that they are no longer shown."""
    gone = any_(literal(list(published_ids), ARRAY(String)))  # one value: a statement may not have a million
    ended = update(Disclosure).where(Disclosure.published_id == gone, Disclosure.ended_at.is_(None))
    session.execute(delete(PublishedIncident).where(PublishedIncident.incident_id == gone))
    session.execute(ended.values(ended_at=now), execution_options={"synchronize_session": False})


def close_batch(release_id: str, *, now: datetime, revoked: Iterable[str], version: str) -> None:
    """Bring shapes and counts in line with the rows, and say in public what is gone: one word, no reason."""
    copy_shapes()
    pyramid.rebuild()
    total = session.scalar(select(func.count()).select_from(PublishedIncident))
    session.execute(
        insert(PublishedBatch).values(
            release_id=release_id,
            published_on=now.astimezone(UTC).date(),
            policy_version=version,
            rows_total=total,
            revoked=sorted(revoked),
            is_exercise=this_response().exercise,
        )
    )


def take_time() -> None:
    """Let this transaction last: a batch over everything, or the kill switch over everything, is no runaway query."""
    for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
        session.execute(text(f"SET LOCAL {limit} = 0"))


def next_release(now: datetime) -> str:
    """The number of the next dated data set: the day, then 1, 2, 3 … An exercise says so in every row."""
    stem = f"{EXERCISE if this_response().exercise else ''}{now.astimezone(UTC).date().isoformat()}."
    made = session.scalars(select(PublishedBatch.release_id).where(PublishedBatch.release_id.startswith(stem)))
    return f"{stem}{max((int(name.removeprefix(stem)) for name in made), default=0) + 1}"


def _row(case: Case, verdict: Verdict, batch: Batch) -> dict[str, Any]:
    row = public_row(case.facts, verdict=verdict, areas=batch.areas)
    if row["site_name"] and findings(row["site_name"]):
        row["site_name"] = None
    return row


def _waits_for(
    case: Case, verdict: Verdict, row: dict[str, Any] | None, told: dict[str, Any] | None, batch: Batch
) -> tuple[str, str]:
    """Whom a row waits for ("" for nobody), and the hash that they would sign; `told` is the row as it would be disclosed."""
    if row is None or told is None:
        return "", ""
    found = blocked(row, words_in=("summary",), names=batch.known_names)
    if not found and (told == case.last_disclosed or verdict.approval is Approval.NONE):
        return "", ""
    mark = fingerprint(case.candidate.id, told)
    if found and (stops(found) or not batch.agreed.cover(Approval.SIGNATURES, mark)):
        return "GATE", mark
    if batch.agreed.cover(verdict.approval, mark):
        return "", ""
    return WAITS[verdict.approval], mark


def _withhold(case: Case, verdict: Verdict, waits_for: str, batch: Batch) -> None:
    batch.withheld[waits_for or verdict.decision.value] += 1
    if case.published_id and (waits_for == "GATE" or not _may_stay(case, verdict)):
        batch.removed.append(case.published_id)


def _may_stay(case: Case, verdict: Verdict) -> bool:
    """A row under review, or whose new values still wait, stays as it was while it is no sharper than the rules allow."""
    waits = verdict.decision in (Decision.HOLD_UNTIL, Decision.PUBLISH) and not NEVER_STAYS & set(verdict.reasons)
    return waits and case.last_disclosed is not None and still_fits(case.last_disclosed, verdict=verdict)


def _remembered(
    case: Case, verdict: Verdict, *, version: int, at: datetime, waits_for: str, mark: str
) -> dict[str, Any]:
    return {
        "incident_id": case.candidate.id,
        "row_version": version,
        "decision": verdict.decision,
        "sensitivity": verdict.sensitivity,
        "context": verdict.context,
        "geo_level": verdict.geometry_level,
        "area_code": case.candidate.place.pcodes[1] or case.candidate.place.pcodes[0],
        "reasons": [reason.value for reason in verdict.reasons],
        "hold_until": verdict.hold_until,
        "due_at": verdict.due_at,
        "waits_for": waits_for,
        "fingerprint": mark,
        "judged_at": at,
    }


def _numbered(case: Case, row: dict[str, Any], keys: dict[str, int], fresh: list[str], batch: Batch) -> dict[str, Any]:
    known = case.published_id
    batch.updated, batch.new = batch.updated + bool(known), batch.new + (not known)
    return {
        **row,
        "incident_id": known or fresh.pop(),
        "release_id": batch.release_id,
        "record_status": "updated" if known else "new",
        "position": secrets.randbits(62),
        "cell_key": keys[row["area_code"]],
    }


def _disclosed(case: Case, row: dict[str, Any], fields: dict[str, Any], batch: Batch) -> dict[str, Any]:
    return {
        "incident_id": case.candidate.id,
        "published_id": row["incident_id"],
        "geo_level": row["geo_level"],
        "area_code": row["area_code"],
        "fields": fields,
        "first_at": batch.at,
        "release_id": batch.release_id,
    }


def _fresh_ids(size: int) -> list[str]:
    """Numbers that were never used and say nothing: not when, not where, not after which other."""
    found: set[str] = set()
    while len(found) < size:
        found |= {
            "INC-" + "".join(ALPHABET[byte % 32] for byte in secrets.token_bytes(8)) for _ in range(size - len(found))
        }
        among = Disclosure.published_id == any_(literal(list(found), ARRAY(String)))
        found -= set(session.scalars(select(Disclosure.published_id).where(among)))
    return list(found)


def published_ids_of(incidents: Iterable[UUID]) -> list[str]:
    """The public numbers under which some records are out now."""
    among = Disclosure.incident_id == any_(literal(list(incidents), ARRAY(Uuid)))
    out = select(Disclosure.published_id).where(among, Disclosure.ended_at.is_(None))
    return list(session.scalars(out.distinct()))
