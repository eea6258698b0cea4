"""Taking an act on damage records back exactly, as long as nothing was built upon it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update

from server.accounts.limits import check_limits
from server.accounts.policy import Actor
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching import choosing, links, rulings
from server.matching.acts import BY_HAND, enter
from server.matching.models import Attachment, Incident, IncidentChange, Suggestion
from server.matching.summaries import resummarise, touch
from server.vocabulary import WorkflowState

_READ: dict[str, Callable[[str], Any]] = {"merged_into": UUID, "prior_incident_id": UUID, "workflow": WorkflowState}


def undo(change_id: UUID, *, actor: Actor, reason: str = "") -> IncidentChange:
    """Take an act back: every link, pointer, ruling and suggestion is as it was. Later acts are undone first.

    Problem ``already_done`` if it was undone before, ``changed_meanwhile`` if a later act on the same records stands,
    ``outside_your_area`` for who works elsewhere.
    """
    enter(actor, reason)
    held = select(IncidentChange).where(IncidentChange.id == change_id).with_for_update()
    change = session.scalar(held.execution_options(populate_existing=True))
    if change is None:
        raise Problem("not_found")
    touched = {UUID(known) for known in change.before.get("states", {})}
    incidents = links.locked(touched | {change.incident_id, change.other_id or change.incident_id})
    if change.undone_at is not None:
        raise Problem("already_done")
    check_limits(actor, *incidents.values())
    _refuse_if_built_upon(change, incidents)
    for report, before_id, after_id in change.before.get("moved", []):
        _move_back(UUID(report), before_id, after_id, incidents, actor)
    _restore_states(change, incidents)
    for known, values in change.before.get("values", {}).items():
        choosing.restore(incidents[UUID(known)], values)
    _restore_questions(change)
    change.undone_at, change.undone_by = now(), actor.person_id
    for incident in incidents.values():
        resummarise(incident)
        touch(incident)
    ledger.record("change.undone", change.id, actor_id=actor.person_id, kind=change.kind, incident=str(change.incident_id))
    links.tell_changed(incidents.values(), actor=actor, by="undo")
    return change


def undo_batch(batch_id: UUID, *, actor: Actor) -> int:
    """Take back all acts that were done together, the last first; returns how many. Problem ``already_done`` if none stands."""
    acts = select(IncidentChange.id).where(IncidentChange.batch_id == batch_id, IncidentChange.undone_at.is_(None))
    found = list(session.scalars(acts.order_by(IncidentChange.at.desc())))
    if not found:
        raise Problem("already_done")
    for change_id in found:
        undo(change_id, actor=actor)
    return len(found)


def _refuse_if_built_upon(change: IncidentChange, incidents: dict[UUID, Incident]) -> None:
    """A report that the machine added since is no obstacle; a later act on one of these records is."""
    later = select(IncidentChange.id).where(
        or_(IncidentChange.incident_id.in_(incidents), IncidentChange.other_id.in_(incidents)),
        IncidentChange.at > change.at,
        IncidentChange.undone_at.is_(None),
        IncidentChange.before.has_key("states"),
    )
    if session.scalar(later.limit(1)):
        raise Problem("changed_meanwhile")


def _move_back(
    report_id: UUID, before_id: str | None, after_id: str | None, incidents: dict[UUID, Incident], actor: Actor
) -> None:
    """The old link stands again, so that an earlier act finds it when it is undone too; without one the report opens a record of its own."""
    laid = links.present(report_id)
    if (laid and str(laid.id)) != after_id:
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
