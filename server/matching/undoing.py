"""Taking an act on damage records back exactly, as long as nothing was built upon it."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, update

from server.accounts.limits import check_limits
from server.accounts.policy import Actor
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching import choosing, links, rulings
from server.matching.acts import BY_HAND, enter, keep_apart
from server.matching.models import Attachment, Incident, IncidentChange, Suggestion
from server.matching.summaries import follow_reports, resummarise, touch
from server.reports.models import Report
from server.vocabulary import WorkflowState

_READ: dict[str, Callable[[str], Any]] = {"merged_into": UUID, "prior_incident_id": UUID, "workflow": WorkflowState}


def undo(change_id: UUID, *, actor: Actor, reason: str = "") -> IncidentChange:
    """Take an act back: every link, pointer, ruling and suggestion is as it was. Later acts are undone first.

    What the house did is thereby ruled to be wrong, and not done again. A report that was taken back since stays away.
    Problem ``already_done`` if it was undone before, ``changed_meanwhile`` if a later act on the same records stands,
    ``outside_your_area`` for who works elsewhere.
    """
    enter(actor, reason)
    change, incidents = _held(change_id)
    if change.undone_at is not None:
        raise Problem("already_done")
    check_limits(actor, *incidents.values())
    _refuse_if_built_upon(change, incidents)
    _move_all_back(change, incidents, actor)
    _restore_states(change, incidents)
    for known, values in change.before.get("values", {}).items():
        choosing.take_back(incidents[UUID(known)], values, change.after.get(known, {}))
    _restore_questions(change)
    _bring_along(incidents)
    change.undone_at, change.undone_by = now(), actor.person_id
    for incident in incidents.values():
        resummarise(incident)
        if change.before.get("moved") or change.before.get("states"):  # a step of the work alone parts no record from its reports
            follow_reports(incident)
        touch(incident)
    ledger.record("change.undone", change.id, actor_id=actor.person_id, kind=change.kind, incident=str(change.incident_id))
    links.tell_changed(incidents.values(), actor=actor, by="undo")
    _rule(change, actor)
    return change


def undo_batch(batch_id: UUID, *, actor: Actor) -> int:
    """Take back all acts that were done together, the last first; returns how many. Problem ``already_done`` if none stands."""
    found = standing_in(batch_id)
    if not found:
        raise Problem("already_done")
    for change_id in found:
        undo(change_id, actor=actor)
    return len(found)


def standing_in(batch_id: UUID) -> list[UUID]:
    """The acts of a batch that were not taken back, the last first."""
    acts_ = select(IncidentChange.id).where(IncidentChange.batch_id == batch_id, IncidentChange.undone_at.is_(None))
    return list(session.scalars(acts_.order_by(IncidentChange.at.desc())))


def _held(change_id: UUID) -> tuple[IncidentChange, dict[UUID, Incident]]:
    """The act and the records it touched, locked."""
    held = select(IncidentChange).where(IncidentChange.id == change_id).with_for_update()
    change = session.scalar(held.execution_options(populate_existing=True))
    if change is None:
        raise Problem("not_found")
    touched = {UUID(known) for known in change.before.get("states", {})}
    return change, links.locked(touched | {change.incident_id, change.other_id or change.incident_id})


def _refuse_if_built_upon(change: IncidentChange, incidents: dict[UUID, Incident]) -> None:
    """A report that the machine added since is no obstacle, nor a ruling on others; a later act on one of these records is."""
    both = [change.incident_id, change.other_id or change.incident_id]
    parts_them = and_(IncidentChange.incident_id.in_(both), IncidentChange.other_id.in_(both))
    later = select(IncidentChange.id).where(
        or_(IncidentChange.incident_id.in_(incidents), IncidentChange.other_id.in_(incidents)),
        IncidentChange.at > change.at,
        IncidentChange.undone_at.is_(None),
        IncidentChange.before.has_key("states"),
        or_(IncidentChange.kind != "keep_apart", parts_them),
    )
    if session.scalar(later.limit(1)):
        raise Problem("changed_meanwhile")


def _move_all_back(change: IncidentChange, incidents: dict[UUID, Incident], actor: Actor) -> None:
    """Every report that the act moved and that still counts lies where it lay."""
    moved = [(UUID(report), before_id, after_id) for report, before_id, after_id in change.before.get("moved", [])]
    counting = select(Report.id).where(
        Report.id.in_([report for report, *_ in moved]), Report.withdrawn_at.is_(None), Report.superseded_by.is_(None)
    )
    present = set(session.scalars(counting)) if moved else set()
    for report, before_id, after_id in moved:
        if report in present:
            _move_back(report, before_id, after_id, incidents, actor)


def _move_back(
    report_id: UUID, before_id: str | None, after_id: str | None, incidents: dict[UUID, Incident], actor: Actor
) -> None:
    """The old link stands again, so that an earlier act finds it when it is undone too; without one the report opens a record of its own."""
    laid = links.present(report_id)
    if (laid and str(laid.id)) != after_id:
        if before_id and laid and laid.person_id is None:  # taken back and sent again since: the house laid it anew
            return
        raise Problem("changed_meanwhile")
    if laid:
        links.lift(laid)
    if before_id is None:
        own = links.open_incident()
        incidents[own.id] = own
        links.lay(report_id, own.id, score=None, reasons=BY_HAND, version="", actor=actor)
        return
    session.get_one(Attachment, UUID(before_id)).ended_at = None
    session.flush()


def _restore_states(change: IncidentChange, incidents: dict[UUID, Incident]) -> None:
    for known, state in change.before.get("states", {}).items():
        incident = incidents[UUID(known)]
        for name, value in state.items():
            setattr(incident, name, _READ[name](value) if value else None)


def _restore_questions(change: IncidentChange) -> None:
    rulings.lift_of(change)
    settled = [UUID(known) for known in change.before.get("settled", [])]
    session.execute(
        update(Suggestion).where(Suggestion.id.in_(settled)).values(settled_at=None, settled_by=None, outcome=None)
    )


def _bring_along(incidents: dict[UUID, Incident]) -> None:
    """What came since to a record that now points on goes with it; where a person ruled otherwise, the record stays instead."""
    for gone in [one for one in incidents.values() if one.merged_into in incidents]:
        came, onto = links.present_of(gone.id), gone.merged_into
        if onto is None or not came:
            continue
        if onto in rulings.ruled_apart([laid.report_id for laid in came]):
            gone.merged_into, gone.workflow = None, WorkflowState.NEW
            continue
        for laid in came:
            links.lift(laid)
            links.lay_again(laid, incident_id=onto)


def _rule(change: IncidentChange, actor: Actor) -> None:
    """A person who takes back what the house laid together rules it apart, as an act of theirs that can be taken back in turn."""
    if change.person_id or not actor.person_id or change.kind not in ("attach", "merge"):
        return
    lying: dict[UUID, list[UUID]] = defaultdict(list)
    for report, _before_id, _after_id in change.before.get("moved", []):
        if (laid := links.present(UUID(report))) and laid.incident_id != change.incident_id:
            lying[laid.incident_id].append(laid.report_id)
    for other_id, reports in sorted(lying.items()):
        keep_apart(change.incident_id, other_id, actor=actor, reason="", only=reports)
