"""How the words of a report are read: folded across scripts, their numbers, addresses and kinds of place picked out.

Pure. Folding turns every script into plain Latin letters, so that «школа», "shkola" and "Shkola" compare; a skeleton keeps
the consonants only, so that transliterations and most typing errors fall together ("Khreshchata", "Крещатая" -> "krsct").
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from anyascii import anyascii

_TOKEN = re.compile(r"\d+|[^\W\d_]+|№|#")
_NUMBER = re.compile(r"\d{1,4}")
_CLOCK_OR_DATE = re.compile(r"\d{1,4}(?:[:./\-]\d{1,4})+|\b\d+\s*(?:am|pm|dr|%|km|mm|м|км)\b", re.IGNORECASE)
_SILENT = str.maketrans("", "", "aeiouyhw'`\"")
_SKELETON_LENGTH = 8
_ARABIC_THE = "ال"  # written on to its word


@dataclass(frozen=True, slots=True)
class Reading:
    """What the words of one account say. ``kinds`` are site codes or groups; ``addresses`` are "name|number" or "group#number" keys.

    ``sites`` are the numbers of schools, clinics and the like, ``houses`` those beside a street; ``roads`` are streets with or
    without a number; ``names`` are what places are called after the world over ("victory", whatever the language).
    """

    folded: str
    tokens: frozenset[str]
    numbers: frozenset[str]
    addresses: frozenset[str]
    streets: frozenset[str]
    kinds: frozenset[str]
    sites: frozenset[str] = frozenset()
    houses: frozenset[str] = frozenset()
    roads: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The small dictionary of ``lexicon.json``: words in six languages, already folded."""

    kinds: dict[str, str]
    streets: frozenset[str]
    houses: frozenset[str]
    fillers: frozenset[str]
    counted: frozenset[str]
    numbered: frozenset[str]
    after: frozenset[str]
    names: dict[str, str]


def read(text: str, place_text: str = "") -> Reading:
    """Read what a person wrote about the damage and about the place. Never fails; empty words give an empty reading."""
    words = [_fold_word(word) for word in _TOKEN.findall(_without_clocks(f"{text} , {place_text}"))]
    words = [word for word in words if word]
    beside = _beside_streets(words)
    kinds = frozenset(kind for place, word in enumerate(words) if place not in beside and (kind := kind_of_word(word)))
    words = [lexicon().names.get(word, word) if place in beside or not kind_of_word(word) else word for place, word in enumerate(words)]
    found = [_numbered(words, place) for place, word in enumerate(words) if _is_number(words, place, word)]
    streets = frozenset(one.street for one in found if one.street)
    return Reading(
        folded=" ".join(words),
        tokens=frozenset(skeleton(word) for word in words if _is_telling(word)),
        numbers=frozenset(one.number for one in found if one.number),
        addresses=frozenset(key for one in found for key in _addresses(one, streets, kinds)),
        streets=streets,
        kinds=kinds,
        sites=frozenset(one.number for one in found if one.is_of_kind),
        houses=frozenset(one.number for one in found if one.number and one.street),
        roads=streets | {skeleton(words[place]) for place in beside if _is_telling(words[place])},
        names=frozenset(
            word for place, word in enumerate(words) if word[0] == "=" and place not in beside and skeleton(word) not in streets
        ),
    )


def kind_of(category: str) -> str:
    """The site code a free-text category speaks of, or "" when no word of it is known."""
    found = [kind for word in _TOKEN.findall(category) if (kind := kind_of_word(_fold_word(word)))]
    return found[0] if found else ""


@lru_cache(maxsize=50_000)
def kind_of_word(word: str) -> str:
    """The site code of one folded word ("mdrst", "shkoli" -> EDU.SCHOOL), tried whole and then by its stem, or ""."""
    known = lexicon().kinds
    return known.get(word) or next((known[word[:end]] for end in range(len(word) - 1, 4, -1) if word[:end] in known), "")


@lru_cache(maxsize=200_000)
def skeleton(word: str) -> str:
    """The consonants of a folded word without doubles; short words and numbers stay whole."""
    bare = re.sub(r"(.)\1+", r"\1", word.translate(_SILENT))
    return bare[:_SKELETON_LENGTH] if len(bare) >= 3 else word


