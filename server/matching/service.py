"""What becomes of a report after receipt: it is laid on a damage record, or opens one; what is doubtful is asked of a person."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import or_, select, text, update

from server.accounts.policy import SYSTEM
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.settings import settings
from server.evidence.models import Photo
from server.matching import acts, arriving, asking, campaigns, candidates, links, rulings, successors
from server.matching.accounts import Account
from server.matching.acts import Basis, attach, detach, keep_apart, link_second_strike, merge, split
from server.matching.arriving import Arrival, Together
from server.matching.by_hand import incident_of, place_by_hand
from server.matching.candidates import Around, Probe
from server.matching.models import Attachment, Incident, Suggestion
from server.matching.summaries import attached_reports, follow_reports, resummarise, touch
from server.matching.undoing import undo, undo_batch
from server.matching.verdicts import Finding, Said, Verdict, decide
from server.matching.weights import Weights, default_weights
from server.reports import access
from server.reports.models import Report
from server.vocabulary import HintAnswer, WorkflowState

__all__ = [
    "attach", "detach", "incident_of", "keep_apart", "let_go_report", "link_second_strike", "match_report", "merge",
    "place_by_hand", "reconsider_report", "recount", "restore_report", "split", "undo", "undo_batch",
]  # fmt: skip



def match_report(report_id: UUID) -> UUID | None:
    """Lay a report on the incident it speaks of, or open one; returns the incident. Doing it again changes nothing.

    None for a report that was withdrawn or is held back, and for one without a point: that one is flagged ``no_point`` and
    waits at the desk.
    """
    weights = default_weights(settings().matching_weights)
    arrival = arriving.take_up(report_id, weights.reach_m)
    if arrival is None or not arrival.counts:
        return None
    if arrival.incident_id:
        return arrival.incident_id
    if arrival.report.point is None:
        _flag(arrival.report, "no_point")
        return None
    probe = candidates.probe_of(arrival.report, weights)
    account = _account(arrival, weights)
    around, pointed = _look_around(arrival.report, probe, account, weights)
    if around.lies_on:
        return around.lies_on
    return _place(arrival, account, around, _verdict(arrival.report, account, around, pointed, weights))


def reconsider_report(report_id: UUID) -> None:
    """Look again at a report of which more is known (a photo was cleaned).

    Its incident is summarised anew; a report that the machine left alone may now find its place or be asked about.
    """
    weights = default_weights(settings().matching_weights)
    arrival = arriving.take_up(report_id, weights.reach_m)
    if arrival is None or not arrival.counts or arrival.incident_id is None:
        return
    report = arrival.report
    probe = None if report.point is None else candidates.probe_of(report, weights)
    if (laid := links.present(report_id)) is None:
        return
    incident = links.locked([laid.incident_id])[laid.incident_id]
    resummarise(incident)
    links.tell_changed([incident], actor=SYSTEM, by="evidence")
    if probe and _is_left_alone(incident, laid):
        account = _account(arrival, weights)
        candidates.remember_addresses(report_id, account)
        around, pointed = _look_around(report, probe, account, weights)
        _place_anew(report, incident, around, _verdict(report, account, around, pointed, weights))


def restore_report(report_id: UUID) -> None:
    """A report counts again because what had replaced it was undone: it lies where it lay, unless others do by now; else it is matched."""
    access.enter(SYSTEM)
    report = session.get(Report, report_id, populate_existing=True)
    if report is None or report.withdrawn_at is not None or links.present(report_id) is not None:
        return
    if (incident := successors.last_place(report_id)) is None:
        match_report(report_id)
        return
    successors.lay(report_id, incident.id)
    _remember_addresses(report)


def let_go_report(report_id: UUID) -> None:
    """A withdrawn report counts no more: its link ends, what was learnt of its words goes, its incident is summarised anew.

    Where another report replaced it, that one takes its place and what people ruled of it.
    """
    access.enter(SYSTEM)
    candidates.forget_addresses(report_id)
    campaigns.forget(report_id)
    session.execute(update(Attachment).where(Attachment.report_id == report_id).values(reasons=[]))
    session.execute(update(Suggestion).where(Suggestion.report_id == report_id).values(reasons=[]))
    if heir := successors.heir_of(session.get(Report, report_id, populate_existing=True)):
        rulings.hand_over(report_id, heir)
    if (laid := links.present(report_id)) is None:
        return
    theirs = links.present(heir) if heir else None
    incident = links.locked({laid.incident_id, theirs.incident_id if theirs else laid.incident_id})[laid.incident_id]
    links.lift(laid)
    if heir:
        successors.hand_over(laid, heir)
        _remember_addresses(session.get_one(Report, heir, populate_existing=True))
    resummarise(incident)
    follow_reports(incident)
    touch(incident)
    if incident.report_count == 0:
        _settle_all(incident.id, "withdrawn")
    ledger.record("report.detached", report_id, incident=str(incident.id))
    links.tell_changed([incident], actor=SYSTEM, by="withdrawal")


def _remember_addresses(report: Report) -> None:
    """So that later reports of the same numbered place find one that no matching read."""
    candidates.remember_addresses(report.id, candidates.account_of(report, default_weights(settings().matching_weights)))


def recount(report_id: UUID) -> None:
    """Count the witnesses of its record anew, because it is known by now whose words and posts a report repeats."""
    access.enter(SYSTEM)
    if (here := session.scalar(_ALIKE_HERE, {"report": report_id})) is None:
        return
    incident = links.locked([here])[here]
    before = incident.version
    resummarise(incident)
    if incident.version != before:
        links.tell_changed([incident], actor=SYSTEM, by="evidence")


_ALIKE_HERE = text("""
SELECT a.incident_id FROM attachments a
JOIN attachments b ON b.incident_id = a.incident_id AND b.ended_at IS NULL AND b.report_id <> a.report_id
JOIN report_marks m ON m.report_id = a.report_id JOIN report_marks n ON n.report_id = b.report_id
WHERE a.report_id = :report AND a.ended_at IS NULL AND (m.posts && n.posts OR m.marks && n.marks) LIMIT 1""")


def report_of_photo(subject: UUID) -> UUID:
    """The report that a photo belongs to; a number that is no photo's is taken for a report's own."""
    access.enter(SYSTEM)
    return session.scalar(select(Photo.report_id).where(Photo.id == subject)) or subject


def _flag(report: Report, flag: str) -> None:
    if flag not in report.flags:
        report.flags = [*report.flags, flag]


def _account(arrival: Arrival, weights: Weights) -> Account:
    return candidates.account_of(arrival.report, weights, photos=arrival.photos, import_source=arrival.import_source, words=arrival.words)


def _look_around(report: Report, probe: Probe, account: Account, weights: Weights) -> tuple[Around, str]:
    """What is near a report, and the incident that it points at itself ("" if none)."""
    public_id = report.answer_about if _says_new(report) else report.same_damage_as
    named = links.by_public_id(public_id) if public_id else None
    return candidates.around(probe, account, weights, named=[named] if named else ()), str(named or "")


def _says_new(report: Report) -> bool:
    return report.answer_kind is HintAnswer.NEW_STRIKE


def _verdict(report: Report, account: Account, around: Around, pointed: str, weights: Weights) -> Verdict:
    """The verdict on a report among the incidents near it and the one it points at."""
    said = Said(
        same="" if _says_new(report) else pointed,
        new=pointed if _says_new(report) else "",
        apart_from=frozenset(map(str, around.apart)),
        cannot=lambda reports: rulings.standing(map(UUID, reports))[1],
    )
    return decide(account, {str(incident): accounts for incident, accounts in around.accounts.items()}, weights, said=said)


def _place(arrival: Arrival, account: Account, around: Around, verdict: Verdict) -> UUID:
    """Write down what the verdict says, in as few trips as it takes."""
    report, version = arrival.report, default_weights(settings().matching_weights).version
    together = Together(report.id, candidates.address_keys(account))
    incident = _lay_on(report, verdict, together, version) if verdict.attach else _open_for(arrival, verdict, together, version)
    if verdict.struck_before:
        _link_prior(incident, UUID(verdict.struck_before.incident))
    together.record("incident.changed", incident.id, by="report", version=incident.version)
    together.asked = asking.pairs_to_ask(incident, verdict.ask, report.id, around.stakes)
    session.flush()
    together.write()
    return incident.id


def _open_for(arrival: Arrival, verdict: Verdict, together: Together, version: str) -> Incident:
    """A record of its own; one that has a past is written down at once, for its past may have to point at it."""
    incident = links.new_incident()
    resummarise(incident, [arrival.report], arrival.marks)
    if verdict.struck_before:
        session.add(incident)
        session.flush()
    else:
        together.open(incident)
    together.lay(incident.id, score=None, reasons=successors.FIRST, version=version)
    together.record("incident.opened", incident.id, report=str(arrival.report.id))
    return incident


def _lay_on(report: Report, verdict: Verdict, together: Together, version: str) -> Incident:
    """Lay the report on the record that is sure, after joining with it what the report shows to be one with it."""
    found = verdict.attach
    if found is None:
        raise ValueError("there is nothing to lay it on")
    incident = links.locked([UUID(found.incident)]).popitem()[1]
    if incident.merged_into:
        incident = links.locked([links.current(incident.id)]).popitem()[1]
    _join(incident, verdict.together)
    reasons = [reason.as_json() for reason in found.reasons]
    laid = together.lay(incident.id, score=found.total, reasons=reasons, version=version)
    together.change("attach", incident.id, {"moved": [[str(report.id), None, str(laid)]]})
    together.record("report.attached", report.id, incident=str(incident.id), score=found.total)
    resummarise(incident, [*attached_reports(incident.id), report])
    return incident


def _join(incident: Incident, others: Iterable[Finding]) -> None:
    """Join records that the machine alone opened; where a person worked on one, that person's record stays as it is."""
    for finding in others:
        other_id = links.current(UUID(finding.incident))
        if other_id != incident.id and acts.is_machine_s_own(other_id):
            merge(incident.id, other_id, actor=SYSTEM, reason="")


def _place_anew(report: Report, incident: Incident, around: Around, verdict: Verdict) -> None:
    if verdict.attach is None:
        asking.ask(incident, verdict.ask, report.id, around.stakes)
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
