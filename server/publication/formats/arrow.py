"""Public rows as Arrow batches, the common tongue of Parquet, GDAL and workbooks: typed columns, and the place as WKB."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from sqlalchemy import Date, Float, SmallInteger

from server.publication.formats.cells import as_it_is
from server.publication.models import PublishedIncident
from server.publication.source import COLUMNS, Rows, Source, Spelling

GEOMETRY: Final = "geometry"
BATCH_ROWS: Final = 8_000

_DRAWN: Final = ("area_code",)
_POINT: Final = np.dtype([("order", "u1"), ("kind", "<u4"), ("lon", "<f8"), ("lat", "<f8")])


def kind_of(name: str) -> pa.DataType:
    """The Arrow type of a public column: dates, numbers, else text (P-codes keep their zeros)."""
    kind = PublishedIncident.__table__.c[name].type
    if isinstance(kind, Date):
        return pa.date32()
    if isinstance(kind, Float):
        return pa.float64()
    return pa.int16() if isinstance(kind, SmallInteger) else pa.string()


KINDS: Final = {name: kind_of(name) for name in COLUMNS}
SCHEMA: Final = pa.schema([*KINDS.items(), (GEOMETRY, pa.binary())])

_SPELT: Final = Spelling(", ".join([*map(as_it_is, COLUMNS), *_DRAWN]))
_READ: Final = csv.ReadOptions(column_names=[*COLUMNS, *_DRAWN], use_threads=False, block_size=1 << 24)
_CONVERT: Final = csv.ConvertOptions(
    column_types={**KINDS, "area_code": pa.string()},
    strings_can_be_null=True,
    quoted_strings_can_be_null=False,
    null_values=[""],
    check_utf8=False,  # PostgreSQL has checked; and a town may be called NA
)
_UNQUOTED = csv.ParseOptions(quote_char=False, double_quote=False)
_ONE_LINE_EACH, _SOME_HAVE_MORE = csv.ParseOptions(), csv.ParseOptions(newlines_in_values=True)


def batches(source: Source, *, shapes: bool = True) -> Iterator[pa.RecordBatch]:
    """The rows in batches of some thousands, read ahead by one: PostgreSQL spells the next while this one is written."""
    drawn = _Shapes(source.shapes()) if shapes else None
    with ThreadPoolExecutor(1) as beside:
        yield from _ahead(beside, source.rows(_SPELT, together=BATCH_ROWS), lambda rows: _batch(rows, drawn))


def _ahead(
    beside: ThreadPoolExecutor, given: Iterator[Rows], make: Callable[[Rows], pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    waiting: Future[pa.RecordBatch] | None = None
    for rows in given:
        begun = beside.submit(make, rows)
        if waiting:
            yield waiting.result()
        waiting = begun
    if waiting:
        yield waiting.result()


def _batch(rows: Rows, drawn: "_Shapes | None") -> pa.RecordBatch:
    read = csv.read_csv(
        pa.py_buffer(rows.data), read_options=_READ, convert_options=_CONVERT, parse_options=_parsing(rows)
    )
    table = read.combine_chunks()
    columns = [_plain(table[name]) for name in COLUMNS]
    if drawn is None:
        return pa.record_batch(columns, names=list(COLUMNS))
    return pa.record_batch([*columns, drawn.of(table)], schema=SCHEMA)


def _parsing(rows: Rows) -> csv.ParseOptions:
    """The quickest way of reading that these rows allow."""
    if b'"' not in rows.data:
        return _UNQUOTED
    return _ONE_LINE_EACH if rows.one_line_each else _SOME_HAVE_MORE


def _plain(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)


class _Shapes:
    """The places of rows: the outline of the area, looked up, or the point."""

    def __init__(self, shapes: dict[str, bytes]) -> None:
        self.codes = pa.array(list(shapes), pa.string())
        self.wkb = pa.array(list(shapes.values()), pa.binary())

    def of(self, table: pa.Table) -> pa.Array:
        """Outlines and points lie in one list, from which each row takes its own: a long outline is copied once."""
        at = _plain(pc.index_in(table["area_code"], value_set=self.codes))
        is_point = _plain(table["lon"].is_valid())
        points = _points(table.filter(is_point))
        nth = pc.add(pc.cumulative_sum(is_point.cast(pa.int32())), len(self.wkb) - 1)
        return pa.concat_arrays([self.wkb, points]).take(pc.if_else(is_point, nth, at))


def _points(table: pa.Table) -> pa.Array:
    """A WKB point for each row; all of them have a place."""
    made = np.empty(len(table), _POINT)
    made["order"], made["kind"] = 1, 1
    for name in ("lon", "lat"):
        made[name] = table[name].to_numpy() if len(table) else []
    offsets = pa.array(np.arange(len(table) + 1, dtype="i4") * _POINT.itemsize)
    return pa.BinaryArray.from_buffers(
        pa.binary(), len(table), [None, offsets.buffers()[1], pa.py_buffer(made.tobytes())]
    )
