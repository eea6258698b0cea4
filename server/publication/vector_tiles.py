"""Vector tiles of the public copy for other people's maps (QGIS, MapLibre), made by PostGIS: areas with counts, and points.

An area is drawn whole and once, with how many records it stands for; a record is a point only where it is published as one.
"""

from typing import Any

from sqlalchemy import text

from server.core import tiles
from server.core.database import public_session
from server.publication import reading
from server.publication.about import LICENCE_NAME

DEEPEST = 14
MOST_POINTS = 20_000
"""Of more points in a tile these come first in the order of export, which is drawn by lot: a fair sample."""
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
GRADES = ("d0", "d1", "d2", "d3", "d4", "du")

_COUNTS = ", ".join(
    [f"count(*) FILTER (WHERE damage_best = {grade}) AS d{grade}" for grade in range(5)]
    + ["count(*) FILTER (WHERE damage_best IS NULL) AS du"]
)
_TILE = text(f"""
WITH tile AS (SELECT ST_TileEnvelope(:z, :x, :y) AS edge, ST_Transform(ST_TileEnvelope(:z, :x, :y), 4326) AS ground),
near AS (SELECT code, geo_level, name, shape FROM pub.areas, tile WHERE shape && ground),
counted AS (
  SELECT area_code AS code, count(*) AS n, {_COUNTS} FROM pub.incidents
  WHERE geo_level <> 'POINT' AND area_code IN (SELECT code FROM near) GROUP BY area_code
),
areas AS (
  SELECT ST_AsMVTGeom(ST_Transform(shape, 3857), edge) AS geom, code, geo_level, name, n, {", ".join(GRADES)}
  FROM near JOIN counted USING (code), tile
),
points AS (
  SELECT ST_AsMVTGeom(ST_Transform(ST_SetSRID(ST_MakePoint(lon, lat), 4326), 3857), edge) AS geom,
    incident_id, site_type, site_group, damage_best, certainty, date_start::text AS date_start, date_end::text AS date_end
  FROM pub.incidents, tile
  WHERE geo_level = 'POINT' AND cell_key >= :low AND cell_key < :high ORDER BY position LIMIT :most
)
SELECT (SELECT ST_AsMVT(areas, 'areas', 4096, 'geom') FROM areas WHERE geom IS NOT NULL)
  || (SELECT ST_AsMVT(points, 'incidents', 4096, 'geom') FROM points WHERE geom IS NOT NULL)
""")  # noqa: S608 - numbers of grades and names of our columns


def tile(z: int, x: int, y: int) -> bytes:
    """The tile as Mapbox Vector Tile 2.1; empty bytes where there is nothing. Problem ``not_found`` for one that cannot be."""
    tiles.checked(z, x, y)
    low, high = tiles.finest_range(z, x, y)
    values = {"z": z, "x": x, "y": y, "low": low, "high": high, "most": MOST_POINTS}
    return bytes(public_session.scalar(_TILE, values) or b"")


def tile_json(address: str, *, name: str) -> dict[str, Any]:
    """TileJSON 3.0: what a program needs to add the tiles under an address."""
    counts = dict.fromkeys(("n", *GRADES), "Number")
    box = reading.extent() or (-180.0, -85.0, 180.0, 85.0)
    west, south, east, north = box
    points = ("incident_id", "site_type", "site_group", "certainty", "date_start", "date_end")
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
            {"id": "areas", "fields": {"code": "String", "geo_level": "String", "name": "String", **counts}},
            {"id": "incidents", "fields": {**dict.fromkeys(points, "String"), "damage_best": "Number"}},
        ],
    }
