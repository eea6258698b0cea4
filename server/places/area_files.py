"""Reading files of administrative areas (COD-AB) as OCHA publishes them, in GeoJSON or as a GeoPackage."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyogrio
import shapely
from sqlalchemy import text

from server.core.database import session
from server.places.gazetteer import be_patient

TOLD_EVERY = 200
GEOPACKAGE = b"SQLite format 3\x00"
_LANGUAGE_COLUMN = re.compile(r"adm\d_([a-z]{2})")


class UnusableAreas(ValueError):
    """A file that cannot be read at all; the message is a sentence for the operator."""


@dataclass(frozen=True, kw_only=True)
class AreasLoaded:
    """What became of a file: how many areas went in, and each refused feature by its number and a reason."""

    loaded: int
    refused: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class AreaRow:
    """One area as the file gives it; `shape` is WKB of a polygon or multipolygon in WGS 84."""

    pcode: str
    name: str
    names: str
    parent_pcode: str | None
    country: str
    valid_on: date | None
    shape: bytes


_INSERT = text("""
    INSERT INTO admin_areas (id, level, pcode, name, names, parent_pcode, country, cod_version, valid_on, shape)
    VALUES (gen_random_uuid(), :level, :pcode, :name, CAST(:names AS jsonb), :parent_pcode, :country, :cod_version,
        :valid_on, ST_Multi(ST_GeomFromWKB(:shape, 4326)))
    ON CONFLICT (pcode, cod_version) DO UPDATE SET level = excluded.level, name = excluded.name, names = excluded.names,
        parent_pcode = excluded.parent_pcode, country = excluded.country, valid_on = excluded.valid_on,
        shape = excluded.shape""")


def load_admin_areas(
    path: Path | str, *, level: int, cod_version: str, tell: Callable[[int, int], None] = lambda _done, _of: None
) -> AreasLoaded:
    """Load the areas of one level (0 to 3) from a COD-AB file, GeoJSON or GeoPackage; loading it again changes nothing.

    `tell` hears now and then how many of how many areas are in.

    Shapes that cross themselves are mended. A feature without P-code or polygon is refused with a reason and the
    others go in. Raises UnusableAreas for a file that is neither, or not in longitude and latitude.
    """
    if level not in range(4):
        raise UnusableAreas("The level must be 0, 1, 2 or 3.")
    be_patient()
    rows, refused = [], []
    for number, feature in enumerate(_features(Path(path)), start=1):
        try:
            rows.append(_row(feature, level))
        except UnusableAreas as problem:
            refused.append((number, str(problem)))
    for number, row in enumerate(rows):
        if number % TOLD_EVERY == 0:
            tell(number, len(rows))
        session.execute(_INSERT, {**vars(row), "level": level, "cod_version": cod_version})
    return AreasLoaded(loaded=len(rows), refused=tuple(refused))


def _features(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the features of a GeoJSON or GeoPackage file."""
    if path.suffix.lower() == ".gpkg":
        yield from _packed_features(path)
        return
    if path.suffix.lower() in {".shp", ".zip"}:
        raise UnusableAreas(f"Please turn it into GeoJSON first: ogr2ogr -t_srs EPSG:4326 areas.geojson {path.name}")
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UnusableAreas(f"{path.name} cannot be read as GeoJSON.") from error
    if not isinstance(content, dict) or content.get("type") != "FeatureCollection":
        raise UnusableAreas(f"{path.name} is not a GeoJSON FeatureCollection.")
    crs = str(content.get("crs", "CRS84"))
    if not any(name in crs for name in ("CRS84", "4326")):
        raise UnusableAreas(f"{path.name} is not in longitude and latitude (WGS 84).")
    if not isinstance(content.get("features"), list):
        raise UnusableAreas(f"{path.name} has no list of features.")
    yield from content["features"]


