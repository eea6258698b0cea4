"""GeoJSON: properties are columns, a point is the place; of a line or an area a point on it is taken, and flagged."""

import json
from collections.abc import Iterable
from typing import Any

from shapely.errors import ShapelyError
from shapely.geometry import shape

from server.intake.tables import MOST_ROWS, Row, Table, UnreadableTable, plain

_WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326")
SHAPE_FLAG = "point_from_shape"


def is_geojson(data: bytes) -> bool:
    """Tell whether bytes look like a JSON object."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def read_features(data: bytes) -> Table:
    """A FeatureCollection, or one Feature, as a table; UnreadableTable if it is none or not in WGS 84."""
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise UnreadableTable("The file is not valid JSON in UTF-8.") from None
    features = _features(content)
    if len(features) > MOST_ROWS:
        raise UnreadableTable(f"The file has more than {MOST_ROWS:,} features. Please split it.")
    headings = _headings(features)
    return Table(
        headings=headings,
        rows=[_row(at, one, headings) for at, one in enumerate(features, start=1)],
        notes=("read as GeoJSON",),
    )


def _features(content: dict[str, Any]) -> list[Any]:
    name = (
        str(((content.get("crs") or {}).get("properties") or {}).get("name", "CRS84"))
        if isinstance(content.get("crs") or {}, dict)
        else "?"
    )
    if not name.endswith(_WGS84):
        raise UnreadableTable(f"The coordinates are in {name}. Convert the file to WGS 84 (EPSG:4326) first.")
    if content.get("type") == "Feature":
        return [content]
    features = content.get("features")
    if content.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise UnreadableTable("This JSON is no GeoJSON FeatureCollection.")
    return features


def _headings(features: Iterable[Any]) -> tuple[str, ...]:
    """Every property that occurs, in the order in which they first do, after the features' own number if they have one."""
    names: dict[str, None] = {}
    for feature in features:
        names.update(dict.fromkeys(_properties(feature)))
    return tuple(names)


def _properties(feature: Any) -> dict[str, Any]:
    if not isinstance(feature, dict):
        return {}
    given = feature.get("properties")
    own = {"id": feature["id"]} if feature.get("id") is not None else {}
    return {**own, **given} if isinstance(given, dict) else own


def _row(number: int, feature: Any, headings: tuple[str, ...]) -> Row:
    given = _properties(feature)
    cells = tuple(plain(_text(given.get(heading))) for heading in headings)
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return Row(number=number, cells=cells, refusal="This is no GeoJSON feature.")
    geometry = feature.get("geometry")
    if geometry is None:
        return Row(number=number, cells=cells)
    try:
        point, flags = _place(geometry)
    except (ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        return Row(number=number, cells=cells, refusal="The geometry of this feature cannot be read.")
    return Row(number=number, cells=cells, point=point, flags=flags)


def _place(geometry: dict[str, Any]) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """(lon, lat) and the flag that it stands for something larger."""
    form = shape(geometry)
    if form.is_empty:
        return None, ()
    if form.geom_type == "Point":
        return (form.x, form.y), ()
    inside = form.representative_point()
    return (inside.x, inside.y), (SHAPE_FLAG,)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
