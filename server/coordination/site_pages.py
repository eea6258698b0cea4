"""/desk/sites: one known place over time: strikes, repairs, service, needs, activities; and putting damage records there."""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.accounts.policy import may
from server.accounts.service import current_actor, requires
from server.coordination import aid_reading, sites
from server.coordination.aid_forms import SiteNoteForm, taken
from server.coordination.assignments import opens
from server.core.clock import now
from server.core.problems import Problem
from server.matching import queries, wording
from server.matching.exactness import sees_place_of
from server.matching.models import Incident
from server.places.models import Site
from server.vocabulary import DamageGrade, FunctionalStatus, SensitivityClass, effective_class

blueprint = Blueprint("aid_sites", __name__, url_prefix="/desk/sites")


@blueprint.get("/<site_id>")
@requires("see_desk")
def show(site_id: str) -> str:
    """The page of a place. Its name is as exact as its point: only who sees the one sees the other."""
    site, actor = sites.by_public_id(site_id), current_actor()
    incidents, notes = sites.incidents_at(site), sites.notes_of(site)
    exact = sees_place_of(actor, _class_of(site, incidents)) or any(opens(actor, one) for one in incidents)
    return render_template(
        "coordination/aid/site.html", site=site, exact=exact, incidents={one.public_id: one for one in incidents}, notes=notes,
        steps=sites.course_of(incidents, notes), needs=sites.needs_at(incidents), activities=sites.activities_at(site, incidents),
        organisations=aid_reading.organisations(), grades=DamageGrade, services=FunctionalStatus, wording=wording, actor=actor,
        today=now().date().isoformat(), may=lambda action: may(actor, action),
    )  # fmt: skip


def _class_of(site: Site, incidents: Sequence[Incident]) -> SensitivityClass:
    return max([effective_class(site.site_type, site.in_use_as), *(one.s_class for one in incidents)])


@blueprint.post("/incidents/<public_id>")
@requires("edit_incident")
def put(public_id: str) -> Response:
    """Make a known place of where a record lies, put it at one that is known, or take it off."""
    incident, number = queries.incident_by_public_id(public_id), request.form.get("site", "").strip()
    if request.form.get("act") == "off":
        sites.put(incident, None, actor=current_actor())
        return redirect(url_for("coordination.records.show", public_id=incident.public_id), 303)
    if not number:
        return _back(sites.make(incident, request.form.get("name", ""), actor=current_actor()))
    try:
        site = sites.by_public_id(number)
    except Problem:
        raise Problem("invalid_input", errors=[{"field": "site", "code": "unknown", "message": "site"}]) from None
    sites.put(incident, site, actor=current_actor())
    return _back(site)


@blueprint.post("/<site_id>/notes")
@requires("give_aid")
def note(site_id: str) -> Response:
    """Keep what somebody saw there."""
    site = sites.by_public_id(site_id)
    sites.note(site, taken(SiteNoteForm()), actor=current_actor())
    return _back(site)


@blueprint.post("/notes/<uuid:note_id>/undo")
@requires("give_aid")
def undo_note(note_id: UUID) -> Response:
    """Take a note back."""
    return _back(sites.take_back(note_id, actor=current_actor()))


def _back(site: Site) -> Response:
    return redirect(url_for(".show", site_id=site.public_id), 303)
