"""Rows of COPY as Arrow columns, each word read once and not once for every row that says it.

PostgreSQL sets a mark between groups of columns that go together, as a place and its codes do. So a row is a handful of long
cells, of which the different ones are few; only those are taken apart, and the rows are numbers that point at them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from sqlalchemy import Date, Float, SmallInteger

from server.publication.formats.cells import as_it_is
from server.publication.models import PublishedIncident
from server.publication.source import COLUMNS, Rows, Spelling


def kind_of(name: str) -> pa.DataType:
    """The Arrow type of a public column: dates, numbers, else text (P-codes keep their zeros)."""
    kind = PublishedIncident.__table__.c[name].type
    if isinstance(kind, Date):
        return pa.date32()
    if isinstance(kind, Float):
        return pa.float64()
    return pa.int16() if isinstance(kind, SmallInteger) else pa.string()


IDENTITY: Final = "incident_id"
AREA_CODE: Final = "area_code"
_TOGETHER: Final = (
    ("country_iso3", *(f"adm{at}_{what}" for at in (1, 2, 3) for what in ("pcode", "name"))),
    ("geo_level", "h3_cell", AREA_CODE),
    ("lat", "lon", "site_name"),
    ("date_start", "date_end", "date_precision"),
    ("damage_best", "damage_min", "damage_max", "functional_status", "access_constraints", "affected_band"),
    ("certainty", "site_type", "site_group", "sector", "cause_group", "weapon_type", "summary"),
)
_REST: Final = tuple(name for name in COLUMNS if name not in (IDENTITY, *chain(*_TOGETHER)))
GROUPS: Final = (*_TOGETHER, _REST)
"""Columns that go together: each combination of values is read once. What is in no group belongs to the last."""
KINDS: Final = {name: kind_of(name) for name in COLUMNS}

_MARK: Final = b"\x1e"
_TAB: Final = "\t"
_KINDS: Final = {**KINDS, AREA_CODE: pa.string()}
_AT: Final = {name: at for at, group in enumerate(GROUPS) for name in group}
_CELLS: Final = [str(at) for at in range(len(GROUPS))]
_SAID: Final = [*chain(*((*group, f"_{at}") for at, group in enumerate(GROUPS))), IDENTITY]
"""The columns as they stand in a row; those with an underscore are marks."""


def group_of(name: str) -> int:
    """Which of ``GROUPS`` a column belongs to."""
    return _AT[name]


def _spelt(name: str) -> str:
    if name.startswith("_"):
        return r"E'\x1e'"
    return name if name == AREA_CODE else as_it_is(name)


SPELT: Final = Spelling(", ".join(map(_spelt, _SAID)), manner="escaped")
_WORDS: Final = {
    "strings_can_be_null": True, "null_values": ["\x02"],
    "check_utf8": False,  # PostgreSQL has checked; and a town may be called NA
}  # fmt: skip
_ESCAPED: Final = re.compile(r"\\(.)")
_MEANT: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CELL: Final = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Group:
    """What some columns say: the different combinations as a table, and for each row which of them it says."""

    different: pa.Table
    which: pa.Array

    def column(self, name: str) -> pa.Array:
        """A column: words as a dictionary of the different ones, numbers and dates as they are."""
        values = one_array(self.different[name])
        if not pa.types.is_string(values.type):
            return values.take(self.which)
        words = values.dictionary_encode()
        return pa.DictionaryArray.from_arrays(words.indices.take(self.which), words.dictionary)


@dataclass(frozen=True)
class Columns:
    """Some rows by column."""

    identity: pa.Array
    groups: Sequence[Group]

    def column(self, name: str) -> pa.Array:
        """One column of all rows."""
        return self.identity if name == IDENTITY else self.group(name).column(name)

    def group(self, name: str) -> Group:
        """The group that a column belongs to."""
        return self.groups[_AT[name]]

    def all(self) -> list[pa.Array]:
        """The public columns in their order."""
        return [self.column(name) for name in COLUMNS]


def columns(rows: Rows) -> Columns:
    """Rows of ``SPELT`` by column; those in whose words there are marks, backslashes or ends of lines are read the long way."""
    if not _plain(rows):
        return _the_long_way(rows)
    kinds = {**dict.fromkeys(_CELLS, _CELL), IDENTITY: pa.string()}
    wanted = csv.ConvertOptions(column_types=kinds, check_utf8=False)
    read = _read(rows.data, [*_CELLS, IDENTITY], _MARK.decode(), wanted)
    identity = pc.utf8_slice_codeunits(one_array(read[IDENTITY]), start=1)  # less the tab before it
    return Columns(identity, [_group(at, one_array(read[cell])) for at, cell in enumerate(_CELLS)])


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array."""
    if column.num_chunks == 1:
        return column.chunk(0)
    return column.combine_chunks() if column.num_chunks else pa.array([], column.type)


def _plain(rows: Rows) -> bool:
    """Whether every mark is one of ours, and nothing is escaped."""
    return rows.data.count(_MARK) == len(rows) * len(GROUPS) and b"\\" not in rows.data


def _group(at: int, cells: pa.DictionaryArray) -> Group:
    """Take the different cells of a group apart; each has a tab at its end, and all but the first one before."""
    lines = "\n".join(cells.dictionary.to_pylist()).encode()
    names = [*([] if at == 0 else ["before"]), *GROUPS[at], "after"]
    wanted = csv.ConvertOptions(column_types=_some(GROUPS[at]), include_columns=list(GROUPS[at]), **_WORDS)
    return Group(_read(lines, names, _TAB, wanted), cells.indices)


def _the_long_way(rows: Rows) -> Columns:
    wanted = csv.ConvertOptions(column_types=_KINDS, include_columns=[*_KINDS], **_WORDS)
    read = _read(rows.data, list(_SAID), _TAB, wanted)
    for at, name in enumerate(read.column_names):
        if pa.types.is_string(read[name].type):
            read = read.set_column(at, name, [_meant(read[name])])
    each = pa.array(range(len(read)), pa.int32())
    return Columns(one_array(read[IDENTITY]), [Group(read.select(list(group)), each) for group in GROUPS])


def _meant(column: pa.ChunkedArray) -> pa.Array:
    """Words with the characters for which an escape stands."""
    words = (word and _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), word) for word in column.to_pylist())
    return pa.array(words, pa.string())


def _read(data: bytes | bytearray, names: list[str], delimiter: str, wanted: csv.ConvertOptions) -> pa.Table:
    reading = csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1)
    parsing = csv.ParseOptions(delimiter=delimiter, quote_char=False, double_quote=False)
    return csv.read_csv(pa.py_buffer(data), read_options=reading, parse_options=parsing, convert_options=wanted)


def _some(names: Sequence[str]) -> Mapping[str, pa.DataType]:
    return {name: _KINDS[name] for name in names}
