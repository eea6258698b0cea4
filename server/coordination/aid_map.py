"""/desk/aid/map: needs nobody took on, and who is at work, area by area on a map; the table beside it says the same."""

from functools import cache
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from werkzeug.wrappers import Response

from server.accounts.service import requires
from server.coordination import gaps
from server.coordination.desk import first_view
from server.core import maps
from server.core.numbers import whole
from server.core.requests import quietly
from server.places import outlines
from server.places.area_names import spoken_names
from server.places.basemap import base_map
from server.vocabulary import Sector

blueprint = Blueprint("aid_map", __name__, url_prefix="/desk/aid/map")

LEVELS = (1, 2)


@blueprint.get("")
@requires("see_desk")
def show() -> str:
    """The map and its table, for one sector or all (``sector``), by region or district (``areas``)."""
    levels = [level for level in LEVELS if level in outlines.versions()]
    level, sector = _level(levels), _sector()
    found = gaps.matrix(level=level, sectors=[sector] if sector else []) if level else None
    names = spoken_names(levels=(1, 2))
    rows = (
        sorted(found.areas.items(), key=lambda row: (-row[1].untaken, -row[1].live, names.get(row[0], row[0])))
        if found
        else []
    )
    return render_template(
        "coordination/aid/map.html", page=composed(first_view()).page, base_map=base_map(), level=level, levels=levels, sector=sector,
        sectors=list(Sector), rows=rows, total=found.total if found else None, names=names,
    )  # fmt: skip


@blueprint.get("/counts.json")
@requires("see_desk", by_itself=True)
def get_counts() -> Response:
    """By area: ``{"areas": [[code, mark, untaken, live, life-saving, organisations at work]]}``; code "" for no known area."""
    sector = _sector()
    found = gaps.matrix(level=_level(list(LEVELS)), sectors=[sector] if sector else [])
    areas = [
        [code, cell.mark, cell.untaken, cell.live, cell.pressing, len(cell.organisations)]
        for code, cell in found.areas.items()
    ]
    return quietly(jsonify({"areas": areas}))


@blueprint.get("/map.js")
@requires("see_desk")
def show_script() -> Any:
    """The script folium composed, as a file under our own address."""
    return maps.script_response(composed(first_view()))


@cache
def composed(view: tuple[float, float, int]) -> maps.Map:
    """The map, composed once: our base map, and the areas above."""
    lat, lon, zoom = view
    made = maps.Map("aid", location=(lat, lon), zoom=zoom, modules=("js/ground.js", "js/gaps.js"))
    base_map().layer.add_to(made)
    maps.Layer(
        "gaps", outlines="/desk/areas/{level}/outlines.json", counts="/desk/aid/map/counts.json", list="/desk/aid/needs"
    ).add_to(made)
    return made


def _level(known: list[int]) -> int:
    """The level asked for, else the finest there is; 0 where no areas are loaded."""
    said = whole(request.args.get("areas", ""))
    return said if said is not None and said in known else max(known, default=0)


def _sector() -> Sector | None:
    """The sector asked for; None for all of them, and for one that is none."""
    return next((sector for sector in Sector if sector.value == request.args.get("sector")), None)
