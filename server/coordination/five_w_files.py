"""/desk/aid/5w: the table of activities as a file, for an audience that is chosen first."""

from uuid import uuid4

from flask import Blueprint, Response, redirect, render_template

from server.accounts.policy import Actor, may
from server.accounts.service import current_actor, requires
from server.accounts.stepping import requires_fresh
from server.coordination.five_w import COLUMNS, table_for
from server.core import ledger
from server.core.clock import now
from server.core.response import this_response
from server.publication.formats.tables import WRITERS
from server.vocabulary import Audience

blueprint = Blueprint("aid_files", __name__, url_prefix="/desk/aid/5w")


@blueprint.get("")
@requires("see_desk")
def show() -> str:
    """Choose for whom, then the kind of file."""
    whole = may(current_actor(), "coordinate_aid")
    offered = [one for one in (Audience.PUBLIC, *reversed(COLUMNS)) if whole or one is not Audience.COORD]
    return render_template("coordination/aid/files.html", audiences=offered, formats=tuple(WRITERS))


@blueprint.get("/COORD.<any('csv', 'hxl.csv', 'xlsx'):name>")
@requires("coordinate_aid")
@requires_fresh
def get_whole(name: str) -> Response:
    """Every activity, with the number of its damage record: for coordinators, who say again who they are."""
    return _file(Audience.COORD, name, current_actor())


@blueprint.get("/PARTNER.<any('csv', 'hxl.csv', 'xlsx'):name>")
@requires("see_desk")
def get_sums(name: str) -> Response:
    """Sums by district and sector, small counts hidden."""
    return _file(Audience.PARTNER, name, current_actor())


@blueprint.get("/PUBLIC.<any('csv', 'hxl.csv', 'xlsx'):name>")
@requires("see_desk")
def get_public(name: str) -> Response:
    """What everybody gets: one public table and no second one beside it, for two could be taken from each other."""
    return redirect(f"/api/v1/public/activities.{name}")  # type: ignore[return-value]


def _file(audience: Audience, name: str, actor: Actor) -> Response:
    """The file, with a number of its own that the ledger knows and its name says; an exercise says EXERCISE."""
    table, export = table_for(audience), uuid4()
    ledger.record("export.made", export, actor_id=actor.person_id, what="5w", audience=audience.value, rows=len(table.rows))
    kind, write = WRITERS[name]
    response = Response(write(table), mimetype=kind)
    word = "EXERCISE-" if this_response().exercise else ""
    response.headers["Content-Disposition"] = f'attachment; filename="{word}5w-{audience.value}-{now():%Y%m%d}-{export.hex[:8]}.{name}"'
    return response
