"""Warnings for programs and people: a list as GeoJSON, and each as a CAP 1.2 message. Read from schema ``pub`` alone."""

from collections.abc import Sequence
from typing import Any

import orjson
from flask import Response, request
from flask_babel import gettext
from flask_smorest import Blueprint
from sqlalchemy import select

from server.core.clock import now
from server.core.database import public_session
from server.core.problems import Problem
from server.core.response import this_response
from server.publication import cap
from server.publication.dangers import SAY
from server.publication.rule_models import PublishedWarning

blueprint = Blueprint(
    "warnings",
    __name__,
    url_prefix="/api/v1/public/warnings",
    description="Dangers to life, from the authority whose danger it is. They name no site and no damage.",
)


@blueprint.get("")
@blueprint.alt_response(200, description="`{items: [warning]}`", content_type="application/json")
def list_warnings() -> Response:
    """The warnings that hold now."""
    items = [told(found) for found in sorted(holding(), key=lambda one: one.warning_id)]
    return _fresh(Response(orjson.dumps({"items": items}), mimetype="application/json"))


@blueprint.get("/<warning_id>.xml")
@blueprint.alt_response(200, description="CAP 1.2", content_type="application/cap+xml")
def get_cap(warning_id: str) -> Response:
    """One warning as a CAP 1.2 message in all languages of the response. A warning that is over is not found."""
    found = public_session.get(PublishedWarning, warning_id)
    if found is None or found.expires_at <= now():
        raise Problem("not_found")
    here = this_response()
    body = cap.message(found, sender=request.host, spoken_by=here.name, is_exercise=here.exercise)
    return _fresh(Response(body, content_type="application/cap+xml"))


def holding() -> Sequence[PublishedWarning]:
    """The warnings that hold now, the newest first."""
    present = select(PublishedWarning).where(PublishedWarning.expires_at > now())
    return public_session.scalars(present.order_by(PublishedWarning.issued_at.desc(), PublishedWarning.warning_id)).all()


def told(found: PublishedWarning) -> dict[str, Any]:
    """A warning in the language spoken now: words, area, until when, its outline and the address of its CAP message."""
    headline, advice = (gettext(words) for words in SAY[found.danger])
    return {
        "warning_id": found.warning_id, "danger": found.danger, "headline": headline, "advice": advice,
        "issuer": found.issuer, "geo_level": found.geo_level, "area_code": found.area_code, "area_name": found.area_name,
        "issued_at": found.issued_at, "expires_at": found.expires_at, "geometry": orjson.loads(found.shape),
        "cap": f"/api/v1/public/warnings/{found.warning_id}.xml",
    }  # fmt: skip


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "public, max-age=30"
    response.headers["Vary"] = "Accept-Language"
    return response
