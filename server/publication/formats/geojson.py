"""Public rows as GeoJSON (RFC 7946): areas as outlines and never as their centres, so that nothing plots as a point by
accident. What is known only by region has the region's outline; programs that need sharper outlines join by P-code.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from server.publication.schemas import PublicIncident

TOGETHER = 200
LICENCE = "CC BY 4.0"
CAVEAT = (
    "Delayed and coarsened to protect people; places are areas unless geo_level is POINT. "
    "Absence of a record does not mean absence of damage. Not for targeting, not for claims."
)
EXERCISE = "EXERCISE: nothing in this file is real."


def pieces(rows: Iterable[Mapping[str, Any]], release_id: str) -> Iterator[bytes]:
    """One FeatureCollection in pieces."""
    yield orjson.dumps(head(release_id))[:-1] + b',"features":[\n'
    kept: list[bytes] = []
    comma = b""
    for row in rows:
        kept.append(comma + feature(row))
        comma = b",\n"
        if len(kept) >= TOGETHER:
            yield b"".join(kept)
            kept.clear()
    yield b"".join(kept) + b"\n]}\n"


def head(release_id: str) -> dict[str, Any]:
    """What stands before the features: name, release, licence, caveat, and EXERCISE where it is one."""
    said = {
        "type": "FeatureCollection",
        "name": "incidents",
        "release_id": release_id,
        "licence": LICENCE,
        "caveat": CAVEAT,
    }
    return {**said, "exercise": EXERCISE} if release_id.startswith("EXERCISE") else said


def feature(row: Mapping[str, Any]) -> bytes:
    """One row as a Feature; ``outline`` is GeoJSON text from the database, put in as it is."""
    properties = orjson.dumps({name: row[name] for name in PublicIncident.Meta.fields})
    number = orjson.dumps(row["incident_id"])
    outline = (row["outline"] or "null").encode()
    return b'{"type":"Feature","id":' + number + b',"geometry":' + outline + b',"properties":' + properties + b"}"
