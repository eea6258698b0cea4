"""What may be changed of many records at once, and how each change is made: by the services of its room, with a way back.

Every change leaves a step in the record's own history, which can be taken back there alone, or with the whole act.
"""

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from server.accounts.limits import check_limits
from server.accounts.policy import Actor
from server.core import ledger
from server.core.choices import N_, Choice
from server.core.database import session
from server.core.problems import Problem
from server.matching import choosing, links
from server.matching.models import Incident
from server.matching.summaries import touch
from server.places.models import Event
from server.verification import service as verification
from server.verification.workflow import may_move
from server.vocabulary import NeedType, SensitivityClass, SiteType, WorkflowState, effective_class

NOTHING = "none"
_TYPES = {kind.value: kind for kind in SiteType}


class Edit(NamedTuple):
    """A kind of change: its words (msgid), the values that may be chosen, and how one record is changed. None for no change."""

    words: str
    values: Callable[[], list[tuple[str, str]]]
    becomes: Callable[[Incident, str], dict[str, Any] | None]


def after(what: str, value: str, incident: Incident) -> dict[str, Any] | None:
    """The columns that would change and to what, as JSON; None where nothing would change, or the change is not possible."""
    return EDITS[what].becomes(incident, value)


def change(what: str, value: str, incident: Incident, *, batch_id: UUID, actor: Actor) -> dict[str, Any]:
    """Change one locked record; returns ``{"change": number of the step, "values": what holds now}``. Problem if it cannot be."""
    check_limits(actor, incident)
    wanted = after(what, value, incident)
    if wanted is None:
        raise Problem("already_done")
    before = {column: choosing.plain(getattr(incident, column)) for column in wanted}
    if what == "workflow":
        verification.move(incident.id, WorkflowState(value), version=incident.version, actor=actor)
    else:
        choosing.restore(incident, wanted)
        touch(incident)
    step = links.write_change(
        "move" if what == "workflow" else "edit", incident.id, actor=actor, reason="", batch_id=batch_id,
        before={"values": {str(incident.id): before}},
    )  # fmt: skip
    step.after = {str(incident.id): wanted}
    if what != "workflow":
        ledger.record("incident.edited", incident.id, actor_id=actor.person_id, field=what, change=str(step.id))
    links.tell_changed([incident], actor=actor, by="edit")
    return {"change": str(step.id), "values": wanted}


def still_holds(incident: Incident, values: dict[str, Any]) -> bool:
    """Whether what an act set still stands."""
    return all(choosing.plain(getattr(incident, column)) == value for column, value in values.items())


def _moved(incident: Incident, value: str) -> dict[str, Any] | None:
    return {"workflow": value} if may_move(incident.workflow, WorkflowState(value)) else None


def _retyped(incident: Incident, value: str) -> dict[str, Any] | None:
    """The type is set by a person from now on. A place never becomes less protected by that."""
    if incident.site_type == value and "site_type" in incident.fixed_fields:
        return None
    wanted = SensitivityClass(incident.s_class)
    kind = max(wanted, effective_class(_TYPES[value], incident.in_use_as))
    return {"site_type": value, "s_class": kind.value, **_fixed(incident, "site_type")}


def _grouped(incident: Incident, value: str) -> dict[str, Any] | None:
    event = None if value == NOTHING else value
    return None if choosing.plain(incident.event_id) == event else {"event_id": event}


def _needing(incident: Incident, value: str) -> dict[str, Any] | None:
    """``+CODE`` adds a need, ``-CODE`` takes it off; the needs are set by a person from now on."""
    sign, code = value[:1], value[1:]
    if (code in incident.needs) is (sign == "+"):
        return None
    needs = [*incident.needs, code] if sign == "+" else [each for each in incident.needs if each != code]
    return {"needs": needs, **_fixed(incident, "needs")}


def _fixed(incident: Incident, column: str) -> dict[str, Any]:
    return {"fixed_fields": list(dict.fromkeys([*incident.fixed_fields, column]))}


def _codes(choice: type[Choice], sign: str = "") -> list[tuple[str, str]]:
    return [(sign + code.value, code.label) for code in choice]


def _events() -> list[tuple[str, str]]:
    """The latest attacks and disasters, by their names; the last choice takes records out of theirs."""
    found = session.scalars(select(Event).order_by(Event.began_at.desc()).limit(200))
    return [*((str(event.id), event.name or event.public_id) for event in found), (NOTHING, N_("None"))]


_REACHED = (WorkflowState.TRIAGE, WorkflowState.NEEDS_INFO, WorkflowState.IN_VERIFICATION, WorkflowState.CLOSED, WorkflowState.REOPENED)

EDITS: dict[str, Edit] = {
    "workflow": Edit(N_("State of work"), lambda: [(state.value, state.label) for state in _REACHED], _moved),
    "event": Edit(N_("Attack or disaster"), _events, _grouped),
    "site_type": Edit(N_("Type of place"), lambda: _codes(SiteType), _retyped),
    "need": Edit(N_("Add a need"), lambda: _codes(NeedType, "+"), _needing),
    "no_need": Edit(N_("Take a need off"), lambda: _codes(NeedType, "-"), _needing),
}


def checked(what: str, value: str) -> None:
    """Problem ``invalid_input`` for a change or a value that is not offered."""
    if what not in EDITS or value not in {code for code, _words in EDITS[what].values()}:
        raise Problem("invalid_input", errors=[{"field": "value", "code": "unknown", "message": value[:64]}])
