"""Public rows as FlatGeobuf with its packed index, which lets a map on the web read only the part it shows."""

from pathlib import Path

from server.publication.formats.arrow import SCHEMA, batches
from server.publication.formats.gdal import Layer, write
from server.publication.source import Source


def build(source: Source, path: Path) -> None:
    """Write the file at ``path``, anew; title, licence, rules and caveats stand in its header."""
    facts = dict(source.about.facts())
    options = {"SPATIAL_INDEX": "YES", "TITLE": source.about.title, "DESCRIPTION": "\n".join(facts.values())}
    write(batches(source), path, Layer(driver="FlatGeobuf", schema=SCHEMA, layer_options=options, in_layer=facts))
