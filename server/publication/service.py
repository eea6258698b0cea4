"""The batch and the preview: with ``takedown.py`` the only writers of schema ``pub``.

Everything public changes here, once a day, or by the kill switch. A batch is one transaction: readers see the old copy
until it is whole.
"""

import random
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, insert, select, text, update

from server.accounts.policy import Actor, may
from server.core.clock import now as present
from server.core.database import session
from server.core.ledger import LedgerEntry, record
from server.core.problems import Problem
from server.core.settings import settings
from server.matching.models import Incident
from server.places.models import BaselineSite, Site
from server.publication import pyramid
from server.publication.areas import area_names, copy_shapes, map_keys
from server.publication.candidates import Case, cases, due
from server.publication.cases import Reason, Verdict
from server.publication.gate import blocked, findings, names_for_gate
from server.publication.models import Disclosure, PublishedBatch, PublishedIncident
from server.publication.policy import policy
from server.publication.rows import AreaName, as_disclosed, public_row, still_fits
from server.publication.rules import judge
from server.vocabulary import Certainty, DamageGrade, Decision, SiteGroup, SiteType, Tier

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that is misread or misheard
BATCH_AT = time(10, 0, tzinfo=UTC)
EXERCISE = "EXERCISE-"
ONE_WRITER = text("SELECT pg_advisory_xact_lock(727202)")
ONE_BATCH = text("SELECT pg_advisory_xact_lock(727203)")  # held by a batch alone, so that the kill switch finds it
NEVER_STAYS = frozenset({Reason.EMBARGO})

_dice = random.SystemRandom()


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the public sees, or will see, of one damage record: the verdict, the row, and its number if it is out."""

    verdict: Verdict
    row: dict[str, Any] | None
    published_id: str | None


@dataclass(kw_only=True)
class Batch:
    """One run of the rules while it is made; afterwards, what came of it."""

    release_id: str
    at: datetime
    areas: dict[str, AreaName]
    known_names: frozenset[str]
    taken_ids: set[str]
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: list[str] = field(default_factory=list)
    withheld: Counter[str] = field(default_factory=Counter)


def publish_due(now: datetime) -> Batch | None:
    """Publish if today's hour has come and no batch was made since; None otherwise. A missed hour is made up for."""
    today = datetime.combine(now.astimezone(UTC).date(), BATCH_AT)
    made = select(LedgerEntry.id).where(LedgerEntry.event == "batch.published", LedgerEntry.at >= today).limit(1)
    return publish_batch(now) if now >= today and session.scalar(made) is None else None


def publish_batch(now: datetime) -> Batch:
    """Judge every record that the public might see, and bring the public copy in line. The caller settles."""
    session.execute(ONE_BATCH)
    session.execute(ONE_WRITER)
    take_time()
    batch = _begin(now)
    writing: list[tuple[Case, dict[str, Any]]] = []
    for case in cases(list(session.scalars(due())), now=now):
        row = _judged(case, batch)
        if row is not None:
            writing.append((case, row))
        if len(writing) >= 1_000:
            _write(writing, batch)
            writing.clear()
    _write(writing, batch)
    take_out(batch.removed, now=now)
    close_batch(batch.release_id, now=now, revoked=batch.removed)
    told = {"new": batch.new, "updated": batch.updated, "removed": len(batch.removed), "unchanged": batch.unchanged}
    withheld = dict(batch.withheld)
    record("batch.published", uuid4(), release=batch.release_id, policy=policy().version, rows=told, withheld=withheld)
    return batch


def preview(actor: Actor, public_id: str) -> Preview:
    """What the public sees of the damage record with the desk's number; Problem when there is none or actor may not ask."""
    if not may(actor, "preview_public"):
        raise Problem("not_allowed")
    incident = session.scalar(select(Incident.id).where(Incident.public_id == public_id))
    if incident is None:
        raise Problem("incident_not_found")
    case = next(cases([incident], now=present()))
    verdict = _verdict(case)
    shown = verdict.decision in (Decision.PUBLISH, Decision.HOLD_UNTIL)
    row = public_row(case.facts, verdict=verdict, areas=area_names()) if shown else None
    return Preview(verdict=verdict, row=row, published_id=case.published_id)


def take_out(published_ids: Sequence[str], *, now: datetime) -> None:
    """Remove rows from the public copy and note in the ledger of disclosures that they are no longer shown."""
    ended = update(Disclosure).where(Disclosure.published_id.in_(published_ids), Disclosure.ended_at.is_(None))
    session.execute(delete(PublishedIncident).where(PublishedIncident.incident_id.in_(published_ids)))
    session.execute(ended.values(ended_at=now), execution_options={"synchronize_session": False})


def close_batch(release_id: str, *, now: datetime, revoked: Iterable[str]) -> None:
    """Bring shapes and counts in line with the rows, and say in public what is gone: one word, no reason."""
    copy_shapes()
    pyramid.rebuild()
    total = session.scalar(select(func.count()).select_from(PublishedIncident))
    session.execute(
        insert(PublishedBatch).values(
            release_id=release_id,
            published_on=now.astimezone(UTC).date(),
            policy_version=policy().version,
            rows_total=total,
            revoked=sorted(revoked),
            is_exercise=settings().exercise,
        )
    )


