"""What people do with damage records: lay a report elsewhere, merge, split, rule pairs apart. ``undoing`` takes any of it back.

Each act takes who did it and why, locks what it touches in one order, keeps in ``incident_changes`` what undoing needs, tells
the ledger, and summarises the records anew.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import and_, or_, select, update

from server.accounts.limits import check_limits
from server.accounts.policy import Actor, may
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching import across, choosing, links, rulings
from server.matching.models import Attachment, Incident, IncidentChange, Suggestion
from server.matching.summaries import follow_reports, resummarise, touch
from server.reports import access
from server.vocabulary import Certainty, WorkflowState

REASON_LIMIT = 500
BY_HAND = [{"code": "by_hand", "params": {}, "contribution": 0.0}]
_STATE = ("merged_into", "prior_incident_id", "workflow")


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a merge is done: which fields take whose value ("kept", "other"), with which acts it belongs, whether both sides agreed."""

    chosen: Mapping[str, str] = field(default_factory=dict)
    batch_id: UUID | None = None
    agreed: bool = False


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What an attachment rests on: a score and reasons of the weights ``version``, or a person's hand; with which acts it belongs."""

    score: float | None = None
    reasons: Sequence[Any] = field(default_factory=lambda: BY_HAND)
    version: str = ""
    batch_id: UUID | None = None


def attach(report_id: UUID, incident_id: UUID, *, actor: Actor, reason: str, basis: Basis | None = None) -> IncidentChange:
    """Lay a report on another incident. The one it leaves, if nothing is left on it, points on to this one."""
    enter(actor, reason)
    laid = links.present(report_id)
    old_id = laid.incident_id if laid else None
    if old_id == incident_id:
        raise Problem("already_done")
    incidents = links.locked({incident_id, old_id or incident_id})
    _refuse_if_gone(incidents.values(), actor)
    _refuse_if_ruled_apart([report_id], incident_id)
    across.refuse_alone(actor, incident_id, old_id or incident_id, agreed=False)
    basis, before = basis or Basis(), Before(incidents.values())
    if laid:
        links.lift(laid)
    new = links.lay(
        report_id, incident_id, score=basis.score, reasons=basis.reasons, version=basis.version, actor=actor
    )
    before.moved(report_id, laid, new)
    if old_id and not links.present_of(old_id):
        _point_on(incidents[old_id], incidents[incident_id], before)
    change = finish("attach", incident_id, old_id, incidents, before, actor, reason, batch_id=basis.batch_id)
    if actor.person_id:
        if old_id:
            rulings.release(change, report_id, old_id)
        rulings.rule_together(change, [report_id], incident_id, actor)
    return change


def detach(report_id: UUID, *, actor: Actor, reason: str) -> IncidentChange:
    """Take a report off its incident; it opens one of its own and is kept apart from those it lay with."""
    enter(actor, reason)
    laid = links.present(report_id)
    if laid is None:
        raise Problem("already_done")
    return split(laid.incident_id, [report_id], actor=actor, reason=reason)


def merge(
    incident_id: UUID, other_id: UUID, *, actor: Actor, reason: str, manner: Manner | None = None
) -> IncidentChange:
    """Lay all reports of ``other_id`` on ``incident_id``; the other keeps its public number and points on."""
    manner = manner or Manner()
    enter(actor, reason, agreed=manner.agreed)
    if incident_id == other_id:
        raise Problem("already_done")
    incidents = links.locked([incident_id, other_id])
    _refuse_if_gone(incidents.values(), actor)
    leaving = links.present_of(other_id)
    _refuse_if_ruled_apart([one.report_id for one in leaving], incident_id)
    across.refuse_alone(actor, incident_id, other_id, agreed=manner.agreed)
    before = Before(incidents.values())
    before.values[str(incident_id)] = choosing.take(incidents[incident_id], incidents[other_id], manner.chosen)
    for laid in leaving:
        links.lift(laid)
        before.moved(laid.report_id, laid, links.lay_again(laid, incident_id=incident_id, actor=actor, because="kept_together"))
    _point_on(incidents[other_id], incidents[incident_id], before)
    change = finish("merge", incident_id, other_id, incidents, before, actor, reason, batch_id=manner.batch_id)
    change.after = {known: choosing.noted(incidents[UUID(known)], values) for known, values in before.values.items() if values}
    if actor.person_id:
        rulings.rule_together(change, [laid.report_id for laid in leaving], incident_id, actor)
    return change


