"""/desk/aid/activities: who does what, where, when and for whom; entering and changing an activity."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import func, select, tuple_
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from server.accounts.policy import may
from server.accounts.service import current_actor, requires
from server.coordination import activities, aid_forms, aid_reading
from server.coordination.activity_models import Activity
from server.coordination.aid_forms import ActivityForm, AidFilter, taken
from server.core import paging
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching.models import Incident
from server.places.area_names import spoken_names
from server.vocabulary import ActivityStatus, NeedType, NeedUnit, Sector

blueprint = Blueprint("aid_activities", __name__, url_prefix="/desk/aid/activities")

PAGE = 50
LISTS = {"need": NeedType, "status": ActivityStatus, "unit": NeedUnit, "sector": Sector}


@blueprint.get("")
@requires("see_desk")
def show_list() -> str:
    """Activities under the filters of the address, the latest first."""
    asked = taken(AidFilter(exclude=("status",)), request.args)
    rows, total, cursor = _page(asked, request.args.get("cursor"))
    more = {**request.args.to_dict(flat=False), "cursor": [cursor]} if cursor else {}
    return render_template(
        "coordination/aid/activities.html", rows=rows, total=total, values=request.args, next_query=more, lists=LISTS,
        organisations=aid_reading.organisations(), areas=spoken_names(levels=(1, 2)), may_give=_may_give(),
    )  # fmt: skip


def _page(asked: dict[str, Any], cursor: str | None) -> tuple[list[Activity], int, str | None]:
    wanted = []
    if asked["adm"]:
        wanted.append((Activity.adm1_pcode == asked["adm"]) | (Activity.adm2_pcode == asked["adm"]))
    if asked["sector"]:
        wanted.append(Activity.sector.in_(asked["sector"]))
    if asked["organisation"]:
        wanted.append(Activity.organisation_id == asked["organisation"])
    query = select(Activity).where(*wanted).order_by(Activity.changed_at.desc(), Activity.id.desc()).limit(PAGE + 1)
    if after := paging.decode_cursor(cursor, str, str):
        query = query.where(tuple_(Activity.changed_at, Activity.id) < after)
    rows = list(session.scalars(query))
    more = paging.encode_cursor(rows[PAGE - 1].changed_at.isoformat(), rows[PAGE - 1].id) if len(rows) > PAGE else None
    return rows[:PAGE], session.scalar(select(func.count()).select_from(Activity).where(*wanted)) or 0, more


def _may_give() -> bool:
    actor = current_actor()
    return may(actor, "give_aid") and (actor.organisation_id is not None or may(actor, "coordinate_aid"))


@blueprint.get("/new")
@requires("give_aid")
def show_new() -> str:
    """The empty form; ``incident`` in the address fills in the damage record."""
    values = MultiDict({"incident": request.args.get("incident", ""), "starts_on": now().date().isoformat(), "status": "PLANNED", "unit": "PERSON"})
    return _form(values)


@blueprint.post("/new")
@requires("give_aid")
def add() -> Response | tuple[str, int]:
    """Enter an activity; what was typed stays when something is wrong."""
    try:
        made = activities.add(taken(ActivityForm()), actor=current_actor())
    except Problem as problem:
        if problem.code not in ("invalid_input", "incident_not_found"):
            raise
        return _form(request.form, problem), problem.status
    return redirect(url_for(".show", activity_id=made.id), 303)


@blueprint.get("/<uuid:activity_id>")
@requires("see_desk")
def show(activity_id: UUID) -> str:
    """One activity: to read, and for its own organisation to change."""
    return _shown(_of(activity_id))


@blueprint.post("/<uuid:activity_id>")
@requires("give_aid")
def change(activity_id: UUID) -> Response | tuple[str, int]:
    """Set an activity anew."""
    try:
        activities.change(activity_id, taken(ActivityForm()), version=aid_forms.version_of(), actor=current_actor())
    except Problem as problem:
        if problem.code not in ("invalid_input", "incident_not_found"):
            raise
        return _shown(_of(activity_id), problem), problem.status
    return redirect(url_for(".show", activity_id=activity_id), 303)


def _of(activity_id: UUID) -> Activity:
    found = session.get(Activity, activity_id)
    if found is None:
        raise Problem("not_found")
    return found


def _shown(activity: Activity, problem: Problem | None = None) -> str:
    actor = current_actor()
    incident = session.get(Incident, activity.incident_id) if activity.incident_id else None
    own = may(actor, "give_aid") and (activity.organisation_id == actor.organisation_id or may(actor, "coordinate_aid"))
    return _form(request.form if problem else _values(activity, incident), problem, activity=activity, incident=incident, may_change=own)


def _values(activity: Activity, incident: Incident | None) -> MultiDict[str, str]:
    kept = {name: getattr(activity, name) for name in activities.KEPT}
    told = {name: "" if value is None else str(getattr(value, "value", value)) for name, value in kept.items()}
    return MultiDict({**told, "incident": incident.public_id if incident else "", "adm2_pcode": activity.adm2_pcode or ""})


def _form(values: Any, problem: Problem | None = None, **shown: Any) -> str:
    actor = current_actor()
    return render_template(
        "coordination/aid/activity.html", values=values, errors=problem.errors if problem else [], problem=problem, schema=ActivityForm(),
        lists=LISTS, districts=spoken_names(levels=(2,)), areas=spoken_names(levels=(1, 2)), organisations=aid_reading.organisations(),
        may_speak_for_others=may(actor, "coordinate_aid"), actor=actor, **shown,
    )  # fmt: skip
