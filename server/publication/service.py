"""The batch and the preview: with ``takedown.py`` the only writers of schema ``pub``.

Everything public changes here: in a conflict once a day, in a disaster every hour, or by the kill switch. A batch is one
transaction: readers see the old copy until it is whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from server.accounts.policy import Actor, may
from server.core.clock import now as present
from server.core.database import session
from server.core.ledger import LedgerEntry, record
from server.core.problems import Problem
from server.matching.models import Incident
from server.publication import changing, five_w, remembering
from server.publication.approving import Agreements, agreements
from server.publication.areas import area_names
from server.publication.candidates import cases
from server.publication.cases import Verdict
from server.publication.dangers import forget_expired
from server.publication.models import Disclosure
from server.publication.rows import public_row
from server.publication.rule_models import Judgement, PolicyVersion
from server.publication.writing import (
    ALPHABET,
    EXERCISE,
    Batch,
    Written,
    begin,
    close_batch,
    judged,
    next_release,
    published_ids_of,
    take_out,
    take_time,
    verdict_on,
    write,
)
from server.vocabulary import Decision

__all__ = [
    "ALPHABET", "EXERCISE", "ONE_BATCH", "ONE_WRITER", "Batch", "Preview", "close_batch", "incident_behind", "next_release", "preview",
    "publish_batch", "publish_due", "publish_hour", "published_ids_of", "take_out", "take_time",
]  # fmt: skip

BATCH_AT = time(10, 0, tzinfo=UTC)
TOGETHER = 1_000
ONE_WRITER = text("SELECT pg_advisory_xact_lock(727202)")
ONE_BATCH = text("SELECT pg_advisory_xact_lock(727203)")  # held by a batch alone, so that the kill switch finds it


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the public sees, or will see, of one damage record: the verdict, the row, and its number if it is out."""

    verdict: Verdict
    row: dict[str, Any] | None
    published_id: str | None
    waits_for: str = ""


def publish_due(now: datetime) -> Batch | None:
    """Make the daily batch if its hour has come and none was made since, making up for a missed one; else the hourly one."""
    today = datetime.combine(now.astimezone(UTC).date(), BATCH_AT)
    made = select(LedgerEntry.id).where(LedgerEntry.event == "batch.published", LedgerEntry.at >= today).limit(1)
    return publish_batch(now) if now >= today and session.scalar(made) is None else publish_hour(now)


def publish_batch(now: datetime, *, agreed: Agreements | None = None, anew: bool = False) -> Batch:
    """Judge what the public might see and bring the public copy in line. The caller settles.

    Only records are judged whose verdict can have changed, unless `anew`. `agreed` is what two people have agreed to; what
    the database knows of that when left out.
    """
    batch, here = _opened(now, agreed)
    if anew:
        session.execute(text("DELETE FROM judgements"))
    _judge_all(batch, remembering.touched(now, here=here, policy=batch.rules))
    remembering.remember_world(here)
    batch.activities_removed = five_w.bring_up_to_date(batch)
    _tell_policy(batch)
    record_batch(batch, "batch.published")
    return batch


def publish_hour(now: datetime, *, agreed: Agreements | None = None) -> Batch | None:
    """The hourly batch of areas in a disaster without conflict; None where there is none, or nothing changes."""
    only = remembering.calm_areas(now)
    if not only:
        return None
    batch, here = _opened(now, agreed, hourly=True)
    _judge_all(batch, remembering.touched(now, here=here, policy=batch.rules, only=only))
    if not batch.changes:
        return None
    record_batch(batch, "batch.refreshed")
    return batch


def preview(actor: Actor, public_id: str) -> Preview:
    """What the public sees of the damage record with the desk's number; Problem when there is none or actor may not ask."""
    if not may(actor, "preview_public"):
        raise Problem("not_allowed")
    incident = session.scalar(select(Incident.id).where(Incident.public_id == public_id))
    if incident is None:
        raise Problem("incident_not_found")
    now = present()
    case = next(cases([incident], now=now))
    verdict = verdict_on(case, changing.in_force(now))
    shown = verdict.decision in (Decision.PUBLISH, Decision.HOLD_UNTIL)
    row = public_row(case.facts, verdict=verdict, areas=area_names()) if shown else None
    waits_for = session.scalar(select(Judgement.waits_for).where(Judgement.incident_id == incident)) or ""
    return Preview(verdict=verdict, row=row, published_id=case.published_id, waits_for=waits_for)


def incident_behind(published_id: str) -> UUID | None:
    """The damage record that was ever public under a number, for a reporter who says "it is this one"."""
    return session.scalar(select(Disclosure.incident_id).where(Disclosure.published_id == published_id).limit(1))


def _opened(now: datetime, agreed: Agreements | None, *, hourly: bool = False) -> tuple[Batch, remembering.World]:
    session.execute(ONE_BATCH)
    session.execute(ONE_WRITER)
    take_time()
    forget_expired(now)
    rules = changing.in_force(now)
    batch = begin(now, rules=rules, agreed=agreed or agreements(now), hourly=hourly)
    return batch, remembering.world(rules, now=now)


def _judge_all(batch: Batch, versions: Mapping[UUID, int]) -> None:
    writing: list[Written] = []
    for case in cases(versions, now=batch.at):
        written = judged(case, batch, version=versions[case.candidate.id])
        if written is not None:
            writing.append(written)
        if len(writing) >= TOGETHER or len(batch.verdicts) >= TOGETHER:
            _write(writing, batch)
    _write(writing, batch)


def _write(writing: list[Written], batch: Batch) -> None:
    write(writing, batch)
    remembering.remember(batch.verdicts)
    writing.clear()
    batch.verdicts.clear()


def _tell_policy(batch: Batch) -> None:
    """Let everybody read the rules that this batch followed."""
    row = {
        "version": batch.rules.version,
        "in_force_on": batch.at.astimezone(UTC).date(),
        "body": changing.published_body(batch.at),
    }
    session.execute(insert(PolicyVersion).values(row).on_conflict_do_nothing())


def record_batch(batch: Batch, event: str) -> None:
    """Close the batch: what is gone goes, and the ledger learns what changed under ``event``."""
    take_out(batch.removed, now=batch.at)
    close_batch(
        batch.release_id, now=batch.at, revoked=[*batch.removed, *batch.activities_removed], version=batch.rules.version
    )
    told = {"new": batch.new, "updated": batch.updated, "removed": len(batch.removed), "unchanged": batch.unchanged}
    record(
        event, uuid4(), release=batch.release_id, policy=batch.rules.version, rows=told, withheld=dict(batch.withheld)
    )
