"""The land of the exercise: made-up districts round real towns of a country at peace, and the sites said to exist there.

The areas are Voronoi cells of the towns, so that no real boundary is claimed; their codes begin with XT, which ISO 3166
leaves to users, and their names say EXERCISE. Distances are on the sphere; degrees are longitude first.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import cos, radians, sqrt
from types import MappingProxyType
from uuid import uuid4

import h3
import shapely
from sqlalchemy import delete, insert, select, text

from server.core.clock import now
from server.core.database import session
from server.core.geography import METRES_PER_DEGREE
from server.places.models import AdminArea, AreaContext, Baseline, BaselineSite, GazetteerPlace
from server.places.service import set_context
from server.vocabulary import ContextMode, SiteType

COUNTRY, TIME_ZONE, ISO3, SOURCE, VERSION = "UY", "America/Montevideo", "XTS", "exercise", "exercise-1"
SMALLEST_TOWN, LARGEST_TOWN = 9_000, 200_000
HULL_DEGREES = 0.25

# How many people share one site of a type, and at most how many are drawn for a town.
PEOPLE_PER_SITE: dict[SiteType, tuple[int, int]] = {
    SiteType.RES_HOUSE: (12, 2_500),
    SiteType.RES_APT: (70, 800),
    SiteType.EDU_SCHOOL: (1_400, 40),
    SiteType.EDU_PRE: (2_600, 20),
    SiteType.HEA_CLINIC: (5_000, 14),
    SiteType.HEA_HOSP: (18_000, 5),
    SiteType.HEA_PHARM: (2_500, 20),
    SiteType.FOO_MARKET: (1_500, 30),
    SiteType.FOO_PROC: (4_000, 12),
    SiteType.CUL_RELIG: (3_500, 14),
    SiteType.WSH_STORE: (9_000, 8),
    SiteType.WSH_TREAT: (20_000, 4),
    SiteType.ENE_SUB: (8_000, 8),
    SiteType.COM_MAST: (6_000, 8),
    SiteType.GOV_ADMIN: (12_000, 5),
    SiteType.TRA_BRIDGE: (12_000, 5),
    SiteType.TRA_ROAD: (2_500, 20),
    SiteType.RES_COLLECTIVE: (25_000, 3),
}


@dataclass(frozen=True, kw_only=True)
class Town:
    """A real town of the gazetteer, in the middle of a made-up district."""

    name: str
    names: Mapping[str, str]
    lon: float
    lat: float
    people: int
    region: str
    pcode: str
    mode: ContextMode


@dataclass(frozen=True, kw_only=True)
class Place:
    """A site that exists in the exercise, with the address people would give."""

    site_type: SiteType
    lon: float
    lat: float
    number: int
    street: int
    town: Town


MODES = (ContextMode.DISASTER, ContextMode.CONFLICT_LOW, ContextMode.CONFLICT_ACTIVE, ContextMode.POST_CONFLICT)


def towns(limit: int = 24) -> list[Town]:
    """The towns of the exercise, largest first; regions take the four context modes in turn."""
    rows = session.execute(
        select(
            GazetteerPlace.name,
            GazetteerPlace.admin1,
            GazetteerPlace.population,
            text("ST_X(point)"),
            text("ST_Y(point)"),
            GazetteerPlace.names,
        )
        .where(GazetteerPlace.country == COUNTRY, GazetteerPlace.population.between(SMALLEST_TOWN, LARGEST_TOWN))
        .order_by(GazetteerPlace.population.desc(), GazetteerPlace.id)
        .limit(limit)
    ).all()
    regions = list(dict.fromkeys(_band(row[4]) for row in rows))
    return [
        Town(
            name=row[0], names=dict(row[5]), lon=row[3], lat=row[4], people=row[2], region=f"XT{1 + regions.index(_band(row[4])):02}",
            pcode=f"XT{1 + regions.index(_band(row[4])):02}{position:02}", mode=MODES[regions.index(_band(row[4])) % len(MODES)],
        )
        for position, row in enumerate(rows, start=1)
    ]  # fmt: skip


def _band(lat: float) -> int:
    """The country is cut into four bands from north to south."""
    return min(3, max(0, int((-30.4 - lat) / 1.2)))


def lay_out(found: list[Town]) -> None:
    """Write the districts, the regions and the land itself as administrative areas, and say each region's mode."""
    session.execute(delete(AdminArea).where(AdminArea.cod_version == VERSION))
    land = shapely.MultiPoint([(town.lon, town.lat) for town in found]).convex_hull.buffer(HULL_DEGREES, quad_segs=4)
    cells = shapely.voronoi_polygons(shapely.MultiPoint([(t.lon, t.lat) for t in found]), extend_to=land)
    districts = {town.pcode: _cell_of(town, cells).intersection(land) for town in found}
    rows = [_area(2, town.pcode, f"EXERCISE {town.name}", town.region, districts[town.pcode], names=town.names) for town in found]
    for region in sorted({town.region for town in found}):
        inside = [districts[town.pcode] for town in found if town.region == region]
        rows.append(_area(1, region, f"EXERCISE region {region[2:]}", "XT", shapely.union_all(inside)))
    rows.append(_area(0, "XT", "EXERCISE land", None, land))
    session.execute(insert(AdminArea), rows)
    _say_modes(found)


