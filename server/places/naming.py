"""Names of places: folded so that any script finds them, and chosen for the language of a page. Pure.

GeoNames gives other names without saying their language, so the language is read from the letters, and of several
names the one that sounds most like the main name is taken. Where nothing fits, the main name is shown.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache

from anyascii import anyascii
from babel import Locale, UnknownLocaleError
from babel.dates import get_timezone_location
from rapidfuzz.fuzz import ratio

LONGEST_FOLDED = 120
FEWEST_CONSONANTS = 3
BIG_ENOUGH_FOR_CLDR = 200_000
OTHER_LANGUAGES = ("ar", "es", "fr", "ru", "uk")

_APOSTROPHES = re.compile("[’‘'`ʼʹʺ´\"″′ʿʾ]")
_HARD_C = re.compile("c(?!h)")
_DOUBLED = re.compile(r"(.)\1+")
_VOWELS = re.compile("[aeiouw ]")
_NOT_PLAIN = re.compile("[^a-z0-9]+")
_LETTERS = {
    "ar": re.compile(r"[ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي ]{2,40}"),
    "ru": re.compile(r"[А-Яа-яЁё -]{2,40}"),
    "uk": re.compile(r"[А-ЩЬЮЯа-щьюяҐґЄєІіЇї'’ -]{2,40}"),
}
# Letters that a language has and its neighbours lack speak for it; ъ and ьо are nearly always Bulgarian. A town on -ів
# or -ськ in Ukrainian is one on -ов or -ск in Russian.
_TELLING = {"uk": re.compile("[іїєґІЇЄҐ]"), "ru": re.compile("[ыэёьЫЭЁ]")}
_FOREIGN = {"uk": re.compile(r"[ъыэё]|[сц]к(?:ий)?\b"), "ru": re.compile("ъ|ьо|ыи|ив$|[сц]ьк|ньск|[жшЖШ]ы")}


def fold(text: str) -> str:
    """Return the text as it sounds, in plain Latin lower case, one space between words.

    «Харків», "Kharkiv" and «خاركيف» become equal: spellings that alphabets keep apart (kh and h, y and i, v and f,
    single and double letters) are made one. For searching only, never for showing.
    """
    sound = _latin(text).replace("kh", "h").replace("x", "h").replace("y", "i").replace("v", "f").replace("q", "k")
    return _DOUBLED.sub(r"\1", _HARD_C.sub("k", sound))[:LONGEST_FOLDED].rstrip()


def skeleton(folded: str) -> str:
    """Return "~" and the consonants of a folded name, or "" where fewer than three are left.

    Arabic leaves short vowels out and a tired hand gets them wrong: «خاركيف» and "Kharkev" still find Kharkiv.
    """
    bones = _DOUBLED.sub(r"\1", _VOWELS.sub("", folded))
    return f"~{bones}" if len(bones) >= FEWEST_CONSONANTS else ""


def _latin(text: str) -> str:
    """Return the text in Latin lower case without signs."""
    plain = anyascii(_APOSTROPHES.sub("", unicodedata.normalize("NFKC", text[: 2 * LONGEST_FOLDED]))).casefold()
    return _NOT_PLAIN.sub(" ", _APOSTROPHES.sub("", plain)).strip()


def country_name(code: str, language: str) -> str:
    """Return the name of a country (ISO 3166-1 alpha-2) in a language, by CLDR; the code if there is none."""
    try:
        return str(Locale(language).territories.get(code) or code)
    except UnknownLocaleError:
        return code


def in_two_scripts(name: str, names: Mapping[str, str], language: str) -> str:
    """Return a name as readers of a language write it, and behind it as another script writes it: "Aleppo (حلب)".

    Who reads one script must be able to name a place to somebody who reads the other. Names that share a script
    are said once, in the reader's language.
    """
    said = names.get(language) or name
    other = next((each for each in (name, *names.values()) if _script(each) != _script(said)), "")
    return f"{said} ({other})" if other else said


def _script(text: str) -> str:
    """Return the script of the first letter, as Unicode calls it ("LATIN"); "" where there is no letter."""
    letter = next((sign for sign in text if sign.isalpha()), "")
    return unicodedata.name(letter, "").partition(" ")[0] if letter else ""


def names_by_language(name: str, others: Iterable[str], *, timezone: str = "", population: int = 0) -> dict[str, str]:
    """Return {language: name} for the languages in which a name other than the main one is known.

    A large town after which its time zone is called (Kyiv, Damascus) has a translated name in CLDR.
    """
    named_by_zone = population >= BIG_ENOUGH_FOR_CLDR and timezone.rpartition("/")[2].replace("_", " ") == name
    zone = dict(_names_of_zone(timezone)) if named_by_zone else {}
    names = {language: found for language, found in zone.items() if found != name}
    others = list(others)
    for language in _LETTERS:
        if language not in names and (best := _best(name, others, language)):
            names[language] = best
    return names


@cache
def _names_of_zone(timezone: str) -> tuple[tuple[str, str], ...]:
    """Return the name of the time zone's city in each language."""
    return tuple((lang, get_timezone_location(timezone, lang, return_city=True)) for lang in OTHER_LANGUAGES)


def _best(name: str, others: list[str], language: str) -> str | None:
    """Return the other name in this language's letters that sounds most like the main one; the shorter of equals."""
    candidates = [other.strip() for other in others if _LETTERS[language].fullmatch(other.strip())]
    if len(candidates) < 2 or language == "ar":
        return max(candidates, key=lambda one: (ratio(_sound(one), _sound(name)), -len(one)), default=None)
    main, latin = _sound(name), {_sound(other) for other in others if other.isascii()}
    return max(candidates, key=lambda one: (_likeness(one, language, main, latin), -len(one)))


def _likeness(name: str, language: str, main: str, latin: set[str]) -> float:
    """Return how likely a name is the usual one in the language; comparable within one town only."""
    sound = _sound(name)
    score = ratio(sound, main) / 100 + 0.5 * (sound == main) + 0.2 * (sound in latin)
    return score + 0.15 * bool(_TELLING[language].search(name)) - bool(_FOREIGN[language].search(name))


def _sound(name: str) -> str:
    """Return the name in plain letters, with the usual spellings of one sound made one; v and f stay apart."""
    plain = _latin(name).replace(" ", "").replace("kh", "h").replace("x", "h").replace("g", "h").replace("y", "i")
    return _DOUBLED.sub(r"\1", _HARD_C.sub("k", plain))
