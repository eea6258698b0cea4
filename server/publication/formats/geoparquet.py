"""Public rows as GeoParquet 1.1: typed columns, places as WKB, licence and caveats in the file's footer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
from pyarrow import parquet

from server.publication.about import About
from server.publication.formats.arrow import GEOMETRY, SCHEMA, batches
from server.publication.source import Source

VERSION: Final = "1.1.0"
GROUP_ROWS: Final = 32_000
UNLIKE: Final = frozenset({"incident_id", "lat", "lon"})
"""Columns in which no two rows agree: a dictionary of them would only be thrown away."""
ASKED_FOR: Final = ("date_start", "date_end", "adm1_pcode", "adm2_pcode", "lat", "lon")
"""Columns by which readers skip what they do not need."""


def build(source: Source, path: Path) -> None:
    """Write the file at ``path``, anew."""
    schema = SCHEMA.with_metadata(_footer(source.about))
    options = {
        "compression": "snappy", "write_statistics": list(ASKED_FOR),
        "use_dictionary": [name for name in schema.names if name not in UNLIKE],
    }  # fmt: skip
    with parquet.ParquetWriter(path, schema, **options) as writer:
        for group in _groups(batches(source)):
            writer.write_table(group.replace_schema_metadata(schema.metadata))


def _groups(given: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    together: list[pa.RecordBatch] = []
    for batch in given:
        together.append(batch)
        if sum(part.num_rows for part in together) >= GROUP_ROWS:
            yield pa.Table.from_batches(together)
            together = []
    if together:
        yield pa.Table.from_batches(together)


def _footer(about: About) -> dict[str, bytes]:
    geometry: dict[str, Any] = {
        "encoding": "WKB", "geometry_types": ["Point", "MultiPolygon"], "orientation": "counterclockwise",
        "edges": "planar",
    }  # fmt: skip
    geo = {"version": VERSION, "primary_column": GEOMETRY, "columns": {GEOMETRY: geometry}}
    return {"geo": orjson.dumps(geo), **{name: value.encode() for name, value in about.facts()}}
