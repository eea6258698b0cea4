"""What a verifier holds of one report: its source A–F, the item 1–6, and whether its photo was located and dated by a person."""

from uuid import UUID

from server.accounts.limits import check_limits
from server.accounts.policy import Actor, may
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching.service import incident_of
from server.reports.models import Report
from server.verification.models import Assessment


def assess(report: Report, *, actor: Actor, **grades: object) -> Assessment:
    """Grade one report. Problem ``outside_your_area`` where the record it lies on is not for this actor to decide about."""
    if not may(actor, "assess_report") or actor.person_id is None:
        raise Problem("not_allowed")
    if incident := incident_of(report.id):
        check_limits(actor, incident)
    found = session.get(Assessment, report.id) or Assessment(report_id=report.id)
    for name, value in {**grades, "person_id": actor.person_id, "at": now()}.items():
        setattr(found, name, value)
    session.add(found)
    session.flush()
    grade = f"{found.source_grade.value}{found.item_grade.value}"
    ledger.record("report.assessed", report.id, actor_id=actor.person_id, grade=grade)
    return found


def assessment_of(report_id: UUID) -> Assessment | None:
    """What a verifier holds of a report, if anybody looked."""
    return session.get(Assessment, report_id)
