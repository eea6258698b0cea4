"""One act on many records: previewed with the versions that were seen, carried out record by record, stopped, undone exactly.

Few are done at once, many by the worker in pieces, each settled by itself, so that progress shows and a stop is heard.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from server.accounts.models import Person
from server.accounts.policy import Actor, may
from server.accounts.service import actor_of
from server.coordination import edits
from server.coordination.bulk_models import BulkAct, BulkRow
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching import filters, queries
from server.matching import service as matching
from server.matching.models import Incident

MOST, AT_ONCE, PIECE = 20_000, 200, 100


def preview(what: str, value: str, *, asked: Mapping[str, Any] | None = None, ids: Sequence[str] = (), actor: Actor) -> BulkAct:
    """Note which records an act would change, with their versions as they are now. Nothing is changed.

    ``ids`` are public numbers that were ticked; without them all records under the filters, at most 20,000.
    """
    edits.checked(what, value)
    _admit(actor, what)
    act = BulkAct(id=uuid4(), person_id=actor.person_id, what=what, value=value, at=now(), asked=_told(asked or {}), state="PREVIEW")
    session.add(act)
    session.flush()
    wanted = [Incident.public_id.in_([number.upper() for number in ids])] if ids else queries.shown(asked or {})
    found = select(literal(act.id), Incident.id, Incident.version).where(Incident.merged_into.is_(None), *wanted)
    session.execute(
        insert(BulkRow).from_select(["act_id", "incident_id", "version"], found.order_by(Incident.opened_at, Incident.id).limit(MOST))
    )
    act.total = session.scalar(select(func.count()).select_from(BulkRow).where(BulkRow.act_id == act.id)) or 0
    if not act.total:
        raise Problem("already_done")
    return act


def single(what: str, value: str, incident: Incident, *, actor: Actor) -> BulkAct:
    """The same for one record, at once: a step of somebody who works the queue. Problem if it is not possible."""
    edits.checked(what, value)
    _admit(actor, what)
    act = BulkAct(id=uuid4(), person_id=actor.person_id, what=what, value=value, at=now(), asked={}, state="DONE", total=1, done=1)
    session.add(act)
    session.flush()
    version = incident.version
    made = edits.change(what, value, incident, batch_id=act.id, actor=actor)
    session.add(BulkRow(act_id=act.id, incident_id=incident.id, version=version, outcome="DONE", after=made))
    session.flush()
    return act


def begin(act_id: UUID, *, actor: Actor) -> BulkAct:
    """Carry a previewed act out: up to 200 records at once, more by the worker."""
    act = _mine(act_id, actor)
    if act.state != "PREVIEW":
        raise Problem("already_done")
    act.state = "RUNNING"
    if not _at_once(act):
        ledger.record("bulk.begun", act.id, actor_id=act.person_id, what=act.what, records=act.total)
    return act


def undo(act_id: UUID, *, actor: Actor) -> BulkAct:
    """Take an act back, record by record; one that was changed since is left as it is, and named."""
    act = _mine(act_id, actor)
    if act.state not in ("DONE", "STOPPED"):
        raise Problem("already_done")
    act.state, act.undone_by, act.stop_asked = "UNDOING", actor.person_id, False
    if not _at_once(act):
        ledger.record("bulk.undo_begun", act.id, actor_id=actor.person_id, what=act.what, records=act.total)
    return act


def stop(act_id: UUID, *, actor: Actor) -> None:
    """Ask an act under way to stop after the present piece; what is done stays done, and can be undone."""
    _mine(act_id, actor).stop_asked = True


def _at_once(act: BulkAct) -> bool:
    """Carry a small act out whole; False for one that is the worker's."""
    session.flush()
    if act.total > AT_ONCE:
        return False
    while advance(act.id):
        pass
    return True


def advance(act_id: UUID) -> bool:
    """Do the next piece of an act under way; False when nothing is left to do. Settling is the caller's."""
    act = session.scalar(select(BulkAct).where(BulkAct.id == act_id).with_for_update().execution_options(populate_existing=True))
    if act is None or act.state not in ("RUNNING", "UNDOING"):
        return False
    from_state, step = ("WAITING", _do) if act.state == "RUNNING" else ("DONE", _undo)
    rows = list(
        session.scalars(
            select(BulkRow).where(BulkRow.act_id == act_id, BulkRow.outcome == from_state).order_by(BulkRow.incident_id).limit(PIECE)
        )
    )
    who = _actor(act)
    if not rows or act.stop_asked or who is None:
        _finish(act, stopped=bool(rows))
        return False
    for row in rows:
        step(act, row, who)
    act.done = act.done + len(rows) if act.state == "RUNNING" else act.done
    session.flush()
    return True


