"""The front door: in whose language, and which of the three ways people come here for."""

from flask import Blueprint, Response, make_response, render_template

blueprint = Blueprint("welcome", __name__)


@blueprint.get("/")
def welcome() -> Response:
    """The welcome page: report damage, see the map, get the data; and how coordinators come in."""
    return make_response(render_template("intake/welcome.html"))
