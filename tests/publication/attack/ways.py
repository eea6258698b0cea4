"""The ways of attack. Each asks only what any stranger may ask, and says what it believes to have found out.

A way may be wrong: who judges (`judge.py`) knows the truth and compares with guessing. The list follows the privacy page.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from math import atan, degrees, pi, sinh
from statistics import median
from time import perf_counter
from typing import Any

import h3
from shapely import unary_union
from shapely.geometry import MultiPoint, Point, box
from shapely.geometry.base import BaseGeometry

from tests.publication.attack.stranger import DELAYS, PUBLIC, Claim, KnownSite, Stranger, around, geometry, outline

Way = Callable[[Stranger], Iterator[Claim]]
WAYS: dict[str, Way] = {}


def way(name: str) -> Callable[[Way], Way]:
    """Add a way of attack under its name."""

    def register(function: Way) -> Way:
        WAYS[name] = function
        return function

    return register


@way("exact numbers in any answer")
def exact_numbers(stranger: Stranger) -> Iterator[Claim]:
    """Every pair of neighbouring numbers with four decimals that could be a place and is no corner of a known outline."""
    corners = unary_union([MultiPoint(corner.exterior.coords) for corner in _outlines(stranger)]).buffer(0.0008)
    for address in stranger.everything_public():
        text = re.sub(r'"coordinates":\s*\[\[\[.*?\]\]\]\]?', "", stranger.get(address).text)
        for lon, lat in _places(re.findall(r"-?\d{1,3}\.\d+", text), corners):
            yield Claim(way="exact numbers in any answer", area=around(lon, lat))


@way("points and centres of areas")
def centres(stranger: Stranger) -> Iterator[Claim]:
    """Points of the downloads, and the middles of the outlines: people have taken such middles for places before."""
    found = stranger.json(f"{PUBLIC}/incidents.geojson").get("features", [])
    for feature in found:
        middle = geometry(feature["geometry"]).centroid
        row = feature["properties"]["incident_id"]
        yield Claim(way="points and centres of areas", row=row, area=around(middle.x, middle.y))


@way("boxes halved again and again")
def boxes(stranger: Stranger) -> Iterator[Claim]:
    """Ask for ever smaller boxes: where a row stops being returned, the box before held it."""
    seen: dict[str, list[BaseGeometry]] = {}
    west, south, east, north = unary_union(list(stranger.areas.values())).bounds

    def ask(w: float, s: float, e: float, n: float, before: frozenset[str]) -> None:
        here = frozenset(stranger.rows_of(f"&bbox={w:.5f},{s:.5f},{e:.5f},{n:.5f}"))
        if not here:
            return
        if e - w < 0.016 or (here == before and e - w < 0.13):
            for row in here:
                seen.setdefault(row, []).append(box(w, s, e, n))
            return
        x, y = (w + e) / 2, (s + n) / 2
        for quarter in ((w, s, x, y), (x, s, e, y), (w, y, x, n), (x, y, e, n)):
            ask(*quarter, here)

    ask(west, south, east, north, frozenset())
    for row, parts in seen.items():
        yield Claim(way="boxes halved again and again", row=row, area=unary_union(parts))


@way("counts of map tiles at every zoom")
def tiles(stranger: Stranger) -> Iterator[Claim]:
    """Follow the counts down from tile to tile; the deepest tile that still counts something holds it."""
    for kind in sorted({site.kind[:3] for site in stranger.sites}):
        todo = [(0, 0, 0)]
        while todo:
            z, x, y = todo.pop()
            tile = stranger.json(f"{PUBLIC}/map/{z}/{x}/{y}?site_group={kind}")
            for lon, lat, *_ in tile.get("cells", []):
                half = 180 / 2 ** min(17, z + 4)
                area = box(lon - half, lat - half / 2, lon + half, lat + half / 2)
                yield Claim(way="counts of map tiles at every zoom", kind=kind, area=area)
            if any(tile.get(name) for name in ("cells", "areas", "incidents")):
                if z < 15:
                    todo += [(z + 1, 2 * x + dx, 2 * y + dy) for dx in (0, 1) for dy in (0, 1)]
                else:
                    yield Claim(way="counts of map tiles at every zoom", kind=kind, area=_tile_box(z, x, y))


@way("asking for finer cells")
def finer_cells(stranger: Stranger) -> Iterator[Claim]:
    """Ask for the outline of every finer cell inside what a row shows: an answer would say that a row is there."""
    for number, row in stranger.rows.items():
        if not row["h3_cell"]:
            continue
        for resolution in (8, 9):
            if resolution <= h3.get_resolution(row["h3_cell"]):
                continue
            for child in h3.cell_to_children(row["h3_cell"], resolution):
                if stranger.get(f"{PUBLIC}/areas/H3_{resolution}/{child}").status == 200:
                    yield Claim(way="asking for finer cells", row=number, area=outline(child))


@way("filters by blank areas")
def blank_areas(stranger: Stranger) -> Iterator[Claim]:
    """Filter by every municipality and district: a row whose column is blank must not answer to its name."""
    for code, area in stranger.areas.items():
        for number, row in stranger.rows_of(f"&adm={code}").items():
            yield Claim(way="filters by blank areas", row=number, area=stranger.shown(row).intersection(area))


@way("the bulletin of one area")
def bulletin(stranger: Stranger) -> Iterator[Claim]:
    """Read the bulletin of every area: where it counts more than the rows that name the area, the others must lie there."""
    for code, area in stranger.areas.items():
        page = stranger.get(f"/bulletin?area={code}").text
        counted = sum(int(number) for number in re.findall(r": <strong>(\d+)</strong>", page))
        named = {
            number
            for number, row in stranger.rows.items()
            if code in (row.get("adm1_pcode"), row.get("adm2_pcode"), row.get("adm3_pcode"))
        }
        if f'value="{code}"' in page and counted > len(named):
            for number in stranger.rows.keys() - named:
                yield Claim(
                    way="the bulletin of one area",
                    row=number,
                    area=stranger.shown(stranger.rows[number]).intersection(area),
                )


@way("filters by single days")
def single_days(stranger: Stranger) -> Iterator[Claim]:
    """Ask for every day alone: the days on which a row answers are when it can have happened."""
    days: dict[str, list[date]] = {}
    last = stranger.days[-1].on if stranger.days else date(2026, 12, 31)
    for back in range(120):
        day = last - timedelta(days=back)
        for number in stranger.rows_of(f"&since={day}&until={day}"):
            days.setdefault(number, []).append(day)
    for number, found in days.items():
        yield Claim(way="filters by single days", row=number, days=(min(found), max(found)))


@way("the day on which a row appears")
def appearing(stranger: Stranger) -> Iterator[Claim]:
    """A row appears so many hours after the damage, says the policy: count back, within what the row says itself."""
    for before, after in pairwise(stranger.days):
        for number in after.rows.keys() - before.rows.keys():
            row = after.rows[number]
            if row["date_start"] is None:
                continue
            latest = datetime.combine(after.on, time(10)) - DELAYS[row["date_precision"]]
            earliest = datetime.combine(before.on, time(10)) - DELAYS[row["date_precision"]] - timedelta(hours=12)
            first, last = (date.fromisoformat(row[name]) for name in ("date_start", "date_end"))
            if earliest.date() <= last and latest.date() >= first:
                days = max(first, earliest.date()), min(last, latest.date())
                yield Claim(way="the day on which a row appears", row=number, days=days)


@way("filters by blank kinds")
def blank_kinds(stranger: Stranger) -> Iterator[Claim]:
    """Filter by every kind and sector: a row whose kind is blank must not answer to it."""
    kinds = [item["code"] for item in stranger.json(f"{PUBLIC}/codelists/site-type").get("items", [])]
    for kind in kinds:
        for number, row in stranger.rows_of(f"&site_type={kind}").items():
            if row["site_type"] is None:
                yield Claim(way="filters by blank kinds", row=number, secret=kind)


@way("standing at every known place")
def standing(stranger: Stranger) -> Iterator[Claim]:
    """Ask what is known nearby at every place that exists: a row that answers at some and not at others is narrowed."""
    answered: dict[str, list[Any]] = {}
    for site in stranger.sites:
        for item in stranger.json(f"{PUBLIC}/nearby?lon={site.lon}&lat={site.lat}").get("items", []):
            answered.setdefault(item["incident_id"], []).append(around(site.lon, site.lat, 60))
            if item.get("metres") is not None and item["metres"] < 60:
                here = around(site.lon, site.lat, 60)
                yield Claim(way="standing at every known place", row=item["incident_id"], area=here)
    for number, places in answered.items():
        if len(places) < len(_inside(stranger, stranger.shown(stranger.rows[number]))):
            yield Claim(way="standing at every known place", row=number, area=unary_union(places))


@way("places that fit")
def fitting(stranger: Stranger) -> Iterator[Claim]:
    """Lay the list of what exists over each row: where few places of its kind fit, it is one of them."""
    for number, row in stranger.rows.items():
        area, kind = stranger.shown(row), row["site_type"] or row["site_group"] or ""
        fits = [site for site in _inside(stranger, area) if site.kind.startswith(kind)]
        if 0 < len(fits) < 3 and kind:
            places = unary_union([around(site.lon, site.lat, 60) for site in fits])
            yield Claim(way="places that fit", row=number, area=places)


@way("names and inner numbers")
def secrets(stranger: Stranger) -> Iterator[Claim]:
    """Look for the name of a known place, an inner number or an address of a person in every answer."""
    names = {site.name for site in stranger.sites if site.name}
    for address in stranger.everything_public():
        answer = stranger.get(address)
        text = f"{answer.text} {answer.headers}"
        for name in names:
            if name in text:
                yield Claim(way="names and inner numbers", secret=name)
        for found in re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|89[0-9a-f]{13}\b", text):
            yield Claim(way="names and inner numbers", secret=found)


@way("the order of rows and their numbers")
def orders(stranger: Stranger) -> Iterator[Claim]:
    """Read the order of the file, and the numbers as if they counted something."""
    numbers = tuple(stranger.rows)
    for order in (numbers, tuple(sorted(numbers))):
        yield Claim(way="the order of rows and their numbers", order=order)


@way("one release against the next")
def differences(stranger: Stranger) -> Iterator[Claim]:
    """Lay all that was ever said of one row, and of a row that went as another came, over one another."""
    history: dict[str, list[dict[str, Any]]] = {}
    for day in stranger.days:
        for number, row in day.rows.items():
            history.setdefault(number, []).append(row)
    for number, rows in history.items():
        area = stranger.shown(rows[0])
        for row in rows[1:]:
            area = area.intersection(stranger.shown(row))
        yield Claim(way="one release against the next", row=number, area=area)
    for before, after in pairwise(stranger.days):
        for gone in before.rows.keys() - after.rows.keys():
            for new in after.rows.keys() - before.rows.keys():
                both = stranger.shown(before.rows[gone]).intersection(stranger.shown(after.rows[new]))
                if both.area:
                    yield Claim(way="one release against the next", row=new, area=both)


@way("dated data sets and their changes")
def data_sets(stranger: Stranger) -> Iterator[Claim]:
    """Lay every version of a row in every dated data set, and in the feed of changes, over one another."""
    versions: dict[str, list[dict[str, Any]]] = {}
    numbers = [item["number"] for item in stranger.json(f"{PUBLIC}/releases").get("items", [])]
    for number in numbers:
        for file in stranger.json(f"{PUBLIC}/releases/{number}").get("files", []):
            if file["name"].endswith(".csv") and ".hxl" not in file["name"]:
                text = stranger.get(f"{PUBLIC}/releases/{number}/{file['name']}").text.removeprefix("\ufeff")
                for row in csv.DictReader(io.StringIO(text)):
                    if row.get("geo_level") and "incident_id" in row:
                        versions.setdefault(row["incident_id"], []).append(row)
        for change in stranger.json(f"{PUBLIC}/changes?since={number}&limit=1000").get("items", []):
            if change.get("geo_level"):
                versions.setdefault(change["incident_id"], []).append(change)
    for row_id, rows in versions.items():
        area = stranger.shown(rows[0])
        for row in rows[1:]:
            area = area.intersection(stranger.shown(row))
        first, last = (max(row["date_start"] for row in rows), min(row["date_end"] for row in rows))
        days = (date.fromisoformat(first), date.fromisoformat(last)) if first and last else None
        yield Claim(way="dated data sets and their changes", row=row_id, area=area, days=days)


@way("how long a refusal takes")
def timing(stranger: Stranger) -> Iterator[Claim]:
    """Ask in turn for a number that was public and went, and for one that never was: a slower answer would tell them apart."""
    gone = sorted({number for day in stranger.days for number in day.rows} - set(stranger.rows))[:1]
    for number in gone:
        known, unknown = [], []
        for turn in range(60):
            for took, asked in ((known, number), (unknown, f"INC-{turn:08d}")):
                begun = perf_counter()
                answer = stranger.again(f"{PUBLIC}/incidents/{asked}")
                took.append(perf_counter() - begun)
                if answer.status != 404:
                    yield Claim(way="how long a refusal takes", secret=number)
        slower = sum(a > b for a, b in zip(known, unknown, strict=True))
        if slower > 51 and median(known) > 1.5 * median(unknown):
            yield Claim(way="how long a refusal takes", secret=number)


@way("warnings")
def warnings(stranger: Stranger) -> Iterator[Claim]:
    """A warning of gas, power or chemicals near few plants names the plant."""
    for item in stranger.json(f"{PUBLIC}/warnings").get("items", []):
        area = geometry(item["geometry"])
        plants = [site for site in _inside(stranger, area) if site.kind[:3] in ("ENE", "WSH", "IND")]
        if item["danger"] in ("HZ.GAS", "HZ.POWER", "HZ.CHEM") or len(plants) < 3:
            for site in plants:
                yield Claim(way="warnings", area=around(site.lon, site.lat))


def _places(words: list[str], corners: BaseGeometry) -> Iterator[tuple[float, float]]:
    """Neighbouring numbers that could be a place, in either order; a corner of a known outline is read over as a whole.

    A corner may end in zeros, which are not written: so shorter numbers are read too, but none of them says where something is.
    """
    at = 0
    while at + 1 < len(words):
        one, other = map(float, words[at : at + 2])
        both = [(lon, lat) for lon, lat in ((one, other), (other, one)) if abs(lat) <= 90 and abs(lon) <= 180]
        if any(corners.contains(Point(place)) for place in both):
            at += 2
            continue
        if all(len(word.partition(".")[2]) >= 4 for word in words[at : at + 2]):
            yield from both
        at += 1


def _outlines(stranger: Stranger) -> list[Any]:
    """The outlines that everybody can draw: the land's areas, and every cell that a row names."""
    cells = {row["h3_cell"] for day in stranger.days for row in day.rows.values() if row["h3_cell"]}
    return [*stranger.areas.values(), *map(outline, sorted(cells))]


def _inside(stranger: Stranger, area: BaseGeometry) -> list[KnownSite]:
    """The known places in an area."""
    return [site for site in stranger.sites if area.contains(Point(site.lon, site.lat))]


def _tile_box(z: int, x: int, y: int) -> BaseGeometry:
    """A web-mercator tile in degrees, good enough to hold a place."""

    def lat(row: int) -> float:
        return degrees(atan(sinh(pi * (1 - 2 * row / 2**z))))

    return box(x / 2**z * 360 - 180, lat(y + 1), (x + 1) / 2**z * 360 - 180, lat(y))
