"""The situation report as a file: a PDF for printing, and one HTML file with a map that works without internet.

Both are written from the same template as the page. Nothing is fetched: WeasyPrint may read nothing at all, and the HTML file
carries its script and style inside, under a policy that names their hashes and forbids everything else.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from math import atan, exp, pi
from typing import Any, Final

import orjson
from flask import render_template

from server.coordination.ground import Ring, shapes
from server.coordination.situation import Area, Box, Figures
from server.coordination.situation_map import drawing
from server.core.assets import library
from server.core.i18n import language
from server.core.maps import Layer, Map

PDF_STYLES: Final = ("css/tokens.css", "css/situation.css")
HTML_STYLES: Final = ("css/tokens.css", "vendor/leaflet/leaflet.css", "css/situation.css")
HTML_SCRIPTS: Final = ("vendor/leaflet/leaflet.js", "js/offline-map.js")
DEGREES: Final = 3  # decimals of the ground; no damage is placed by it
AROUND: Final = 1.5
MOST_TOWNS: Final = 60


def as_pdf(figures: Figures, **context: Any) -> bytes:
    """The report as PDF."""
    from server.coordination import paper_pdf  # WeasyPrint takes its time and memory: only who prints loads it

    page = render_template("coordination/telling/paper.html", figures=figures, map=drawing(figures, is_for_pdf=True), form="pdf", style="", **context)
    return paper_pdf.printed(page, style=_styles(PDF_STYLES))


def as_html(figures: Figures, **context: Any) -> bytes:
    """The report as one HTML file with a folium map inside."""
    composed = _map(figures)
    scripts = [_inline(text) for text in (*(library()[name].body.decode() for name in HTML_SCRIPTS), composed.page.script)] if composed else []
    style = _styles(HTML_STYLES)
    page = render_template(
        "coordination/telling/paper.html", figures=figures, map=drawing(figures), form="html", style=style, scripts=scripts,
        frame=composed.page.html if composed else "", towns=_towns(figures), policy=_policy(scripts, style), **context,
    )  # fmt: skip
    return page.encode()


def _styles(names: Iterable[str]) -> str:
    """Stylesheets as one text; the pictures that Leaflet's controls would fetch are not used here."""
    text = "\n".join(library()[name].body.decode() for name in names)
    return re.sub(r"url\([^)]*\)", "none", _lines(text)).replace("</", "<\\/")


def _inline(script: str) -> str:
    """A script that cannot end its element."""
    return _lines(script).replace("</", "<\\/").replace("<!--", "<\\!--")


def _lines(text: str) -> str:
    """Line ends as a browser reads them, or the hash would be of something else."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _policy(scripts: list[str], style: str) -> str:
    """The policy of the file: only these very scripts and this very style, and nothing from anywhere."""
    allowed = " ".join(_hash(script) for script in scripts) or "'none'"
    return f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src data:; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _map(figures: Figures) -> Map | None:
    """The map as folium composes it: numbers and codes alone, because ``Layer`` refuses everything else."""
    if figures.box is None:
        return None
    west, south, east, north = figures.box
    composed = Map("situation", location=((south + north) / 2, (west + east) / 2), zoom=6)
    ground = shapes(_wider(figures.box))
    land, border = ([_degrees(ring) for ring in rings] for rings in (ground.land, ground.border))
    Layer("ground", land=land, border=border).add_to(composed)  # type: ignore[arg-type]
    Layer("areas", areas=[_area(area) for area in figures.areas]).add_to(composed)  # type: ignore[misc]
    Layer("counts", cells=[[round(cell.lon, 4), round(cell.lat, 4), *cell.counts] for cell in figures.cells]).add_to(composed)  # type: ignore[misc]
    Layer("view", box=[west, south, east, north]).add_to(composed)
    return composed


def _towns(figures: Figures) -> list[tuple[float, float, str]]:
    """The largest towns near the figures as longitude, latitude and name: words of the page, because no script may hold any."""
    if figures.box is None:
        return []
    found = sorted(shapes(_wider(figures.box)).towns, key=lambda town: -town.people)[:MOST_TOWNS]
    return [(*_degrees(((town.x, town.y),)), town.called(language())) for town in found]  # type: ignore[misc]


def _wider(box: Box) -> Box:
    west, south, east, north = box
    across, up = (east - west) * AROUND, (north - south) * AROUND
    return max(-180.0, west - across), max(-85.0, south - up), min(179.99, east + across), min(85.0, north + up)


def _area(area: Area) -> list[Any]:
    """A point inside, counts, then the outer rings as flat lists of longitude and latitude."""
    shape = orjson.loads(area.outline)
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape.get("coordinates", [])
    rings = [[float(number) for pair in polygon[0] for number in pair[:2]] for polygon in polygons if polygon]
    return [round(area.lon, DEGREES), round(area.lat, DEGREES), *area.counts, rings]


def _degrees(ring: Ring) -> list[float]:
    """Web Mercator fractions as a flat list of longitude and latitude."""
    return [round(number, DEGREES) for x, y in ring for number in (x * 360 - 180, (2 * atan(exp((0.5 - y) * 2 * pi)) - pi / 2) * 180 / pi)]
