"""The last gate before anything is public: no telephone number, address, link, number plate or known name in any words.

Pure. Every pattern is bounded and looks at a bounded piece of text, so that no input can make it slow.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

LONGEST = 2_000  # public words are one sentence made from codes; longer words are refused unread
LONGEST_NAME = 8  # words in a name
SHORTEST_NAME = 4  # letters; a shorter one would stop ordinary words

PATTERNS: Mapping[str, re.Pattern[str]] = {
    "phone": re.compile(r"(?<![\w.,])(?:\+|00)?\d{1,4}(?:[ \u00a0().\-/]{0,3}\d{1,4}){2,7}(?!\w)"),
    "email": re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"),
    "url": re.compile(
        r"(?:https?|ftp|tg|geo|mailto|tel):\S|\bwww\.\S|\b[\w-]{1,63}\.(?:com|org|net|info|me|io|ua|ru)\b",
        re.IGNORECASE,
    ),
    "plate": re.compile(r"(?<!\w)[A-ZА-ЯІЇЄҐ]{1,3}[ -]?\d{3,4}[ -]?[A-ZА-ЯІЇЄҐ]{1,3}(?!\w)"),
}
FEWEST_DIGITS = 7
MAY_BE_CHANCE = frozenset({"plate", "name"})


def names_for_gate(names: Iterable[str], *, harmless: Iterable[str] = ()) -> frozenset[str]:
    """Names of known places as the gate compares them, less those that the words of `harmless` hold ("School")."""
    folded = (_fold(name) for name in names)
    known = frozenset(name for name in folded if len(name) >= SHORTEST_NAME)
    return known - {run for words in harmless for run in _runs(words)}


def findings(words: str, *, names: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """What in some words may not be public: "phone", "email", "url", "plate", "name", "too_long". Empty when clean."""
    if len(words) > LONGEST:
        return ("too_long",)
    plain = unicodedata.normalize("NFKC", words)
    found = [
        kind for kind, pattern in PATTERNS.items() if any(_counts(kind, hit[0]) for hit in pattern.finditer(plain))
    ]
    return tuple(found + (["name"] if _named(plain, names) else []))


def blocked(row: Mapping[str, object], *, words_in: Iterable[str], names: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """The fields of a row that the gate stops, with what was found in each; empty when the row may leave."""
    texts = {field: row[field] for field in words_in}
    found = {field: findings(text, names=names) for field, text in texts.items() if isinstance(text, str)}
    return {field: kinds for field, kinds in found.items() if kinds}


def stops(found: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether findings stop a row whoever signs it; a plate or a name may be a chance likeness that two people can read."""
    return bool({kind for kinds in found.values() for kind in kinds} - MAY_BE_CHANCE)


def _counts(kind: str, hit: str) -> bool:
    return kind != "phone" or sum(character.isdigit() for character in hit) >= FEWEST_DIGITS


def _named(words: str, names: frozenset[str]) -> bool:
    return bool(names) and any(run in names for run in _runs(words))


def _runs(words: str) -> Iterator[str]:
    """Every run of neighbouring words, as long as a name may be."""
    parts = _fold(words).split()
    for start in range(len(parts)):
        for end in range(start + 1, min(start + LONGEST_NAME, len(parts)) + 1):
            yield " ".join(parts[start:end])


def _fold(words: str) -> str:
    """Letters and digits alone, case folded, one space between words."""
    return " ".join(re.findall(r"\w{1,64}", unicodedata.normalize("NFKC", words).casefold()))
