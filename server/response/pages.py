"""/desk/setup: what this response is, what is missing and what that costs; and the door for the first administrator."""


from uuid import UUID
from zoneinfo import available_timezones

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_security.utils import login_user
from werkzeug.datastructures import MultiDict

from server.accounts import invitations, people
from server.accounts.policy import SYSTEM, may
from server.accounts.service import current_actor, ensure_organisation, must, requires
from server.accounts.stepping import requires_fresh
from server.core import maps
from server.core.i18n import LANGUAGES
from server.core.problems import Problem
from server.core.requests import limiter
from server.core.response import facts_as_said
from server.places.baselines import baselines
from server.places.basemap import base_map
from server.publication import situations
from server.response import boundaries, checklist, going_live, key_holding, opening, saying
from server.vocabulary import LegalProfile, OrganisationType, Role

blueprint = Blueprint("response_setup", __name__, url_prefix="/desk/setup")

FILE_BYTES = 120_000_000
WHOLE_WORLD = (10.0, 20.0, 2)
SAID = {"about", "area", "numbers", "points", "rules", "boundaries", "keys", "exercise", "live"}


@blueprint.before_request
def let_the_first_one_in() -> Response | None:
    """Where nobody may administer yet, the page leads to the door that opens with the code from the server."""
    if request.endpoint == "response_setup.show" and not current_actor().is_known and not opening.has_administrator():
        return _to("response_setup.ask_code")
    return None


@blueprint.get("/first")
def ask_code() -> Response:
    """The form for the first administrator; it leads away as soon as there is one."""
    return _to("response_setup.show") if opening.has_administrator() else make_response(_first())


@blueprint.post("/first")
@limiter.limit("5 per minute; 20 per hour")
def open_with_code() -> Response:
    """Make the first administrator and sign them in; once there is one, the door leads away whatever code is given."""
    if opening.has_administrator():
        return _to("response_setup.show")
    given = {name: request.form.get(name, "") for name in ("code", "email", "alias", "password")}
    try:
        login_user(opening.open_with(**given), remember=False)
    except Problem as problem:
        return make_response(_first(problem), problem.status)
    return _to("response_setup.show")


@blueprint.get("")
@requires("see_setup")
def show() -> str:
    """The checklist, and every step below it."""
    return _page()


@blueprint.get("/area.js")
@requires("see_setup")
def show_script() -> Response:
    """The script of the map on which the operating area is shown."""
    return maps.script_response(_map())


@blueprint.post("/say/<section>")
@requires("set_up_response")
def say(section: str) -> Response:
    """Let what one section says hold."""
    if section not in saying.SECTIONS:
        raise Problem("not_found")
    try:
        saying.say(section, request.form, actor=must("set_up_response"))
    except Problem as problem:
        return _again(problem, section)
    return _done(section)


@blueprint.post("/boundaries")
@requires("set_up_response")
def give_boundaries() -> Response:
    """Take a file of areas in; a job loads it."""
    request.max_content_length = FILE_BYTES
    file, level = request.files.get("file"), request.form.get("level", "")
    try:
        if file is None or not file.filename:
            raise invitations.refused("file", "")
        boundaries.give(
            file.stream, file.filename, level=int(level) if level in ("0", "1", "2", "3") else -1,
            cod_version=request.form.get("cod_version", "").strip(), actor=must("set_up_response"),
        )  # fmt: skip
    except Problem as problem:
        return _again(problem, "boundaries")
    return _done("boundaries")


@blueprint.post("/boundaries/<uuid:load_id>/stop")
@requires("set_up_response")
def stop_boundaries(load_id: UUID) -> Response:
    """Stop a file that waits or is being loaded; nothing of it goes in."""
    boundaries.stop(load_id, actor=must("set_up_response"))
    return _done("boundaries")


@blueprint.post("/exercise")
@requires("set_up_response")
def make_exercise() -> Response:
    """Declare all of this an exercise."""
    try:
        going_live.make_exercise(must("set_up_response"))
    except Problem as problem:
        return _again(problem, "stage")
    return _done("exercise", "stage")


