"""The areas of the public copy as vector tiles in one PMTiles file: each cell or district once, with its counts.

Records that are published as points are counted in their H3 cell: a tile that drops points to stay small would lie. An area
that is smaller than the grain of a zoom is in the tiles of the next; the deepest tiles hold all of them.
"""

import gzip
from pathlib import Path
from typing import Any, Final

import h3
import pyarrow as pa
import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from server.publication.formats.arrow import GEOMETRY
from server.publication.formats.gdal import Layer, write
from server.publication.source import Source

LAYER: Final = "areas"
DEEPEST: Final = 10  # a cell of resolution 8 is some ten pixels wide there; programs draw deeper zooms from it
GRADES: Final = ("d0", "d1", "d2", "d3", "d4", "du")
_COUNTS: Final = ", ".join(
    ["count(*)", *(f"count(*) FILTER (WHERE damage_best = {n})" for n in range(5)),
     "count(*) FILTER (WHERE damage_best IS NULL)", "count(*) FILTER (WHERE certainty = 'CONFIRMED')"]
)  # fmt: skip
_NUMBERS: Final = ("records", *GRADES, "confirmed")
_BOUNDS: Final = {
    "min_lon_e7": -1_800_000_000, "min_lat_e7": -850_000_000, "max_lon_e7": 1_800_000_000, "max_lat_e7": 850_000_000,
    "center_zoom": 0, "center_lon_e7": 0, "center_lat_e7": 0, "min_zoom": 0, "max_zoom": 0,
}  # fmt: skip
SCHEMA: Final = pa.schema(
    [("code", pa.string()), ("geo_level", pa.string()), ("name", pa.string())]
    + [(name, pa.int32()) for name in _NUMBERS]
    + [(GEOMETRY, pa.binary())]
)


def build(source: Source, path: Path) -> None:
    """Write the file at ``path``, anew; its description holds licence, rules and caveats."""
    options = {
        "NAME": source.about.title, "DESCRIPTION": "\n".join(value for _name, value in source.about.facts()),
        "MINZOOM": "0", "MAXZOOM": str(DEEPEST),
    }  # fmt: skip
    batches = _batches(source)
    if not batches:
        _write_nothing(path, options)
        return
    write(batches, path, Layer(driver="PMTiles", schema=SCHEMA, name=LAYER, file_options=options))


def _batches(source: Source) -> list[pa.RecordBatch]:
    """The areas in one batch: there are far fewer of them than rows."""
    shapes, names = source.shapes(), source.names()
    rows = [
        {"code": code, "geo_level": level, "name": names.get(code, ""), **_counts(numbers), GEOMETRY: shape}
        for code, level, *numbers in source.grouped(("area_code", "geo_level"), _COUNTS)
        if (shape := shapes.get(code) or _cell(code))
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA).combine_chunks().to_batches()


def _write_nothing(path: Path, told: dict[str, str]) -> None:
    """A file with its header and description and one empty tile; GDAL writes none where there is nothing."""
    with path.open("wb") as file:
        writer = Writer(file)
        writer.write_tile(zxy_to_tileid(0, 0, 0), gzip.compress(b"", mtime=0))
        head = {"tile_type": TileType.MVT, "tile_compression": Compression.GZIP, **_BOUNDS}
        writer.finalize(head, {"name": told["NAME"], "description": told["DESCRIPTION"], "vector_layers": []})


def _counts(numbers: list[Any]) -> dict[str, int]:
    return dict(zip(_NUMBERS, numbers, strict=True))


def _cell(code: str) -> bytes | None:
    if not h3.is_valid_cell(code):
        return None
    outline = shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(code)])
    return bytes(shapely.to_wkb(outline, byte_order=1))
