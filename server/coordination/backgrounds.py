"""/desk/ground: the tiles of the operator's own streets and satellite pictures, for the desk's map."""

from flask import Blueprint, Response, abort

from server.accounts.service import requires
from server.core.database import session
from server.places import pictures

blueprint = Blueprint("backgrounds", __name__, url_prefix="/desk/ground")

A_DAY_S, A_MINUTE_S = 86_400, 60


@blueprint.get("/<name>/<int:zoom>/<int:column>/<int:row>")
@requires("see_desk")
def show_tile(name: str, zoom: int, column: int, row: int) -> Response:
    """One tile; 204 where there is none, or none can be had now (asked again after a minute)."""
    layer = next((one for one in pictures.chosen() if one.name == name), None)
    if layer is None or zoom > pictures.DEEPEST or column >= 2**zoom or row >= 2**zoom:
        abort(404)
    session.rollback()  # a slow stranger must hold no connection to the database
    found = layer.find(zoom, column, row)
    kind = pictures.kind_of(found) if found else ""
    response = Response(found, mimetype=kind) if kind else Response(status=204)
    response.headers["Cache-Control"] = f"private, max-age={A_DAY_S if kind else A_MINUTE_S}"
    return response
