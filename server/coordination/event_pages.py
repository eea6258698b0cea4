"""/desk/events: attacks and disasters, the numbers of each, and putting damage records with one, many at once."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from server.accounts.policy import may
from server.accounts.service import current_actor, requires
from server.coordination import grouping
from server.coordination.aid_forms import EventForm, taken
from server.core.clock import now
from server.core.problems import Problem
from server.matching import wording
from server.places.area_names import spoken_names
from server.places.models import Event
from server.vocabulary import CauseGroup

blueprint = Blueprint("aid_events", __name__, url_prefix="/desk/events")


@blueprint.get("")
@requires("see_desk")
def show_list() -> str:
    """Every attack and disaster, the latest first; a coordinator names a new one here."""
    return _list(MultiDict({"began_at": now().strftime("%Y-%m-%dT00:00")}))


def _list(values: Any, problem: Problem | None = None) -> str:
    return render_template(
        "coordination/aid/events.html", found=grouping.all_events(), values=values, problem=problem, causes=CauseGroup,
        errors=problem.errors if problem else [], may_group=may(current_actor(), "coordinate_aid"),
    )  # fmt: skip


@blueprint.post("")
@requires("coordinate_aid")
def add() -> Response | tuple[str, int]:
    """Name an attack or disaster; what was typed stays when something is wrong."""
    try:
        made = grouping.add(taken(EventForm()), actor=current_actor())
    except Problem as problem:
        if problem.code != "invalid_input":
            raise
        return _list(request.form, problem), problem.status
    return redirect(url_for(".show", event_id=made.public_id), 303)


@blueprint.get("/<event_id>")
@requires("see_desk")
def show(event_id: str) -> str:
    """One event: its numbers, its records, and for a coordinator what may belong to it."""
    event = grouping.by_public_id(event_id)
    rows, cursor = grouping.page_of(event, request.args.get("cursor"))
    may_group = may(current_actor(), "coordinate_aid")
    adm, asks = request.args.get("adm", ""), "candidates" in request.args
    return render_template(
        "coordination/aid/event.html", event=event, numbers=grouping.numbers(event), rows=rows, cursor=cursor, may_group=may_group, adm=adm,
        candidates=grouping.candidates(event, adm=adm) if asks and may_group else None, areas=spoken_names(levels=(1, 2)), wording=wording,
        most=grouping.MOST, causes=CauseGroup, put=request.args.get("put", type=int),
    )  # fmt: skip


@blueprint.post("/<event_id>")
@requires("coordinate_aid")
def change(event_id: str) -> Response:
    """Set what is known of it anew."""
    event = grouping.by_public_id(event_id)
    grouping.change(event, taken(EventForm()), actor=current_actor())
    return _back(event)


@blueprint.post("/<event_id>/incidents")
@requires("coordinate_aid")
def put(event_id: str) -> Response:
    """Put the chosen records with the event, or take them out of it."""
    event, numbers = grouping.by_public_id(event_id), request.form.getlist("incident") + request.form.get("numbers", "").split()
    if request.form.get("act") == "out":
        return _back(event, grouping.put(None, numbers, actor=current_actor(), out_of=event))
    return _back(event, grouping.put(event, numbers, actor=current_actor()))


def _back(event: Event, count: int | None = None) -> Response:
    return redirect(url_for(".show", event_id=event.public_id, put=count), 303)
