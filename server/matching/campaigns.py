"""Campaigns: reports made after one pattern (one photo in many places, one wording with other names, a burst) become one batch.

Nothing is removed by the machine. Until a person decides, the reports of a batch raise no certainty and no single questions. One
decision settles the whole batch, a job carries it out, and it can be taken back.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import h3
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from server.accounts.policy import SYSTEM, Actor
from server.core import ledger
from server.core.clock import now
from server.core.columns import lon_lat
from server.core.database import session
from server.core.problems import Problem
from server.core.settings import settings
from server.evidence.models import Photo
from server.matching.acts import enter
from server.matching.models import Attachment, Campaign, CampaignReport, Incident, ReportMarks
from server.matching.patterns import ALIKE_BANDS, Patterns, alike_pictures
from server.matching.reading import read
from server.reports import access
from server.reports.models import Report

FLAG = "campaign"
CELL_LEVEL = 7  # places further apart than about two kilometres are other places
WITHIN, BURST_WITHIN = timedelta(hours=72), timedelta(hours=1)
PLACES = {"words": 5, "photo": 3}  # in how many places one pattern is no chance any more
BURST = 25  # lone records of strangers with hardly a word and no photo, in one place and hour
BURST_BELIEVED = timedelta(hours=24)  # so long a place is let be where somebody held a burst to be genuine
MOST_ALIKE = 400
OUTCOMES = ("fake", "genuine")


@dataclass(frozen=True)
class Alike:
    """The reports that share a pattern with one, by what they share, and their places."""

    kind: str
    reports: frozenset[UUID]
    cells: frozenset[str]

    @property
    def is_campaign(self) -> bool:
        """Whether that is no chance any more."""
        return len(self.cells) >= PLACES[self.kind]


@cache
def _patterns() -> Patterns:
    return Patterns(hmac.digest(settings().secret_key.encode(), b"tessera:patterns", hashlib.sha256))


def watch(report_id: UUID) -> UUID | None:
    """Note the pattern of a report, and put it with its look-alikes; returns the campaign, if it belongs to one. Twice is as once."""
    access.enter(SYSTEM)
    report = session.get(Report, report_id, populate_existing=True)
    if report is None or report.withdrawn_at is not None or report.superseded_by is not None:
        return None
    words, photos = access.words_of([report_id]).get(report_id), _photos([report_id]).get(report_id, ())
    told = f"{words.text} {words.place_text}" if words else ""
    worded = [] if report.quarantine else _patterns().of_words(read(told).tokens)
    seen, cell = _patterns().of_photos(photos), _cell(report)
    _remember(report_id, report, cell, [*worded, *seen], _patterns().of_posts(told))
    if report.organisation_id is not None or not cell:
        return None
    if known := session.scalar(select(CampaignReport.campaign_id).where(CampaignReport.report_id == report_id)):
        return known
    return _gather(report_id, cell, _alike_in_words(report_id, cell, worded), _alike_in_photos(report_id, cell, seen, photos))


def forget(report_id: UUID) -> None:
    """Remove the marks of a report that was taken back."""
    session.execute(delete(ReportMarks).where(ReportMarks.report_id == report_id))
    session.execute(delete(CampaignReport).where(CampaignReport.report_id == report_id))


def settle(campaign_id: UUID, outcome: str, *, actor: Actor) -> Campaign:
    """Decide about all reports of a campaign at once: made up, or genuine. A job does what follows.

    Problem ``already_done`` when somebody was quicker.
    """
    enter(actor, "")
    if outcome not in OUTCOMES:
        raise Problem("invalid_input", errors=[{"field": "outcome", "code": "unknown", "message": "outcome"}])
    campaign = _locked(campaign_id)
    if campaign.settled_at is not None:
        raise Problem("already_done")
    campaign.settled_at, campaign.settled_by, campaign.outcome, campaign.batch_id = now(), actor.person_id, outcome, uuid4()
    ledger.record("campaign.settled", campaign.id, actor_id=actor.person_id, outcome=outcome)
    return campaign


def reopen(campaign_id: UUID, *, actor: Actor) -> Campaign:
    """Take the decision back; a job brings every report back to where it lay."""
    enter(actor, "")
    campaign = _locked(campaign_id)
    if campaign.settled_at is None:
        raise Problem("already_done")
    ledger.record("campaign.reopened", campaign.id, actor_id=actor.person_id, outcome=campaign.outcome or "")
    campaign.settled_at, campaign.settled_by, campaign.outcome = None, None, None
    return campaign


def open_ones() -> list[tuple[Campaign, int]]:
    """The campaigns that wait for a decision with the number of their reports, the largest first."""
    count = func.count(CampaignReport.report_id)
    rows = session.execute(
        select(Campaign, count).join(CampaignReport).where(Campaign.settled_at.is_(None)).group_by(Campaign.id).order_by(count.desc(), Campaign.id)
    )
    return [(campaign, number) for campaign, number in rows]


def count_open() -> int:
    """How many campaigns wait."""
    return session.scalar(select(func.count()).select_from(Campaign).where(Campaign.settled_at.is_(None))) or 0


def members(campaign_id: UUID) -> list[UUID]:
    """The reports of a campaign, in the order they were found."""
    query = select(CampaignReport.report_id).where(CampaignReport.campaign_id == campaign_id)
    return list(session.scalars(query.order_by(CampaignReport.joined_at, CampaignReport.report_id)))


def by_id(campaign_id: UUID) -> Campaign:
    """A campaign; Problem ``not_found``."""
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise Problem("not_found")
    return campaign


def flag(report_ids: Sequence[UUID], *, on: bool) -> None:
    """Mark reports as doubted together, or no more; their records are looked at again."""
    change = func.array_append if on else func.array_remove
    wanted = ~Report.flags.contains([FLAG]) if on else Report.flags.contains([FLAG])
    session.execute(update(Report).where(Report.id.in_(report_ids), wanted).values(flags=change(Report.flags, FLAG)))
    here = select(Attachment.incident_id).where(Attachment.report_id.in_(report_ids), Attachment.ended_at.is_(None))
    for incident in session.scalars(select(Incident).where(Incident.id.in_(here)).order_by(Incident.id)):
        ledger.record("incident.changed", incident.id, by="campaign", version=incident.version)


def _locked(campaign_id: UUID) -> Campaign:
    held = select(Campaign).where(Campaign.id == campaign_id).with_for_update()
    campaign = session.scalar(held.execution_options(populate_existing=True))
    if campaign is None:
        raise Problem("not_found")
    return campaign


def _cell(report: Report) -> str:
    if report.point is None:
        return ""
    lon, lat = lon_lat(report.point)
    return str(h3.latlng_to_cell(lat, lon, CELL_LEVEL))


def _remember(report_id: UUID, report: Report, cell: str, marks: list[int], posts: list[int]) -> None:
    row = {"report_id": report_id, "at": report.received_at, "cell": cell, "marks": marks, "posts": posts}
    new = insert(ReportMarks).values(row)
    session.execute(new.on_conflict_do_update(index_elements=["report_id"], set_={"cell": cell, "marks": marks, "posts": posts}))


_ALIKE = text("""
SELECT m.report_id, m.cell, m.marks FROM report_marks m JOIN reports r ON r.id = m.report_id
WHERE m.marks && CAST(:marks AS bigint[]) AND m.at > :since AND m.report_id <> :report
  AND r.organisation_id IS NULL AND r.withdrawn_at IS NULL
