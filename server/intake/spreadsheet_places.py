"""Where a row says the damage is: two numbers, a place in any form in one cell, or words. It asks no database.

A place that cannot be read is refused rather than guessed: a wrong point sends people to the wrong place.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.intake.cells import read_number
from server.places.coordinates import Form, read_place
from server.places.readings import PlaceReading, degrees_step_m
from server.vocabulary import PinMethod

COARSE_DECIMALS = 3
_METHODS = {Form.PLUS_CODE: PinMethod.PLUSCODE, Form.MGRS: PinMethod.MGRS}
# As ODK and Kobo write a point: latitude, longitude, height, accuracy.
_GEOPOINT = re.compile(r"(-?\d{1,3}\.\d+) (-?\d{1,3}\.\d+)(?: (-?\d+(?:\.\d+)?))?(?: (\d+(?:\.\d+)?))?\Z")


@dataclass(frozen=True, kw_only=True)
class Where:
    """What a row says of its place: members of a new report, flags, why it is refused, and targets that stay unread."""

    given: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    refusal: str = ""
    unused: tuple[str, ...] = ()


def pinned(lon: float, lat: float) -> Where:
    """A place that the geometry of the row gives; what its cells say of it stays unread."""
    return Where(given=_pin(lon, lat, PinMethod.COORDINATES), unused=("lat", "lon", "place"))


def read_where(*, lat: str, lon: str, place: str) -> Where:
    """The place told by two cells, or by one in any form; nothing where nothing is told."""
    if lat and lon:
        return _read_pair(lat, lon)
    if lat or lon:
        return Where(refusal="One of the two coordinates is missing.")
    return _read_any_form(place) if place else Where()


def _read_pair(lat: str, lon: str) -> Where:
    north, east = read_number(lat), read_number(lon)
    if north is None or east is None:
        reading = read_place(f"{lat} {lon}")
        if reading.point is None:
            return Where(refusal="These are no coordinates that can be read.")
        return Where(given=_pin(*reading.point, PinMethod.COORDINATES), unused=("place",))
    return Where(given={**_pin(east, north, PinMethod.COORDINATES), **_coarse(lat, lon)}, unused=("place",))


def _coarse(lat: str, lon: str) -> dict[str, Any]:
    """Few decimals in both numbers say how exact the place is: with two of them it is a kilometre."""
    decimals = max(len(re.split(r"[.,]", number)[1]) if re.search(r"[.,]", number) else 0 for number in (lat, lon))
    return {"pin_accuracy_m": round(degrees_step_m(decimals))} if decimals <= COARSE_DECIMALS else {}


def _read_any_form(place: str) -> Where:
    if found := _GEOPOINT.match(place):
        accuracy = {"pin_accuracy_m": float(found[4])} if found[4] else {}
        return Where(given={**_pin(float(found[2]), float(found[1]), PinMethod.DEVICE_GPS), **accuracy})
    reading = read_place(place)
    return Where(given={"place_text": place}) if reading.point is None else _of_reading(reading, *reading.point)


def _of_reading(reading: PlaceReading, lon: float, lat: float) -> Where:
    method = _METHODS.get(reading.form, PinMethod.COORDINATES) if reading.form else PinMethod.COORDINATES
    coarse = reading.precision_m or 0
    accuracy = {"pin_accuracy_m": round(coarse)} if coarse >= degrees_step_m(COARSE_DECIMALS) else {}
    return Where(given={**_pin(lon, lat, method), **accuracy}, flags=tuple(doubt.value for doubt in reading.doubts))


def _pin(lon: float, lat: float, method: PinMethod) -> dict[str, Any]:
    return {"point": {"type": "Point", "coordinates": [lon, lat]}, "pin_method": method.value}
