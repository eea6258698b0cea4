"""Decimal degrees, degrees and minutes, degrees minutes and seconds, however they are punctuated. Pure.

The text is cut into tokens once, without backtracking, and the tokens are read by rule: hostile text costs no more
than its length. Where punctuation can be understood in two ways both are tried, and two different answers mean none.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from server.core.geography import METRES_PER_DEGREE
from server.places.coordinate_words import AXES, FILLERS, HEMISPHERES, MARK_WORDS
from server.places.readings import Doubt, Form, NoPoint, PlaceReading, degrees_step_m, found

LONGEST_NUMBERS = 300
DECIMALS_THAT_TELL = 3

_TOKEN = re.compile(
    r"(?P<number>[+-]?\d{1,10}(?:\.\d{1,30})?)|(?P<word>[^\W\d_]+)|(?P<seconds>\"|'')|(?P<minutes>')|(?P<degrees>°)"
    r"|(?P<separator>[,;/|])|(?P<space>[\s:=()\[\]{}.]+)|(?P<other>.)"
)
_LETTERS_APART = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=[+-]?\d)")
_HYPHEN_BETWEEN = re.compile(r"(?<=\d)-(?=\d)")
_COMMA_BETWEEN = re.compile(r"(?<=\d),(?=\d)")
_POINT_BETWEEN = re.compile(r"\d\.\d")
_FOUR_GROUPS = re.compile(r"([+-]?\d{1,3}),(\d{3,20}),([+-]?\d{1,3}),(\d{3,20})")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d{1,30})")


@dataclass(frozen=True)
class Token:
    """One meaningful piece: `kind` is number, degrees, minutes, seconds, hemisphere, axis, separator or unknown."""

    kind: str
    text: str


@dataclass(frozen=True)
class Angle:
    """One coordinate: degrees with sign, the axis if it was said (lat or lon), and the metres of its last digit."""

    degrees: float
    axis: str
    step_m: float
    decimals: int
    is_marked: bool
    has_minutes: bool


def read_numbers(plain: str) -> PlaceReading | None:
    """Return the point that a text of numbers names, the reason why it names none, or None if it holds no numbers."""
    if not any(letter.isdigit() for letter in plain) or len(plain) > LONGEST_NUMBERS:
        return None
    readings = [r for r in (_read_tokens(tokens) for tokens in _understandings(plain)) if r is not None]
    pointed = {r.point: r for r in readings if r.has_point}
    if len(pointed) == 1:
        return next(iter(pointed.values()))
    if pointed:
        return PlaceReading(no_point=NoPoint.AMBIGUOUS)
    return readings[0] if readings else _read_inside_words(plain)


def _understandings(plain: str) -> Iterator[list[Token]]:
    """Yield the tokens under each sense a comma between digits may have: a decimal point, or a separator."""
    text = _HYPHEN_BETWEEN.sub(" ", plain)
    if four := _FOUR_GROUPS.fullmatch(text.strip("()[] ")):
        yield _tokens("{}.{} , {}.{}".format(*four.groups()))
        return
    if _COMMA_BETWEEN.search(text) and not _POINT_BETWEEN.search(text):
        yield _tokens(_DECIMAL_COMMA.sub(".", text))
    yield _tokens(_COMMA_BETWEEN.sub(" , ", text))


def _tokens(text: str) -> list[Token]:
    """Cut the text into tokens; words become hemispheres, axes or marks where they are known."""
    bare = "".join(letter for letter in text if unicodedata.category(letter) != "Mn")
    tokens: list[Token] = []
    for match in _TOKEN.finditer(_LETTERS_APART.sub(" ", bare)):
        kind = match.lastgroup or "other"
        if kind == "space" or match.group().casefold() in FILLERS:
            continue
        token = _word_token(match.group(), tokens) if kind == "word" else Token(kind, match.group())
        if not _is_stray_quote(token, tokens):
            tokens.append(token)
    return _merge_separators(tokens)


def _word_token(word: str, before: list[Token]) -> Token:
    """Return what a word means: a mark after a number, a hemisphere, an axis, or unknown."""
    plain = word.casefold()
    after_number = bool(before) and before[-1].kind == "number"
    has_minutes = any(token.kind == "minutes" for token in before[-3:])
    if after_number and plain in MARK_WORDS and (plain not in {"s", "с"} or has_minutes):
        return Token(MARK_WORDS[plain], word)
    if plain in HEMISPHERES:
        return Token("hemisphere", HEMISPHERES[plain])
    return Token("axis", AXES[plain]) if plain in AXES else Token("other", word)


def _is_stray_quote(token: Token, before: list[Token]) -> bool:
    """True for a quotation mark round a word (as in JSON), which is no sign of minutes or seconds."""
    return token.text in {"'", '"', "''"} and not (before and before[-1].kind == "number")


def _merge_separators(tokens: list[Token]) -> list[Token]:
    """Drop separators at the ends and beside one another."""
    kept: list[Token] = []
    for token in tokens:
        if token.kind != "separator" or (kept and kept[-1].kind != "separator"):
            kept.append(token)
    return kept[:-1] if kept and kept[-1].kind == "separator" else kept


def _read_tokens(tokens: list[Token]) -> PlaceReading | None:
    """Return the reading of tokens that are a pair of coordinates and nothing else, else None."""
    if any(token.kind == "other" for token in tokens):
        return None
    sides = _split(tokens)
    angles = [_angle(side) for side in sides] if sides else []
    if len(angles) != 2 or angles[0] is None or angles[1] is None:
        return None
    return _pair(angles[0], angles[1])


def _split(tokens: list[Token]) -> tuple[list[Token], list[Token]] | None:
    """Return the tokens of the two coordinates, or None if there is no single sensible place to cut."""
    kinds = [token.kind for token in tokens]
    if kinds.count("separator") == 1:
        cut = kinds.index("separator")
        return tokens[:cut], tokens[cut + 1 :]
    if "separator" in kinds:
        return None
    cut_at = _cut_by_names(kinds) or _cut_by_degrees(kinds) or _cut_by_count(kinds)
    return (tokens[:cut_at], tokens[cut_at:]) if cut_at else None


def _cut_by_names(kinds: list[str]) -> int | None:
    """Return where the second coordinate starts, judged by words such as N, E, lat and lon."""
    named = [i for i, kind in enumerate(kinds) if kind in {"hemisphere", "axis"}]
    if not named or "number" not in kinds:
        return None
    if named[0] < kinds.index("number"):
        later = [i for i in named if i > kinds.index("number")]
        return later[0] if later else None
    end = named[0] + 1
    while end < len(kinds) and kinds[end] in {"hemisphere", "axis"}:
        end += 1
    return end if "number" in kinds[end:] else None


def _cut_by_degrees(kinds: list[str]) -> int | None:
    """Return the index of the number before the second degree sign."""
    signs = [i for i, kind in enumerate(kinds) if kind == "degrees"]
    return signs[1] - 1 if len(signs) == 2 and kinds[signs[1] - 1] == "number" else None


def _cut_by_count(kinds: list[str]) -> int | None:
    """Return the middle of two, four or six bare numbers."""
    bare = all(kind == "number" for kind in kinds)
    return len(kinds) // 2 if bare and len(kinds) in {2, 4, 6} else None


def _angle(tokens: list[Token]) -> Angle | None:
    """Return the coordinate that these tokens spell, or None."""
    numbers = [token.text for token in tokens if token.kind == "number"]
    hemispheres = {token.text for token in tokens if token.kind == "hemisphere"}
    axes = {token.text for token in tokens if token.kind == "axis"} | {_AXIS_OF[h] for h in hemispheres}
    if not 1 <= len(numbers) <= 3 or len(hemispheres) > 1 or len(axes) > 1 or not _marks_in_order(tokens):
        return None
    axis, hemisphere = next(iter(axes), ""), next(iter(hemispheres), "")
    parts = _compact_parts(numbers[0], axis) if len(numbers) == 1 and hemisphere else numbers
    size = _size(parts)
    if size is None or (parts[0].startswith("-") and hemisphere in {"N", "E"}):
        return None
    is_negative = parts[0].startswith("-") or hemisphere in {"S", "W"}
    marked = bool(axis) or any(token.kind in _MARKS for token in tokens)
    decimals = len(parts[-1].partition(".")[2])
    return Angle(-size if is_negative else size, axis, _step_m(parts), decimals, marked, len(parts) > 1)


_AXIS_OF = {"N": "lat", "S": "lat", "E": "lon", "W": "lon"}
_MARKS = ("degrees", "minutes", "seconds")


def _marks_in_order(tokens: list[Token]) -> bool:
    """True when each mark stands where it belongs: degrees after the first number, minutes after the second, …"""
    count = 0
    for before, token in zip([Token("", ""), *tokens], tokens, strict=False):
        count += token.kind == "number"
        if token.kind in _MARKS and (before.kind != "number" or _MARKS.index(token.kind) != count - 1):
            return False
    return True


def _compact_parts(number: str, axis: str) -> list[str]:
    """Return degrees, minutes and seconds of aviators' DDMM[SS] (DDDMM[SS] for longitude), else the number itself."""
    degrees = 3 if axis == "lon" else 2
    if number.isdigit() and len(number) in {degrees + 2, degrees + 4}:
        rest = number[degrees:]
        return [number[:degrees], *(rest[i : i + 2] for i in range(0, len(rest), 2))]
    return [number]


