"""What a cell of a table file may hold. A spreadsheet runs what begins like a formula: such words are quoted. Pure.

The same rule twice: for a value at hand (``escape_cell``), and for PostgreSQL, which writes most files (``safe``).
"""

import re
import unicodedata
from datetime import date, datetime
from typing import Final

from sqlalchemy import ARRAY, String

from server.publication.models import PublishedIncident

FORMULA_STARTS = tuple("=+-@\t\r\n")
HIDDEN: Final = " \"'\u00a0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
"""What may stand before a formula without hiding it from a spreadsheet."""
OURS: Final = frozenset(
    {"incident_id", "release_id", "record_status", "h3_cell", "policy_version", "redaction", "licence"}
)
"""Columns whose words the house makes itself, of letters and digits: they cannot hold a formula."""

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LOOKED_AT = 8

# Most words begin with a letter: three comparisons of bytes decide those. Only the rest is looked at more closely.
_HARMLESS = (
    """({0} COLLATE "C" >= 'A' AND {0} COLLATE "C" < '{{') OR ({0} COLLATE "C" >= '0' AND {0} COLLATE "C" < ':')"""
    """ OR ({0} COLLATE "C" >= U&'\\00C0' AND {0} COLLATE "C" < U&'\\2000')"""
)
_HIDDEN_SQL = "U&'" + "".join(f"\\{ord(sign):04x}" for sign in HIDDEN) + "'"
_RUNS = (
    f"ltrim(normalize(left(ltrim({{0}}, {_HIDDEN_SQL}), {_LOOKED_AT}), NFKC), {_HIDDEN_SQL}) ~ '^[-=+@\\t\\r\\n]' "
    "OR {0} ~ '^[\\t\\r\\n]'"
)
_IS_NUMBER = "{0} ~ '^[+-]?[0-9]{{1,15}}([.][0-9]{{1,15}})?$'"
_CLEAN = r"regexp_replace({0}, '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]', '', 'g')"
_SAFE = (
    f"CASE WHEN {_HARMLESS} THEN {{0}} WHEN {_IS_NUMBER} THEN {{0}} "
    f"WHEN {_RUNS.replace('{0}', _CLEAN)} THEN '''' || {_CLEAN} ELSE {{0}} END"
)


def escape_cell(value: object) -> str:
    """A value as the text of a cell: numbers stay numbers (-48.1), nothing is empty, and no words start a formula.

    Leading spaces and quotation marks do not hide a formula, nor do full-width signs (＝). After OWASP ASVS 1.2.10.
    """
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return escape_cell(" ".join(str(item) for item in value))
    words = _CONTROLS.sub("", str(value))
    return f"'{words}" if _runs(words) else words


def safe(column: str) -> str:
    """The SQL for a public column as the text of a cell, by the same rule."""
    kind = PublishedIncident.__table__.c[column].type
    return _SAFE.format(column) if type(kind) is String and column not in OURS else as_it_is(column)


def as_it_is(column: str) -> str:
    """The SQL for a public column as one value: a list of codes is written with spaces between."""
    kind = PublishedIncident.__table__.c[column].type
    return f"array_to_string({column}, ' ')" if isinstance(kind, ARRAY) else column


def _runs(words: str) -> bool:
    """Whether a spreadsheet might take the words for a formula."""
    if _NUMBER.fullmatch(words):
        return False
    start = unicodedata.normalize("NFKC", words.lstrip(HIDDEN)[:_LOOKED_AT])
    return words.startswith(("\t", "\r", "\n")) or start.lstrip(HIDDEN).startswith(FORMULA_STARTS)
