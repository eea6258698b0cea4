"""The public map's counts: each row counts once, in a grid cell while the grid is coarser than its area, else by its area.

A row that names a district never becomes a pin: at the zoom where a grid cell would be finer than the district, the row
leaves the grid and is counted on the district's own shape. So every tile's numbers add up to the rows, at every zoom.
"""

from sqlalchemy import delete, text

from server.core.database import session
from server.publication.models import PublishedCell
from server.vocabulary import GeometryLevel

COARSEST, FINEST = 3, 17

FINEST_FOR: dict[GeometryLevel, int] = {
    GeometryLevel.POINT: 17,
    GeometryLevel.H3_9: 15,
    GeometryLevel.H3_8: 13,
    GeometryLevel.H3_7: 12,
    GeometryLevel.H3_6: 11,
    GeometryLevel.ADM2: 8,
    GeometryLevel.ADM1: 6,
}
"""The finest grid level (cells of 40,000 km / 2^level at the equator) in which a row of each level may be counted: an area that
would be some ten pixels wide is drawn, because a ring with "1" in a grid cell could be taken for a pin."""

_COUNT = text("""
INSERT INTO pub.map_cells (level, cell, n, d0, d1, d2, d3, d4, du)
SELECT :level, cell_key >> (2 * (24 - :level)), count(*),
       count(*) FILTER (WHERE damage_best = 0), count(*) FILTER (WHERE damage_best = 1),
       count(*) FILTER (WHERE damage_best = 2), count(*) FILTER (WHERE damage_best = 3),
       count(*) FILTER (WHERE damage_best = 4), count(*) FILTER (WHERE damage_best IS NULL)
FROM pub.incidents WHERE geo_level = ANY(:levels) GROUP BY 2
""")


def in_grid(level: int) -> list[str]:
    """The geometry levels whose rows are counted in the grid at a level; all others are counted on their own shape."""
    return [kind.value for kind, finest in FINEST_FOR.items() if level <= finest]


def rebuild() -> None:
    """Count ``pub.map_cells`` anew from the public rows."""
    session.execute(delete(PublishedCell))
    for level in range(COARSEST, FINEST + 1):
        session.execute(_COUNT, {"level": level, "levels": in_grid(level)})
