"""What a cell of a table file may hold. A spreadsheet runs what begins like a formula: such words are quoted. It asks no database.

The same rule twice: for a value at hand (``escape_cell``), and for PostgreSQL, which writes most files (``safe``).
"""

import re
import unicodedata
from datetime import date, datetime

from sqlalchemy import ARRAY

from server.publication.formulas import HIDDEN, LOOKED_AT, SAFE, WORDS
from server.publication.models import PublishedIncident

FORMULA_STARTS = tuple("=+-@\t\r\n")

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


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
    return SAFE.format(column) if column in WORDS else as_it_is(column)


def as_it_is(column: str) -> str:
    """The SQL for a public column as one value: a list of codes is written with spaces between."""
    kind = PublishedIncident.__table__.c[column].type
    return f"array_to_string({column}, ' ')" if isinstance(kind, ARRAY) else column


def _runs(words: str) -> bool:
    """Whether a spreadsheet might take the words for a formula."""
    if _NUMBER.fullmatch(words):
        return False
    start = unicodedata.normalize("NFKC", words.lstrip(HIDDEN)[:LOOKED_AT])
    return words.startswith(("\t", "\r", "\n")) or start.lstrip(HIDDEN).startswith(FORMULA_STARTS)
