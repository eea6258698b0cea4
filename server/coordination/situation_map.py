"""The map of a situation report, drawn by the server as SVG: our own ground, donuts for squares of the grid, squares for areas.

Drawn with attributes and classes alone, so that the same drawing prints from WeasyPrint, follows the colours of a page, and needs
no style of its own. Names of towns are text of our own base map; no words of a person come near it.
"""

from collections.abc import Iterator, Sequence
from math import cos, log10, pi, radians, sin, tau
from typing import Any, Final, NamedTuple

import orjson
from flask_babel import format_decimal, gettext
from markupsafe import Markup, escape

from server.coordination.ground import Ground, Town, shapes
from server.coordination.situation import Area, Box, Cell, Counts, Figures
from server.core.geography import METRES_PER_DEGREE, mercator
from server.core.i18n import direction, language

WIDTH: Final = 720.0
LOWEST, TALLEST = 0.42, 0.8  # height as a share of the width
MOST_TOWNS: Final = 14
LEVELS: Final = ((3, 4), (1, 2), (0,), (5,))  # severe or destroyed; minor or moderate; none; not known
COLOURS: Final = {"2": "#8c0d25", "1": "#fdb863", "0": "#4a90c2", "u": "#9aa5ae"}
NAMES: Final = ("2", "1", "0", "u")
SEA, LAND, BORDER, LABEL, RIM, AREA = "#d6e3ea", "#f7f4ec", "#a8977c", "#3d4a55", "#14202b", "#6a3d9a"
ROUND_KM: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)


class Name(NamedTuple):
    """Words on the map: where they begin or have their middle (``anchor``), on which line, and the height of their spot."""

    said: str
    x: float
    y: float
    anchor: str = "middle"
    spot: float = 0.0


