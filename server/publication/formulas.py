"""What a spreadsheet would take for a formula, in the words of PostgreSQL. Pure text: nothing of anybody's is in it.

Looking at every cell of a million rows costs nearly half of what spelling them costs. So an index holds the rows in which some
words begin with a sign, nearly always none, and a table looks at its cells only where the index holds a row (``RISKY``).
"""

from typing import Final

from server.core.cells import HIDDEN, LOOKED_AT

WORDS: Final = (
    "country_iso3", "adm1_pcode", "adm1_name", "adm2_pcode", "adm2_name", "adm3_pcode", "adm3_name", "site_name", "event_ref",
    "summary",
)  # fmt: skip
"""The public columns whose words come from lists, names or sentences; all others are codes, numbers and days."""

# Most words begin with a letter: three comparisons of bytes decide those. Only the rest is looked at more closely.
_HARMLESS = (
    """({0} COLLATE "C" >= 'A' AND {0} COLLATE "C" < '{{') OR ({0} COLLATE "C" >= '0' AND {0} COLLATE "C" < ':')"""
    """ OR ({0} COLLATE "C" >= U&'\\00C0' AND {0} COLLATE "C" < U&'\\2000')"""
)
_HIDDEN_SQL = "U&'" + "".join(f"\\{ord(sign):04x}" for sign in HIDDEN) + "'"
_RUNS = (
    f"ltrim(normalize(left(ltrim({{0}}, {_HIDDEN_SQL}), {LOOKED_AT}), NFKC), {_HIDDEN_SQL}) ~ '^[-=+@\\t\\r\\n]' "
    "OR {0} ~ '^[\\t\\r\\n]'"
)
_IS_NUMBER = "{0} ~ '^[+-]?[0-9]{{1,15}}([.][0-9]{{1,15}})?$'"
_CLEAN = r"regexp_replace({0}, '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]', '', 'g')"
SAFE: Final = (
    f"CASE WHEN {_HARMLESS} THEN {{0}} WHEN {_IS_NUMBER} THEN {{0}} "
    f"WHEN {_RUNS.replace('{0}', _CLEAN)} THEN '''' || {_CLEAN} ELSE {{0}} END"
)
"""A column's words as the text of a cell, to be formatted with the column's name."""
RISKY: Final = " OR ".join(rf"{column} !~ '^[A-Za-z0-9\u00C0-\u1FFF\u3041-\uD7FF]'" for column in WORDS)
"""Whether some words of a row begin with anything but a letter or a digit, and must be looked at; short enough for an index."""
