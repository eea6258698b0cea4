"""The OpenAPI 3.0 description of the live layer, which OGC API – Features asks for beside the house's own contract."""

from typing import Any

from server.publication.schemas import PublicPage

JSON, GEOJSON = "application/json", "application/geo+json"
PAGES = {
    "/ogc": ("Where everything is", JSON),
    "/ogc/conformance": ("Which parts of the standard are kept", JSON),
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
    body = {"description": words, "content": {kind: {"schema": {"type": "object"}}}}
    name = "".join(letter for letter in words.title() if letter.isalpha())
    refused = {"description": "What was asked cannot be understood"}
    answers = {"200": body, "400": refused} if parameters else {"200": body}
    return {"operationId": name, "summary": words, "parameters": parameters or [], "responses": answers}


def _parameters() -> list[dict[str, Any]]:
    standard = [
        _parameter("datetime", "query", "A day, a moment or an interval after RFC 3339, .. for an open end"),
        _parameter("f", "query", "json: there is nothing else"),
    ]
    own = [
        _parameter(name, "query", str(field.metadata.get("description", field.metadata.get("title", ""))))
        for name, field in PublicPage().fields.items()
        if name != "limit"
    ]
    limit = {
        "name": "limit", "in": "query", "required": False, "description": "Rows on a page",
        "schema": {"type": "integer", "minimum": 1, "maximum": 1_000, "default": 100},
    }  # fmt: skip
    return [limit, *standard, *own]


def _parameter(name: str, place: str, words: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "description": words, "schema": {"type": "string"}}
