"""Searching the gazetteer over HTTP, for the form's place box. No key; nothing about who asks is kept."""

from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from server.core import requests
from server.core.i18n import LANGUAGES, language, words
from server.places import service

blueprint = Blueprint("places", __name__, url_prefix="/api/v1/places", description="Find a place by any of its names.")

LONGEST_QUESTION = 200
A_DAY_S = 86_400


class Question(Schema):
    """What is looked for."""

    q = fields.String(required=True, validate=validate.Length(1, LONGEST_QUESTION))
    lang = fields.String(validate=validate.OneOf(sorted(LANGUAGES)))
    lon = fields.Float(validate=validate.Range(-180, 180))
    lat = fields.Float(validate=validate.Range(-90, 90))
    limit = fields.Integer(load_default=8, validate=validate.Range(1, 20))


class Place(Schema):
    """A place of the gazetteer (GeoNames, CC BY 4.0)."""

    id = fields.Integer()
    name = fields.String()
    country = fields.String()
    country_code = fields.String()
    region = fields.String()
    lon = fields.Float()
    lat = fields.Float()
    population = fields.Integer()
    beside = fields.String(metadata={"description": "A larger town near it, to tell namesakes apart."})
    beside_km = fields.Integer(allow_none=True)


class Doubt(Schema):
    """Something to look at before trusting the point."""

    code = fields.String()
    message = fields.String()


class Reading(Schema):
    """The point that the words name if they are coordinates."""

    lon = fields.Float(allow_none=True)
    lat = fields.Float(allow_none=True)
    precision_m = fields.Float(allow_none=True)
    form = fields.String(allow_none=True)
    doubts = fields.List(fields.Nested(Doubt))
    no_point = fields.String(allow_none=True, metadata={"description": "Why the words give no point."})
    message = fields.String(metadata={"description": "The same in words."})


class Answer(Schema):
    """Coordinates if the words are some, and places so called."""

    reading = fields.Nested(Reading)
    places = fields.List(fields.Nested(Place))


@blueprint.get("")
@blueprint.arguments(Question, location="query")
@blueprint.response(200, Answer)
@requests.limiter.limit("300 per minute")
def search(question: dict[str, Any]) -> Response:
    """Find places by the beginning of any name in any script, or read coordinates in any usual form."""
    requests.single_arguments()
    spoken = question.get("lang") or language()
    reading = service.read_where(question["q"])
    near = (question["lon"], question["lat"]) if "lon" in question and "lat" in question else None
    found = (
        []
        if reading.has_point
        else service.search_places(question["q"], language=spoken, near=near, limit=question["limit"])
    )
    response = jsonify(Answer().dump({"reading": _told(reading), "places": found}))
    # Coordinates tell where somebody is, names of towns do not: only the latter may lie in a shared cache.
    response.headers["Cache-Control"] = (
        "private, no-store" if reading.has_point or near or "lang" not in question else f"public, max-age={A_DAY_S}"
    )
    return response


def _told(reading: service.PlaceReading) -> dict[str, Any]:
    """Return the reading with its codes put into words."""
    return {
        **{name: getattr(reading, name) for name in ("lon", "lat", "precision_m", "form", "no_point")},
        "doubts": [{"code": doubt.value, "message": words(doubt)} for doubt in reading.doubts],
        "message": words(reading.no_point),
    }
