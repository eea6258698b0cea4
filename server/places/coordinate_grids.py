"""Grid references: MGRS, UTM and plus codes (Open Location Code). Pure."""

import re
from collections.abc import Callable
from functools import lru_cache

from mgrs import MGRS
from mgrs.core import MGRSError
from openlocationcode import openlocationcode as plus_codes
from pyproj import Transformer

from server.core.geography import METRES_PER_DEGREE
from server.places.readings import Doubt, Form, NoPoint, PlaceReading, found

FindLocality = Callable[[str], tuple[float, float] | None]

_MGRS = re.compile(
    r"(?:MGRS[: ]{1,3})?(\d{1,2}) ?([C-HJ-NP-X]) ?([A-HJ-NP-Z]{2}) ?(\d{1,10}|\d{2,5} \d{2,5})", re.IGNORECASE
)
_UTM = re.compile(
    r"(?:UTM[: ]{1,3})?(?:ZONE )?(\d{1,2}) ?([C-HJ-NP-X])[ ,;]{1,3}"
    r"(?:E[: ]{0,2})?(\d{6}(?:\.\d{1,6})?) ?M?E?[ ,;]{1,3}(?:N[: ]{0,2})?(\d{1,8}(?:\.\d{1,6})?) ?M?N?",
    re.IGNORECASE,
)
_PLUS = re.compile(
    r"(?<![\w+])(?P<code>[23456789CFGHJMPQRVWX0]{2,8}\+[23456789CFGHJMPQRVWX]{0,7})(?![\w+])", re.IGNORECASE
)
_BANDS = "CDEFGHJKLMNPQRSTUVWX"
_LOCALITY_LIMIT = 120


def read_mgrs(plain: str) -> PlaceReading | None:
    """Return the middle of the MGRS square, its side being the precision; None if the text is no grid reference."""
    match = _MGRS.fullmatch(plain.strip(" .,;"))
    if match is None:
        return None
    zone, band, square, digits = match.groups()
    halves = digits.split(" ") if " " in digits else [digits[: len(digits) // 2], digits[len(digits) // 2 :]]
    if len(halves[0]) != len(halves[1]):
        return PlaceReading(form=Form.MGRS, no_point=NoPoint.UNREADABLE)
    middle = "".join(half if len(half) == 5 else half + "5" for half in halves)
    try:
        lat, lon = MGRS().toLatLon(f"{int(zone):02d}{band}{square}{middle}".upper())
    except MGRSError:
        return PlaceReading(form=Form.MGRS, no_point=NoPoint.OUT_OF_RANGE)
    return found(lat, lon, form=Form.MGRS, precision_m=10.0 ** (5 - len(halves[0])))


def read_utm(plain: str) -> PlaceReading | None:
    """Return the point of a UTM zone, easting and northing in metres; None if the text is none.

    The letter may be a band or a hemisphere; S is both, and is read as a band where that is possible.
    """
    match = _UTM.fullmatch(plain.strip(" .,;"))
    if match is None:
        return None
    zone, letter, easting, northing = int(match[1]), match[2].upper(), float(match[3]), float(match[4])
    if not (1 <= zone <= 60 and 100_000 <= easting < 1_000_000 and northing <= 10_000_000):
        return PlaceReading(form=Form.UTM, no_point=NoPoint.OUT_OF_RANGE)
    if letter != "S":
        return _utm_point(zone, easting, northing, is_south=letter < "N")
    as_band = _utm_point(zone, easting, northing, is_south=False)
    if as_band.lat is not None and 32 <= as_band.lat < 40:
        return as_band.with_doubt(Doubt.MAYBE_OTHER_HEMISPHERE)
    return _utm_point(zone, easting, northing, is_south=True)


def _utm_point(zone: int, easting: float, northing: float, *, is_south: bool) -> PlaceReading:
    """Return the point with a precision of one metre, the unit of the grid."""
    lon, lat = _from_utm(zone, is_south).transform(easting, northing)
    return found(lat, lon, form=Form.UTM, precision_m=1.0)


@lru_cache(maxsize=120)
def _from_utm(zone: int, is_south: bool) -> Transformer:  # noqa: FBT001 - a cache key
    """Return the way from a UTM zone to longitude and latitude (EPSG 326zz north, 327zz south)."""
    return Transformer.from_crs((32700 if is_south else 32600) + zone, 4326, always_xy=True)


def read_plus_code(plain: str, *, find_locality: FindLocality | None = None) -> PlaceReading | None:
    """Return the middle of a plus code's area, its larger side being the precision; None if there is no code.

    A short code is completed near the town named beside it, which `find_locality` places.
    """
    codes = [m for m in _PLUS.finditer(plain) if plus_codes.isValid(m["code"])]
    if len(codes) != 1:
        return PlaceReading(form=Form.PLUS_CODE, no_point=NoPoint.AMBIGUOUS) if codes else None
    code = codes[0]["code"].upper()
    if plus_codes.isFull(code):
        return _plus_area(code)
    words = f"{plain[: codes[0].start()]} {plain[codes[0].end() :]}".strip(" ,;")[:_LOCALITY_LIMIT]
    if not words or find_locality is None:
        return PlaceReading(form=Form.PLUS_CODE, no_point=NoPoint.LOCALITY_NEEDED)
    near = find_locality(words)
    if near is None:
        return PlaceReading(form=Form.PLUS_CODE, no_point=NoPoint.LOCALITY_UNKNOWN)
    return _plus_area(plus_codes.recoverNearest(code, near[1], near[0]))


def _plus_area(code: str) -> PlaceReading:
    """Return the middle of a full code's area."""
    area = plus_codes.decode(code)
    side = max(area.latitudeHi - area.latitudeLo, area.longitudeHi - area.longitudeLo)
    return found(
        area.latitudeCenter, area.longitudeCenter, form=Form.PLUS_CODE, precision_m=side * METRES_PER_DEGREE
    )
