"""The public API: read-only, no key, only from schema ``pub``. What is asked can only be what is public itself."""

from typing import Any

import orjson
from flask import Response, request
from flask_babel import gettext
from flask_smorest import Blueprint

from server.core import requests, tiles
from server.core.clock import now
from server.core.i18n import words
from server.core.paging import decode_cursor, encode_cursor, page_size
from server.core.problems import Problem
from server.places import areas
from server.publication import answers, public_map, reading
from server.publication.explaining import list_name
from server.publication.rules_page import followed
from server.publication.schemas import Nearby, PublicBatch, PublicFilter, PublicIncident, PublicPage
from server.vocabulary import GeometryLevel, code_lists

blueprint = Blueprint(
    "public",
    __name__,
    url_prefix="/api/v1/public",
    description="Open data: delayed and coarsened to protect people. CC BY 4.0. No key is needed.",
)

memory = tiles.TileMemory(seconds=30.0)
_SHAPE = PublicIncident()


@blueprint.get("/incidents")
@blueprint.arguments(PublicPage, location="query")
@blueprint.response(200, PublicIncident(many=True), description="`{items, next, total, release_id}`")
def list_incidents(asked: dict[str, Any]) -> Response:
    """A page of public damage records. `next` is the address of the next page, null at the end."""
    size = page_size(asked.pop("limit"))
    after = decode_cursor(asked.pop("cursor"), int)
    release = answers.release()
    if same := answers.unchanged(release):
        return same
    rows, last = reading.objects(asked, size=size, after=after[0] if after else None)
    body = {
        "items": [orjson.Fragment(row) for row in rows],
        "next": _next(last),
        "total": reading.count(asked),
        "release_id": release,
    }
    return answers.answer(body, release)


@blueprint.get("/incidents/<incident_id>")
@blueprint.response(200, PublicIncident)
def get_incident(incident_id: str) -> Response:
    """One public damage record. A number that was taken out is not found; `batches` lists it."""
    release = answers.release()
    row = reading.one(incident_id)
    if row is None:
        raise Problem("incident_not_found")
    return answers.unchanged(release) or answers.answer(_SHAPE.dump(row), release)


@blueprint.get("/areas/<level>/<code>")
@blueprint.alt_response(200, description="GeoJSON Feature", content_type="application/geo+json")
def get_area(level: str, code: str) -> Response:
    """The outline of a cell or an administrative area that some public record names."""
    found = reading.area(GeometryLevel(level), code) if level in GeometryLevel.codes() else None
    if found is None:
        raise Problem("not_found")
    head = {
        "type": "Feature",
        "id": found.code,
        "properties": {"code": found.code, "level": found.geo_level, "name": found.name},
    }
    body = orjson.dumps(head)[:-1] + b',"geometry":' + found.outline.encode() + b"}"
    return answers.sealed(Response(body, mimetype="application/geo+json"), answers.release())


@blueprint.get("/map/<int:z>/<int:x>/<int:y>")
@blueprint.arguments(PublicFilter, location="query")
@blueprint.alt_response(
    200, description="`{cells, areas, incidents}`: each record counts once", content_type="application/json"
)
def get_tile(asked: dict[str, Any], z: int, x: int, y: int) -> Response:
    """What a map tile (512 px) shows: counts by grid cell, by area, and points one by one; they add up to the records."""
    name = f"{answers.release()} {z}/{x}/{y}?{request.query_string.decode('latin-1')}"
    body, tag = memory.answer(name, lambda: public_map.tile(z, x, y, asked))
    return tiles.respond(body, tag, cache=answers.OPEN)


@blueprint.get("/nearby")
@blueprint.arguments(Nearby, location="query")
@blueprint.response(
    200, PublicIncident(many=True), description="`{items, within_m, off}`; `off`: no hint to a reporter here"
)
def list_nearby(asked: dict[str, float]) -> Response:
    """What is publicly known at a place. Nothing about the question is kept."""
    requests.single_arguments()
    rows = reading.nearby(asked["lon"], asked["lat"])
    items = [
        {**shape, "metres": row["metres"] and round(row["metres"])}
        for shape, row in zip(_SHAPE.dump(rows, many=True), rows, strict=True)
    ]
    off = areas.is_active_conflict(asked["lon"], asked["lat"], now())
    response = answers.answer({"items": items, "within_m": reading.NEAR_M, "off": off}, answers.release())
    response.headers["Cache-Control"] = "private, max-age=30"
    return response


@blueprint.get("/batches")
@blueprint.response(200, PublicBatch(many=True))
def list_batches() -> Response:
    """When the public copy changed, and which numbers were taken out each time. Why is never said."""
    return answers.answer({"items": PublicBatch(many=True).dump(reading.batches())}, answers.release())


@blueprint.get("/policy")
@blueprint.alt_response(200, description="The policy file as JSON", content_type="application/json")
def get_policy() -> Response:
    """The rules in force: how late and how coarse each class of places is shown in each situation."""
    return answers.answer(followed(), answers.release())


@blueprint.get("/codelists")
@blueprint.alt_response(200, description="`{items: [name]}`", content_type="application/json")
def list_codelists() -> Response:
    """The names of the code lists. CC0."""
    return answers.answer({"items": sorted(_lists()), "licence": "CC0-1.0"}, answers.release())


@blueprint.get("/codelists/<name>")
@blueprint.alt_response(200, description="`{name, items: [{code, label}]}`", content_type="application/json")
def get_codelist(name: str) -> Response:
    """One code list with its words in the language of the request (`?lang=`). CC0."""
    requests.single_arguments()
    kind = _lists().get(name)
    if kind is None:
        raise Problem("not_found", detail=gettext("There is no such code list."))
    items = [{"code": choice.value, "label": words(choice)} for choice in kind]
    response = answers.answer({"name": name, "licence": "CC0-1.0", "items": items}, answers.release())
    response.headers["Cache-Control"] = "private, max-age=30"
    return response


def _next(last: int | None) -> str | None:
    """The address of the next page: this one, going on after the last row."""
    if last is None:
        return None
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    return request.path + answers.query([*kept, ("cursor", encode_cursor(last))])


def _lists() -> dict[str, Any]:
    return {list_name(kind): kind for kind in code_lists()}
