"""Public rows as Arrow batches, the common tongue of Parquet, GDAL and workbooks: typed columns, and the place as WKB."""

import io
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
from server.publication.source import COLUMNS, Line, Source, Spelling

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

_SPELT: Final = ", ".join([*map(as_it_is, COLUMNS), *_DRAWN])
_READ: Final = csv.ReadOptions(column_names=[*COLUMNS, *_DRAWN], use_threads=False)
_CONVERT: Final = csv.ConvertOptions(
    column_types={**KINDS, "area_code": pa.string()},
    strings_can_be_null=True,
    quoted_strings_can_be_null=False,
    null_values=[""],
    check_utf8=False,  # PostgreSQL has checked; and a town may be called NA
)
_ONE_LINE_EACH, _SOME_HAVE_MORE = csv.ParseOptions(), csv.ParseOptions(newlines_in_values=True)


def batches(source: Source, *, shapes: bool = True) -> Iterator[pa.RecordBatch]:
    """The rows in batches of some thousands, read ahead by one: PostgreSQL spells the next while this one is written."""
    drawn = _Shapes(source.shapes()) if shapes else None
    with ThreadPoolExecutor(1) as beside:
        yield from _ahead(beside, _gathered(source), lambda lines: _batch(lines, drawn))


def _gathered(source: Source) -> Iterator[list[Line]]:
    together: list[Line] = []
    for lines in source.lines(Spelling(_SPELT)):
        together += lines
        if len(together) >= BATCH_ROWS:
            yield together
            together = []
    if together:
        yield together


def _ahead(
    beside: ThreadPoolExecutor, given: Iterator[list[Line]], make: Callable[[list[Line]], pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    waiting: Future[pa.RecordBatch] | None = None
    for lines in given:
        begun = beside.submit(make, lines)
        if waiting:
            yield waiting.result()
        waiting = begun
    if waiting:
        yield waiting.result()


def _batch(lines: list[Line], drawn: "_Shapes | None") -> pa.RecordBatch:
    data = b"\n".join(lines)
    parsing = _SOME_HAVE_MORE if data.count(b"\n") >= len(lines) else _ONE_LINE_EACH
    read = csv.read_csv(io.BytesIO(data), read_options=_READ, convert_options=_CONVERT, parse_options=parsing)
    table = read.combine_chunks()
    columns = [_plain(table[name]) for name in COLUMNS]
    if drawn is None:
        return pa.record_batch(columns, names=list(COLUMNS))
    return pa.record_batch([*columns, drawn.of(table)], schema=SCHEMA)


def _plain(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)


class _Shapes:
    """The places of rows: the outline of the area, looked up, or the point."""

    def __init__(self, shapes: dict[str, bytes]) -> None:
        self.codes = pa.array(list(shapes), pa.string())
        self.wkb = pa.array(list(shapes.values()), pa.binary())

    def of(self, table: pa.Table) -> pa.Array:
        at = pc.index_in(table["area_code"], value_set=self.codes)
        outlines = self.wkb.take(at.combine_chunks() if isinstance(at, pa.ChunkedArray) else at)
        is_point = table["lon"].is_valid()
        return pc.if_else(_plain(is_point), _points(table), outlines)


def _points(table: pa.Table) -> pa.Array:
    """A WKB point for each row, whatever stands there where there is none."""
    made = np.empty(len(table), _POINT)
    made["order"], made["kind"] = 1, 1
    for name in ("lon", "lat"):
        made[name] = table[name].to_numpy(zero_copy_only=False) if len(table) else []
    offsets = pa.array(np.arange(len(table) + 1, dtype="i4") * _POINT.itemsize)
    return pa.BinaryArray.from_buffers(
        pa.binary(), len(table), [None, offsets.buffers()[1], pa.py_buffer(made.tobytes())]
    )
