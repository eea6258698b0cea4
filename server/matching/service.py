"""What becomes of a report after receipt: it is laid on a damage record, or opens one; what is doubtful is asked of a person."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import or_, select, update

from server.accounts.policy import SYSTEM
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.settings import settings
from server.evidence.models import Photo
from server.matching import acts, arriving, campaigns, candidates, links, questions, rulings
from server.matching.accounts import Account
from server.matching.acts import Basis, attach, detach, keep_apart, link_second_strike, merge, split
from server.matching.arriving import Arrival, Together
from server.matching.by_hand import incident_of, place_by_hand
from server.matching.models import Attachment, Incident, Suggestion
from server.matching.summaries import attached_reports, resummarise, touch
from server.matching.undoing import undo, undo_batch
from server.matching.verdicts import Finding, Said, Verdict, decide
from server.matching.weights import Weights, default_weights
from server.reports import access
from server.reports.models import Report
from server.vocabulary import HintAnswer, WorkflowState

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
    arrival = arriving.take_up(report_id)
    if arrival is None or not arrival.counts:
        return None
    if arrival.incident_id:
        return arrival.incident_id
    if arrival.report.point is None:
        _flag(arrival.report, "no_point")
        return None
    weights = default_weights(settings().matching_weights)
    probe = candidates.probe_of(arrival.report, weights)
    links.lock_area(probe.lon, probe.lat, weights.reach_m)
    lies_on, apart = arriving.look_again(report_id)
    if lies_on:
        return lies_on
    account = _account(arrival, weights)
    return _place(arrival.report, account, _verdict(arrival.report, account, apart, weights), weights)


def reconsider_report(report_id: UUID) -> None:
    """Look again at a report of which more is known (a photo was cleaned).

    Its incident is summarised anew; a report that the machine left alone may now find its place or be asked about.
    """
    arrival, weights = arriving.take_up(report_id), default_weights(settings().matching_weights)
    if arrival is None or not arrival.counts or arrival.incident_id is None:
        return
    report = arrival.report
    if report.point is not None:
        probe = candidates.probe_of(report, weights)
        links.lock_area(probe.lon, probe.lat, weights.reach_m)
    if (laid := links.present(report_id)) is None:
        return
    incident = links.locked([laid.incident_id])[laid.incident_id]
    resummarise(incident)
    links.tell_changed([incident], actor=SYSTEM, by="evidence")
    if report.point is not None and _is_left_alone(incident, laid):
        _lies_on, apart = arriving.look_again(report_id)
        account = _account(arrival, weights)
        candidates.remember_addresses(report_id, account)
        _place_anew(report, incident, _verdict(report, account, apart, weights))


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


def _flag(report: Report, flag: str) -> None:
    if flag not in report.flags:
        report.flags = [*report.flags, flag]


def _account(arrival: Arrival, weights: Weights) -> Account:
    return candidates.account_of(arrival.report, weights, photos=arrival.photos, import_source=arrival.import_source)


def _verdict(report: Report, account: Account, apart: list[UUID], weights: Weights) -> Verdict:
    """The verdict on a report among the incidents near it and the one it points at."""
    is_new = report.answer_kind is HintAnswer.NEW_STRIKE
    pointed = report.answer_about if is_new else report.same_damage_as
    named = links.by_public_id(pointed) if pointed else None
    found = candidates.near(candidates.probe_of(report, weights), account, weights, named=[named] if named else ())
    sure = [UUID(one.id) for accounts in found.values() for one in accounts] if len(found) > 1 else []
    said = Said(
        same="" if is_new else str(named or ""),
        new=str(named or "") if is_new else "",
        apart_from=frozenset(map(str, apart)),
        cannot=rulings.standing([report.id, *sure])[1] if sure else (),
    )
    return decide(account, {str(incident): accounts for incident, accounts in found.items()}, weights, said=said)


def _place(report: Report, account: Account, verdict: Verdict, weights: Weights) -> UUID:
    """Write down what the verdict says, in as few trips as it takes."""
    together = Together(report.id, candidates.address_keys(account))
    incident = _lay_on(report, verdict, together, weights) if verdict.attach else _open_for(report, together, weights)
    if verdict.struck_before:
        _link_prior(incident, UUID(verdict.struck_before.incident))
    together.record("incident.changed", incident.id, by="report", version=incident.version)
    together.write()
    questions.ask(incident, verdict.ask, report.id)
    return incident.id


def _open_for(report: Report, together: Together, weights: Weights) -> Incident:
    incident = links.new_incident()
    resummarise(incident, [report])
    session.add(incident)
    session.flush()
    together.lay(incident.id, score=None, reasons=FIRST, version=weights.version)
    together.record("incident.opened", incident.id, report=str(report.id))
    return incident


def _lay_on(report: Report, verdict: Verdict, together: Together, weights: Weights) -> Incident:
    """Lay the report on the record that is sure, after joining with it what the report shows to be one with it."""
    found = verdict.attach
    if found is None:
        raise ValueError("there is nothing to lay it on")
    incident = links.locked([UUID(found.incident)]).popitem()[1]
    if incident.merged_into:
        incident = links.locked([links.current(incident.id)]).popitem()[1]
    _join(incident, verdict.together)
    reasons = [reason.as_json() for reason in found.reasons]
    laid = together.lay(incident.id, score=found.total, reasons=reasons, version=weights.version)
    together.change("attach", incident.id, {"moved": [[str(report.id), None, str(laid)]]})
    together.record("report.attached", report.id, incident=str(incident.id), score=found.total)
    resummarise(incident, [*attached_reports(incident.id), report])
    session.flush()
    return incident


def _join(incident: Incident, others: Iterable[Finding]) -> None:
    """Join records that the machine alone opened; where a person worked on one, that person's record stays as it is."""
    for finding in others:
        other_id = links.current(UUID(finding.incident))
        if other_id != incident.id and acts.is_machine_s_own(other_id):
            merge(incident.id, other_id, actor=SYSTEM, reason="")


def _place_anew(report: Report, incident: Incident, verdict: Verdict) -> None:
    if verdict.attach is None:
        questions.ask(incident, verdict.ask, report.id)
        return
    reasons = [reason.as_json() for reason in verdict.attach.reasons]
    found = Basis(score=verdict.attach.total, reasons=reasons, version=default_weights(settings().matching_weights).version)
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