def _finish(act: BulkAct, *, stopped: bool) -> None:
    if act.state == "RUNNING":
        act.state = "STOPPED" if stopped else "DONE"
        ledger.record("bulk.finished", act.id, actor_id=act.person_id, what=act.what, records=act.done)
    else:
        act.state, act.undone_at = ("DONE", None) if stopped else ("UNDONE", now())
        ledger.record("bulk.undone", act.id, actor_id=act.undone_by, what=act.what)


def _do(act: BulkAct, row: BulkRow, actor: Actor) -> None:
    incident = _locked(row.incident_id)
    if incident.version != row.version:
        row.outcome, row.reason = "REFUSED", "changed_meanwhile"
        return
    row.outcome, row.reason = "REFUSED", ""
    try:
        with session.begin_nested():
            row.after = edits.change(act.what, act.value, incident, batch_id=act.id, actor=actor)
            row.outcome = "DONE"
    except Problem as problem:
        row.outcome, row.reason = "REFUSED", problem.code


def _undo(_act: BulkAct, row: BulkRow, actor: Actor) -> None:
    """Back to what it was, if what the act set still stands and nothing was built upon it."""
    incident = _locked(row.incident_id)
    if not edits.still_holds(incident, row.after["values"]):
        row.outcome, row.reason = "KEPT", "changed_meanwhile"
        return
    try:
        with session.begin_nested():
            matching.undo(UUID(row.after["change"]), actor=actor)
            row.outcome = "UNDONE"
    except Problem as problem:
        row.outcome, row.reason = "KEPT", problem.code


def _locked(incident_id: UUID) -> Incident:
    query = select(Incident).where(Incident.id == incident_id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one()


def _mine(act_id: UUID, actor: Actor) -> BulkAct:
    """An act, for whoever made it or may edit many; Problem ``not_found``."""
    act = session.scalar(select(BulkAct).where(BulkAct.id == act_id).with_for_update().execution_options(populate_existing=True))
    if act is None or not (act.person_id == actor.person_id or may(actor, "edit_many")):
        raise Problem("not_found")
    return act


def by_id(act_id: UUID, *, actor: Actor) -> BulkAct:
    """The same, to look at."""
    return _mine(act_id, actor)


def _admit(actor: Actor, what: str) -> None:
    if actor.person_id is None or not may(actor, "work_queue" if what == "workflow" else "edit_many"):
        raise Problem("not_allowed" if actor.is_known else "sign_in_needed")


def _actor(act: BulkAct) -> Actor | None:
    """Whoever does what is under way, with the rights they have now; None for who may not do it any more."""
    person = session.get_one(Person, act.undone_by if act.state == "UNDOING" else act.person_id)
    try:
        who = actor_of(person.email)
        _admit(who, act.what)
    except Problem:
        return None
    return who


def _told(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Filters as JSON, for those who look at the act later."""
    return {name: str(value) for name, value in asked.items() if filters.says_something({name: value})}


def named(act_id: UUID, outcomes: Sequence[str], *, most: int = 200) -> list[tuple[str, str]]:
    """The public numbers and reasons of the records that were left alone."""
    query = select(Incident.public_id, BulkRow.reason).join(Incident, Incident.id == BulkRow.incident_id)
    return [
        (row[0], row[1])
        for row in session.execute(
            query.where(BulkRow.act_id == act_id, BulkRow.outcome.in_(outcomes)).order_by(Incident.public_id).limit(most)
        )
    ]


def tally(act_id: UUID) -> dict[str, int]:
    """How many records came to what, by outcome."""
    query = select(BulkRow.outcome, func.count()).where(BulkRow.act_id == act_id).group_by(BulkRow.outcome)
    return {row[0]: row[1] for row in session.execute(query)}


def sample(act: BulkAct, *, most: int = 50) -> list[tuple[Incident, dict[str, Any] | None]]:
    """The first records of a preview, each with what would change of it; None where nothing would."""
    query = select(Incident).join(BulkRow, BulkRow.incident_id == Incident.id).where(BulkRow.act_id == act.id)
    found = session.scalars(query.order_by(Incident.opened_at, Incident.id).limit(most))
    return [(incident, edits.after(act.what, act.value, incident)) for incident in found]


def forget_previews(before: Any) -> int:
    """Clear away previews that nobody carried out; returns how many."""
    old = select(BulkAct.id).where(BulkAct.state == "PREVIEW", BulkAct.at < before)
    session.execute(delete(BulkRow).where(BulkRow.act_id.in_(old)))
    return len(session.scalars(delete(BulkAct).where(BulkAct.id.in_(old)).returning(BulkAct.id)).all())
