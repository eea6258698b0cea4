"""What one cell of a stranger's table says: a number, a moment, a code. It asks no database; None means it could not be read.

Nothing is guessed: a date that may be read two ways is read as the rest of its column, and a grade only in its scale.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from math import isfinite

from babel import Locale

from server.core.i18n import LANGUAGES
from server.vocabulary import EventPrecision

Interval = tuple[datetime, datetime, EventPrecision]

_NOTHING_SAID = "-|--|–|—|?|n/a|na|n.a.|#n/a|nan|nat|none|null|nil|unknown|немає|нет|невідомо|неизвестно|غير معروف|desconocido|inconnu"
NOTHING = frozenset({"", *_NOTHING_SAID.split("|")})
"""What people and programs write where they know nothing."""

_EXCEL_ZERO = date(1899, 12, 30)
_EXCEL_DAYS = (20_000.0, 80_000.0)
_EPOCH_MS = (1e11, 4e12)
_MOMENT = re.compile(
    r"(?P<day>.+?)(?:(?:[T,\s]|\bat\b)\s*(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[ap]\.?m\.?)?\s*(?P<zone>z|utc|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?\Z",
    re.IGNORECASE,
)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?\Z")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})\Z")
_MONTH_WORD = re.compile(r"(?:(\d{1,2})\.?\s+)?([^\W\d_]+)\.?(?:\s+(\d{1,2}))?,?\s+(\d{4})(?:\s*[рг]\.?)?\Z")


def is_nothing(text: str) -> bool:
    """Tell whether a cell only says that nothing is known."""
    return text.casefold() in NOTHING


def read_number(text: str) -> float | None:
    """A finite number with a point or a comma for decimals, in digits of any script; None for anything else."""
    plain = "".join(str(unicodedata.digit(letter)) if letter.isdecimal() else letter for letter in text)
    plain = plain.replace("−", "-").replace("٫", ".").replace("\u00a0", "").replace(" ", "")
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    if not re.fullmatch(r"[+-]?\d{1,20}(?:\.\d{0,30})?(?:[eE][+-]?\d{1,3})?", plain):
        return None
    return value if isfinite(value := float(plain)) else None


def read_truth(text: str) -> bool | None:
    """Yes or no in six languages."""
    word = text.casefold()
    if word in {"true", "yes", "y", "1", "так", "да", "نعم", "oui", "sí", "si"}:
        return True
    return False if word in {"false", "no", "n", "0", "ні", "нет", "لا", "non"} else None


def day_comes_first(texts: Iterable[str]) -> bool | None:
    """How a column writes its dates: True for 31/12, False for 12/31, None where it has such dates and none of them tells."""
    pairs = [(int(found[1]), int(found[2])) for text in texts if (found := _YEAR_LAST.match(_day_part(text)))]
    if any(first > 12 for first, _second in pairs):
        return True
    if any(second > 12 for _first, second in pairs):
        return False
    return None if pairs else True


def _day_part(text: str) -> str:
    found = _MOMENT.match(text.strip())
    return found["day"].strip() if found else ""


def read_moment(text: str, *, zone: tzinfo, day_first: bool = True) -> Interval | None:
    """(earliest, latest, precision) of a date, a date with a time, a month, an Excel day or milliseconds since 1970.

    A time without a zone is in `zone`; midnight sharp means the day, because programs write it where no time was given.
    """
    try:
        if (number := read_number(text)) is not None:
            return _of_number(number, zone)
        found = _MOMENT.match(text.strip())
        return _of_words(found, zone, day_first=day_first) if found else None
    except (ValueError, OverflowError):
        return None


def _of_number(number: float, zone: tzinfo) -> Interval | None:
    if _EXCEL_DAYS[0] <= number <= _EXCEL_DAYS[1]:
        days, seconds = divmod(round(number * 86_400), 86_400)
        return _within(datetime.combine(_EXCEL_ZERO + timedelta(days=days), _clock(seconds), zone), zone)
    if _EPOCH_MS[0] <= number <= _EPOCH_MS[1]:
        return _within(datetime.fromtimestamp(number / 1000, UTC), UTC)
    return None


def _clock(seconds: int) -> time:
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60)


def _of_words(found: re.Match[str], zone: tzinfo, *, day_first: bool) -> Interval | None:
    day = _read_day(found["day"].strip(), day_first=day_first)
    if day is None:
        return None
    when, is_month = day
    if is_month:
        following = (when.replace(day=28) + timedelta(days=4)).replace(day=1)
        return _span(when, following, zone, EventPrecision.MONTH)
    if found["h"] is None:
        return _span(when, when + timedelta(days=1), zone, EventPrecision.DAY)
    own_zone = _read_zone(found["zone"]) or zone
    return _within(datetime.combine(when, _read_time(found), own_zone), own_zone)


def _within(moment: datetime, zone: tzinfo) -> Interval:
    """The minute of a moment, or its whole day at midnight sharp."""
    if (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return _span(moment.date(), moment.date() + timedelta(days=1), zone, EventPrecision.DAY)
    return moment, moment, EventPrecision.EXACT_MIN


def _span(first: date, after: date, zone: tzinfo, precision: EventPrecision) -> Interval:
    begin, end = (datetime.combine(day, time(), zone) for day in (first, after))
    return begin, end - timedelta(seconds=1), precision


def _read_day(text: str, *, day_first: bool) -> tuple[date, bool] | None:
    """A date, and whether it stands for its whole month; ValueError for a day no calendar has."""
    if found := _YEAR_FIRST.match(text):
        return date(int(found[1]), int(found[2]), int(found[3] or 1)), found[3] is None
    if found := _YEAR_LAST.match(text):
        day, month = (int(found[1]), int(found[2])) if day_first else (int(found[2]), int(found[1]))
        year = int(found[3])
        return date(year + 2000 if year < 100 else year, month, day), False
    if (found := _MONTH_WORD.match(text)) and (named_month := _months().get(found[2].casefold())):
        named = found[1] or found[3]
        return date(int(found[4]), named_month, int(named or 1)), named is None
    return None


def _read_time(found: re.Match[str]) -> time:
    hour = int(found["h"])
    if half := (found["half"] or "").casefold():
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return time(hour, int(found["m"]), int(found["s"] or 0))


def _read_zone(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text.casefold() in ("z", "utc"):
        return UTC
    return datetime.strptime(text.replace(":", "").ljust(5, "0"), "%z").tzinfo


@cache
def _months() -> dict[str, int]:
    """The names of the months in our languages, long and short, as a date and as a heading writes them."""
    return {
        name.casefold().rstrip("."): number
        for language in LANGUAGES
        for form in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for number, name in Locale.parse(language).months[form][width].items()
    }


def split_list(text: str) -> list[str]:
    """The parts of a cell that holds several answers."""
    return [part.strip() for part in re.split(r"[;|\n]|,(?!\d)", text) if part.strip()]


def plain_word(text: str) -> str:
    """A word as code words are compared: small letters, without the number of a school or a house."""
    bare = re.sub(r"(?:№|#|\bno\.?|\bn°)?\s*\d+\s*\Z", "", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(re.sub(r"[\s_\-–/’ʼ']+", " ", bare).split())


def read_code(text: str, words: Mapping[str, str]) -> str | None:
    """The code a cell names, by the code itself or by its words in `words`; None where it is not sure."""
    return words.get(text.casefold()) or words.get(plain_word(text))
