"""Vector tiles of the public copy for other people's maps (QGIS, MapLibre), made by PostGIS from what our own map is told.

From afar squares of the map's grid, near by the areas themselves, each drawn once with how many records it stands for; a
record is a point only where it is published as one. Each record counts exactly once in exactly one tile of every zoom.
"""

from typing import Any

import orjson
from sqlalchemy import text

from server.core import tiles
from server.core.database import public_session
from server.publication import public_map, reading
from server.publication.about import LICENCE_NAME

DEEPEST = 14
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
COUNTS = ("n", *public_map.GRADES)
WORLD_HALF_M = 20_037_508.342789244  # half the width of the world in web Mercator's metres


def _counts(first: int) -> str:
    return ", ".join(f"(row ->> {place})::int AS {name}" for place, name in enumerate(COUNTS, start=first))


_TILE = text(f"""
WITH tile AS (SELECT ST_TileEnvelope(:z, :x, :y) AS edge, CAST(:told AS jsonb) AS told),
placed AS (
  SELECT row, ST_Transform(ST_SetSRID(ST_MakePoint((row ->> 0)::float, (row ->> 1)::float), 4326), 3857) AS spot, kind
  FROM tile, unnest(ARRAY['cells', 'incidents']) kind, jsonb_array_elements(told -> kind) row
),
cells AS (
  SELECT ST_AsMVTGeom(ST_Expand(spot, :half), edge) AS geom, {_counts(2)} FROM placed, tile WHERE kind = 'cells'
),
areas AS (
  SELECT ST_AsMVTGeom(ST_Transform(shape, 3857), edge) AS geom, code, geo_level, name, {_counts(2)}
  FROM tile, jsonb_array_elements(told -> 'areas') row JOIN pub.areas ON code = row ->> 1
),
points AS (
  SELECT ST_AsMVTGeom(spot, edge) AS geom, row ->> 2 AS incident_id, row ->> 3 AS damage, row ->> 4 AS certainty,
    row ->> 6 AS site_type
  FROM placed, tile WHERE kind = 'incidents'
)
SELECT (SELECT ST_AsMVT(cells, 'cells', 4096, 'geom') FROM cells WHERE geom IS NOT NULL)
  || (SELECT ST_AsMVT(areas, 'areas', 4096, 'geom') FROM areas WHERE geom IS NOT NULL)
  || (SELECT ST_AsMVT(points, 'incidents', 4096, 'geom') FROM points WHERE geom IS NOT NULL)
""")  # noqa: S608 - numbers of places and names of our columns


def tile(z: int, x: int, y: int) -> bytes:
    """The tile as Mapbox Vector Tile 2.1; empty bytes where there is nothing. Problem ``not_found`` for one that cannot be."""
    told = {"cells": [], "areas": [], "incidents": [], **public_map.tile(z, x, y, {})}
    half = WORLD_HALF_M / 2 ** tiles.level_of(z)
    values = {"z": z, "x": x, "y": y, "half": half, "told": orjson.dumps(told).decode()}
    return bytes(public_session.scalar(_TILE, values) or b"")


def tile_json(address: str, *, name: str) -> dict[str, Any]:
    """TileJSON 3.0: what a program needs to add the tiles under an address."""
    counts = dict.fromkeys(COUNTS, "Number")
    west, south, east, north = reading.extent() or (-180.0, -85.0, 180.0, 85.0)
    return {
        "tilejson": "3.0.0",
        "name": name,
        "attribution": f"{name}, {LICENCE_NAME}",
        "scheme": "xyz",
        "tiles": [address],
        "minzoom": 0,
        "maxzoom": DEEPEST,
        "bounds": [west, south, east, north],
        "center": [round((west + east) / 2, 4), round((south + north) / 2, 4), 6],
        "vector_layers": [
            {"id": "cells", "fields": counts},
            {"id": "areas", "fields": {"code": "String", "geo_level": "String", "name": "String", **counts}},
            {"id": "incidents", "fields": dict.fromkeys(("incident_id", "damage", "certainty", "site_type"), "String")},
        ],
    }
