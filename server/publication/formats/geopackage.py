"""Public rows as a GeoPackage with a spatial index; licence, rules and caveats are in its contents and its metadata."""

from pathlib import Path

from server.publication.formats.arrow import SCHEMA, batches
from server.publication.formats.gdal import Layer, write
from server.publication.source import Source


def build(source: Source, path: Path) -> None:
    """Write the file at ``path``, anew."""
    facts = dict(source.about.facts())
    options = {"SPATIAL_INDEX": "YES", "IDENTIFIER": source.about.title, "DESCRIPTION": "\n".join(facts.values())}
    write(
        batches(source),
        path,
        Layer(driver="GPKG", schema=SCHEMA, layer_options=options, in_file=facts, in_layer=facts),
    )
