"""Public rows as a GeoPackage with a spatial index; licence, rules and caveats are in its contents and its metadata."""

from pathlib import Path
from typing import Final

from server.publication.formats.arrow import SCHEMA, batches
from server.publication.formats.gdal import Layer, write
from server.publication.source import Source

VERSION: Final = "1.3"  # the newest that QGIS and ArcGIS of some years ago read without a warning


def build(source: Source, path: Path) -> None:
    """Write the file at ``path``, anew."""
    facts = dict(source.about.facts())
    options = {"SPATIAL_INDEX": "YES", "IDENTIFIER": source.about.title, "DESCRIPTION": "\n".join(facts.values())}
    layer = Layer(
        driver="GPKG", schema=SCHEMA, file_options={"VERSION": VERSION}, layer_options=options,
        in_file=facts, in_layer=facts,
    )  # fmt: skip
    write(batches(source), path, layer)