def _size(parts: list[str]) -> float | None:
    """Return degrees without sign, or None for a fraction before the last part, or minutes and seconds from 60."""
    if any("." in part for part in parts[:-1]) or any(part[0] in "+-" for part in parts[1:]):
        return None
    values = [abs(float(part)) for part in parts]
    if any(value >= 60 for value in values[1:]):
        return None
    return sum(value / 60**place for place, value in enumerate(values))


def _step_m(parts: list[str]) -> float:
    """Return the metres of the last digit given."""
    decimals = len(parts[-1].partition(".")[2])
    if len(parts) == 1:
        return degrees_step_m(decimals)
    return METRES_PER_DEGREE / 60 ** (len(parts) - 1) * 10.0 ** -min(decimals, 6)


def _pair(first: Angle, second: Angle) -> PlaceReading | None:
    """Put two coordinates together: the named axes decide, else latitude comes first."""
    if first.axis and first.axis == second.axis:
        return None
    # A single letter is as often a small word: «в» is east, and "at"; «с» is north, and "from".
    if bool(first.axis) != bool(second.axis) or _says_too_little(first, second):
        return PlaceReading(no_point=NoPoint.AMBIGUOUS)
    lat, lon = (second, first) if first.axis == "lon" or second.axis == "lat" else (first, second)
    form = Form.DMS if first.has_minutes or second.has_minutes else Form.DECIMAL
    if not first.axis and 90 < abs(lat.degrees) <= 180 and abs(lon.degrees) <= 90:
        # No latitude is beyond 90: the numbers can only have been typed in the other order.
        return _pair_of(lon, lat, form).with_doubt(Doubt.MAYBE_SWAPPED)
    return _pair_of(lat, lon, form)