def split(
    incident_id: UUID, report_ids: Iterable[UUID], *, actor: Actor, reason: str, batch_id: UUID | None = None
) -> IncidentChange:
    """Lay some, not all, reports of an incident on a new one (``other_id`` of the change); a person thereby rules the two apart."""
    enter(actor, reason)
    incidents, wanted = links.locked([incident_id]), set(report_ids)
    _refuse_if_gone(incidents.values(), actor)
    lying = links.present_of(incident_id)
    leaving = [laid for laid in lying if laid.report_id in wanted]
    if len(leaving) != len(wanted) or not leaving or len(leaving) == len(lying):
        raise Problem("invalid_input", errors=[_error("reports", gettext("Choose some of the reports, not all of them."))])
    before = Before(incidents.values())
    new = links.open_incident()
    incidents[new.id] = new
    for laid in leaving:
        links.lift(laid)
        before.moved(laid.report_id, laid, links.lay_again(laid, incident_id=new.id, actor=actor, because="taken_apart"))
    before.opened(new)
    change = finish("split", incident_id, new.id, incidents, before, actor, reason, batch_id=batch_id)
    if actor.person_id:
        rulings.rule_apart(change, incident_id, new.id, actor)
    return change


def keep_apart(
    incident_id: UUID, other_id: UUID, *, actor: Actor, reason: str, agreed: bool = False, only: Collection[UUID] = ()
) -> IncidentChange:
    """Rule that no report of one incident may lie with a report (one of ``only``, if any are named) of the other."""
    enter(actor, reason, agreed=agreed)
    incidents = links.locked([incident_id, other_id])
    if incident_id == other_id:
        raise Problem("already_done")
    _refuse_if_gone(incidents.values(), actor)
    before = Before(incidents.values())
    before.settle(_between(incident_id, other_id), "apart", actor)
    for one, past in ((incident_id, other_id), (other_id, incident_id)):
        if incidents[one].prior_incident_id == past:  # the house linked them as one place struck twice
            incidents[one].prior_incident_id = None
    change = finish("keep_apart", incident_id, other_id, incidents, before, actor, reason)
    rulings.rule_apart(change, incident_id, other_id, actor, only=only)
    return change


def link_second_strike(
    incident_id: UUID, prior_id: UUID, *, actor: Actor, reason: str, agreed: bool = False
) -> IncidentChange:
    """Say that ``incident_id`` is a later strike on the place of ``prior_id``: two events, whose reports never lie together."""
    enter(actor, reason, agreed=agreed)
    incidents = links.locked([incident_id, prior_id])
    _refuse_if_gone(incidents.values(), actor)
    later = incidents[incident_id]
    if prior_id == incident_id or incidents[prior_id].prior_incident_id == incident_id:
        raise Problem("already_done")
    before = Before(incidents.values())
    before.settle(_between(incident_id, prior_id), "second_strike", actor)
    if later.prior_incident_id == prior_id and not before.settled:  # a person may confirm what the house linked and asked about
        raise Problem("already_done")
    later.prior_incident_id = prior_id
    touch(later)
    change = finish("second_strike", incident_id, prior_id, incidents, before, actor, reason)
    rulings.rule_apart(change, incident_id, prior_id, actor)
    return change


class Before:
    """What an act is about to change, gathered as JSON for ``undo``."""

    def __init__(self, incidents: Iterable[Incident]) -> None:
        self.incidents = {one.id: {name: _plain(getattr(one, name)) for name in _STATE} for one in incidents}
        self.new: dict[str, dict[str, str | None]] = {}
        self.moves: list[list[str | None]] = []
        self.settled: list[str] = []
        self.values: dict[str, dict[str, Any]] = {}

    def moved(self, report_id: UUID, was: Attachment | None, became: Attachment | None) -> None:
        """A report left one link for another; None where it lay nowhere, or lies nowhere now."""
        self.moves.append([str(report_id), str(was.id) if was else None, str(became.id) if became else None])

    def opened(self, incident: Incident) -> None:
        """A new incident empties when the act is undone, and then points on to where its reports went back."""
        source = str(next(iter(self.incidents)))
        self.new[str(incident.id)] = {"merged_into": source, "workflow": WorkflowState.MERGED_INTO.value}

    def settle(self, which: Any, outcome: str, actor: Actor) -> None:
        """Close the open questions that this answers."""
        rows = session.scalars(
            update(Suggestion)
            .where(which, Suggestion.settled_at.is_(None))
            .values(settled_at=now(), settled_by=actor.person_id, outcome=outcome)
            .returning(Suggestion.id)
        )
        self.settled += [str(row) for row in rows]

    def as_json(self, incidents: dict[UUID, Incident]) -> dict[str, Any]:
        """Only what the act did change: the rest may change in other ways before it is undone."""
        states = {
            str(known): {name: value for name, value in state.items() if value != _plain(getattr(incidents[known], name))}
            for known, state in self.incidents.items()
        }
        values = {known: value for known, value in self.values.items() if value}
        return {"moved": self.moves, "states": states | self.new, "settled": self.settled, "values": values}


