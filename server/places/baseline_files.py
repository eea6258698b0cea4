"""Reading lists of places that exist: OpenStreetMap extracts, healthsites.io, and lists as ministries keep them.

GeoJSON, GeoPackage (and whatever else GDAL reads) and CSV. What a row is comes from its OpenStreetMap tags, or from a column
and a table of its words. Nothing military is ever taken in.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import pyogrio
import shapely

from server.vocabulary import SiteGroup, SiteType

Kind = Literal["osm", "healthsites", "list"]
KINDS: tuple[Kind, ...] = ("osm", "healthsites", "list")
LATITUDES, LONGITUDES = ("lat", "latitude", "y"), ("lon", "lng", "long", "longitude", "x")
NAMES = ("name", "name:en", "name_en", "facility_name", "school_name")
MATERNITY = re.compile(r"matern|obstet|gyna?ec|paediatr|pediatr|birth", re.IGNORECASE)
OTHER_TAGS = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')


class UnusableBaseline(ValueError):
    """A file that cannot be read, or a list that may not be loaded; the message is a sentence for the operator."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """One place of a list; `site_type` is None where nothing of ours fits, and the reason says why it is left out."""

    lon: float
    lat: float
    name: str
    site_type: SiteType | None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a list says what a place is: by tags, or by one type for all, or by a column and a table of its words."""

    kind: Kind
    site_type: SiteType | None = None
    type_column: str = ""
    words: Mapping[str, SiteType] | None = None


def read_baseline(path: Path, how: Reading) -> Iterator[Found]:
    """Every place of a file in longitude and latitude; UnusableBaseline when it cannot be read at all."""
    rows = _csv_rows(path) if path.suffix.lower() in (".csv", ".tsv", ".txt") else _layer_rows(path)
    for lon, lat, tags in rows:
        if lon is None or lat is None or not (-180 <= lon <= 180 and -90 <= lat <= 90):
            yield Found(lon=0.0, lat=0.0, name="", site_type=None, reason="no place on earth")
            continue
        name = next((tags[column] for column in NAMES if tags.get(column)), "")[:200]
        kind, reason = _kind_of(tags, how)
        yield Found(lon=lon, lat=lat, name=name, site_type=kind, reason=reason)


def kind_of_tags(tags: Mapping[str, str]) -> SiteType | None:
    """The type that OpenStreetMap tags stand for; the most exact rule wins. None for anything else, and for all military."""
    if "military" in tags or tags.get("landuse") == "military" or tags.get("building") == "military":
        return None
    if MATERNITY.search(tags.get("healthcare:speciality", "")) and kind_of_tags({"amenity": tags.get("amenity", "")}):
        return SiteType.HEA_MATERNITY
    for conditions, kind in _rules():
        if all(tags.get(key) == value or (value == "*" and tags.get(key)) for key, value in conditions):
            return kind
    return None


@cache
def _rules() -> tuple[tuple[tuple[tuple[str, str], ...], SiteType], ...]:
    """The code list's own tags as rules, the most exact first."""
    found = [
        (tuple((part.partition("=")[0], part.partition("=")[2]) for part in clause.split("+")), kind)
        for kind in SiteType
        for clause in kind.osm
        if kind is not SiteType.HEA_MATERNITY
    ]
    return tuple(sorted(found, key=lambda rule: (any(value == "*" for _key, value in rule[0]), -len(rule[0]))))


def _kind_of(tags: Mapping[str, str], how: Reading) -> tuple[SiteType | None, str]:
    if how.kind == "list":
        if how.site_type:
            return how.site_type, ""
        word = tags.get(how.type_column, "").strip()
        kind = (how.words or {}).get(word.casefold()) or next((code for code in SiteType if code == word), None)
        return kind, "" if kind else "its kind is in no table"
    kind = kind_of_tags(tags)
    if kind is not None and how.kind == "healthsites" and kind.group is not SiteGroup.HEA:
        return None, "not a health site"
    return kind, "" if kind else "nothing civilian that we count"


def read_words(path: Path) -> dict[str, SiteType]:
    """A table of two columns, the list's own word and our code; UnusableBaseline naming a code that is none."""
    known = {kind.value: kind for kind in SiteType}
    with path.open(encoding="utf-8-sig", newline="") as file:
        pairs = [row for row in csv.reader(file) if len(row) >= 2]
    wrong = [code for _word, code, *_ in pairs[1:] if code.strip() not in known]
    if wrong:
        raise UnusableBaseline(f"These are no types of place: {', '.join(sorted(set(wrong))[:5])}.")
    return {word.strip().casefold(): known[code.strip()] for word, code, *_ in pairs if code.strip() in known}


Row = tuple[float | None, float | None, dict[str, str]]


def _csv_rows(path: Path) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            sample = file.read(64_000)
            file.seek(0)
            dialect = csv.Sniffer().sniff(sample.partition("\n")[0], delimiters=",;\t|")
            rows = csv.DictReader(file, dialect=dialect)
            columns = {name.strip().casefold(): name for name in rows.fieldnames or ()}
            lat, lon = (
                next((columns[name] for name in names if name in columns), None) for names in (LATITUDES, LONGITUDES)
            )
            if lat is None or lon is None:
                raise UnusableBaseline("The table needs a column lat and a column lon, in degrees.")
            for row in rows:
                tags = {str(key).strip().casefold(): str(value or "").strip() for key, value in row.items() if key}
                yield _number(row[lon]), _number(row[lat]), tags
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise UnusableBaseline("The table cannot be read: it must be CSV in UTF-8.") from error


def _layer_rows(path: Path) -> Iterator[Row]:
    """The features of every layer, each by a point inside it, in WGS 84."""
    try:
        layers = [str(name) for name, _type in pyogrio.list_layers(path)]
        for layer in layers:
            info = pyogrio.read_info(path, layer=layer)
            if info["crs"] not in (None, "EPSG:4326", "OGC:CRS84"):
                raise UnusableBaseline("The file must be in longitude and latitude (WGS 84).")
            meta, _fids, shapes, columns = pyogrio.raw.read(path, layer=layer)
            names = [str(name).casefold() for name in meta["fields"]]
            for at, wkb in enumerate(shapes if shapes is not None else ()):
                yield _feature(wkb, dict(zip(names, (column[at] for column in columns), strict=True)))
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, shapely.errors.GEOSException) as error:
        raise UnusableBaseline("The file cannot be read as a map layer.") from error


def _feature(wkb: bytes | None, values: dict[str, object]) -> Row:
    tags = {key: str(value) for key, value in values.items() if value not in (None, "") and value == value}  # noqa: PLR0124
    tags |= dict(OTHER_TAGS.findall(tags.pop("other_tags", "")))
    shape = shapely.from_wkb(wkb) if wkb else None
    if shape is None or shape.is_empty:
        return None, None, tags
    inside = shape if shape.geom_type == "Point" else shape.representative_point()
    return float(inside.x), float(inside.y), tags


def _number(word: str | None) -> float | None:
    try:
        return float((word or "").strip().replace(",", "."))
    except ValueError:
        return None
