"""What becomes of a report after receipt: it is laid on a damage record, or opens one; what is doubtful is asked of a person."""

from uuid import UUID

from sqlalchemy import or_, select, update

from server.accounts.policy import SYSTEM
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.evidence.models import Photo
from server.matching import campaigns, candidates, links, questions, rulings
from server.matching.acts import Basis, attach, detach, keep_apart, link_second_strike, merge, split
from server.matching.by_hand import incident_of, place_by_hand
from server.matching.models import Attachment, Incident, Suggestion
from server.matching.summaries import resummarise, touch
from server.matching.undoing import undo, undo_batch
from server.matching.verdicts import Verdict, decide
from server.matching.weights import Weights, default_weights
from server.reports import access
from server.reports.models import Report
from server.vocabulary import WorkflowState

__all__ = [
    "attach", "detach", "incident_of", "keep_apart", "let_go_report", "link_second_strike", "match_report", "merge",
    "place_by_hand", "reconsider_report", "split", "undo", "undo_batch",
]  # fmt: skip

FIRST = [{"code": "first", "params": {}, "contribution": 0.0}]


def match_report(report_id: UUID) -> UUID | None:
    """Lay a report on the incident it speaks of, or open one; returns the incident. Doing it again changes nothing.

    None for a report that was withdrawn or is held back, and for one without a point: that one is flagged ``no_point`` and
    waits at the desk.
    """
    report = _report(report_id)
    if report is None or not _counts(report):
        return None
    if laid := links.present(report_id):
        return laid.incident_id
    if report.point is None:
        _flag(report, "no_point")
        return None
    weights = default_weights()
    probe = candidates.probe_of(report, weights)
    links.lock_area(probe.lon, probe.lat, weights.reach_m)
    if laid := links.present(report_id):
        return laid.incident_id
    return _place(report, _verdict(report, weights), weights)


def reconsider_report(report_id: UUID) -> None:
    """Look again at a report of which more is known (a photo was cleaned).

    Its incident is summarised anew; a report that the machine left alone may now find its place or be asked about.
    """
    report, weights = _report(report_id), default_weights()
    if report is None or not _counts(report) or links.present(report_id) is None:
        return
    if report.point is not None:
        probe = candidates.probe_of(report, weights)
        links.lock_area(probe.lon, probe.lat, weights.reach_m)
    if (laid := links.present(report_id)) is None:
        return
    incident = links.locked([laid.incident_id])[laid.incident_id]
    resummarise(incident)
    links.tell_changed([incident], actor=SYSTEM, by="evidence")
    if report.point is not None and _is_left_alone(incident, laid):
        _place_anew(report, incident.id, _verdict(report, weights))


def let_go_report(report_id: UUID) -> None:
    """A withdrawn report counts no more: its link ends, what was learnt of its words goes, its incident is summarised anew."""
    access.enter(SYSTEM)
    candidates.forget_addresses(report_id)
    campaigns.forget(report_id)
    session.execute(update(Attachment).where(Attachment.report_id == report_id).values(reasons=[]))
    session.execute(update(Suggestion).where(Suggestion.report_id == report_id).values(reasons=[]))
    if (laid := links.present(report_id)) is None:
        return
    incident = links.locked([laid.incident_id])[laid.incident_id]
    links.lift(laid)
    resummarise(incident)
    if incident.report_count == 0:
        incident.workflow = WorkflowState.WITHDRAWN
        touch(incident)
        _settle_all(incident.id, "withdrawn")
    ledger.record("report.detached", report_id, incident=str(incident.id))
    links.tell_changed([incident], actor=SYSTEM, by="withdrawal")


def report_of_photo(subject: UUID) -> UUID:
    """The report that a photo belongs to; a number that is no photo's is taken for a report's own."""
    access.enter(SYSTEM)
    return session.scalar(select(Photo.report_id).where(Photo.id == subject)) or subject


