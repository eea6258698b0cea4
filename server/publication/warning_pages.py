"""/warnings: the dangers to life that hold now, for people; the same as the list and the CAP messages for programs."""

from flask import Blueprint, render_template

from server.publication import warning_api

blueprint = Blueprint("warning_pages", __name__)


@blueprint.get("/warnings")
def show_public_warnings() -> str:
    """The warnings that hold now, the newest first; that there is none does not mean that a place is safe."""
    found = [warning_api.told(one) for one in warning_api.holding()]
    return render_template("publication/warnings.html", warnings=found, active="map")
