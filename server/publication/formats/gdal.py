"""GDAL's writers, through Arrow: rows go in by the thousand, and nothing of them stays in memory."""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyogrio

from server.publication.formats.arrow import GEOMETRY

# A file is written whole or not at all, and the store waits for the disk when it takes it in: the driver need not.
pyogrio.set_gdal_config_options({"OGR_SQLITE_SYNCHRONOUS": "OFF"})


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What GDAL writes: with which driver, under which name, and with which of the driver's own options.

    ``file_options`` and ``layer_options`` steer the driver; ``in_file`` and ``in_layer`` are kept in the file for its readers.
    """

    driver: str
    schema: pa.Schema
    name: str = "incidents"
    geometry_type: str = "Unknown"
    file_options: Mapping[str, str] = field(default_factory=dict)
    layer_options: Mapping[str, str] = field(default_factory=dict)
    in_file: Mapping[str, str] | None = None
    in_layer: Mapping[str, str] | None = None


def write(batches: Iterable[pa.RecordBatch], path: Path, layer: Layer) -> None:
    """Write batches as one layer in longitude and latitude, in place of whatever is at ``path``."""
    path.unlink(missing_ok=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A geometry of type", RuntimeWarning)
        pyogrio.write_arrow(
            pa.RecordBatchReader.from_batches(layer.schema, batches), path, layer=layer.name, driver=layer.driver,
            geometry_name=GEOMETRY, geometry_type=layer.geometry_type, crs="EPSG:4326",
            dataset_options=dict(layer.file_options), layer_options=dict(layer.layer_options),
            dataset_metadata=layer.in_file, layer_metadata=layer.in_layer,
        )  # fmt: skip