def _report(report_id: UUID) -> Report | None:
    access.enter(SYSTEM)
    query = select(Report).where(Report.id == report_id)
    return session.scalar(query.execution_options(populate_existing=True))


def _counts(report: Report) -> bool:
    return report.withdrawn_at is None and report.superseded_by is None and not report.quarantine


def _flag(report: Report, flag: str) -> None:
    if flag not in report.flags:
        report.flags = [*report.flags, flag]


def _verdict(report: Report, weights: Weights) -> Verdict:
    """The verdict on a report among the incidents near it and the one it points at."""
    account = candidates.account_of(report, weights)
    candidates.remember_addresses(report.id, account)
    found = candidates.near(candidates.probe_of(report, weights), account, weights)
    named = links.by_public_id(report.same_damage_as) if report.same_damage_as else None
    if named and named not in found:
        found |= candidates.of_incidents([named], report.id, weights)
    return decide(
        account,
        {str(incident): accounts for incident, accounts in found.items()},
        weights,
        says_same=str(named or ""),
        apart_from=map(str, rulings.ruled_apart([report.id])),
    )


def _place(report: Report, verdict: Verdict, weights: Weights) -> UUID:
    if verdict.attach:
        incident = links.locked([links.current(UUID(verdict.attach.incident))]).popitem()[1]
        reasons = [reason.as_json() for reason in verdict.attach.reasons]
        laid = links.lay(
            report.id, incident.id, score=verdict.attach.total, reasons=reasons, version=weights.version, actor=SYSTEM
        )
        links.write_change(
            "attach", incident.id, actor=SYSTEM, reason="", before={"moved": [[str(report.id), None, str(laid.id)]]}
        )
        ledger.record("report.attached", report.id, incident=str(incident.id), score=verdict.attach.total)
    else:
        incident = links.open_incident()
        links.lay(report.id, incident.id, score=None, reasons=FIRST, version=weights.version, actor=SYSTEM)
        ledger.record("incident.opened", incident.id, report=str(report.id))
    resummarise(incident)
    if verdict.struck_before:
        _link_prior(incident, UUID(verdict.struck_before.incident))
    questions.ask(incident, verdict.ask, report.id)
    links.tell_changed([incident], actor=SYSTEM, by="report")
    return incident.id


def _place_anew(report: Report, incident_id: UUID, verdict: Verdict) -> None:
    if verdict.attach is None:
        questions.ask(session.get_one(Incident, incident_id), verdict.ask, report.id)
        return
    reasons = [reason.as_json() for reason in verdict.attach.reasons]
    found = Basis(score=verdict.attach.total, reasons=reasons, version=default_weights().version)
    attach(report.id, UUID(verdict.attach.incident), actor=SYSTEM, reason="", basis=found)


def _link_prior(incident: Incident, other_id: UUID) -> None:
    """The earlier of the two becomes the past of the later, whichever was reported first."""
    other = links.locked([links.current(other_id)]).popitem()[1]
    later, earlier = (incident, other) if _moment(incident) >= _moment(other) else (other, incident)
    if later.prior_incident_id is None and later.id not in {earlier.id, earlier.prior_incident_id}:
        later.prior_incident_id = earlier.id
        touch(later)
        ledger.record("incident.linked", later.id, prior=str(earlier.id))


def _moment(incident: Incident) -> float:
    moment = incident.event_latest or incident.first_received_at
    return moment.timestamp() if moment else 0.0


def _settle_all(incident_id: UUID, outcome: str) -> None:
    session.execute(
        update(Suggestion)
        .where(or_(Suggestion.incident_id == incident_id, Suggestion.other_id == incident_id), Suggestion.settled_at.is_(None))
        .values(settled_at=now(), outcome=outcome)
    )


def _is_left_alone(incident: Incident, laid: Attachment) -> bool:
    """Whether the machine alone put this report on a record of its own, and no person has touched it since."""
    return incident.report_count == 1 and laid.person_id is None and incident.workflow is WorkflowState.NEW
