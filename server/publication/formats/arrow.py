"""Public rows as Arrow batches, the common tongue of Parquet, GDAL and workbooks: typed columns, and the place as WKB."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from server.publication.formats.ahead import ahead
from server.publication.formats.runs import AREA_CODE, KINDS, SPELT, Columns, Group, columns, one_array
from server.publication.source import Source

GEOMETRY: Final = "geometry"
READ_ROWS: Final = 32_000
BATCH_ROWS: Final = 8_000
SCHEMA: Final = pa.schema([*KINDS.items(), (GEOMETRY, pa.binary())])

_POINT: Final = np.dtype([("order", "u1"), ("kind", "<u4"), ("lon", "<f8"), ("lat", "<f8")])


def coded(source: Source) -> Iterator[pa.RecordBatch]:
    """The rows in batches of ``READ_ROWS``, words and places as dictionaries.

    PostgreSQL spells rows, one thread fetches them, one makes columns of them and the caller's writes them, all at once.
    """
    return ahead(_coded(source))


def batches(source: Source) -> Iterator[pa.RecordBatch]:
    """The rows in batches of ``BATCH_ROWS``, words as words and places as WKB, for programs that know no dictionaries."""
    return ahead(_batches(source))


def _coded(source: Source) -> Iterator[pa.RecordBatch]:
    shapes = Shapes(source.shapes())
    for rows in ahead(source.rows(SPELT, together=READ_ROWS)):
        read = columns(rows)
        yield pa.record_batch([*read.all(), shapes.of(read)], names=SCHEMA.names)


def _batches(source: Source) -> Iterator[pa.RecordBatch]:
    for read in _coded(source):
        for start in range(0, len(read), BATCH_ROWS):
            yield plain(read.slice(start, BATCH_ROWS))


def plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch of ``coded`` without dictionaries."""
    return pa.record_batch(
        [column.dictionary_decode() if pa.types.is_dictionary(column.type) else column for column in batch.columns],
        schema=SCHEMA,
    )


class Shapes:
    """The places of rows: the outline of the area, looked up, or the point."""

    def __init__(self, shapes: dict[str, bytes]) -> None:
        self.at = {code: at for at, code in enumerate(shapes)}
        self.wkb = pa.array(list(shapes.values()), pa.binary())

    def of(self, read: Columns) -> pa.DictionaryArray:
        """Outlines and points of these rows lie in one dictionary, each once; an area without an outline has none."""
        areas, places = read.group(AREA_CODE), read.group("lon")
        outlines, outline_of = self._outlines(areas)
        is_point = one_array(places.different["lon"].is_valid()).to_numpy(zero_copy_only=False)
        point_of = np.cumsum(is_point) - 1 + len(outlines)
        area, place = areas.which.to_numpy(), places.which.to_numpy()
        index = np.where(is_point[place], point_of[place], outline_of[area]).astype("i4")
        dictionary = pa.concat_arrays([outlines, _points(places.different.filter(pa.array(is_point)))])
        return pa.DictionaryArray.from_arrays(pa.array(index, mask=index < 0), dictionary)

    def _outlines(self, areas: Group) -> tuple[pa.Array, np.ndarray]:
        """The outlines that are drawn, and for each different area which of them is its own (-1: none)."""
        known = np.array([self.at.get(code, -1) for code in areas.different[AREA_CODE].to_pylist()], dtype="i4")
        drawn, own = np.unique(known, return_inverse=True)
        nobodys = int(len(drawn) > 0 and drawn[0] < 0)
        return self.wkb.take(pa.array(drawn[nobodys:])), own.astype("i4") - nobodys


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
