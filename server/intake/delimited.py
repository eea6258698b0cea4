"""CSV from anywhere: the encoding and the separator are found out, because senders rarely know them."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator

from server.intake.tables import Grid, UnreadableTable, numbered

SEPARATORS = ",;\t|"
_LONGEST_CELL = 10_000_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# One-byte encodings give no sign of themselves: the letters that occur most in a language must come out most often.
_FREQUENT = {
    "cp1251": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщіїє",
    "koi8-u": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщіїє",
    "cp866": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщ",
    "cp1256": "اليمنوتردسبعفهحقكجصخطشغضزثذظءئأإآةىؤ",
}
_LATIN = "cp1252"


def read_grid(data: bytes, *, encoding: str = "") -> tuple[Grid, tuple[str, ...]]:
    """The lines of a CSV as `(number, cells)` and how they were read; UnreadableTable if they cannot be."""
    chosen = encoding or find_encoding(data)
    try:
        text = data.decode(chosen)
    except (UnicodeDecodeError, LookupError):
        raise UnreadableTable(f"The file is not written in {chosen}. Try --encoding, or save it as UTF-8.") from None
    separator, body = _separator(text)
    notes = (f"read as {chosen}, separated by {_name(separator)}",)
    try:
        return list(numbered(_lines(body, separator))), notes
    except csv.Error as error:
        raise UnreadableTable(f"The file is not a readable CSV: {error}.") from None


def _lines(body: str, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_CELL)
    return csv.reader(io.StringIO(body, newline=""), delimiter=separator)


def find_encoding(data: bytes) -> str:
    """The encoding of text bytes: by its mark, else UTF-8 if it is that, else by the letters that come out."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    if wide := _wide(data[:4_000]):
        return wide
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _one_byte(data)
    return "utf-8"


def _wide(start: bytes) -> str:
    """UTF-16 without a mark shows as zeros in every other place."""
    zeros = [start[parity::2].count(0) for parity in (0, 1)]
    if max(zeros) < len(start) / 8:
        return ""
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def _one_byte(data: bytes) -> str:
    """The one-byte encoding in which the runs of high bytes read as words of a language; Latin when they stand alone."""
    high = re.findall(rb"[\x80-\xff]{2,}", data[:2_000_000])
    alone = len(re.findall(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])", data[:2_000_000]))
    counted = Counter(b"".join(high))
    if sum(counted.values()) <= alone:
        return _LATIN
    return max(_FREQUENT, key=lambda encoding: _sense(counted, encoding))


def _sense(counted: Counter[int], encoding: str) -> float:
    """How well the most frequent bytes agree with the most frequent letters of the language."""
    letters = _FREQUENT[encoding]
    weights = {letter: len(letters) - at for at, letter in enumerate(letters)}
    return sum(n * weights.get(bytes([byte]).decode(encoding, "ignore"), -10) for byte, n in counted.items()) / len(
        letters
    )


def _separator(text: str) -> tuple[str, str]:
    """The separator, and the text without Excel's `sep=;` line."""
    if given := re.match(r"sep=(.)\r?\n", text):
        return given[1], text[given.end() :]
    return max(SEPARATORS, key=lambda mark: _regularity(text[:200_000], mark)), text


def _regularity(sample: str, separator: str) -> tuple[int, int]:
    """How many of the first lines agree on a width above one, and that width."""
    try:
        widths = Counter(len(cells) for cells, _ in zip(_lines(sample, separator), range(30), strict=False) if cells)
    except csv.Error:
        return (0, 0)
    width, lines = max(
        ((w, n) for w, n in widths.items() if w > 1), key=lambda pair: (pair[1], pair[0]), default=(1, 0)
    )
    return (lines, width)


def _name(separator: str) -> str:
    return {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}.get(separator, repr(separator))