ORDER BY m.at DESC, m.report_id LIMIT :most""")


def _near_marks(report_id: UUID, marks: list[int]) -> Sequence[Any]:
    asked = {"marks": marks, "since": now() - WITHIN, "report": report_id, "most": MOST_ALIKE}
    return session.execute(_ALIKE, asked).all() if marks else []


def _alike_in_words(report_id: UUID, cell: str, marks: list[int]) -> Alike:
    rows = [row for row in _near_marks(report_id, marks) if len(set(row.marks) & set(marks)) >= ALIKE_BANDS]
    return Alike("words", frozenset(row.report_id for row in rows), frozenset({cell, *(row.cell for row in rows)}))


def _alike_in_photos(report_id: UUID, cell: str, marks: list[int], photos: tuple[int, ...]) -> Alike:
    rows = _near_marks(report_id, marks)
    theirs = _photos([row.report_id for row in rows]) if rows else {}
    rows = [row for row in rows if alike_pictures(photos, theirs.get(row.report_id, ()))]
    return Alike("photo", frozenset(row.report_id for row in rows), frozenset({cell, *(row.cell for row in rows)}))


def _gather(report_id: UUID, cell: str, *alike: Alike) -> UUID | None:
    """Join the campaign of the look-alikes, or open one where their number of places is no chance any more."""
    for found in alike:
        known = session.execute(
            select(Campaign.id, Campaign.outcome)
            .join(CampaignReport)
            .where(CampaignReport.report_id.in_(found.reports))
            .group_by(Campaign.id)
            .order_by(Campaign.settled_at.is_(None).desc(), func.count().desc(), Campaign.id)
        ).first()
        if known and known.outcome is None:
            return _join(known.id, [report_id])
        if (known and known.outcome == "fake") or (known is None and found.is_campaign):
            return _open(found.kind, [report_id, *sorted(found.reports)])
    return _gather_burst(report_id, cell)


_LONE = text("""
SELECT m.report_id FROM report_marks m JOIN reports r ON r.id = m.report_id
JOIN attachments a ON a.report_id = r.id AND a.ended_at IS NULL JOIN incidents i ON i.id = a.incident_id
WHERE m.cell = ANY(CAST(:cells AS varchar[])) AND m.at > :since AND r.organisation_id IS NULL AND r.withdrawn_at IS NULL
  AND i.report_count = 1 AND i.photo_count = 0 AND i.certainty = 'RUMOUR' AND cardinality(m.marks) = 0
  AND NOT EXISTS (SELECT FROM campaign_reports c WHERE c.report_id = m.report_id)
