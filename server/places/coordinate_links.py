"""`geo:` links and the web links of common maps, read for the coordinates they carry. Nothing is ever fetched. Pure."""

import re
from dataclasses import replace
from urllib.parse import SplitResult, parse_qsl, unquote_plus, urlsplit

from server.places.coordinate_numbers import read_numbers
from server.places.readings import Doubt, Form, NoPoint, PlaceReading, degrees_step_m, found

LARGEST_UNCERTAINTY_M = 1_000_000.0

_NUMBER = r"[+-]?\d{1,3}(?:\.\d{1,20})?"
_GEO = re.compile(rf"geo:(?P<lat>{_NUMBER}),(?P<lon>{_NUMBER})(?P<rest>\S*)", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s<>\"]{3,1990}", re.IGNORECASE)
_PAIR = re.compile(rf"(?:loc:|point\.)?\s*({_NUMBER})\s*[,~/_]\s*({_NUMBER})(?:[,/_z~].{{0,80}}|\s*\(.{{0,80}})?")
_GOOGLE_PIN = re.compile(rf"!3d({_NUMBER})!4d({_NUMBER})")
_AT = re.compile(rf"/@({_NUMBER}),({_NUMBER})")
_FRAGMENT = re.compile(rf"(?:map=)?\d{{1,2}}(?:\.\d{{1,4}})?/({_NUMBER})/({_NUMBER})(?:[/&].{{0,100}})?")
_PATH_PAIR = re.compile(rf"/({_NUMBER}),\s?({_NUMBER})(?=[/,?]|$)")

# Links that say nothing themselves: only their owner's server knows where they lead.
SHORT_HOSTS = (
    "goo.gl", "maps.app.goo.gl", "g.co", "bit.ly", "t.co", "tinyurl.com", "is.gd", "clck.ru", "w3w.co",
    "what3words.com", "omaps.app", "ge0.me", "binged.it", "her.is", "go.2gis.com", "vk.cc", "cutt.ly", "ow.ly",
)  # fmt: skip
_SHORT_PATHS = (("osm.org", "/go/"), ("openstreetmap.org", "/go/"), ("yandex", "/maps/-/"), ("apple.com", "/p/"))
_LONGITUDE_FIRST = ("yandex", "2gis")
# The parameters that hold a pin come before those that hold the middle of the view.
_PIN_KEYS = (
    "q", "query", "ll", "coordinate", "latlng", "pin", "pt", "whatshere[point]", "daddr", "destination", "sp", "point",
    "place", "center", "cp", "map", "m",
)  # fmt: skip
_VIEW_KEYS = {"center", "cp", "map", "m"}
_LAT_LON_KEYS = (("mlat", "mlon"), ("lat", "lon"), ("lat", "lng"), ("latitude", "longitude"))


def read_geo_uri(plain: str) -> PlaceReading | None:
    """Return the point of an RFC 5870 link, `u` being its uncertainty in metres; None if there is no such link.

    Android writes `geo:0,0?q=lat,lon(label)`: there the pin in `q` counts.
    """
    match = _GEO.search(plain)
    if match is None:
        return PlaceReading(form=Form.GEO_URI, no_point=NoPoint.UNREADABLE) if plain[:4].lower() == "geo:" else None
    parameters, _, query = match["rest"].partition("?")
    names = dict(part.lower().partition("=")[::2] for part in parameters.split(";") if "=" in part)
    if names.get("crs", "wgs84") != "wgs84":
        return PlaceReading(form=Form.GEO_URI, no_point=NoPoint.UNREADABLE)
    pin = _pin_of_android(query)
    lat, lon = pin or (match["lat"], match["lon"])
    reading = _from_text(lat, lon, form=Form.GEO_URI)
    uncertainty = _uncertainty(names.get("u", ""))
    return reading if uncertainty is None or not reading.has_point else replace(reading, precision_m=uncertainty)


def _pin_of_android(query: str) -> tuple[str, str] | None:
    """Return the latitude and longitude in `q`, if they are there."""
    match = _PAIR.fullmatch(dict(parse_qsl(query)).get("q", ""))
    return (match[1], match[2]) if match else None


