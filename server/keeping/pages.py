"""/desk/status: how the house is, in plain words, for who must keep it alive. /health/metrics: the same in numbers, for machines."""

import hmac

from flask import Blueprint, Response, abort, render_template, request

from server.accounts.service import requires
from server.core.settings import settings
from server.keeping import metrics, watching

blueprint = Blueprint("keeping", __name__)


@blueprint.get("/desk/status")
@requires("see_status")
def status() -> str:
    """Every check with its sentence, worst first."""
    return render_template("keeping/status.html", findings=watching.look(), failures=list(watching.failures()))


@blueprint.get("/health/metrics")
def figures() -> Response:
    """Prometheus's text format, for who holds METRICS_KEY; without one set there is no such page."""
    key = settings().metrics_key
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not key or not hmac.compare_digest(given.encode(), key.encode()):
        abort(404)
    response = Response(metrics.text(), content_type=metrics.CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response
