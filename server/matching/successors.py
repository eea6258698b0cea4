"""A report that takes another's place: a sender's row that came again with changes, or one that counts again after an import was undone.

What people ruled of the one holds of the other, and a record whose only report it is keeps its number.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from server.accounts.policy import SYSTEM, Actor
from server.core import ledger
from server.core.database import session
from server.matching import acts, links, rulings
from server.matching.models import Attachment, Incident
from server.matching.summaries import follow_reports, resummarise, touch
from server.reports.models import Report

FIRST = [{"code": "first", "params": {}, "contribution": 0.0}]


def heir_of(report: Report | None) -> UUID | None:
    """The report that counts instead of this one, however often it was replaced; None if none does."""
    while report is not None and report.superseded_by:
        report = session.get(Report, report.superseded_by, populate_existing=True)
        if report is not None and report.withdrawn_at is None:
            return report.id
    return None


def hand_over(old: Attachment, new_id: UUID) -> None:
    """Let the report ``new_id`` stand where the ended link ``old`` was, if a person laid it there or nothing else lies there.

    Where others lie, the house judges the new version like any report, within what people ruled. Where the house has laid it with
    others elsewhere, the record that is left empty leads there.
    """
    laid, is_empty = links.present(new_id), not [one for one in links.present_of(old.incident_id) if one.report_id != new_id]
    is_held = old.person_id is not None or rulings.is_bound(new_id, old.incident_id)
    if laid is None:
        if is_empty or is_held:
            lay(new_id, old.incident_id, person_id=old.person_id)
        return
    if laid.incident_id == old.incident_id or laid.person_id:
        return
    is_alone, is_crossing = len(links.present_of(laid.incident_id)) == 1, laid.incident_id in rulings.ruled_apart([new_id])
    if is_held or is_crossing or (is_empty and is_alone):
        acts.attach(new_id, old.incident_id, actor=SYSTEM, reason="", basis=acts.Basis(reasons=_reasons(old.person_id)))
    elif is_empty:
        acts.merge(laid.incident_id, old.incident_id, actor=SYSTEM, reason="")


def last_place(report_id: UUID) -> Incident | None:
    """The record on which a report lay last, or the one that stands for it now; None if it never lay or a person ruled otherwise since."""
    ended = select(Attachment).where(Attachment.report_id == report_id, Attachment.ended_at.is_not(None))
    last = session.scalar(ended.order_by(Attachment.ended_at.desc(), Attachment.id).limit(1))
    if last is None:
        return None
    incident = links.locked([links.current(last.incident_id)]).popitem()[1]
    is_free = last.person_id is not None or not links.present_of(incident.id)
    return incident if is_free and incident.merged_into is None and incident.id not in rulings.ruled_apart([report_id]) else None


def lay(report_id: UUID, incident_id: UUID, *, person_id: UUID | None = None) -> None:
    """Lay a report that lies nowhere on a record, which is on the map again if it was not."""
    incident = links.locked([incident_id])[incident_id]
    links.lay(report_id, incident_id, score=None, reasons=_reasons(person_id), version="", actor=Actor(person_id=person_id))
    resummarise(incident)
    follow_reports(incident)
    touch(incident)
    ledger.record("report.attached", report_id, incident=str(incident_id))
    links.tell_changed([incident], actor=SYSTEM, by="report")


def _reasons(person_id: UUID | None) -> Sequence[Any]:
    return acts.BY_HAND if person_id else FIRST