def _pair_of(lat: Angle, lon: Angle, form: Form) -> PlaceReading:
    """Return the point of a latitude and a longitude, or why there is none."""
    # Programs drop trailing zeros, so the longer of the two tells how precisely both were written.
    return found(lat.degrees, lon.degrees, form=form, precision_m=min(lat.step_m, lon.step_m))


def _says_too_little(first: Angle, second: Angle) -> bool:
    """True for two bare whole numbers: they may as well be a house and a flat."""
    return not (first.is_marked or second.is_marked or first.decimals or second.decimals or first.has_minutes)


def _read_inside_words(plain: str) -> PlaceReading | None:
    """Return the one telling pair of coordinates among other words, or why there is none."""
    readings = {}
    for tokens in _understandings(plain):
        for run in _runs_without_words(tokens):
            reading = _read_tokens(run)
            if reading is not None and reading.has_point and _is_telling(run):
                readings[reading.point] = reading
    if len(readings) > 1:
        return PlaceReading(no_point=NoPoint.AMBIGUOUS)
    return next(iter(readings.values()), None)


def _runs_without_words(tokens: list[Token]) -> Iterator[list[Token]]:
    """Yield the stretches of tokens between unknown words."""
    run: list[Token] = []
    for token in [*tokens, Token("other", "")]:
        if token.kind != "other":
            run.append(token)
            continue
        yield _merge_separators(run)
        run = []


def _is_telling(run: list[Token]) -> bool:
    """True when the numbers can hardly be anything but coordinates: many decimals, or degree signs."""
    numbers = [token.text for token in run if token.kind == "number"]
    decimals = min(len(number.partition(".")[2]) for number in numbers)
    return decimals >= DECIMALS_THAT_TELL or sum(token.kind == "degrees" for token in run) == 2
