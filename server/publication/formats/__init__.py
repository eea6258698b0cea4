"""The files the public may download. Adding a format is adding a module here and naming it in ``FORMATS``.

A format turns rows into pieces of bytes, one after the other, so that a million rows need no more memory than one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from server.core.choices import N_
from server.publication.formats import csv, geojson

Rows = Iterable[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Format:
    """One kind of file: its name in addresses, its ending, its type, its words, and how rows become bytes."""

    name: str
    extension: str
    mimetype: str
    label: str
    hint: str
    pieces: Callable[[Rows, str], Iterator[bytes]]
    outlines: bool = False

    def write(self, rows: Rows, out: BinaryIO, *, release_id: str = "") -> int:
        """Write rows to an open file; returns how many bytes."""
        return sum(out.write(piece) for piece in self.pieces(rows, release_id))

    def filename(self, release_id: str) -> str:
        """The name of the file, with the dated data set in it: an exercise says EXERCISE."""
        return f"tessera-damage-{release_id or 'empty'}.{self.extension}"


FORMATS: dict[str, Format] = {
    made.name: made
    for made in (
        Format(
            name="csv", extension="csv", mimetype="text/csv", pieces=csv.pieces,
            label=N_("Table (CSV)"), hint=N_("For Excel, LibreOffice, pandas and R."),
        ),
        Format(
            name="hxl.csv", extension="hxl.csv", mimetype="text/csv", pieces=csv.pieces_with_hxl,
            label=N_("Table with HXL tags (CSV)"), hint=N_("The same, with a second row of humanitarian tags."),
        ),
        Format(
            name="geojson", extension="geojson", mimetype="application/geo+json", pieces=geojson.pieces, outlines=True,
            label=N_("Map data (GeoJSON)"), hint=N_("For QGIS, ArcGIS and the web; areas as outlines, never as their centres."),
        ),
    )
}  # fmt: skip