ORDER BY m.report_id LIMIT 2000""")


def _gather_burst(report_id: UUID, cell: str) -> UUID | None:
    """So many lone, unseen damages in one place and hour that no strike explains them."""
    cells = h3.grid_disk(cell, 1)
    lone = list(session.scalars(_LONE, {"cells": cells, "since": now() - BURST_WITHIN}))
    if report_id not in lone:
        return None
    known = session.execute(
        select(Campaign.id, Campaign.outcome)
        .join(CampaignReport)
        .join(ReportMarks, ReportMarks.report_id == CampaignReport.report_id)
        .where(Campaign.kind == "burst", ReportMarks.cell.in_(cells), Campaign.found_at > now() - BURST_BELIEVED)
        .order_by(Campaign.settled_at.is_(None).desc(), Campaign.settled_at.desc())
    ).first()
    if known and known.outcome is None:
        return _join(known.id, [report_id])
    believed = known is not None and known.outcome == "genuine"
    return _open("burst", lone) if len(lone) >= BURST and not believed else None


def _open(kind: str, report_ids: Iterable[UUID]) -> UUID:
    campaign = Campaign(kind=kind)
    session.add(campaign)
    session.flush()
    ledger.record("campaign.found", campaign.id, kind=kind)
    return _join(campaign.id, list(report_ids))


def _join(campaign_id: UUID, report_ids: list[UUID]) -> UUID:
    rows = [{"report_id": one, "campaign_id": campaign_id} for one in dict.fromkeys(report_ids)]
    joined = session.scalars(insert(CampaignReport).values(rows).on_conflict_do_nothing().returning(CampaignReport.report_id))
    flag(list(joined), on=True)
    return campaign_id


def _photos(report_ids: Sequence[UUID]) -> dict[UUID, tuple[int, ...]]:
    rows = session.execute(
        select(Photo.report_id, Photo.perceptual_hash).where(
            Photo.report_id.in_(report_ids), Photo.state == "CLEAN", Photo.perceptual_hash.is_not(None)
        )
    )
    found: dict[UUID, tuple[int, ...]] = {}
    for report_id, value in rows:
        found[report_id] = (*found.get(report_id, ()), int(value or 0))
    return found
