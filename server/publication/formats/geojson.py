"""Public rows as GeoJSON (RFC 7946): areas as outlines and never as their centres, so that nothing plots as a point by
accident. What is known only by region has the region's outline; programs that need sharper outlines join by P-code.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

import orjson

from server.publication.about import About
from server.publication.schemas import PublicIncident
from server.publication.source import COLUMNS, Line, Source, Spelling

NOWHERE: Final = b"null"
BETWEEN: Final = b",\n"
_SEPARATOR: Final = b"\x02"
_PROPERTIES: Final = f"(SELECT row_to_json(told) FROM (SELECT {', '.join(COLUMNS)}) AS told)"  # noqa: S608 - our own columns
_PLACE: Final = (
    """CASE WHEN lon IS NULL THEN area_code ELSE '{"type":"Point","coordinates":[' || lon || ',' || lat || ']}' END"""
)
ROW: Final = Spelling(_PROPERTIES, manner="as it is")
"""A row as a JSON object, with every public column."""
FEATURE: Final = Spelling(
    f"""'{{"type":"Feature","id":"' || incident_id || '","properties":' || {_PROPERTIES}, {_PLACE}""", manner="as it is"
)
"""A Feature up to its place, and then its place: the code of its area, or a point as GeoJSON."""


def pieces(source: Source) -> Iterator[bytes]:
    """One FeatureCollection in pieces."""
    yield orjson.dumps(head(source.about))[:-1] + b',"features":[\n'
    made, last = (
        import_module("server.publication.formats.features"),
        b"",
    )  # it brings Arrow: only who sends this pays for it
    for features in made.features(source):
        yield last + BETWEEN.join(features)
        last = BETWEEN
    yield b"\n]}\n"


def head(about: About) -> dict[str, Any]:
    """What stands before the features: name, release, licence, rules, caveats, and EXERCISE where it is one."""
    return {"type": "FeatureCollection", "name": "incidents", **dict(about.facts())}


def placed(lines: list[Line], drawn: Mapping[bytes, bytes]) -> Iterator[bytes]:
    """Lines of ``FEATURE`` with their places put in; null for an area without an outline."""
    for line in lines:
        before, _, place = line.partition(_SEPARATOR)
        yield before + b',"geometry":' + (place if place.startswith(b"{") else drawn.get(place, NOWHERE)) + b"}"


def areas_of(lines: list[Line]) -> set[str]:
    """The codes of the areas that lines of ``FEATURE`` are drawn as."""
    places = {line.partition(_SEPARATOR)[2] for line in lines}
    return {place.decode() for place in places if not place.startswith(b"{")}


def feature(row: Mapping[str, Any]) -> bytes:
    """One row at hand as a Feature; ``outline`` is GeoJSON text from the database, put in as it is."""
    properties = orjson.dumps({name: row[name] for name in PublicIncident.Meta.fields})
    number = orjson.dumps(row["incident_id"])
    outline = (row["outline"] or "null").encode()
    return b'{"type":"Feature","id":' + number + b',"geometry":' + outline + b',"properties":' + properties + b"}"
