"""Where the person of the report page says it is: the device, coordinates in any form, or a place of our gazetteer."""

from dataclasses import dataclass
from typing import Any

from server.core.choices import N_
from server.core.i18n import language
from server.intake.answers import Answers, Form, device_accuracy_m, exactness_m
from server.places import service as places
from server.places.coordinates import Form as Written
from server.places.readings import Doubt, NoPoint
from server.vocabulary import PinMethod

KEEP_WORDS = "none"
TOWN_M = 5_000.0  # the gazetteer knows where a town is, not where in it
OFFERED = 6
WHICH_PLACE = N_("Please choose which of these places you mean, or keep your words.")
_STATED = {PinMethod.DEVICE_GPS.value, PinMethod.MAP_TAP.value}  # these come with an accuracy, or they are typed digits
_METHODS = {Written.PLUS_CODE: PinMethod.PLUSCODE, Written.MGRS: PinMethod.MGRS}
# The other doubts follow from where the point lies, and are flagged for every door alike.
_DOUBTS_OF_WRITING = (Doubt.VIEW_CENTRE, Doubt.MAYBE_OTHER_HEMISPHERE)
_NO_ATTEMPT = (None, NoPoint.EMPTY, NoPoint.UNREADABLE)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A place to choose on the page: `value` is "lat, lon" as the choice sends it back."""

    value: str
    name: str
    detail: str


def read_place_of(form: Form, answers: Answers) -> list[Offer]:
    """Put the place into `answers`; returns the places to choose from where the words may name some."""
    chosen = form.get("place_choice", "")
    if chosen and chosen != KEEP_WORDS:
        _take_choice(chosen, form, answers)
        return []
    words = answers.given.get("place_text", "")
    reading = places.read_where(words)
    if reading.point is not None:
        _pin(answers, reading.point, _method(form, reading.form), _accuracy(form, reading.precision_m))
        answers.flags += [doubt.value for doubt in reading.doubts if doubt in _DOUBTS_OF_WRITING]
        return []
    return _offers(words, reading.no_point, answers) if words and chosen != KEEP_WORDS else []


def _take_choice(chosen: str, form: Form, answers: Answers) -> None:
    reading = places.read_where(chosen)
    if reading.point is None:
        answers.errors.append(("place_text", WHICH_PLACE))
    else:
        _pin(answers, reading.point, PinMethod.ADDRESS, max(TOWN_M, exactness_m(form) or 0))


def _offers(words: str, no_point: NoPoint | None, answers: Answers) -> list[Offer]:
    """What the words may mean. Coordinates that cannot be read are told of; plain words that name no place are kept."""
    if no_point not in _NO_ATTEMPT:
        answers.errors.append(("place_text", no_point.label))  # type: ignore[union-attr]
        return []
    found = places.search_places(words, language=language(), limit=OFFERED)
    if found:
        answers.errors.append(("place_text", WHICH_PLACE))
    return [
        Offer(value=f"{p.lat}, {p.lon}", name=p.name, detail=" · ".join(filter(None, (p.region, p.country, p.beside))))
        for p in found
    ]


def _method(form: Form, written: Written | None) -> PinMethod:
    stated = form.get("pin_method", "")
    if stated in _STATED and device_accuracy_m(form) is not None:
        return PinMethod(stated)
    if stated == PinMethod.PHOTO_EXIF:
        return PinMethod.PHOTO_EXIF
    return _METHODS.get(written, PinMethod.COORDINATES) if written else PinMethod.COORDINATES


def _accuracy(form: Form, precision_m: float | None) -> float | None:
    """The least exact of what the device, the person and the digits say."""
    said = [metres for metres in (device_accuracy_m(form), exactness_m(form)) if metres is not None]
    coarse = precision_m if precision_m and precision_m > 30 else None
    return max([*said, *([coarse] if coarse else [])], default=None)


def _pin(answers: Answers, point: tuple[float, float], method: PinMethod, accuracy_m: float | None) -> None:
    given: dict[str, Any] = {"point": {"type": "Point", "coordinates": list(point)}, "pin_method": method.value}
    answers.given.update(given if accuracy_m is None else {**given, "pin_accuracy_m": accuracy_m})
