"""What the public would see, at most, of a report that is about to be sent: told to the reporter before it leaves.

It follows from the policy, the situation said of the area and the kind of place alone, so nothing of any report or record
can be read off it. The rules may still show less: a larger area, or nothing.
"""

from typing import Any

import h3
from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate

from server.core import requests
from server.core.clock import now
from server.places import service as places
from server.publication import changing
from server.publication.coarsening import CELLS
from server.publication.policy import MODES
from server.vocabulary import ContextMode, GeometryLevel, InUseAs, SensitivityClass, SiteType, Tier, effective_class

blueprint = Blueprint(
    "expected",
    __name__,
    url_prefix="/api/v1/expected",
    description="What the public would see of a place, before anything is reported.",
)


class Place(Schema):
    """A place somebody is about to report."""

    class Meta:
        """A newer form may say more than this server knows."""

        unknown = EXCLUDE

    lon = fields.Float(required=True, validate=validate.Range(-180, 180))
    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    site_type = fields.String(load_default="")
    in_use_as = fields.String(load_default="")


class Expected(Schema):
    """The finest the public would see: POINT, a cell with its outline, an area, or NONE."""

    level = fields.String(metadata={"title": "Level of geometry"})
    outline = fields.Dict(allow_none=True, metadata={"title": "Outline of the cell", "description": "GeoJSON Polygon."})
    metres = fields.Integer(allow_none=True, metadata={"title": "Across, in metres"})


@blueprint.get("")
@requests.limiter.limit("60 per minute")
@blueprint.arguments(Place, location="query")
@blueprint.response(200, Expected)
def show(asked: dict[str, Any]) -> Response:
    """The sharpest that a public row about this place could be. Nothing about the question is kept."""
    requests.single_arguments()
    kind, use = _member(SiteType, asked["site_type"]), _member(InUseAs, asked["in_use_as"])
    areas = places.assign_areas(asked["lon"], asked["lat"])
    mode = places.context_at(areas.adm2 or areas.adm1, now())
    answer = jsonify(Expected().dump(expected(asked["lon"], asked["lat"], mode=mode, kind=effective_class(kind, use))))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def expected(lon: float, lat: float, *, mode: ContextMode, kind: SensitivityClass) -> dict[str, Any]:
    """`{level, outline, metres}` by the rules in force: a mixed situation gets the stricter of both."""
    rules = changing.in_force(now())
    modes = {mode} if mode in MODES else set(rules.mixed_context)
    level = max(rules.rows[Tier.PUBLIC, each, kind].ladder[0] for each in modes)
    if level not in CELLS:
        return {"level": level.value, "outline": None, "metres": None}
    cell = h3.cell_to_parent(h3.latlng_to_cell(lat, lon, 9), CELLS[level])
    ring = [[round(x, 5), round(y, 5)] for y, x in h3.cell_to_boundary(cell)]
    return {
        "level": level.value,
        "outline": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        "metres": _across(level),
    }


def _across(level: GeometryLevel) -> int:
    """From corner to corner, to two digits: the cells of one level differ a little around the globe."""
    metres = 2 * h3.average_hexagon_edge_length(CELLS[level], unit="m")
    return int(round(metres, -len(str(int(metres))) + 2))


def _member(kind: Any, code: str) -> Any:
    return next((member for member in kind if member == code), None)
