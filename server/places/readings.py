"""What reading a place yields: the point, how sure it is, and what a person should look at. Pure."""

import math
import re
import unicodedata
from dataclasses import dataclass, replace

from server.core.choices import N_, Choice
from server.core.geography import METRES_PER_DEGREE

DECIMALS_KEPT = 7


class Form(Choice):
    """The way in which a place was written."""

    DECIMAL = "decimal", N_("decimal degrees")
    DMS = "dms", N_("degrees and minutes")
    MGRS = "mgrs", N_("MGRS grid")
    UTM = "utm", N_("UTM grid")
    PLUS_CODE = "plus_code", N_("plus code")
    GEO_URI = "geo_uri", N_("geo: link")
    MAP_LINK = "map_link", N_("map link")


class Doubt(Choice):
    """What a person should look at before they trust the point."""

    MAYBE_SWAPPED = "maybe_swapped", N_("Latitude and longitude may have changed places.")
    NULL_ISLAND = "null_island", N_("The point lies at zero degrees, in the sea. Is that right?")
    OUTSIDE_AREA = "outside_area", N_("The point lies outside the area of this response.")
    COARSE = "coarse", N_("This names an area some kilometres wide. More digits would help.")
    VIEW_CENTRE = "view_centre", N_("This link names the middle of a map view, not a pin.")
    MAYBE_OTHER_HEMISPHERE = "maybe_other_hemisphere", N_("S was read as a grid band, not as south.")


class NoPoint(Choice):
    """Why text gave no point; the words are kept all the same."""

    EMPTY = "empty", N_("No place was given.")
    UNREADABLE = "unreadable", N_("These words are kept, but they could not be read as coordinates.")
    AMBIGUOUS = "ambiguous", N_("These numbers can be read in more than one way. Please add N, S, E, W or more digits.")
    OUT_OF_RANGE = "out_of_range", N_("There is no such place: latitude ends at 90, longitude at 180.")
    TOO_LONG = "too_long", N_("This text is too long to hold coordinates.")
    SHORT_LINK = "short_link", N_("Short links cannot be opened here. Please copy the coordinates themselves.")
    NO_POINT_IN_LINK = "no_point_in_link", N_("This link does not carry coordinates. Please copy them from the map.")
    LOCALITY_NEEDED = "locality_needed", N_("A short plus code needs the name of a town after it.")
    LOCALITY_UNKNOWN = "locality_unknown", N_("The town after the plus code was not found.")


@dataclass(frozen=True, kw_only=True)
class PlaceReading:
    """What was read: `words` always; `lon`, `lat` (WGS 84 degrees) and `precision_m` only if a point was recognised."""

    words: str = ""
    lon: float | None = None
    lat: float | None = None
    precision_m: float | None = None
    form: Form | None = None
    doubts: tuple[Doubt, ...] = ()
    no_point: NoPoint | None = None

    @property
    def has_point(self) -> bool:
        """True when there is a point."""
        return self.lon is not None and self.lat is not None

    @property
    def point(self) -> tuple[float, float] | None:
        """(lon, lat), or None."""
        return (self.lon, self.lat) if self.lon is not None and self.lat is not None else None

    def with_doubt(self, doubt: Doubt) -> "PlaceReading":
        """Return the same reading with one more doubt."""
        return self if doubt in self.doubts else replace(self, doubts=(*self.doubts, doubt))

    def swapped(self) -> "PlaceReading":
        """Return the reading with latitude and longitude exchanged; the same if that is impossible."""
        if self.lon is None or self.lat is None or abs(self.lon) > 90:
            return self
        doubts = tuple(d for d in self.doubts if d is not Doubt.MAYBE_SWAPPED)
        return replace(self, lon=self.lat, lat=self.lon, doubts=doubts)


def found(lat: float, lon: float, *, form: Form, precision_m: float, doubts: tuple[Doubt, ...] = ()) -> PlaceReading:
    """Return a reading with a point, rounded to 1 cm, or the reason why such a point cannot be."""
    if not (math.isfinite(lat) and math.isfinite(lon)):
        return PlaceReading(no_point=NoPoint.OUT_OF_RANGE)
    if abs(lat) > 90 or abs(lon) > 180:
        return PlaceReading(form=form, no_point=NoPoint.OUT_OF_RANGE)
    lon, lat = round(lon, DECIMALS_KEPT) + 0.0, round(lat, DECIMALS_KEPT) + 0.0
    return PlaceReading(lon=lon, lat=lat, form=form, precision_m=max(1.0, precision_m), doubts=doubts)


def degrees_step_m(decimals: int) -> float:
    """Return the metres that one step of the last decimal of a degree makes on the ground (at the equator)."""
    return METRES_PER_DEGREE * 10.0 ** -min(decimals, DECIMALS_KEPT)


def plain_text(text: str) -> str:
    """Return the text with any script's digits and signs as ASCII, without control characters, spaces collapsed."""
    letters = (_plain_letter(letter) for letter in text)
    return re.sub(r"\s+", " ", "".join(letters)).strip()


_SIGNS = {
    **dict.fromkeys("−–—‒﹣－", "-"),
    **dict.fromkeys("ºº˚ᵒ∘", "°"),
    **dict.fromkeys("′’‘´`ʹʼ‛＇", "'"),
    **dict.fromkeys("″”“„ʺ˝＂", '"'),
    **dict.fromkeys("٫．", "."),
    **dict.fromkeys("،，、", ","),
    **dict.fromkeys("؛；", ";"),
    "＋": "+",
    "：": ":",
}


def _plain_letter(letter: str) -> str:
    """Return one character in plain form; invisible ones vanish, line ends become a separator."""
    if letter in _SIGNS:
        return _SIGNS[letter]
    category = unicodedata.category(letter)
    if category == "Nd":
        return str(unicodedata.digit(letter))
    if category in {"Cf", "Cc", "Cs"}:
        return " " if letter in "\t\n\r\f\v" else ""
    return letter
