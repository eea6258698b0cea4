"""Public rows as GeoParquet 1.1: typed columns, places as WKB, licence and caveats in the file's footer."""

from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
from pyarrow import parquet

from server.publication.about import About
from server.publication.formats.arrow import GEOMETRY, SCHEMA, coded
from server.publication.source import Source

VERSION: Final = "1.1.0"
DICTIONARY_BYTES: Final = 8 << 20  # the outlines of some thousand areas, each once for all its rows
UNLIKE: Final = frozenset({"incident_id", "lat", "lon"})
"""Columns in which no two rows agree: a dictionary of them would only be thrown away."""
ASKED_FOR: Final = ("date_start", "date_end", "adm1_pcode", "adm2_pcode", "lat", "lon")
"""Columns by which readers skip what they do not need."""


def _coded(field: pa.Field) -> pa.Field:
    is_coded = field.type in (pa.string(), pa.binary()) and field.name not in UNLIKE
    return field.with_type(pa.dictionary(pa.int32(), field.type)) if is_coded else field


_SCHEMA: Final = pa.schema([_coded(field) for field in SCHEMA])


def build(source: Source, path: Path) -> None:
    """Write the file at ``path``, anew."""
    options = {
        "compression": "snappy", "write_statistics": list(ASKED_FOR), "dictionary_pagesize_limit": DICTIONARY_BYTES,
        "use_dictionary": [name for name in SCHEMA.names if name not in UNLIKE],
        "store_schema": False,  # that of Arrow, by which its readers would make dictionaries of words
    }  # fmt: skip
    with parquet.ParquetWriter(path, _SCHEMA, **options) as writer:
        writer.add_key_value_metadata(_footer(source.about))
        for batch in coded(source):
            writer.write_batch(batch)


def _footer(about: About) -> dict[str, bytes]:
    geometry: dict[str, Any] = {
        "encoding": "WKB", "geometry_types": ["Point", "MultiPolygon"], "orientation": "counterclockwise",
        "edges": "planar",
    }  # fmt: skip
    geo = {"version": VERSION, "primary_column": GEOMETRY, "columns": {GEOMETRY: geometry}}
    return {"geo": orjson.dumps(geo), **{name: value.encode() for name, value in about.facts()}}
