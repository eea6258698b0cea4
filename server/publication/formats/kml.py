"""Public rows as KML 2.2 for globes and walkers' maps: one placemark for each row, areas as outlines, words escaped."""

from collections.abc import Iterator
from typing import Any, Final
from xml.sax.saxutils import escape

import orjson

from server.publication.about import About
from server.publication.formats.geojson import FEATURE
from server.publication.source import COLUMNS, Line, Source
from server.publication.speakable import speakable

_SEPARATOR: Final = b"\x02"
_OPENED: Final = b',"properties":'
_STYLE: Final = (
    '<Style id="area"><LineStyle><color>ff2f4fd0</color><width>1</width></LineStyle>'
    "<PolyStyle><color>402f4fd0</color></PolyStyle></Style>"
)


def pieces(source: Source) -> Iterator[bytes]:
    """One document in pieces; its description holds licence, rules and caveats."""
    yield _head(source.about).encode()
    drawn = {code: _shape(orjson.loads(outline)) for code, outline in source.outlines().items()}
    for rows in source.rows(FEATURE):
        yield "".join(_placemark(line, drawn) for line in rows.lines()).encode()
    yield b"</Document></kml>\n"


def _head(about: About) -> str:
    facts = "\n".join(f"{name}: {value}" for name, value in about.facts())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        f"<name>{_words(about.title)}</name><description>{_words(facts)}</description>{_STYLE}\n"
    )


def _placemark(line: Line, drawn: dict[bytes, str]) -> str:
    before, _, place = line.partition(_SEPARATOR)
    row = orjson.loads(before.partition(_OPENED)[2])
    shape = _shape(orjson.loads(place)) if place.startswith(b"{") else drawn.get(place, "")
    told = "".join(
        f'<Data name="{name}"><value>{_words(_said(row[name]))}</value></Data>'
        for name in COLUMNS
        if row[name] is not None
    )
    return (
        f'<Placemark id="{_words(row["incident_id"])}"><name>{_words(row["summary"])}</name>'
        f"{_when(row)}<styleUrl>#area</styleUrl><ExtendedData>{told}</ExtendedData>{shape}</Placemark>\n"
    )


def _when(row: dict[str, Any]) -> str:
    """The days between which it happened, for the slider of a globe; an end that nobody knows is left out."""
    ends = (("begin", row["date_start"]), ("end", row["date_end"]))
    said = "".join(f"<{name}>{day}</{name}>" for name, day in ends if day)
    return f"<TimeSpan>{said}</TimeSpan>" if said else ""


def _said(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _words(value: str) -> str:
    return escape(speakable(value), {'"': "&quot;"})


def _shape(geometry: dict[str, Any]) -> str:
    if geometry["type"] == "Point":
        return f"<Point><coordinates>{_corner(geometry['coordinates'])}</coordinates></Point>"
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return f"<MultiGeometry>{''.join(map(_polygon, polygons))}</MultiGeometry>"


def _polygon(rings: list[list[list[float]]]) -> str:
    drawn = [f"<LinearRing><coordinates>{' '.join(map(_corner, ring))}</coordinates></LinearRing>" for ring in rings]
    holes = "".join(f"<innerBoundaryIs>{hole}</innerBoundaryIs>" for hole in drawn[1:])
    return f"<Polygon><outerBoundaryIs>{drawn[0]}</outerBoundaryIs>{holes}</Polygon>"


def _corner(at: list[float]) -> str:
    return f"{at[0]},{at[1]}"
