"""A warning as a message of the Common Alerting Protocol 1.2 (OASIS): what sirens, broadcasters and telephones of others read.

One message says the same in every language of the response, because its number, its sender and its time stand for one content.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import orjson
from flask_babel import gettext

from server.core.i18n import in_language, offered
from server.publication.dangers import SAY
from server.publication.rule_models import PublishedWarning
from server.publication.speakable import speakable

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
EXERCISE = "EXERCISE. Nothing in this message is real."
CATEGORY = {"HZ.CHEM": "CBRNE", "HZ.RAD": "CBRNE", "HZ.FIRE": "Fire", "HZ.WATER": "Env"}


def message(found: PublishedWarning, *, sender: str, spoken_by: str, is_exercise: bool) -> bytes:
    """The message; `sender` is the name of our host, `spoken_by` who speaks where no authority may be named."""
    ET.register_namespace("", NAMESPACE)
    alert = ET.Element(f"{{{NAMESPACE}}}alert")
    _say(alert, identifier=found.warning_id, sender=sender, sent=_moment(found.issued_at))
    _say(alert, status="Exercise" if is_exercise else "Actual", msgType="Alert", scope="Public")
    if is_exercise:
        _say(alert, note=EXERCISE)
    for code in offered():
        with in_language(code):
            _info(alert, found, language=code, spoken_by=spoken_by)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(alert, encoding="utf-8")


def _info(alert: ET.Element, found: PublishedWarning, *, language: str, spoken_by: str) -> None:
    headline, advice = (gettext(words) for words in SAY[found.danger])
    info = ET.SubElement(alert, f"{{{NAMESPACE}}}info")
    _say(info, language=language, category=CATEGORY.get(found.danger, "Safety"), event=headline)
    _say(info, urgency="Immediate", severity="Extreme", certainty="Observed", expires=_moment(found.expires_at))
    _say(info, senderName=found.issuer or spoken_by, headline=headline, instruction=advice)
    area = ET.SubElement(info, f"{{{NAMESPACE}}}area")
    _say(area, areaDesc=found.area_name or found.area_code)
    for ring in _rings(orjson.loads(found.shape)):
        _say(area, polygon=" ".join(f"{lat:.5f},{lon:.5f}" for lon, lat in ring))
    code = ET.SubElement(area, f"{{{NAMESPACE}}}geocode")
    _say(code, valueName="H3" if found.geo_level.startswith("H3") else "P-code", value=found.area_code)


def _rings(shape: Mapping[str, Any]) -> list[list[tuple[float, float]]]:
    """The outer rings of a polygon or several; CAP knows no holes."""
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    return [[(lon, lat) for lon, lat, *_ in polygon[0]] for polygon in polygons]


def _say(element: ET.Element, **words: str) -> None:
    for name, value in words.items():
        ET.SubElement(element, f"{{{NAMESPACE}}}{name}").text = speakable(value)


def _moment(at: datetime) -> str:
    """As CAP wants it: to the second, and the offset as numbers; Greenwich is -00:00 and never Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") + "-00:00"
