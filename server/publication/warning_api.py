"""Warnings for programs and people: a list as GeoJSON, and each as a CAP 1.2 message. Read from schema ``pub`` alone."""

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET

import orjson
from flask import Response
from flask_babel import gettext
from flask_smorest import Blueprint
from sqlalchemy import select

from server.core.clock import now
from server.core.database import public_session
from server.core.i18n import language
from server.core.problems import Problem
from server.core.response import this_response
from server.publication.dangers import SAY
from server.publication.rule_models import PublishedWarning

blueprint = Blueprint(
    "warnings",
    __name__,
    url_prefix="/api/v1/public/warnings",
    description="Dangers to life, from the authority whose danger it is. They name no site and no damage.",
)
CAP = "urn:oasis:names:tc:emergency:cap:1.2"
CATEGORY = {"HZ.CHEM": "CBRNE", "HZ.RAD": "CBRNE", "HZ.FIRE": "Fire", "HZ.WATER": "Env"}


@blueprint.get("")
@blueprint.alt_response(200, description="`{items: [warning]}`", content_type="application/json")
def list_warnings() -> Response:
    """The warnings that hold now."""
    items = [told(found) for found in sorted(holding(), key=lambda one: one.warning_id)]
    return _fresh(Response(orjson.dumps({"items": items}), mimetype="application/json"))


@blueprint.get("/<warning_id>.xml")
@blueprint.alt_response(200, description="CAP 1.2", content_type="application/cap+xml")
def get_cap(warning_id: str) -> Response:
    """One warning as a CAP 1.2 message. A warning that is over is not found."""
    found = public_session.get(PublishedWarning, warning_id)
    if found is None or found.expires_at <= now():
        raise Problem("not_found")
    return _fresh(Response(cap(found), content_type="application/cap+xml"))


def cap(found: PublishedWarning) -> bytes:
    """The message of a warning, in the language spoken now."""
    ET.register_namespace("", CAP)
    alert = ET.Element(f"{{{CAP}}}alert")
    status = "Exercise" if this_response().exercise else "Actual"
    _say(
        alert,
        identifier=found.warning_id,
        sender=found.issuer or this_response().name,
        sent=_moment(found.issued_at),
    )
    _say(alert, status=status, msgType="Alert", scope="Public")
    headline, advice = (gettext(words) for words in SAY[found.danger])
    info = ET.SubElement(alert, f"{{{CAP}}}info")
    _say(info, language=language(), category=CATEGORY.get(found.danger, "Safety"), event=headline)
    _say(info, urgency="Immediate", severity="Extreme", certainty="Observed", expires=_moment(found.expires_at))
    _say(info, senderName=found.issuer or this_response().name, headline=headline, instruction=advice)
    area = ET.SubElement(info, f"{{{CAP}}}area")
    _say(area, areaDesc=found.area_name or found.area_code)
    for ring in _rings(orjson.loads(found.shape)):
        _say(area, polygon=" ".join(f"{lat:.5f},{lon:.5f}" for lon, lat in ring))
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(alert, encoding="utf-8")


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


def _rings(shape: dict[str, Any]) -> list[list[tuple[float, float]]]:
    """The outer rings of a polygon or several; CAP knows no holes."""
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    return [[(lon, lat) for lon, lat, *_ in polygon[0]] for polygon in polygons]


def _say(element: ET.Element, **words: str) -> None:
    for name, value in words.items():
        ET.SubElement(element, f"{{{CAP}}}{name}").text = value


def _moment(at: Any) -> str:
    """As CAP wants it: seconds, and the offset as numbers."""
    return str(at.strftime("%Y-%m-%dT%H:%M:%S")) + "-00:00"


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "public, max-age=30"
    response.headers["Vary"] = "Accept-Language"
    return response