@blueprint.post("/live")
@requires("set_up_response")
@requires_fresh
def go_live() -> Response:
    """Declare the response live; what stands in the way is listed on the page."""
    try:
        if request.form.get("sure") != "yes":
            raise invitations.refused("sure", "")
        going_live.go_live(must("set_up_response"), host=request.host)
    except Problem as problem:
        return _again(problem, "stage")
    return _done("live", "stage")


@blueprint.post("/invite")
@requires("set_up_response")
@requires_fresh
def invite() -> Response | str:
    """Invite one of the first people; their link is shown this once."""
    actor, form = must("manage_accounts"), request.form
    name = form.get("organisation", "").strip()[:200]
    kind = next((kind for kind in OrganisationType if kind == form.get("kind")), OrganisationType.INTL_NGO)
    try:
        code = invitations.invite(
            form.get("email", ""), alias=form.get("alias", ""), roles=[role for role in Role if role in form.getlist("roles")],
            organisation=ensure_organisation(name, kind=kind) if name else None, actor=actor,
        )  # fmt: skip
    except Problem as problem:
        return _again(problem, "people")
    return _page(link=f"{request.host_url.rstrip('/')}/invitation/{code}")


@blueprint.post("/keys")
@requires("set_up_response")
def confirm_key() -> Response:
    """Note who holds a key."""
    form = request.form
    try:
        key_holding.confirm(
            form.get("kind", ""), form.get("holder", ""), seen=form.get("seen", ""), actor=must("set_up_response")
        )
    except Problem as problem:
        return _again(problem, "keys")
    return _done("keys")


@blueprint.post("/keys/<uuid:holder_id>/gone")
@requires("set_up_response")
def let_key_go(holder_id: UUID) -> Response:
    """Note that somebody holds a key no more."""
    key_holding.let_go(holder_id, actor=must("set_up_response"))
    return _done("keys")


def _page(problem: Problem | None = None, *, section: str = "", link: str = "") -> str:
    actor, facts = current_actor(), facts_as_said()
    loads = boundaries.given()
    return render_template(
        "response/setup.html", facts=facts, items=checklist.checklist(), obstacles=_obstacles(), may_change=may(actor, "set_up_response"),
        problem=problem, section=section, values=request.form if problem else MultiDict(), link=link, done=_said(),
        zones=sorted(available_timezones()), languages=LANGUAGES, profiles=LegalProfile, loads=loads,
        loading=any(one.state in ("WAITING", "LOADING") for one in loads), levels=boundaries.by_level(),
        situations=situations.said_now(), lists=baselines(), keys=key_holding.all_keys(), invited=invitations.waiting(),
        organisations=people.organisations(), kinds=OrganisationType, roles=Role, counted=checklist.count_people(),
        page=_map().page, base_map=base_map(), limits=saying,
    )  # fmt: skip


def _obstacles() -> list[str]:
    """What forbids going live; once it is, what it must not run with."""
    actor = current_actor()
    by = actor if may(actor, "set_up_response") else SYSTEM
    return going_live.dangers(request.host) if facts_as_said().stage else going_live.obstacles(request.host, by=by)


def _said() -> str:
    done = request.args.get("done", "")
    return done if done in SAID else ""


def _map() -> maps.Map:
    """The base map and, on it, the operating area."""
    area = facts_as_said().operating_area
    lat, lon, zoom = WHOLE_WORLD if area is None else ((area[1] + area[3]) / 2, (area[0] + area[2]) / 2, 4)
    drawn = maps.Map("area", location=(lat, lon), zoom=zoom, modules=("js/ground.js", "js/area.js"))
    base_map().layer.add_to(drawn)
    maps.Layer("area", box=area).add_to(drawn)
    return drawn


def _first(problem: Problem | None = None) -> str:
    return render_template("response/first.html", problem=problem, values=request.form, shortest=invitations.SHORTEST_PASSWORD)


def _again(problem: Problem, section: str) -> Response:
    """The page with what was given kept, and what is wrong with it."""
    return make_response(_page(problem, section=section), problem.status)


def _done(what: str, anchor: str = "") -> Response:
    return redirect(url_for("response_setup.show", done=what, _anchor=anchor or what), 303)  # type: ignore[return-value]


def _to(endpoint: str) -> Response:
    return redirect(url_for(endpoint), 303)  # type: ignore[return-value]
