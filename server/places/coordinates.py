"""A place in any form a tired or frightened person types, read into a point: `read_place` is the one door. Pure.

Nothing here asks another server and nothing raises on what a person typed: text that cannot be read stays words.
"""

from collections.abc import Callable
from dataclasses import replace

from server.places.coordinate_grids import FindLocality, read_mgrs, read_plus_code, read_utm
from server.places.coordinate_links import read_geo_uri, read_map_link
from server.places.coordinate_numbers import read_numbers
from server.places.readings import Doubt, Form, NoPoint, PlaceReading, plain_text

__all__ = ["Doubt", "FindLocality", "Form", "IsInside", "NoPoint", "PlaceReading", "read_place"]

LONGEST_TEXT = 2_000
NULL_ISLAND_DEG = 0.01
COARSE_M = 5_000.0

IsInside = Callable[[float, float], bool]


def read_place(
    text: str, *, find_locality: FindLocality | None = None, is_inside: IsInside | None = None
) -> PlaceReading:
    """Return what `text` says of a place; never raises, never fetches, bounded in time.

    `find_locality(words) -> (lon, lat) | None` resolves the town after a short plus code; `is_inside(lon, lat)` says
    whether a point lies in the area of the response, for the doubts `outside_area` and `maybe_swapped`.
    """
    if len(text) > LONGEST_TEXT:
        return PlaceReading(words=text[:LONGEST_TEXT], no_point=NoPoint.TOO_LONG)
    plain = plain_text(text)
    if not plain:
        return PlaceReading(no_point=NoPoint.EMPTY)
    reading = _recognise(plain, find_locality=find_locality)
    return _doubted(replace(reading, words=text.strip()), is_inside=is_inside)


def _recognise(plain: str, *, find_locality: FindLocality | None) -> PlaceReading:
    """Try the forms from the most to the least telling; the first that recognises the text decides."""
    return (
        read_geo_uri(plain)
        or read_map_link(plain)
        or read_plus_code(plain, find_locality=find_locality)
        or read_mgrs(plain)
        or read_utm(plain)
        or read_numbers(plain)
        or PlaceReading(no_point=NoPoint.UNREADABLE)
    )


def _doubted(reading: PlaceReading, *, is_inside: IsInside | None) -> PlaceReading:
    """Add the doubts that follow from where the point lies."""
    if reading.point is None:
        return reading
    lon, lat = reading.point
    is_coarse = (reading.precision_m or 0) >= COARSE_M
    if abs(lon) < NULL_ISLAND_DEG and abs(lat) < NULL_ISLAND_DEG:
        reading = reading.with_doubt(Doubt.NULL_ISLAND)
    if is_coarse:
        reading = reading.with_doubt(Doubt.COARSE)
    return reading if is_inside is None else _placed(reading, lon, lat, is_inside)


def _placed(reading: PlaceReading, lon: float, lat: float, is_inside: IsInside) -> PlaceReading:
    """Say whether the point lies outside the area, and whether exchanging the two numbers would bring it inside."""
    if is_inside(lon, lat):
        return reading
    if abs(lon) <= 90 and is_inside(lat, lon):
        reading = reading.with_doubt(Doubt.MAYBE_SWAPPED)
    return reading.with_doubt(Doubt.OUTSIDE_AREA)
