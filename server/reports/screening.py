"""Words that could endanger somebody: what tells of the military is held back, what names a person is flagged. Pure.

The facts of damage stay usable either way; only the words wait for a person or are purged.
"""

import re
import unicodedata
from dataclasses import dataclass

# Stems in the six languages; a stem must begin a word. They hold back, they do not accuse: a person decides.
MILITARY_STEMS = (
    "air defence", "air defense", "anti-aircraft", "military base", "barracks", "ammo depot", "ammunition depot", "troops", "artillery position",
    "our soldiers", "our troops", "launch site", "launched from", "checkpoint position",
    "ппо", "позиці", "наші хлопці", "військов частин", "військова частина", "казарм", "бліндаж", "окоп", "розрахунок ппо", "пуск з", "наші військові",
    "пво", "позици", "наши военные", "воинская часть", "казарм", "блиндаж", "огневая точка",
    "الدفاع الجوي", "قاعدة عسكرية", "ثكنة", "مستودع ذخيرة", "جنودنا", "موقع إطلاق",
    "défense aérienne", "base militaire", "caserne militaire", "dépôt de munitions", "nos soldats", "site de lancement",
    "defensa aérea", "base militar", "cuartel militar", "depósito de municiones", "nuestros soldados", "sitio de lanzamiento",
)  # fmt: skip

_MILITARY = re.compile(
    "|".join(rf"(?<!\w){re.escape(stem)}" for stem in sorted(set(MILITARY_STEMS), key=len, reverse=True)), re.IGNORECASE
)
_PHONE = re.compile(r"(?<![\w.])\+?\d(?:[ ().-]{0,2}\d){8,13}(?![\w.])")
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_LINK = re.compile(r"https?://\S{1,300}", re.IGNORECASE)
_PLATE = re.compile(r"(?<!\w)[A-ZА-ЯІЇЄ]{2}[ -]?\d{4}[ -]?[A-ZА-ЯІЇЄ]{2}(?!\w)")


@dataclass(frozen=True)
class Screening:
    """What was found: flags to look at, and reasons to hold the words back."""

    flags: tuple[str, ...] = ()
    quarantine: tuple[str, ...] = ()


_SENTENCE_ENDS = re.compile(r"(?<=[.!?…؟。])\s+|\n+")


def held_back(text: str) -> list[tuple[int, int]]:
    """The sentences of ``text`` that tell of the military, as ``(from, to)``: a single word's neighbours tell as much as the word."""
    found, begin = [], 0
    for end in [*(match.end() for match in _SENTENCE_ENDS.finditer(text)), len(text)]:
        if _MILITARY.search(unicodedata.normalize("NFC", text[begin:end])):
            found.append((begin, end))
        begin = end
    return found


def screen(text: str) -> Screening:
    """Look through a report's words; linear in their length."""
    plain = unicodedata.normalize("NFC", text)
    flags = tuple(
        name
        for name, pattern in (("phone_in_text", _PHONE), ("mail_in_text", _MAIL), ("plate_in_text", _PLATE))
        if pattern.search(_LINK.sub(" ", plain))
    )
    return Screening(flags=flags, quarantine=("military_words",) if _MILITARY.search(plain) else ())
