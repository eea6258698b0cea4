"""What a cell of a table may hold. A spreadsheet runs what begins like a formula: such words are quoted. Pure."""

import re
import unicodedata
from datetime import date, datetime
from typing import Final

FORMULA_STARTS = tuple("=+-@\t\r\n")
HIDDEN: Final = " \"'\u00a0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
"""What may stand before a formula without hiding it from a spreadsheet."""
LOOKED_AT: Final = 8

_NUMBER = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?", re.ASCII)  # whatever a table's own number may be
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


def _runs(words: str) -> bool:
    """Whether a spreadsheet might take the words for a formula."""
    if _NUMBER.fullmatch(words):
        return False
    start = unicodedata.normalize("NFKC", words.lstrip(HIDDEN)[:LOOKED_AT])
    return words.startswith(("\t", "\r", "\n")) or start.lstrip(HIDDEN).startswith(FORMULA_STARTS)
