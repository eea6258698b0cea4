"""The Atom feed: dated data sets and the newest public rows, with GeoRSS. The time of an entry is the day of its update."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

import orjson
from sqlalchemy import text

from server.core.cells import escape_cell
from server.core.database import public_session
from server.publication.about import LICENCE_NAME, About
from server.publication.release_models import Release

ATOM, GEORSS = "http://www.w3.org/2005/Atom", "http://www.georss.org/georss"
MOST_ROWS, MOST_SETS = 100, 20
EARLIEST = date(1970, 1, 1)

_NEWEST = text("""
SELECT row.incident_id, row.summary, row.site_group, row.adm2_name, row.adm1_name, row.geo_level, batch.published_on,
  CASE WHEN row.lon IS NOT NULL THEN json_build_object('type', 'Point', 'coordinates', json_build_array(row.lon, row.lat))::text
       ELSE ST_AsGeoJSON(ST_ForcePolygonCW(ST_SimplifyPreserveTopology(area.shape, 0.01)), 4) END AS outline
FROM pub.incidents row JOIN pub.batches batch USING (release_id) LEFT JOIN pub.areas area ON area.code = row.area_code
ORDER BY batch.published_on DESC, length(row.release_id) DESC, row.release_id DESC, row.position LIMIT :most
""")


def newest_rows() -> Sequence[Mapping[str, Any]]:
    """The rows of the latest updates with their outlines as GeoJSON text, at most a hundred."""
    return [row._asdict() for row in public_session.execute(_NEWEST, {"most": MOST_ROWS})]


def atom(about: About, *, host: str, rows: Sequence[Mapping[str, Any]], sets: Iterable[Release]) -> bytes:
    """The feed as XML; `host` is our own address with a slash at its end."""
    ET.register_namespace("", ATOM)
    ET.register_namespace("georss", GEORSS)
    feed = ET.Element(f"{{{ATOM}}}feed")
    sets = list(sets)
    latest = max([EARLIEST, *(row["published_on"] for row in rows), *(one.published_on for one in sets)])
    _say(
        feed,
        id=f"{host}api/v1/public/feed.atom",
        title=about.title,
        updated=_moment(latest),
        rights=LICENCE_NAME,
        subtitle=about.caveats,
    )
    _link(feed, "self", f"{host}api/v1/public/feed.atom")
    _link(feed, "alternate", f"{host}data")
    _say(_child(feed, "author"), name=about.response_name)
    for one in sets:
        feed.append(_set_entry(one, host))
    for row in rows:
        feed.append(_row_entry(row, host))
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(feed, encoding="utf-8")


def _set_entry(one: Release, host: str) -> ET.Element:
    entry = ET.Element(f"{{{ATOM}}}entry")
    address = f"{host}data/{one.number}"
    _say(entry, id=address, title=f"Dated data set {one.number}", updated=_moment(one.published_on))
    _say(
        entry,
        summary=f"{one.rows_total} rows: {one.rows_added} added, {one.rows_changed} changed, {one.rows_removed} removed.",
    )
    _link(entry, "alternate", address)
    return entry


def _row_entry(row: Mapping[str, Any], host: str) -> ET.Element:
    entry = ET.Element(f"{{{ATOM}}}entry")
    address = f"{host}map/{row['incident_id']}"
    where = row["adm2_name"] or row["adm1_name"]
    title = f"{row['summary']} ({where})" if where else row["summary"]
    _say(entry, id=address, title=escape_cell(title), updated=_moment(row["published_on"]))
    _link(entry, "alternate", address)
    if row["site_group"]:
        ET.SubElement(entry, f"{{{ATOM}}}category", term=row["site_group"])
    for name, numbers in _georss(row["outline"]):
        ET.SubElement(entry, f"{{{GEORSS}}}{name}").text = numbers
    return entry


def _georss(outline: str | None) -> list[tuple[str, str]]:
    """The outer rings (or the point) as GeoRSS Simple: latitude before longitude."""
    shape: dict[str, Any] = orjson.loads(outline) if outline else {}
    if shape.get("type") == "Point":
        return [("point", _numbers([shape["coordinates"]]))]
    polygons = shape.get("coordinates", [])
    first = polygons[0] if shape.get("type") == "MultiPolygon" else polygons
    return [("polygon", _numbers(first[0]))] if first else []


def _numbers(pairs: Iterable[Sequence[float]]) -> str:
    return " ".join(f"{pair[1]} {pair[0]}" for pair in pairs)


def _moment(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _child(parent: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{ATOM}}}{name}")


def _say(parent: ET.Element, **words: str) -> None:
    for name, value in words.items():
        _child(parent, name).text = value


def _link(parent: ET.Element, rel: str, address: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}link", rel=rel, href=address)
