"""What is already known near a place, for people and programs of the response who are about to report. Asked, it is kept nowhere.

Strangers ask the public copy instead (``/api/v1/public/nearby``): this door tells what the desk knows, within the rights of
whoever asks.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, make_response
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate
from sqlalchemy import func, select

from server.accounts.policy import Actor, may
from server.accounts.service import current_actor, requires
from server.core import requests
from server.core.choices import N_
from server.core.columns import lon_lat
from server.core.database import session
from server.core.geography import box_around, metres_between
from server.evidence.access import first_photo_of
from server.matching.exactness import in_box, sees_exactly, sees_place_of, square_of
from server.matching.models import Attachment, Incident
from server.matching.wording import grade
from server.reports import access
from server.vocabulary import SensitivityClass, WorkflowState

blueprint = Blueprint("nearby", __name__, url_prefix="/api/v1", description="What is known nearby, for whoever is signed in.")

NEAR_M, MOST, LOOKED_AT = 500.0, 4, 100


class NearbyPlace(Schema):
    """A place to look around."""

    class Meta:
        unknown = EXCLUDE

    lon = fields.Float(required=True, validate=validate.Range(-180, 180), metadata={"title": N_("Longitude")})
    lat = fields.Float(required=True, validate=validate.Range(-90, 90), metadata={"title": N_("Latitude")})


class KnownShape(Schema):
    """A damage record near a place."""

    about = fields.String(metadata={"title": N_("Damage record")})
    site_type = fields.String(metadata={"title": N_("Kind of place")})
    damage = fields.String(metadata={"title": N_("Damage")})
    certainty = fields.String(metadata={"title": N_("How sure")})
    day = fields.Date(allow_none=True, metadata={"title": N_("Day it happened, as far as is known")})
    metres = fields.Integer(metadata={"title": N_("Distance in metres")})
    reports = fields.Integer(metadata={"title": N_("Reports")})
    photo = fields.String(allow_none=True, metadata={"title": N_("Address of a small photo, where you may see one")})


class NearbyShape(Schema):
    """What is known near a place, the latest first."""

    off = fields.Boolean(metadata={"title": N_("Whether nothing may be shown here")})
    items = fields.List(fields.Nested(KnownShape), metadata={"title": N_("Damage records")})


@blueprint.get("/nearby")
@requires("see_desk")
@blueprint.arguments(NearbyPlace, location="query")
@blueprint.response(200, NearbyShape)
def list_known(asked: dict[str, float]) -> Response:
    """At most four damage records within half a kilometre, the latest first. The question is neither kept nor logged."""
    requests.single_arguments()
    actor = current_actor()
    found = [_told(actor, incident, metres) for incident, metres in _around(actor, asked["lon"], asked["lat"])]
    return make_response({"off": False, "items": found})


def _around(actor: Actor, lon: float, lat: float) -> list[tuple[Incident, float]]:
    """The records within half a kilometre that count, the latest first, with their distance in metres as the actor may know it.

    Nothing of S4 for who does not see it: its square is too wide to be near.
    """
    exact, box = sees_exactly(actor), box_around(lon, lat, NEAR_M)
    present = Incident.on_map, Incident.merged_into.is_(None), Incident.workflow != WorkflowState.WITHDRAWN
    touched = [Incident.point.op("&&")(func.ST_MakeEnvelope(*box, 4326)) if exact else in_box(box)]
    if not sees_place_of(actor, SensitivityClass.S4):
        touched.append(Incident.s_class != SensitivityClass.S4)
    latest = select(Incident).where(*present, *touched).order_by(Incident.event_latest.desc().nulls_last(), Incident.id).limit(LOOKED_AT)
    incidents = session.scalars(latest).all()
    measured = [(one, _metres(one, lon, lat)) for one in incidents] if exact else _roughly(actor, incidents, lon, lat)
    return [(incident, metres) for incident, metres in measured if metres <= NEAR_M][:MOST]


def _metres(incident: Incident, lon: float, lat: float) -> float:
    return metres_between(lon, lat, *lon_lat(incident.point)) if incident.point is not None else NEAR_M + 1


def _roughly(actor: Actor, incidents: Sequence[Incident], lon: float, lat: float) -> list[tuple[Incident, float]]:
    """To the pin of a report of the actor's own organisation where one lies on the record; else to its square, in hundreds."""
    pins = _own_pins(actor, [incident.id for incident in incidents])
    return [(one, metres_between(lon, lat, *pins[one.id]) if one.id in pins else _to_square(one, lon, lat)) for one in incidents]


def _to_square(incident: Incident, lon: float, lat: float) -> float:
    square = square_of(incident)
    if square is None:
        return NEAR_M + 1
    return max(100.0, round(metres_between(lon, lat, *square[:2]), -2))


def _own_pins(actor: Actor, incidents: list[UUID]) -> dict[UUID, tuple[float, float]]:
    """The pin of a report of the actor's own organisation, by the record it lies on."""
    if not may(actor, "see_reports"):
        return {}
    own = access.visible_to(actor).subquery()
    laid = select(Attachment.incident_id, own.c.point).join(own, own.c.id == Attachment.report_id)
    found = session.execute(laid.where(Attachment.incident_id.in_(incidents), Attachment.ended_at.is_(None), own.c.point.is_not(None)))
    return {row.incident_id: lon_lat(row.point) for row in found}


def _told(actor: Actor, incident: Incident, metres: float) -> dict[str, Any]:
    photo = _photo(actor, incident)
    return {
        "about": incident.public_id,
        "site_type": incident.site_type.value,
        "damage": grade(incident.damage_best).value,
        "certainty": incident.certainty.value,
        "day": _day(incident.event_latest),
        "metres": round(metres),
        "reports": incident.report_count,
        "photo": photo and f"/desk/photos/{photo}/thumbnail",
    }


def _day(at: datetime | None) -> str | None:
    return at.date().isoformat() if at else None


def _photo(actor: Actor, incident: Incident) -> UUID | None:
    """A photo of the record that this actor may see; most see only those of their own organisation."""
    if not may(actor, "see_photos"):
        return None
    laid_on = select(Attachment.report_id).where(Attachment.incident_id == incident.id, Attachment.ended_at.is_(None))
    return first_photo_of(actor, laid_on)