def _packed_features(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the features of the first layer of a GeoPackage, as GeoJSON has them.

    GDAL goes by what is in a file, not by its name, and some of its formats read other files and other machines.
    """
    if not path.read_bytes().startswith(GEOPACKAGE):
        raise UnusableAreas(f"{path.name} cannot be read as a GeoPackage.")
    try:
        meta, _fids, shapes, columns = pyogrio.raw.read(path)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise UnusableAreas(f"{path.name} cannot be read as a GeoPackage.") from error
    if not any(name in str(meta["crs"]) for name in ("CRS84", "4326")):
        raise UnusableAreas(f"{path.name} is not in longitude and latitude (WGS 84).")
    for number, packed in enumerate(shapes):
        given = {name: column[number] for name, column in zip(meta["fields"], columns, strict=True)}
        shape = json.loads(shapely.to_geojson(shapely.from_wkb(packed))) if packed is not None else None
        yield {"properties": {name: _plain(value) for name, value in given.items()}, "geometry": shape}


def _plain(value: Any) -> str | None:
    """A value of a GeoPackage's table as text; nothing for NULL, which is None, NaN or NaT by the kind of its column."""
    return None if value is None or str(value) in ("nan", "NaT", "None") else str(value)


def _row(feature: dict[str, Any], level: int) -> AreaRow:
    """Return one area; UnusableAreas says what it lacks. Column names of the old and the new COD-AB are both known."""
    if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
        raise UnusableAreas("It is no feature with properties.")
    values = {str(key).lower(): value for key, value in (feature.get("properties") or {}).items()}
    pcode = str(values.get(f"adm{level}_pcode") or "").strip()
    if not pcode:
        raise UnusableAreas(f"It has no adm{level}_pcode.")
    names = _names(values, level)
    name = str(values.get(f"adm{level}_name") or names.get("en") or next(iter(names.values()), pcode))
    return AreaRow(
        pcode=pcode[:32],
        name=name[:200],
        names=json.dumps(names, ensure_ascii=False),
        parent_pcode=str(values[f"adm{level - 1}_pcode"]) if values.get(f"adm{level - 1}_pcode") else None,
        country=str(values.get("iso3") or values.get("adm0_pcode") or pcode)[:3],
        valid_on=_day(values.get("valid_on") or values.get("validon")),
        shape=_polygon(feature),
    )


def _names(values: dict[str, Any], level: int) -> dict[str, str]:
    """Return {language: name} from columns such as adm2_en, adm2_uk and adm2_ar."""
    found = {}
    for key, value in values.items():
        match = _LANGUAGE_COLUMN.fullmatch(key)
        if match and key.startswith(f"adm{level}_") and value:
            found["uk" if match[1] == "ua" else match[1]] = str(value)[:200]
    return found


def _polygon(feature: dict[str, Any]) -> bytes:
    """Return the WKB of a polygon or multipolygon on earth."""
    try:
        shape = shapely.from_geojson(json.dumps(feature.get("geometry")))
    except shapely.errors.GEOSException:
        shape = None
    if shape is None or shape.geom_type not in {"Polygon", "MultiPolygon"} or shape.is_empty:
        raise UnusableAreas("It has no polygon.")
    west, south, east, north = shape.bounds
    if west < -180.001 or east > 180.001 or south < -90.001 or north > 90.001:
        raise UnusableAreas("Its shape is not in degrees.")
    if not shape.is_valid:
        shape = _mended(shape)
    return bytes(shapely.to_wkb(shapely.force_2d(shape)))


def _mended(shape: shapely.Geometry) -> shapely.Geometry:
    """Return what a shape that crosses itself was meant to cover."""
    whole = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = [part for part in shapely.get_parts(whole) if part.geom_type in {"Polygon", "MultiPolygon"}]
    if not parts:
        raise UnusableAreas("Its shape covers nothing.")
    return shapely.union_all(parts)


def _day(value: object) -> date | None:
    """Return the day of an ISO text, or None."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
