"""The OpenAPI 3.0 description of the live layer, which OGC API – Features asks for beside the house's own contract."""

from typing import Any

from server.core.paging import MOST, PAGE
from server.publication.schemas import PublicPage

JSON, GEOJSON = "application/json", "application/geo+json"
PAGES = {
    "/ogc": ("Where everything is", JSON),
    "/ogc/conformance": ("Which parts of the standard are kept", JSON),
    "/ogc/api": ("The contract of this layer", "application/vnd.oai.openapi+json;version=3.0"),
    "/ogc/collections": ("The collections: there is one", JSON),
    "/ogc/collections/incidents": ("The public damage records", JSON),
}


def contract(server: str, *, title: str) -> dict[str, Any]:
    """The document; `server` is our own address without a slash at its end."""
    return {
        "openapi": "3.0.3",
        "info": {"title": title, "version": "1.0"},
        "servers": [{"url": server}],
        "paths": {
            **{path: {"get": _got(words, kind)} for path, (words, kind) in PAGES.items()},
            "/ogc/collections/incidents/items": {"get": _got("A page of features", GEOJSON, _parameters())},
            "/ogc/collections/incidents/items/{featureId}": {
                "get": _got("One feature", GEOJSON, [_parameter("featureId", "path", "The number of a row")])
            },
        },
    }


def _got(words: str, kind: str, parameters: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    name = "".join(letter for letter in words.title() if letter.isalpha())
    answers = {
        "200": {"description": words, "content": {kind: {"schema": {"type": "object"}}}},
        "400": {"description": "What was asked cannot be understood"},
    }
    if any(one["in"] == "path" for one in parameters or ()):
        answers["404"] = {"description": "There is no such feature"}
    return {
        "operationId": name,
        "summary": words,
        "parameters": [*(parameters or ()), *_everywhere()],
        "responses": answers,
    }


def _parameters() -> list[dict[str, Any]]:
    """What the standard asks for, in the form that its tests look for, and what is our own."""
    box = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    standard = [
        _parameter(
            "limit", "query", "Rows on a page", {"type": "integer", "minimum": 1, "maximum": MOST, "default": PAGE}
        ),
        _parameter("bbox", "query", "west,south,east,north in degrees; of six numbers the heights are left out", box),
        _parameter("bbox-crs", "query", "CRS84: there is nothing else", {"type": "string", "format": "uri"}),
        _parameter("datetime", "query", "A day, a moment or an interval after RFC 3339, .. for an open end"),
    ]
    own = [
        _parameter(name, "query", str(field.metadata.get("description", field.metadata.get("title", ""))))
        for name, field in PublicPage().fields.items()
        if name not in ("limit", "bbox")
    ]
    return [*standard, *own]


def _everywhere() -> list[dict[str, Any]]:
    form = {"type": "string", "enum": ["json", "geojson"]}
    return [
        _parameter("f", "query", "json: there is nothing else", form),
        _parameter("lang", "query", "The language of problems"),
    ]


def _parameter(name: str, place: str, words: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    style = {"style": "form", "explode": False} if place == "query" else {}
    return {
        "name": name, "in": place, "required": place == "path", "description": words, "schema": schema or {"type": "string"}, **style,
    }  # fmt: skip
