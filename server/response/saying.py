"""What people say of the response on the desk: each form's words become facts, or a refusal that names the field."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import available_timezones

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from server.accounts.invitations import refused
from server.accounts.policy import Actor
from server.core.i18n import LANGUAGES
from server.core.numbers import whole
from server.core.response import facts_as_said, say_fact
from server.vocabulary import LegalProfile

Form = MultiDict[str, str]
FEWEST_CONTACT_DAYS, MOST_CONTACT_DAYS = 7, 90
FEWEST_WORDS_DAYS, MOST_WORDS_DAYS = 30, 365
_COUNTRY = re.compile(r"[A-Z]{3}")
_NUMBER = re.compile(r"[0-9+*#() -]{2,24}")


def say(section: str, form: Form, *, actor: Actor) -> list[str]:
    """Let what a section's form says hold; returns the names of the facts that changed. Problem ``invalid_input``."""
    given, before = SECTIONS[section](form), facts_as_said()
    changed = [name for name, value in given.items() if _plain(getattr(before, name)) != value]
    for name in changed:
        say_fact(name, given[name], said_by=actor.person_id)
    return changed


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _about(form: Form) -> dict[str, Any]:
    name, zone = form.get("name", "").strip(), form.get("time_zone", "").strip()
    countries = form.get("countries", "").upper().replace(",", " ").split()
    languages = [code for code in LANGUAGES if code in form.getlist("languages")]
    if not name or len(name) > 100:
        raise refused("name", _("Give the response a name of at most 100 characters."))
    if zone not in available_timezones():
        raise refused("time_zone", _("This is not a known time zone, such as Europe/Kyiv."))
    if not all(_COUNTRY.fullmatch(code) for code in countries) or len(countries) > 20:
        raise refused("countries", _("Countries are codes of three letters, such as UKR or SDN."))
    if not languages:
        raise refused("languages", _("Choose at least one language."))
    return {"name": name, "time_zone": zone, "countries": list(dict.fromkeys(countries)), "languages": languages}


def _area(form: Form) -> dict[str, Any]:
    words = [form.get(side, "").strip().replace(",", ".") for side in ("west", "south", "east", "north")]
    if not any(words):
        return {"operating_area": None}
    try:
        west, south, east, north = map(float, words)
    except ValueError:
        raise refused("west", _("Give all four numbers, in degrees.")) from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise refused("west", _("West must be smaller than east, and south smaller than north."))
    return {"operating_area": [round(side, 5) for side in (west, south, east, north)]}


def _numbers(form: Form) -> dict[str, Any]:
    found = {name: form.get(name, "").strip() for name in ("emergency_number", "mine_action_number")}
    for name, number in found.items():
        if number and not _NUMBER.fullmatch(number):
            raise refused(name, _("This is not a telephone number."))
    return found


def _points(form: Form) -> dict[str, Any]:
    found = {name: form.get(name, "").strip() for name in ("steward", "protection", "technical")}
    for name, words in found.items():
        if len(words) > 200:
            raise refused(name, _("Use at most 200 characters."))
    return found


def _rules(form: Form) -> dict[str, Any]:
    profile = form.get("legal_profile", "")
    if profile not in LegalProfile.codes():
        raise refused("legal_profile", _("Choose one of the list."))
    return {
        "legal_profile": profile,
        "contact_days": _days(form, "contact_days", FEWEST_CONTACT_DAYS, MOST_CONTACT_DAYS),
        "words_days": _days(form, "words_days", FEWEST_WORDS_DAYS, MOST_WORDS_DAYS),
    }


def _days(form: Form, name: str, fewest: int, most: int) -> int:
    days = whole(form.get(name, ""))
    if days is None or not fewest <= days <= most:
        raise refused(name, _("Give a number of days from %(fewest)s to %(most)s.", fewest=fewest, most=most))
    return days


SECTIONS: Mapping[str, Callable[[Form], dict[str, Any]]] = {
    "about": _about, "area": _area, "numbers": _numbers, "points": _points, "rules": _rules,
}  # fmt: skip
