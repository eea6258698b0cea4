"""OGC API – Features, Part 1 core, over the public copy: QGIS and ArcGIS add it as a live layer by one address."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import orjson
from flask import Blueprint, Response, request
from marshmallow import ValidationError

from server.core.clock import now
from server.core.numbers import whole
from server.core.paging import decode_cursor, encode_cursor, page_size
from server.core.problems import Problem, field_errors
from server.core.response import this_response
from server.publication import answers, ogc_contract, reading
from server.publication.about import CAVEAT, EXERCISE
from server.publication.about import LICENCE_NAME as LICENCE
from server.publication.formats.geojson import feature
from server.publication.schemas import PublicPage

blueprint = Blueprint("ogc", __name__, url_prefix="/ogc")

GEOJSON = "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CONFORMS_TO = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
]
_ASKED = PublicPage()
EVERYWHERE = frozenset({"f", "lang"})
_KNOWN: Mapping[str, frozenset[str]] = {"ogc.items": frozenset({*_ASKED.fields, *EVERYWHERE, "datetime", "bbox-crs"})}
_FORMS = frozenset({"", "json", "geojson"})


@blueprint.before_request
def refuse_what_nobody_knows() -> None:
    """A parameter that the contract does not name, or another form than JSON, is a 400, as the standard wants."""
    unknown = sorted(set(request.args) - _KNOWN.get(request.endpoint or "", EVERYWHERE))
    if unknown:
        raise Problem("bad_request", errors=[{"field": name, "code": "unknown", "message": name} for name in unknown])
    if request.args.get("f", "") not in _FORMS:
        raise _invalid("f", "json")
    if request.args.get("bbox-crs", CRS84) != CRS84:
        raise _invalid("bbox-crs", CRS84)


@blueprint.get("", strict_slashes=False)
def landing() -> Response:
    """Where everything is."""
    links = [
        _link("self", "/ogc", "application/json", "This page"),
        _link("service-desc", "/ogc/api", OPENAPI, "The contract of this layer"),
        _link("describedby", "/api/v1/openapi.json", "application/json", "The contract of everything"),
        _link("service-doc", "/data", "text/html", "What the data is"),
        _link("conformance", "/ogc/conformance", "application/json", "What this conforms to"),
        _link("data", "/ogc/collections", "application/json", "The collections"),
    ]
    return _json({"title": _titled(this_response().name), "description": CAVEAT, "links": links})


@blueprint.get("/api")
def api() -> Response:
    """The contract of this layer in OpenAPI 3.0, as the standard asks for."""
    described = ogc_contract.contract(request.host_url.rstrip("/"), title=_titled(this_response().name))
    return answers.answer(described, answers.release(), mimetype=OPENAPI)


@blueprint.get("/conformance")
def conformance() -> Response:
    """Which parts of the standard are kept."""
    return _json({"conformsTo": CONFORMS_TO})


@blueprint.get("/collections")
def collections() -> Response:
    """There is one collection."""
    return _json(
        {
            "links": [_link("self", "/ogc/collections", "application/json", "The collections")],
            "collections": [_collection()],
        }
    )


@blueprint.get("/collections/incidents")
def collection() -> Response:
    """The public damage records."""
    return _json(_collection())


@blueprint.get("/collections/incidents/items")
def items() -> Response:
    """A page of features; `bbox`, `datetime`, `limit` and the filters of the public API."""
    asked = _asked()
    size, after = page_size(asked.pop("limit")), decode_cursor(asked.pop("cursor"), int)
    release = answers.release()
    if same := answers.unchanged(release):
        return same
    features, last = reading.features(asked, size=size, after=after[0] if after else None)
    body = {
        "type": "FeatureCollection",
        "timeStamp": now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "numberMatched": reading.count(asked),
        "numberReturned": len(features),
        "links": _page_links(last),
        "features": [orjson.Fragment(one) for one in features],
    }
    return answers.answer(_marked(body), release, mimetype=GEOJSON)


@blueprint.get("/collections/incidents/items/<incident_id>")
def item(incident_id: str) -> Response:
    """One feature."""
    row = reading.one(incident_id)
    if row is None:
        raise Problem("incident_not_found")
    links = [
        _link("self", request.path, GEOJSON, "This feature"),
        _link("collection", "/ogc/collections/incidents", "application/json", "The collection"),
    ]
    body = feature(row)[:-1] + b',"links":' + orjson.dumps(links) + b"}"
    return answers.sealed(Response(body, mimetype=GEOJSON), answers.release())


def _asked() -> dict[str, Any]:
    """The filters, with the standard's `datetime` read as days; what cannot be read is a 400, as the standard wants."""
    given = request.args.to_dict(flat=False)
    since, until = _interval(request.args.get("datetime", ""))
    given |= {name: [day.isoformat()] for name, day in (("since", since), ("until", until)) if day}
    if "limit" in given:
        asked = whole(given["limit"][0])
        given["limit"] = [given["limit"][0] if asked is None else str(min(asked, 10_000))]
    if "bbox" in given:
        given["bbox"] = [_flat(given["bbox"][-1])]
    try:
        return _ASKED.load({name: values[-1] for name, values in given.items()})
    except ValidationError as error:
        raise Problem("bad_request", errors=field_errors(error.messages)) from None