def enter(actor: Actor, reason: str, *, agreed: bool = False) -> None:
    """Let in who may settle duplicates, or whose organisation and the other agreed, with a reason that can be kept; else Problem."""
    if not agreed and not may(actor, "settle_duplicates"):
        raise Problem("not_allowed" if actor.is_known else "sign_in_needed")
    if len(reason) > REASON_LIMIT:
        raise Problem("invalid_input", errors=[_error("reason", gettext("Please say it in fewer words."))])
    access.enter(actor)


def is_machine_s_own(incident_id: UUID) -> bool:
    """Whether no person has touched a record: nobody moved it on, decided about it, laid anything on or off it, or took an act back."""
    touched = select(IncidentChange.id).where(
        or_(IncidentChange.incident_id == incident_id, IncidentChange.other_id == incident_id),
        or_(IncidentChange.person_id.is_not(None), IncidentChange.undone_by.is_not(None)),
    )
    untouched = select(Incident.id).where(
        Incident.id == incident_id, Incident.workflow == WorkflowState.NEW, Incident.merged_into.is_(None), Incident.fixed_fields == [],
        Incident.certainty.in_([Certainty.RUMOUR, Certainty.POSSIBLE]), ~touched.exists(),
    )  # fmt: skip
    return session.scalar(untouched) is not None


def _refuse_if_gone(incidents: Iterable[Incident], actor: Actor) -> None:
    """A record that was merged into another is acted on no more, and one outside somebody's areas not by them."""
    touched = list(incidents)
    if any(incident.merged_into for incident in touched):
        raise Problem("already_done")
    check_limits(actor, *touched)


def _refuse_if_ruled_apart(report_ids: Iterable[UUID], incident_id: UUID) -> None:
    if incident_id in rulings.ruled_apart(report_ids):
        sentence = gettext("Somebody ruled that these are different damage. Undo that ruling first.")
        raise Problem("invalid_input", errors=[_error("incident", sentence)])


def _error(where: str, sentence: str) -> dict[str, str]:
    return {"field": where, "code": "refused", "message": sentence}


def _point_on(gone: Incident, onto: Incident, before: Before) -> None:
    """``gone`` stays as a number that leads to ``onto``, with what is still asked about it settled."""
    gone.merged_into, gone.workflow = onto.id, WorkflowState.MERGED_INTO
    if onto.prior_incident_id == gone.id:
        onto.prior_incident_id = None
    elif onto.prior_incident_id is None and gone.prior_incident_id != onto.id:
        onto.prior_incident_id = gone.prior_incident_id
    before.settle(or_(Suggestion.incident_id == gone.id, Suggestion.other_id == gone.id), "merged", Actor())


def finish(
    kind: str, incident_id: UUID, other_id: UUID | None, incidents: dict[UUID, Incident], before: Before, actor: Actor, reason: str, *,
    batch_id: UUID | None = None,
) -> IncidentChange:  # fmt: skip
    """Summarise what an act touched, keep what undoing needs, tell the ledger."""
    for incident in incidents.values():
        resummarise(incident)
        follow_reports(incident)
        touch(incident)
    change = links.write_change(
        kind, incident_id, actor=actor, reason=reason, before=before.as_json(incidents), other_id=other_id, batch_id=batch_id
    )
    ledger.record(f"incident.{_PAST[kind]}", incident_id, actor_id=actor.person_id, change=str(change.id), other=str(other_id or ""))
    links.tell_changed(incidents.values(), actor=actor, by=kind)
    return change


_PAST = {"set_aside": "set_aside", "attach": "joined", "merge": "merged", "split": "split", "keep_apart": "kept_apart", "second_strike": "linked"}


def _between(one: UUID, other: UUID) -> Any:
    return or_(
        and_(Suggestion.incident_id == one, Suggestion.other_id == other),
        and_(Suggestion.incident_id == other, Suggestion.other_id == one),
    )


def _plain(value: Any) -> str | None:
    return None if value is None else str(value)