@cache
def lexicon() -> Lexicon:
    """The dictionary, read once."""
    data = json.loads((Path(__file__).parent / "lexicon.json").read_text(encoding="utf-8"))
    return Lexicon(
        kinds={_fold_word(word): code for code, words in data["kinds"].items() for word in words},
        **{
            name: frozenset(_fold_word(word) for word in data[name])
            for name in ("streets", "houses", "fillers", "counted", "numbered", "after")
        },
        names={_fold_word(word): f"={name}" for name, words in data["names"].items() for word in words},
    )


def _beside_streets(words: list[str]) -> frozenset[int]:
    """The places of the words that say which street: before "St", after "calle" or "вул."."""
    known, found = lexicon(), set()
    for place, word in enumerate(words):
        if word in known.streets:
            step = -1 if word in known.after else 1
            spots = [spot for spot in (place + step, place + 2 * step) if 0 <= spot < len(words)]
            spots = [spot for spot in spots if words[spot] not in known.fillers][:1]
            found |= {spot for spot in spots if not words[spot].isdigit()}
    return frozenset(found)


@lru_cache(maxsize=200_000)
def _fold_word(word: str) -> str:
    if word in "№#":
        return "#"
    bare = unicodedata.normalize("NFKC", word)
    if len(bare) > len(_ARABIC_THE) + 1:
        bare = bare.removeprefix(_ARABIC_THE)
    return anyascii(bare).lower().strip("'`\"")


def _without_clocks(text: str) -> str:
    """Times and dates are no house numbers."""
    return _CLOCK_OR_DATE.sub(" ", text)


def _is_telling(word: str) -> bool:
    known = lexicon()
    return len(word) >= 2 and word not in known.fillers and word not in known.streets


@dataclass(frozen=True, slots=True)
class _Numbered:
    """One number: of a house or site, with the street beside it if one is; or of a street alone ("calle 5")."""

    number: str = ""
    street: str = ""
    is_of_kind: bool = False


def _is_number(words: list[str], place: int, word: str) -> bool:
    """Whether a word is a number that names something: counts of people, floors and hours do not."""
    if not _NUMBER.fullmatch(word):
        return False
    near, counted = words[max(0, place - 1) : place] + words[place + 1 : place + 2], lexicon().counted
    return not any(one in counted or one[:5] in counted for one in near)


def _numbered(words: list[str], place: int) -> _Numbered:
    """What the number at ``place`` numbers: "Soborna street 12", "12 Soborna street", "house 5, street 28", "School No. 17"."""
    number, known = words[place].lstrip("0") or "0", lexicon()
    back = [word for word in words[max(0, place - 3) : place] if word not in known.numbered]
    last, before = (back[-1:] or [""])[0], (back[-2:-1] or [""])[0]
    if last in known.streets:
        return _Numbered(number, skeleton(before)) if _is_name(before) else _Numbered(street=f"s{number}")
    if last in known.houses or kind_of_word(last):
        return _Numbered(number, is_of_kind=last not in known.houses)
    if _is_name(last):
        return _Numbered(number, skeleton(last))
    following = (words[place + 1 : place + 2] or [""])[0]
    if following in known.streets or not _is_name(following):
        return _Numbered(number, is_of_kind=len(back) < len(words[max(0, place - 3) : place]))
    return _Numbered(number, skeleton(following))


def _is_name(word: str) -> bool:
    known = lexicon()
    is_common = word in known.streets or word in known.houses or word in known.numbered or kind_of_word(word)
    return bool(word) and not word.isdigit() and _is_telling(word) and not is_common


def _addresses(one: _Numbered, streets: frozenset[str], kinds: frozenset[str]) -> list[str]:
    """A street and its number; for "School No. 17" the group of the kind and the number, whatever the language."""
    if not one.number:
        return []
    if one.street:
        return [f"{one.street}|{one.number}"]
    public = {kind.partition(".")[0] for kind in kinds} - {"RES"}
    return sorted([f"{street}|{one.number}" for street in streets] + [f"{g}#{one.number}" for g in public if one.is_of_kind])