def _flat(box: str) -> str:
    """A box of six numbers without its heights: our places have none. Anything else as it is."""
    parts = box.split(",")
    return ",".join((*parts[:2], *parts[3:5])) if len(parts) == 6 else box


def _interval(word: str) -> tuple[date | None, date | None]:
    """The days of an RFC 3339 instant or interval, ``..`` or nothing for an open end."""
    first, _, last = word.partition("/")
    ends = (first, last) if "/" in word else (first, first)
    if word == "..":
        raise _invalid("datetime", "RFC 3339")
    try:
        start, end = (_day(end) if end not in ("", "..") else None for end in ends)
    except ValueError:
        raise _invalid("datetime", "RFC 3339") from None
    if start and end and start > end:
        raise _invalid("datetime", "RFC 3339")
    return start, end


def _day(word: str) -> date:
    return datetime.fromisoformat(word[:40]).date()


def _invalid(field: str, wanted: str) -> Problem:
    return Problem("bad_request", errors=[{"field": field, "code": "invalid", "message": wanted}])


def _collection() -> dict[str, Any]:
    extent = reading.extent()
    first = reading.earliest()
    space = {
        "spatial": {"bbox": [extent or (-180.0, -90.0, 180.0, 90.0)], "crs": CRS84},
        "temporal": {"interval": [[f"{first}T00:00:00Z" if first else None, None]]},
    }
    return {
        "id": "incidents",
        "title": _titled("Damage records"),
        "description": CAVEAT,
        "license": LICENCE,
        "extent": space,
        "itemType": "feature",
        "crs": [CRS84],
        "links": [
            _link("self", "/ogc/collections/incidents", "application/json", "This collection"),
            _link("items", "/ogc/collections/incidents/items", GEOJSON, "Features"),
            _link("license", "https://creativecommons.org/licenses/by/4.0/", "text/html", LICENCE),
        ],
    }


def _page_links(last: int | None) -> list[dict[str, str]]:
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    here = [_link("self", request.full_path.rstrip("?"), GEOJSON, "This page")]
    if last is None:
        return here
    onward = request.path + answers.query([*kept, ("cursor", encode_cursor(last))])
    return [*here, _link("next", onward, GEOJSON, "The next page")]


def _link(rel: str, address: str, kind: str, title: str) -> dict[str, str]:
    absolute = address if address.startswith("https:") else request.host_url.rstrip("/") + address
    return {"rel": rel, "href": absolute, "type": kind, "title": title}


def _marked(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "exercise": EXERCISE} if this_response().exercise else body


def _titled(name: str) -> str:
    return f"EXERCISE: {name}" if this_response().exercise else name


def _json(body: dict[str, Any]) -> Response:
    return answers.answer(_marked(body), answers.release())
