"""/account: what is mine. /invitation: how somebody joins. /desk/people: who works here, for the administrator."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, session
from flask_babel import gettext as _
from flask_security import login_user
from werkzeug.wrappers import Response

from server.accounts import invitations, people, sessions
from server.accounts.models import Organisation, Person
from server.accounts.service import current_actor, ensure_organisation, must, requires
from server.accounts.stepping import requires_fresh
from server.core.database import session as database
from server.core.i18n import LANGUAGES
from server.core.problems import Problem
from server.core.requests import limiter
from server.vocabulary import OrganisationType, Role, Sector

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/account")
@requires("have_account")
def show_mine() -> str:
    """The present person's own page: second factor, password, language, where they are signed in."""
    person = _me()
    key = getattr(session, "key", "")
    return render_template(
        "accounts/mine.html", person=person, languages=LANGUAGES, here=sessions.hash_key(key), devices=sessions.of(person.id),
        roles=[Role(role.name) for role in person.roles],
    )  # fmt: skip


@blueprint.post("/account/language")
@requires("have_account")
def choose_language() -> Response:
    """Keep the language in which mail and papers for this person are written."""
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        raise invitations.refused("language", _("Choose a language of the list."))
    _me().language = chosen
    return redirect("/account", 303)


@blueprint.post("/account/devices/end")
@requires("have_account")
def end_device() -> Response:
    """End one session of mine by the hash of its key (hex), or all but this one."""
    mine, which = _me().id, request.form.get("session", "")
    if which == "others":
        sessions.end_others(mine, sessions.hash_key(getattr(session, "key", "")))
    else:
        sessions.end(mine, _hash(which))
    return redirect("/account", 303)


@blueprint.route("/invitation/<code>", methods=["GET", "POST"])
@limiter.limit("10 per minute; 60 per hour", methods=["POST"])
def join(code: str) -> str | tuple[str, int] | Response:
    """Make the account somebody was invited to, and lead to the second factor: in a live response nobody is in before it is set up."""
    found, problem = invitations.find(code), None
    if request.method == "POST":
        try:
            _check_same()
            person = invitations.accept(code, password=request.form.get("password", ""), alias=request.form.get("alias", ""))
        except Problem as refused:
            problem = refused
        else:
            if person.check_tf_required_setup():
                return redirect("/sign-in", 303)
            login_user(person, authn_via=["invitation"])
            return redirect("/account/second-factor", 303)
    page = render_template("accounts/join.html", invitation=found, problem=problem, roles=[Role(role) for role in found.roles])
    return page if problem is None else (page, problem.status)


def _check_same() -> None:
    if request.form.get("password", "") != request.form.get("again", ""):
        raise invitations.refused("again", _("The two passwords are not the same."))


@blueprint.get("/desk/people")
@requires("manage_accounts")
def show_people() -> str:
    """Everybody, their roles and limits, and invitations that wait."""
    return _people()


@blueprint.post("/desk/people/invite")
@requires("manage_accounts")
@requires_fresh
def invite() -> str | tuple[str, int]:
    """Invite somebody; their link is shown this once, to be handed over by a safe way."""
    form = request.form
    try:
        code = invitations.invite(
            form.get("email", ""), alias=form.get("alias", ""), roles=_roles(), organisation=_organisation(), actor=must("manage_accounts")
        )
    except Problem as problem:
        return _people(problem=problem), problem.status
    return _people(link=f"{request.host_url}invitation/{code}", invited=form.get("email", "").strip())


@blueprint.post("/desk/people/invitations/<uuid:invitation_id>/revoke")
@requires("manage_accounts")
def uninvite(invitation_id: UUID) -> Response:
    """Take an invitation back."""
    invitations.revoke(invitation_id, actor=must("manage_accounts"))
    return redirect("/desk/people", 303)


@blueprint.get("/desk/people/<uuid:person_id>")
@requires("manage_accounts")
def show_person(person_id: UUID) -> str:
    """One person: what they may do, where, and how to end it."""
    return render_template("accounts/person.html", person=people.find(person_id), roles=Role, sectors=Sector, problem=None)


@blueprint.post("/desk/people/<uuid:person_id>")
@requires("manage_accounts")
@requires_fresh
def change_person(person_id: UUID) -> Response | tuple[str, int]:
    """Give somebody exactly the roles, areas and sectors of the form."""
    person, actor = people.find(person_id), must("manage_accounts")
    try:
        people.set_roles(person, _roles(), actor=actor)
        sectors = [Sector(code) for code in request.form.getlist("sectors") if code in set(Sector)]
        people.set_limits(person, areas=request.form.get("areas", "").replace(",", " ").split(), sectors=sectors, actor=actor)
    except Problem as problem:
        page = render_template("accounts/person.html", person=person, roles=Role, sectors=Sector, problem=problem)
        return page, problem.status
    flash(_("Kept."))
    return redirect(f"/desk/people/{person.id}", 303)


@blueprint.post("/desk/people/<uuid:person_id>/<any('close', 'reopen', 'sign-out', 'reset'):act>")
@requires("manage_accounts")
@requires_fresh
def act_on(person_id: UUID, act: str) -> Response | tuple[str, int]:
    """Close an account, open it again, sign somebody out everywhere, or forget a lost authenticator."""
    person, actor = people.find(person_id), must("manage_accounts")
    acts = {"close": people.close, "reopen": people.reopen, "reset": people.reset_second_factor}
    try:
        if act == "sign-out":
            sessions.end_all(person)
        else:
            acts[act](person, actor=actor)
    except Problem as problem:
        page = render_template("accounts/person.html", person=person, roles=Role, sectors=Sector, problem=problem)
        return page, problem.status
    return redirect("/desk/people", 303)


def _people(*, link: str = "", invited: str = "", problem: Problem | None = None) -> str:
    return render_template(
        "accounts/people.html", everybody=people.everybody(), organisations=people.organisations(), waiting=invitations.waiting(),
        roles=Role, kinds=OrganisationType, link=link, invited=invited, problem=problem, values=request.form,
    )  # fmt: skip


def _me() -> Person:
    person = database.get(Person, current_actor().person_id)
    if person is None:
        raise Problem("sign_in_needed")  # a program's key has no page of its own
    return person


def _roles() -> list[Role]:
    return [Role(code) for code in request.form.getlist("roles") if code in set(Role)]


def _organisation() -> Organisation | None:
    """The organisation of the form: one of the list, or a new one by name and kind."""
    name = request.form.get("organisation", "").strip()[:200]
    kind: Any = request.form.get("kind", "")
    return ensure_organisation(name, kind=OrganisationType(kind) if kind in set(OrganisationType) else OrganisationType.INTL_NGO) if name else None


def _hash(word: str) -> bytes:
    try:
        return bytes.fromhex(word)
    except ValueError:
        raise Problem("bad_request") from None
