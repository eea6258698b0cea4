"""/desk/views: saved views, their menu on the desk, and the keys of their news feeds; /feeds/…: the feed itself."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.policy import may
from server.accounts.service import current_actor, requires
from server.coordination import asking, feeds, views
from server.coordination.telling_forms import one_of, told
from server.coordination.telling_models import SavedView, Sharing
from server.core.problems import Problem
from server.core.requests import limiter, quietly

blueprint = Blueprint("views", __name__)


@blueprint.app_context_processor
def _menu() -> dict[str, Callable[[], dict[str, Any]]]:
    """``saved_views()`` for the menu on the desk: asked only where a template calls it."""
    return {"saved_views": menu}


def menu() -> dict[str, Any]:
    """The views the present person may use, the present query, and filters of the opened view that no longer exist."""
    actor = current_actor()
    found = views.visible_to(actor) if may(actor, "see_desk") else []
    opened = next((view for view in found if str(view.id) == request.args.get("view")), None)
    return {
        "views": found, "opened": opened, "unknown": views.understood(opened.query).unknown if opened else (), "address": address,
        "query": views.address_of(views.query_of(request.query_string.decode("utf-8", "replace"))), "sharings": list(Sharing),
        "may_share": bool(actor.organisation_id),
    }  # fmt: skip


def address(view: SavedView) -> str:
    """Where a view opens on the desk: its filters in the address, and its number, so that the page can name it."""
    query = views.address_of(view.query)
    return f"/desk?view={view.id}{'&' if query else ''}{query}"


@blueprint.get("/desk/views")
@requires("see_desk")
def show_views() -> str:
    """All views one may use."""
    return _page()


def _page(*, new_key: str = "", errors: list[dict[str, str]] | None = None) -> str:
    actor = current_actor()
    found = views.visible_to(actor)
    keys = feeds.keys_of(actor)
    return render_template(
        "coordination/telling/views.html", found=found, actor=actor, may_change=views.may_change, understood=views.understood, address=address,
        spoken=asking.spoken, sharings=list(Sharing), keys={view.id: [key for key in keys if key.view_id == view.id] for view in found},
        new_key=new_key, host=request.host_url, errors=errors or [], may_share=bool(actor.organisation_id), days=feeds.KEY_DAYS,
    )  # fmt: skip


@blueprint.post("/desk/views")
@requires("see_desk")
def save_view() -> Any:
    """Keep the filters of the desk under a name, and open them."""
    try:
        name, query = request.form.get("name", ""), views.query_of(request.form.get("query", ""))
        view = views.save(current_actor(), name=name, sharing=one_of(Sharing, "sharing", otherwise=Sharing.OWN), query=query)
    except Problem as problem:
        return _page(errors=told(problem)), 422
    return redirect(address(view), 303)


@blueprint.post("/desk/views/<uuid:view_id>")
@requires("see_desk")
def change_view(view_id: UUID) -> Any:
    """Another name, or other people to share it with."""
    try:
        views.change(current_actor(), view_id, name=request.form.get("name", ""), sharing=one_of(Sharing, "sharing", otherwise=Sharing.OWN))
    except Problem as problem:
        if problem.code != "invalid_input":
            raise
        return _page(errors=told(problem)), 422
    return redirect("/desk/views", 303)


@blueprint.post("/desk/views/<uuid:view_id>/delete")
@requires("see_desk")
def end_view(view_id: UUID) -> Response:
    """Delete a view."""
    views.end(current_actor(), view_id)
    return redirect("/desk/views", 303)


@blueprint.post("/desk/views/<uuid:view_id>/key")
@requires("see_desk")
def add_key(view_id: UUID) -> str:
    """A key to the news feed of a view, shown on this page and never again."""
    return _page(new_key=feeds.add_key(current_actor(), view_id))


@blueprint.post("/desk/views/keys/<uuid:key_id>/revoke")
@requires("see_desk")
def revoke_key(key_id: UUID) -> Response:
    """Take a key back."""
    feeds.revoke(current_actor(), key_id)
    return redirect("/desk/views", 303)


@blueprint.get("/feeds/<key>.atom")
@limiter.limit("120 per minute")
def read_feed(key: str) -> Response:
    """The news feed that a personal key opens."""
    return quietly(Response(feeds.atom(feeds.opened(key), host=request.host_url), mimetype="application/atom+xml"))