class Sheet:
    """A sheet of paper over a box on the globe: from web Mercator fractions to its own points."""

    def __init__(self, box: Box) -> None:
        """Lay the box out ``WIDTH`` wide, no taller and no lower than a page bears."""
        (west, north), (east, south) = mercator(box[0], box[3]), mercator(box[2], box[1])
        span, rise = max(east - west, 1e-6), max(south - north, 1e-6)
        share = max(LOWEST, min(TALLEST, rise / span))
        span = max(span, rise / share)
        rise = span * share
        self.west, self.north = (west + east - span) / 2, (north + south - rise) / 2
        self.scale, self.height = WIDTH / span, WIDTH * share
        self.lat = (box[1] + box[3]) / 2

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A point of the world (web Mercator fractions) on the sheet."""
        return (x - self.west) * self.scale, (y - self.north) * self.scale

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """A place in degrees on the sheet."""
        return self.place(*mercator(lon, lat))

    def shows(self, x: float, y: float, margin: float = 0.0) -> bool:
        """Whether a point of the sheet lies on it."""
        return -margin <= x <= WIDTH + margin and -margin <= y <= self.height + margin


def drawing(figures: Figures, *, is_for_pdf: bool = False) -> Markup:
    """The map as one ``<svg>`` that says in words what it shows; nothing where no place is known.

    WeasyPrint sets the letters of a drawing from left to right whatever the script: in a PDF, names that run the other way are
    laid over the drawing as words of the page.
    """
    if figures.box is None:
        return Markup("")
    over = is_for_pdf and direction() == "rtl"
    sheet, ground = Sheet(figures.box), shapes(figures.box)
    told = escape(gettext("Map: %(n)s damage records by area. The same numbers are in the tables.", n=format_decimal(figures.total)))
    towns = list(_towns(ground.towns, sheet, [sheet.at(cell.lon, cell.lat) for cell in figures.cells]))
    line, length = _bar(sheet)
    names = [*towns, length]
    parts = [
        f'<rect class="map-sea" x="0" y="0" width="{WIDTH:.0f}" height="{sheet.height:.0f}" fill="{SEA}"/>',
        *_ground(ground, sheet),
        *(part for area in figures.areas for part in _area(area, sheet)),
        *(f'<circle class="map-town" cx="{town.x:.1f}" cy="{town.spot:.1f}" r="1.8" fill="{LABEL}"/>' for town in towns),
        *(_words("map-label", name.x, name.y, name.said, f'text-anchor="{name.anchor}" font-size="10" fill="{LABEL}"') for name in names if not over),
        *(_square(area, sheet) for area in figures.areas),
        *(_donut(cell, sheet) for cell in sorted(figures.cells, key=lambda cell: -sum(cell.counts))),
        line,
    ]
    size = f'viewBox="0 0 {WIDTH:.0f} {sheet.height:.0f}"'
    head = f'<svg class="paper-map" xmlns="http://www.w3.org/2000/svg" {size} role="img" direction="ltr" aria-label="{told}">'
    laid_over = "".join(_laid_over(name, sheet) for name in names if over)
    return Markup(head + "".join(parts) + "</svg>" + laid_over)  # noqa: S704 - numbers, fixed words, and escaped names of our own base map


def _ground(ground: Ground, sheet: Sheet) -> Iterator[str]:
    land = "".join(filter(None, (_path(ring, sheet, closes=True) for ring in ground.land)))
    lines = "".join(filter(None, (_path(ring, sheet, closes=False) for ring in ground.border)))
    yield f'<path class="map-land" d="{land}" fill="{LAND}"/>' if land else ""
    yield f'<path class="map-border" d="{lines}" fill="none" stroke="{BORDER}" stroke-dasharray="4 3"/>' if lines else ""


def _path(points: Sequence[tuple[float, float]], sheet: Sheet, *, closes: bool) -> str:
    """A path of the ground; nothing where all of it lies beyond one edge of the sheet."""
    placed = [sheet.place(x, y) for x, y in points]
    return _drawn(placed, sheet, closes=closes)


def _drawn(placed: Sequence[tuple[float, float]], sheet: Sheet, *, closes: bool) -> str:
    across, down = [x for x, _y in placed], [y for _x, y in placed]
    if max(across) < 0 or min(across) > WIDTH or max(down) < 0 or min(down) > sheet.height:
        return ""
    return "M" + "L".join(f"{_near(x)} {_near(y)}" for x, y in placed) + ("Z" if closes else "")


def _near(number: float) -> str:
    """A tenth of a point, and never a number that a drawing program cannot bear."""
    return f"{max(-20_000.0, min(20_000.0, number)):.1f}"


def _area(area: Area, sheet: Sheet) -> Iterator[str]:
    """The outline of an area, lightly filled: it is the whole of it that is meant."""
    for ring in _rings(area.outline):
        path = _drawn([sheet.at(lon, lat) for lon, lat, *_ in ring], sheet, closes=True)
        if path:
            yield f'<path class="map-area" d="{path}" fill="{AREA}" fill-opacity="0.12" stroke="{AREA}" stroke-width="1"/>'


def _rings(outline: str) -> list[list[Any]]:
    shape = orjson.loads(outline)
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape.get("coordinates", [])
    return [polygon[0] for polygon in polygons if polygon]


def _square(area: Area, sheet: Sheet) -> str:
    """A square with the number of an area: never a circle, so that nobody takes it for a place."""
    x, y = sheet.at(area.lon, area.lat)
    said, side = format_decimal(sum(area.counts)), 13.0
    shares = "".join(
        f'<rect class="level-{name}" x="{x - side + 2 * side * start:.1f}" y="{y + side - 5:.1f}" width="{2 * side * share:.1f}" height="5" '
        f'fill="{COLOURS[name]}"/>'
        for name, start, share in _shares(area.counts)
    )
    box = f'<rect class="map-hole" x="{x - side:.1f}" y="{y - side:.1f}" width="{2 * side}" height="{2 * side}" fill="#fff" stroke="{RIM}"/>'
    return box + shares + _number(x, y + 1, said)


def _donut(cell: Cell, sheet: Sheet) -> str:
    """A ring of the levels of damage with the number inside."""
    x, y = sheet.at(cell.lon, cell.lat)
    total = sum(cell.counts)
    radius = min(26.0, 10.0 + 4.5 * log10(total))
    ring = "".join(_slice(x, y, radius, start, share, name) for name, start, share in _shares(cell.counts))
    rim = f'<circle class="map-rim" cx="{x:.1f}" cy="{y:.1f}" r="{radius + 1:.1f}" fill="{RIM}"/>'
    hole = f'<circle class="map-hole" cx="{x:.1f}" cy="{y:.1f}" r="{radius * 0.64:.1f}" fill="#fff"/>'
    return rim + ring + hole + _number(x, y + 4, format_decimal(total))


def _shares(counts: Counts) -> Iterator[tuple[str, float, float]]:
    """Name, start and share of each level that occurs."""
    total, start = sum(counts), 0.0
    for name, grades in zip(NAMES, LEVELS, strict=True):
        share = sum(counts[grade] for grade in grades) / total
        if share:
            yield name, start, share
        start += share


def _slice(x: float, y: float, radius: float, start: float, share: float, name: str) -> str:
    if share > 0.999:
        return f'<circle class="level-{name}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{COLOURS[name]}"/>'
    begin, end = start * tau - pi / 2, (start + share) * tau - pi / 2
    from_x, from_y, to_x, to_y = x + radius * cos(begin), y + radius * sin(begin), x + radius * cos(end), y + radius * sin(end)
    arc = f"M{x:.1f} {y:.1f}L{from_x:.1f} {from_y:.1f}A{radius:.1f} {radius:.1f} 0 {int(share > 0.5)} 1 {to_x:.1f} {to_y:.1f}Z"
    return f'<path class="level-{name}" d="{arc}" fill="{COLOURS[name]}"/>'


def _number(x: float, y: float, said: str) -> str:
    size = 11 if len(said) < 4 else 9
    return _words("map-number", x, y, said, f'text-anchor="middle" font-size="{size}" font-weight="bold" fill="#14202b"')


def _words(kind: str, x: float, y: float, said: str, looks: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" {looks}>{escape(said)}</text>'


def _laid_over(name: Name, sheet: Sheet) -> str:
    """Words of the page above the drawing, in shares of its width and height. Only a PDF may carry a style of its own."""
    across, down = 100 * name.x / WIDTH, 100 * name.y / sheet.height
    return f'<bdi class="paper-name {name.anchor}" aria-hidden="true" style="left:{across:.2f}%;top:{down:.2f}%">{escape(name.said)}</bdi>'


def _towns(towns: Sequence[Town], sheet: Sheet, circles: Sequence[tuple[float, float]]) -> Iterator[Name]:
    """The largest towns in sight, none written over another, and above a circle that would cover the name."""
    taken: list[tuple[float, float]] = []
    for town in sorted(towns, key=lambda town: -town.people):
        x, y = sheet.place(town.x, town.y)
        covers = [down for across, down in circles if abs(across - x) < 40 and abs(down - y) < 26]
        top = min(covers, default=y + 19) - 24
        is_free = all(abs(x - other) > 90 or abs(top - above) > 16 for other, above in taken)
        if len(taken) < MOST_TOWNS and is_free and sheet.shows(x, y, -12):
            taken.append((x, top))
            yield Name(town.called(language()), x, top, spot=y)


def _bar(sheet: Sheet) -> tuple[str, Name]:
    """A bar of so many kilometres in the lower corner, and its words."""
    per_km = sheet.scale / (360 * METRES_PER_DEGREE * cos(radians(sheet.lat)) / 1000)
    km = max((length for length in ROUND_KM if length * per_km <= WIDTH / 4), default=ROUND_KM[0])
    y, length = sheet.height - 10, km * per_km
    line = f'<path class="map-bar" d="M12 {y - 5:.1f}V{y:.1f}H{12 + length:.1f}V{y - 5:.1f}" fill="none" stroke="{RIM}" stroke-width="1.5"/>'
    return line, Name(gettext("%(n)s km", n=format_decimal(km)), 16, y - 4, anchor="start")