def take_time() -> None:
    """Let this transaction last: a batch over everything, or the kill switch over everything, is no runaway query."""
    for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
        session.execute(text(f"SET LOCAL {limit} = 0"))


def next_release(now: datetime) -> str:
    """The number of the next dated data set: the day, then 1, 2, 3 … An exercise says so in every row."""
    stem = f"{EXERCISE if settings().exercise else ''}{now.astimezone(UTC).date().isoformat()}."
    made = session.scalars(select(PublishedBatch.release_id).where(PublishedBatch.release_id.startswith(stem)))
    return f"{stem}{max((int(name.removeprefix(stem)) for name in made), default=0) + 1}"


def _begin(now: datetime) -> Batch:
    names = select(Site.name).where(Site.name != "").union(select(BaselineSite.name).where(BaselineSite.name != ""))
    harmless = [choice.label for choice in (*SiteType, *SiteGroup, *DamageGrade, *Certainty)]
    return Batch(
        release_id=next_release(now),
        at=now,
        areas=area_names(),
        known_names=names_for_gate(session.scalars(names), harmless=harmless),
        taken_ids=set(session.scalars(select(Disclosure.published_id).distinct())),
    )


def _verdict(case: Case) -> Verdict:
    return judge(case.candidate, surroundings=case.surroundings, tier=Tier.PUBLIC, policy=policy())


def _judged(case: Case, batch: Batch) -> dict[str, Any] | None:
    """The row to write for a case, or None: nothing to show, or nothing changed. A row that may not stay is removed."""
    verdict = _verdict(case)
    if verdict.decision is Decision.PUBLISH:
        return _changed_row(case, verdict, batch)
    batch.withheld[verdict.decision.value] += 1
    if case.published_id and not _may_stay(case, verdict):
        batch.removed.append(case.published_id)
    return None


def _may_stay(case: Case, verdict: Verdict) -> bool:
    """A row under review, or whose new values still wait, stays as it was while it is no sharper than the rules allow."""
    waits = verdict.decision is Decision.HOLD_UNTIL and not NEVER_STAYS & set(verdict.reasons)
    return waits and case.last_disclosed is not None and still_fits(case.last_disclosed, verdict=verdict)


def _changed_row(case: Case, verdict: Verdict, batch: Batch) -> dict[str, Any] | None:
    row = public_row(case.facts, verdict=verdict, areas=batch.areas)
    if row["site_name"] and findings(row["site_name"]):
        row["site_name"] = None
    if blocked(row, words_in=("summary",), names=batch.known_names):
        batch.withheld["GATE"] += 1
        batch.removed.extend([case.published_id] if case.published_id else [])
        return None
    if case.published_id and as_disclosed(row) == case.last_disclosed:
        batch.unchanged += 1
        return None
    return row


def _write(writing: list[tuple[Case, dict[str, Any]]], batch: Batch) -> None:
    """Write new and changed rows under random numbers and in a random order, and what they disclose."""
    if not writing:
        return
    keys = map_keys({row["area_code"] for _case, row in writing})
    rows = [_numbered(case, row, keys, batch) for case, row in writing]
    session.execute(
        delete(PublishedIncident).where(PublishedIncident.incident_id.in_([row["incident_id"] for row in rows]))
    )
    told = [_disclosed(case, row, batch) for (case, _), row in zip(writing, rows, strict=True)]
    _dice.shuffle(rows)
    session.execute(insert(PublishedIncident), rows)
    session.execute(insert(Disclosure), told)


def _numbered(case: Case, row: dict[str, Any], keys: dict[str, int], batch: Batch) -> dict[str, Any]:
    known = case.published_id
    batch.updated, batch.new = batch.updated + bool(known), batch.new + (not known)
    return {
        **row,
        "incident_id": known or _fresh_id(batch.taken_ids),
        "release_id": batch.release_id,
        "record_status": "updated" if known else "new",
        "position": secrets.randbits(62),
        "cell_key": keys[row["area_code"]],
    }


def _disclosed(case: Case, row: dict[str, Any], batch: Batch) -> dict[str, Any]:
    told = {name: value for name, value in row.items() if name != "cell_key"}
    return {
        "incident_id": case.candidate.id,
        "published_id": row["incident_id"],
        "geo_level": row["geo_level"],
        "area_code": row["area_code"],
        "fields": as_disclosed(told),
        "first_at": batch.at,
        "release_id": batch.release_id,
    }


def _fresh_id(taken: set[str]) -> str:
    """A number that was never used and says nothing: not when, not where, not after which other."""
    while (number := "INC-" + "".join(_dice.choices(ALPHABET, k=8))) in taken:
        continue
    taken.add(number)
    return number


def incident_behind(published_id: str) -> UUID | None:
    """The damage record that was ever public under a number, for a reporter who says "it is this one"."""
    return session.scalar(select(Disclosure.incident_id).where(Disclosure.published_id == published_id).limit(1))


def published_ids_of(incidents: Iterable[UUID]) -> list[str]:
    """The public numbers under which some records are out now."""
    out = select(Disclosure.published_id).where(Disclosure.incident_id.in_(incidents), Disclosure.ended_at.is_(None))
    return list(session.scalars(out.distinct()))