def _cell_of(town: Town, cells: shapely.GeometryCollection) -> shapely.Geometry:
    here = shapely.Point(town.lon, town.lat)
    return next(cell for cell in cells.geoms if cell.covers(here))


def _area(
    level: int, pcode: str, name: str, parent: str | None, shape: shapely.Geometry, *, names: Mapping[str, str] = MappingProxyType({})
) -> dict[str, object]:
    parts = [part for part in getattr(shape, "geoms", [shape]) if part.geom_type == "Polygon"]
    many = shapely.MultiPolygon(parts)
    return {
        "level": level, "pcode": pcode, "name": name, "names": dict(names), "parent_pcode": parent, "country": ISO3, "cod_version": VERSION,
        "shape": f"SRID=4326;{many.wkt}",
    }  # fmt: skip


def _say_modes(found: list[Town]) -> None:
    session.execute(delete(AreaContext).where(AreaContext.pcode.like("XT%")))
    begun = now() - timedelta(days=1)
    for region, mode in sorted({(town.region, town.mode) for town in found}):
        reason = "The exercise needs each kind of context."
        set_context(region, mode, from_at=begun, until_at=begun + timedelta(days=29), set_by=None, reason=reason)


def places_of(town: Town, dice: random.Random) -> Iterator[Place]:
    """The sites of a town, scattered round its middle, numbered along made-up streets."""
    spread_m = 350 + 9 * sqrt(town.people)
    for site_type, (share, most) in PEOPLE_PER_SITE.items():
        for index in range(min(most, max(3, town.people // share))):
            east, north = dice.gauss(0, spread_m), dice.gauss(0, spread_m)
            lon, lat = shifted(town.lon, town.lat, east, north)
            yield Place(
                site_type=site_type, lon=lon, lat=lat, number=1 + index, street=1 + dice.randrange(60), town=town
            )


def shifted(lon: float, lat: float, east_m: float, north_m: float) -> tuple[float, float]:
    """A point moved by metres east and north."""
    return (
        round(lon + east_m / (METRES_PER_DEGREE * cos(radians(lat))), 6),
        round(lat + north_m / METRES_PER_DEGREE, 6),
    )


def write_baseline(places: list[Place]) -> None:
    """Write the sites as the dated baseline that publication counts k from."""
    session.execute(delete(BaselineSite).where(BaselineSite.source == SOURCE))
    session.execute(delete(Baseline).where(Baseline.source == SOURCE))
    today = now().date()
    listed = Baseline(id=uuid4(), source=SOURCE, dated_on=today, licence="EXERCISE", sites=len(places), twins=0, refused=0, loaded_at=now())
    session.add(listed)
    session.flush()
    rows = [
        {
            "id": 9_000_000_000 + index, "baseline_id": listed.id, "source": SOURCE, "source_dated_on": today,
            "site_type": place.site_type, "name": "",
            "point": f"SRID=4326;POINT({place.lon} {place.lat})", "h3_r9": h3.latlng_to_cell(place.lat, place.lon, 9),
            "adm1_pcode": place.town.region, "adm2_pcode": place.town.pcode, "adm3_pcode": None,
        }
        for index, place in enumerate(places)
    ]  # fmt: skip
    session.execute(insert(BaselineSite), rows)
    # A site lies in the district it lies in, not in that of the town it was drawn for.
    session.execute(
        text(
            "UPDATE baseline_sites b SET adm2_pcode = a.pcode, adm1_pcode = a.parent_pcode FROM admin_areas a "
            "WHERE a.level = 2 AND a.cod_version = :version AND b.source = :source "
            "AND a.pcode <> b.adm2_pcode AND ST_Intersects(a.shape, b.point)"
        ),
        {"version": VERSION, "source": SOURCE},
    )
