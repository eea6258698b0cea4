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


@dataclass(frozen=True, slots=True)
class Reading:
    """What the words of one account say. ``kinds`` are site codes or groups; ``addresses`` are "name|number" or "group#number" keys."""

    folded: str
    tokens: frozenset[str]
    numbers: frozenset[str]
    addresses: frozenset[str]
    streets: frozenset[str]
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The small dictionary of ``lexicon.json``: words in six languages, already folded."""

    kinds: dict[str, str]
    fillers: frozenset[str]
    counted: frozenset[str]
    numbered: frozenset[str]


def read(text: str, place_text: str = "") -> Reading:
    """Read what a person wrote about the damage and about the place. Never fails; empty words give an empty reading."""
    words = [_fold_word(word) for word in _TOKEN.findall(_without_clocks(f"{text} , {place_text}"))]
    words = [word for word in words if word]
    numbered = dict(_numbered_names(words))
    kinds = frozenset(kind for word in words if (kind := kind_of_word(word)))
    return Reading(
        folded=" ".join(words),
        tokens=frozenset(skeleton(word) for word in words if _is_telling(word)),
        numbers=frozenset(number for number in numbered.values()),
        addresses=frozenset(key for (_, name), number in numbered.items() for key in _addresses(name, number, kinds)),
        streets=frozenset(name for _, name in numbered if name and name != "#"),
        kinds=kinds,
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
        fillers=frozenset(_fold_word(word) for word in data["fillers"]),
        counted=frozenset(_fold_word(word) for word in data["counted"]),
        numbered=frozenset(_fold_word(word) for word in data["numbered"]),
    )


@lru_cache(maxsize=200_000)
def _fold_word(word: str) -> str:
    if word in "№#":
        return "#"
    return anyascii(unicodedata.normalize("NFKC", word)).lower().strip("'`\"")


def _without_clocks(text: str) -> str:
    """Times and dates are no house numbers."""
    return _CLOCK_OR_DATE.sub(" ", text)


def _is_telling(word: str) -> bool:
    return len(word) >= 2 and word not in lexicon().fillers


def _numbered_names(words: list[str]) -> list[tuple[tuple[int, str], str]]:
    """Each number that is no count of people, with the skeleton of the name it belongs to ("" where there is none)."""
    found = []
    for place, word in enumerate(words):
        if _NUMBER.fullmatch(word) and not _is_count(words, place):
            found.append(((place, _name_before(words, place) or _name_after(words, place)), word.lstrip("0") or "0"))
    return found


def _addresses(name: str, number: str, kinds: frozenset[str]) -> list[str]:
    """A street and its number; for "School No. 17" the group of the kind and the number, whatever the language."""
    if name == "#":
        return sorted({f"{kind.partition('.')[0]}#{number}" for kind in kinds})
    return [f"{name}|{number}"] if name else []


def _is_count(words: list[str], place: int) -> bool:
    near = words[max(0, place - 1) : place] + words[place + 1 : place + 2]
    return any(word in lexicon().counted or word[:5] in lexicon().counted for word in near)


def _name_before(words: list[str], place: int) -> str:
    for word in reversed(words[max(0, place - 3) : place]):
        if word in lexicon().numbered:
            return "#"
        if not word.isdigit() and _is_telling(word):
            return skeleton(word)
    return ""


def _name_after(words: list[str], place: int) -> str:
    following = words[place + 1 : place + 2]
    return skeleton(following[0]) if following and not following[0].isdigit() and _is_telling(following[0]) else ""
