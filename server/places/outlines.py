"""Outlines of administrative areas light enough to draw: neighbours simplified together, so that no gap opens between them."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import orjson
import shapely
from sqlalchemy import text

from server.core.database import session
from server.places.naming import in_two_scripts

LEVELS = (1, 2, 3)
COARSER = {1: 0.01, 2: 0.005, 3: 0.002}  # degrees: outlines are drawn, never measured
DECIMALS = 4
KEPT = 6

# The newest version of each country's areas: an older one would draw a second map over the first.
_NEWEST = """
newest AS (
  SELECT DISTINCT ON (country, level) country, level, cod_version FROM admin_areas
  GROUP BY country, level, cod_version ORDER BY country, level, max(valid_on) DESC NULLS LAST, cod_version DESC
)
"""
_VERSION = text(f"WITH {_NEWEST} SELECT level, string_agg(country || ' ' || cod_version, ',' ORDER BY country) FROM newest GROUP BY level")  # noqa: S608
_SHAPES = text(f"""
WITH {_NEWEST}
SELECT area.pcode, area.name, area.names, ST_AsBinary(area.shape) AS shape FROM admin_areas area
JOIN newest USING (country, level, cod_version) WHERE area.level = :level ORDER BY area.pcode
""")  # noqa: S608
_NAMES = text(f"""
WITH {_NEWEST}
SELECT area.pcode, area.name, area.names, area.parent_pcode FROM admin_areas area
JOIN newest USING (country, level, cod_version) WHERE area.level = :level ORDER BY area.pcode
""")  # noqa: S608


@dataclass(frozen=True)
class Area:
    """An area by its P-code: its name, its names by language, and the area it is part of."""

    pcode: str
    name: str
    names: dict[str, str]
    parent: str | None

    def called(self, language: str) -> str:
        """Its name in a language, else as its file gives it; and in the other script where it has two."""
        return in_two_scripts(self.name, self.names, language)


def versions() -> dict[int, str]:
    """The version of each level that is loaded: ``{2: "NO v03"}``; a level without areas is missing."""
    return {level: version for level, version in session.execute(_VERSION).all() if level in LEVELS}


def areas(level: int) -> list[Area]:
    """Every area of a level in its newest version, by P-code."""
    return [Area(row.pcode, row.name, dict(row.names or {}), row.parent_pcode) for row in session.execute(_NAMES, {"level": level})]


def outlines(level: int, version: str) -> tuple[bytes, str]:
    """The outlines of a level as GeoJSON (WGS 84) and a tag that changes with the version; made once for each version."""
    body = _made(level, version, session.get_bind().engine.url.database or "")
    return body, hashlib.blake2b(f"{level} {version} {len(body)}".encode(), digest_size=8).hexdigest()


@lru_cache(maxsize=KEPT)
def _made(level: int, version: str, database: str) -> bytes:
    del version, database  # they name what is kept
    rows = session.execute(_SHAPES, {"level": level}).all()
    shapes = shapely.from_wkb(np.array([bytes(row.shape) for row in rows], dtype=object))
    features = [
        {"type": "Feature", "id": row.pcode, "properties": {"name": row.name, "names": row.names or {}}, "geometry": _geometry(shape)}
        for row, shape in zip(rows, _simpler(shapes, COARSER[level]), strict=True)
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _simpler(shapes: np.ndarray, degrees: float) -> np.ndarray:
    """Simplified along shared borders where the areas fit together; each by itself where their file overlaps."""
    if len(shapes) == 0:
        return shapes
    if shapely.coverage_is_valid(shapes):
        return shapely.coverage_simplify(shapes, degrees)
    return shapely.simplify(shapes, degrees, preserve_topology=True)


def _geometry(shape: shapely.Geometry) -> dict[str, object]:
    """A shape as GeoJSON with few decimals; rounding never drops a point, so that neighbours still meet."""
    rounded = shapely.transform(shape, lambda points: np.round(points, DECIMALS))
    return orjson.loads(shapely.to_geojson(rounded))