def _uncertainty(text: str) -> float | None:
    """Return the stated uncertainty in metres, at least 1, or None if it is missing or senseless."""
    if not re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", text):
        return None
    return min(LARGEST_UNCERTAINTY_M, max(1.0, float(text)))


def read_map_link(plain: str) -> PlaceReading | None:
    """Return the point that a map's web link carries in itself, or why it carries none; None if there is no link."""
    match = _LINK.search(plain)
    if match is None:
        return None
    try:
        link = urlsplit(match.group().rstrip(".,;)"))
        host = (link.hostname or "").removeprefix("www.")
    except ValueError:
        return PlaceReading(form=Form.MAP_LINK, no_point=NoPoint.UNREADABLE)
    if _is_short(host, link.path):
        return PlaceReading(form=Form.MAP_LINK, no_point=NoPoint.SHORT_LINK)
    is_reversed = any(name in host for name in _LONGITUDE_FIRST)
    reading = _from_query(link, is_reversed=is_reversed) or _from_path(link, is_reversed=is_reversed)
    return reading or _from_fragment(link) or PlaceReading(form=Form.MAP_LINK, no_point=NoPoint.NO_POINT_IN_LINK)


def _is_short(host: str, path: str) -> bool:
    """True for a link that only its owner's server can resolve."""
    return host in SHORT_HOSTS or any(part in host and path.startswith(start) for part, start in _SHORT_PATHS)


def _from_query(link: SplitResult, *, is_reversed: bool) -> PlaceReading | None:
    """Return the point in the parameters; a pin in the path (Google's !3d!4d) counts before a view."""
    values = dict(reversed(parse_qsl(link.query, max_num_fields=40))) if link.query.count("&") < 40 else {}
    for lat_key, lon_key in _LAT_LON_KEYS:
        if lat_key in values and lon_key in values:
            return _from_text(values[lat_key], values[lon_key])
    for key in _PIN_KEYS:
        if reading := _from_value(values.get(key, "")[:200], is_reversed=is_reversed):
            return reading.with_doubt(Doubt.VIEW_CENTRE) if key in _VIEW_KEYS and reading.has_point else reading
    return None


def _from_value(value: str, *, is_reversed: bool) -> PlaceReading | None:
    """Return the point of one parameter: a plain pair, or coordinates in words as map search boxes take them."""
    if match := _PAIR.fullmatch(value):
        lat, lon = (match[2], match[1]) if is_reversed else (match[1], match[2])
        return _from_text(lat, lon)
    reading = read_numbers(value) if "°" in value else None
    return replace(reading, form=Form.MAP_LINK) if reading else None


def _from_path(link: SplitResult, *, is_reversed: bool) -> PlaceReading | None:
    """Return the point in the path: Google's pin, a pair between slashes, Google's @view."""
    path = unquote_plus(link.path)
    if pin := _GOOGLE_PIN.search(path):
        return _from_text(pin[1], pin[2])
    if pair := _PATH_PAIR.search(path):
        return _from_text(pair[2], pair[1]) if is_reversed else _from_text(pair[1], pair[2])
    spelt = next((part for part in path.split("/") if "°" in part), "")
    if (reading := read_numbers(spelt[:200])) and reading.has_point:
        return replace(reading, form=Form.MAP_LINK)
    if view := _AT.search(path):
        return _from_text(view[1], view[2]).with_doubt(Doubt.VIEW_CENTRE)
    return None


def _from_fragment(link: SplitResult) -> PlaceReading | None:
    """Return the middle of the view in `#map=zoom/lat/lon` (OpenStreetMap) or `#zoom/lat/lon`."""
    match = _FRAGMENT.fullmatch(link.fragment)
    return _from_text(match[1], match[2]).with_doubt(Doubt.VIEW_CENTRE) if match else None


def _from_text(lat: str, lon: str, *, form: Form = Form.MAP_LINK) -> PlaceReading:
    """Return the point of two numbers in text, as precise as their digits."""
    numbers = [text for text in (lat.strip(), lon.strip()) if re.fullmatch(_NUMBER, text)]
    if len(numbers) != 2:
        return PlaceReading(form=form, no_point=NoPoint.UNREADABLE)
    decimals = max(len(number.partition(".")[2]) for number in numbers)
    return found(float(numbers[0]), float(numbers[1]), form=form, precision_m=degrees_step_m(decimals))
