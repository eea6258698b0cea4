"""The files the public may download. Adding a format is adding a module here and naming it in ``FORMATS``.

A format takes a ``Source`` and either gives pieces of bytes, one after the other, so that a million rows need no more memory
than one; or, where the format cannot be written from front to back, builds a file at a path.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from server.core.choices import N_
from server.publication.formats import csv, geojson, kml
from server.publication.source import Source

Heard = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Format:
    """One kind of file: its name in addresses, its ending, its type, its words, and how rows become bytes.

    Exactly one of ``pieces`` (it can be sent while it is made) and ``build`` (it needs a path) is given.
    """

    name: str
    extension: str
    mimetype: str
    label: str
    hint: str
    pieces: Callable[[Source], Iterator[bytes]] | None = None
    build: Callable[[Source, Path], None] | None = None

    @property
    def streams(self) -> bool:
        """Whether the file can be sent while it is made."""
        return self.pieces is not None

    def write(self, source: Source, path: Path, *, progress: Heard | None = None) -> int:
        """Write the file at ``path``, telling how many rows went by; returns how many bytes it has."""
        heard = replace(source, progress=progress) if progress else source
        if self.pieces:
            with path.open("wb") as out:
                out.writelines(self.pieces(heard))
        elif self.build:
            self.build(heard, path)
        return path.stat().st_size

    def filename(self, release_id: str) -> str:
        """The name of the file, with the dated data set in it: an exercise says EXERCISE."""
        return f"tessera-damage-{release_id or 'empty'}.{self.extension}"


def _later(module: str) -> Callable[[Source, Path], None]:
    """A format of a module that brings Arrow, GDAL or workbooks: only who writes such a file pays for their memory."""

    def build(source: Source, path: Path) -> None:
        import_module(f"{__name__}.{module}").build(source, path)

    return build


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
            name="xlsx", extension="xlsx", build=_later("workbook"),
            mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            label=N_("Workbook (Excel)"), hint=N_("The rows, what each column and code means, and how to read them."),
        ),
        Format(
            name="geojson", extension="geojson", mimetype="application/geo+json", pieces=geojson.pieces,
            label=N_("Map data (GeoJSON)"), hint=N_("For QGIS, ArcGIS and the web; areas as outlines, never as their centres."),
        ),
        Format(
            name="gpkg", extension="gpkg", mimetype="application/geopackage+sqlite3", build=_later("geopackage"),
            label=N_("Map data (GeoPackage)"), hint=N_("For QGIS and ArcGIS: the quickest for large maps."),
        ),
        Format(
            name="kml", extension="kml", mimetype="application/vnd.google-earth.kml+xml", pieces=kml.pieces,
            label=N_("Map data (KML)"), hint=N_("For Google Earth, OsmAnd and Organic Maps."),
        ),
        Format(
            name="parquet", extension="parquet", mimetype="application/vnd.apache.parquet", build=_later("geoparquet"),
            label=N_("Columns (GeoParquet)"), hint=N_("For pandas, R, DuckDB and Spark: small and quick."),
        ),
        Format(
            name="fgb", extension="fgb", mimetype="application/octet-stream", build=_later("flatgeobuf"),
            label=N_("Map data (FlatGeobuf)"), hint=N_("For maps on the web that read only what they show."),
        ),
        Format(
            name="shp.zip", extension="shp.zip", mimetype="application/zip", build=_later("shapefile"),
            label=N_("Map data (shapefile)"), hint=N_("For older programs: short column names, areas and points apart."),
        ),
        Format(
            name="pmtiles", extension="pmtiles", mimetype="application/vnd.pmtiles", build=_later("pmtiles"),
            label=N_("Map tiles (PMTiles)"), hint=N_("A whole map of the areas with their counts, for maps on the web."),
        ),
    )
}  # fmt: skip
