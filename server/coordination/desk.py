"""/desk: the map and the list of damage records side by side, under one set of filters that lives in the address."""

from functools import cache
from math import log2
from typing import Any

from flask import Blueprint, make_response, render_template, request
from flask_babel import get_locale, gettext
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from server.accounts.people import organisations
from server.accounts.policy import may
from server.accounts.service import current_actor, requires
from server.coordination import news
from server.coordination.areas_pages import levels_known
from server.core import maps
from server.core.requests import quietly
from server.core.response import this_response
from server.matching import filters, queries, questions, wording
from server.matching.exactness import sees_exactly
from server.places import outlines
from server.places.basemap import base_map
from server.places.pictures import DEEPEST, LABELS, chosen
from server.reports import access

blueprint = Blueprint("desk_map", __name__, url_prefix="/desk")

START = (0.0, 20.0, 2)  # latitude, longitude, zoom where no operating area is set
PAGE = 50
CHOSEN_LEVELS, MOST_PLACES = (1, 2), 600
MODULES = tuple(f"js/{name}.js" for name in ("ground", "map", "desk", "choropleth", "pictures", "find-place"))
RARE = ("q", "site_type", "hazard", "function", "source", "organisation")  # filters that stand behind "more"


@blueprint.get("", endpoint="desk")
@requires("see_desk")
def show_desk() -> str:
    """The map, the list and the numbers."""
    places = _places()
    return render_template(
        "coordination/desk.html", page=composed(first_view()).page, base_map=base_map(), places=places, locale=str(get_locale() or "en"),
        is_listed=lambda code: any(area.pcode == code for areas in places.values() for area in areas),
        pictures=[{"name": one.name, "label": gettext(LABELS[one.name]), "credit": one.credit} for one in chosen()],
        rare=any(request.args.get(name) for name in RARE), **_listed(),
    )  # fmt: skip


def _places() -> dict[int, list[outlines.Area]]:
    """The regions and the districts to choose from, as long as a person can choose among them."""
    known = {level: outlines.areas(level) for level in levels_known() if level in CHOSEN_LEVELS}
    return {level: areas for level, areas in known.items() if len(areas) <= MOST_PLACES}


@blueprint.get("/list")
@requires("see_desk")
def show_list() -> Response:
    """The list alone, for the page to put in place when filters change; 304 when nothing did."""
    return quietly(make_response(render_template("coordination/_list.html", **_listed())))


@blueprint.get("/map.js")
@requires("see_desk")
def show_script() -> Response:
    """The script folium composed, as a file under our own address."""
    return maps.script_response(composed(first_view()))


def _listed() -> dict[str, Any]:
    """What the list needs. A filter that cannot be read is dropped and named; it never hides the rest."""
    asked, wrong = _asked()
    page = queries.page_of(asked, cursor=request.args.get("cursor"), size=PAGE)
    return {
        "asked": asked,
        "wrong": wrong,
        "values": request.args,
        "schema": filters.IncidentFilter(),
        "found": page,
        "whereabouts": queries.whereabouts(page.incidents),
        "news": news.marks(page),
        "organisations": organisations(),
        "numbers": page.numbers,
        "questions": questions.count_open(current_actor()),
        "wording": wording,
        "area_levels": levels_known(),
        "actor": current_actor(),
        "may_edit_many": may(current_actor(), "work_queue"),
        "next_query": _next_query(page.cursor),
    }


def _asked() -> tuple[dict[str, Any], list[str]]:
    exact = sees_exactly(current_actor())
    access.enter(current_actor())
    try:
        return filters.read(request.args, exact=exact), []
    except ValidationError as refused:
        wrong = [name for name in refused.messages if isinstance(name, str)]
        kept = MultiDict((name, value) for name, value in request.args.items(multi=True) if name not in wrong)
        return filters.read(kept, exact=exact), wrong


def _next_query(cursor: str | None) -> dict[str, list[str]]:
    return {**request.args.to_dict(flat=False), "cursor": [cursor]} if cursor else {}


def first_view() -> tuple[float, float, int]:
    """Where a map starts: the middle of the operating area, as near as shows it whole."""
    area = this_response().operating_area
    if area is None:
        return START
    west, south, east, north = area
    widest = max(east - west, 1.6 * (north - south), 0.01)
    zoom = max(2, min(15, int(9.3 - log2(widest))))
    return (south + north) / 2, (west + east) / 2, zoom


@cache
def composed(view: tuple[float, float, int]) -> maps.Map:
    """The desk's map, composed once: our base map below, the damage records above."""
    lat, lon, zoom = view
    made = maps.Map("desk", location=(lat, lon), zoom=zoom, modules=MODULES)
    base_map().layer.add_to(made)
    maps.Layer("pictures", tiles="/desk/ground/{name}/{z}/{x}/{y}", max_zoom=DEEPEST).add_to(made)
    maps.Layer(
        "incidents",
        tiles="/api/v1/desk/map/{z}/{x}/{y}",
        record="/desk/incidents/{id}",
        peek="/api/v1/desk/incidents/{id}",
        list="/desk",
        pulse="/desk/pulse",
        every_s=10,
    ).add_to(made)
    maps.Layer("choropleth", outlines="/desk/areas/{level}/outlines.json", counts="/desk/areas/{level}/counts.json", list="/desk").add_to(made)
    maps.Layer("finder").add_to(made)
    return made
