"""The shapes the public map draws: a copy of each cell and district that some public row names, and nothing else."""

from collections.abc import Iterable

import h3
from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from server.core.database import session
from server.core.geography import cell_key
from server.places.models import AdminArea
from server.publication.counting import cell_shape
from server.publication.models import PublishedArea, PublishedIncident
from server.publication.rows import AreaName
from server.vocabulary import GeometryLevel

AREA_LEVELS = {1: GeometryLevel.ADM1, 2: GeometryLevel.ADM2}
SIMPLER_DEGREES = 0.001  # about 100 m: outlines are drawn, never measured

_COPY_ADMIN_AREAS = text("""
INSERT INTO pub.areas (code, geo_level, name, shape)
SELECT DISTINCT ON (pcode) pcode, 'ADM' || level, name,
       ST_Multi(ST_SimplifyPreserveTopology(shape, :simpler))
FROM admin_areas WHERE pcode = ANY(:codes) AND level IN (1, 2)
ORDER BY pcode, valid_on DESC NULLS LAST, cod_version DESC
ON CONFLICT (code) DO UPDATE SET name = excluded.name, shape = excluded.shape
""")


def area_names() -> dict[str, AreaName]:
    """Name and country of every administrative area, by P-code, in its newest version."""
    newest = select(AdminArea.pcode, AdminArea.name, AdminArea.country).order_by(
        AdminArea.valid_on.nulls_first(), AdminArea.cod_version
    )
    return {row.pcode: AreaName(row.name, row.country) for row in session.execute(newest)}


def map_keys(codes: Iterable[str]) -> dict[str, int]:
    """The map cell in which each area is counted: the middle of an H3 cell, a point inside a district."""
    codes = set(codes)
    cells = {code for code in codes if h3.is_valid_cell(code)}
    keys = {cell: cell_key(*reversed(h3.cell_to_latlng(cell))) for cell in cells}
    inside = func.ST_PointOnSurface(AdminArea.shape)
    found = select(AdminArea.pcode, inside.ST_X().label("lon"), inside.ST_Y().label("lat")).where(
        AdminArea.pcode.in_(codes - cells)
    )
    return keys | {row.pcode: cell_key(row.lon, row.lat) for row in session.execute(found)}


def copy_shapes() -> None:
    """Bring ``pub.areas`` in line with the public rows: shapes that no row names are removed."""
    drawn = PublishedIncident.geo_level != GeometryLevel.POINT
    used = select(PublishedIncident.area_code).where(drawn).distinct()
    session.execute(delete(PublishedArea).where(PublishedArea.code.not_in(used)))
    new = set(session.scalars(used.where(PublishedIncident.area_code.not_in(select(PublishedArea.code)))))
    cells = [code for code in new if h3.is_valid_cell(code)]
    if cells:
        session.execute(insert(PublishedArea).on_conflict_do_nothing(), [_cell_row(cell) for cell in cells])
    session.execute(_COPY_ADMIN_AREAS, {"codes": sorted(new - set(cells)), "simpler": SIMPLER_DEGREES})


def _cell_row(cell: str) -> dict[str, object]:
    return {
        "code": cell,
        "geo_level": GeometryLevel(f"H3_{h3.get_resolution(cell)}"),
        "name": "",
        "shape": from_shape(MultiPolygon([cell_shape(cell)]), srid=4326),
    }
