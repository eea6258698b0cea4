"""The desk's answers to its own pages: map tiles, the list and its numbers. For people signed in."""

import re
from typing import Any

from flask import jsonify, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response

from server.accounts.service import current_actor, requires
from server.core import requests, swift, tiles
from server.matching import filters, queries
from server.matching import tiles as desk_tiles
from server.matching.exactness import sees_exactly
from server.reports import access

blueprint = Blueprint("desk", __name__, url_prefix="/api/v1/desk", description="What the desk's pages ask. Sign-in needed.")


TILE = re.compile(r"/api/v1/desk/map/\d+/\d+/\d+")


def _asked() -> dict[str, Any]:
    asked = filters.read(request.args, exact=sees_exactly(current_actor()))
    if filters.asks_reports(asked):  # of the reports that this person may see
        access.enter(current_actor())
    return asked


@blueprint.get("/map/<int:z>/<int:x>/<int:y>")
@requires("see_desk", by_itself=True)
def get_tile(z: int, x: int, y: int) -> Response:
    """Counts by cell, or single damage records, of one map tile (512 px); under the filters of the query."""
    asked = _asked()
    told_to = filters.told_to(asked, current_actor())
    body, tag = desk_tiles.tile(z, x, y, asked, request.query_string.decode("latin-1") + told_to)
    swift.told_alike(f"{asked['exact']}{told_to}")
    return tiles.respond(body, tag, cache="private, no-cache")


@blueprint.get("/summary")
@requires("see_desk")
def get_summary() -> Response:
    """The numbers above the list, with an ETag so that a quiet desk costs headers alone."""
    return requests.quietly(jsonify(queries.summary(_asked())))


@blueprint.get("/incidents/<public_id>")
@requires("see_desk")
def get_incident(public_id: str) -> Response:
    """The facts of one damage record, for the panel beside the map: ``{"facts": [[label, value], …]}``."""
    requests.single_arguments()
    from server.matching.wording import facts

    return jsonify({"facts": facts(queries.incident_by_public_id(public_id))})
