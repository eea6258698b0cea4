"""Public rows as zipped shapefiles for older programs: areas and points apart, short column names, a README beside them."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from server.publication.about import About
from server.publication.formats.arrow import GEOMETRY, SCHEMA, batches
from server.publication.formats.gdal import Layer, write
from server.publication.formats.runs import KINDS
from server.publication.models import PublishedIncident
from server.publication.source import COLUMNS, Source

SHORT: Final = {
    "incident_id": "id", "release_id": "release", "record_status": "status", "certainty": "certainty",
    "date_start": "date_start", "date_end": "date_end", "date_precision": "date_prec", "country_iso3": "country",
    "adm1_pcode": "adm1_pcode", "adm1_name": "adm1_name", "adm2_pcode": "adm2_pcode", "adm2_name": "adm2_name",
    "adm3_pcode": "adm3_pcode", "adm3_name": "adm3_name", "geo_level": "geo_level", "h3_cell": "h3_cell",
    "lat": "lat", "lon": "lon", "site_type": "site_type", "site_group": "site_group", "site_name": "site_name",
    "sector": "sector", "damage_best": "dam_best", "damage_min": "dam_min", "damage_max": "dam_max",
    "cause_group": "cause", "weapon_type": "weapon", "functional_status": "functional",
    "access_constraints": "access", "affected_band": "affected", "event_ref": "event", "summary": "summary",
    "policy_version": "policy", "redaction": "redaction", "licence": "licence",
}  # fmt: skip
"""The name of each column in a shapefile, which has room for ten characters."""
WIDEST: Final = 254  # the most bytes a cell of a shapefile holds
KINDS_OF_PLACES: Final = {"areas": "MultiPolygon", "points": "Point"}

_WIDTH: Final = b"GDAL:OGR:width"


def build(source: Source, path: Path) -> None:
    """Write the archive at ``path``, anew. Words longer than a cell are cut; the README says so."""
    schema = _schema(source)
    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder)
        for name, geometry_type in KINDS_OF_PLACES.items():
            layer = Layer(
                driver="ESRI Shapefile", schema=schema, name=name, geometry_type=geometry_type,
                layer_options={"ENCODING": "UTF-8"},
            )  # fmt: skip
            write(_only(batches(source), schema, points=name == "points"), inside / f"{name}.shp", layer)
        (inside / "README.txt").write_text(_readme(source.about), encoding="utf-8", newline="")
        _pack(inside, path)


def _schema(source: Source) -> pa.Schema:
    """The columns by their short names, each as wide as its longest words."""
    wide = source.longest([name for name, kind in KINDS.items() if pa.types.is_string(kind)])
    fields = []
    for name in COLUMNS:
        told = {_WIDTH: str(min(WIDEST, max(1, wide[name]))).encode()} if name in wide else None
        fields.append(pa.field(SHORT[name], KINDS[name], metadata=told))
    return pa.schema([*fields, SCHEMA.field(GEOMETRY)])


def _only(given: Iterator[pa.RecordBatch], schema: pa.Schema, *, points: bool) -> Iterator[pa.RecordBatch]:
    for batch in given:
        is_point = pc.is_valid(batch["lon"])
        chosen = batch.filter(is_point if points else pc.invert(is_point))
        yield pa.RecordBatch.from_arrays(chosen.columns, schema=schema)


def _readme(about: About) -> str:
    table = PublishedIncident.__table__.c
    names = "".join(f"{SHORT[name]:<10}  {name:<20}  {table[name].info['label']}\r\n" for name in COLUMNS)
    cut = f"A shapefile cuts words after {WIDEST} bytes. The other formats are whole."
    return f"{about.text()}\r\n{cut}\r\n\r\n{'column':<10}  {'in other files':<20}  what it is\r\n{names}"


def _pack(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in sorted(folder.iterdir()):
            told = zipfile.ZipInfo(member.name)  # no time of ours inside: the same rows make the same file
            told.compress_type = zipfile.ZIP_DEFLATED
            with member.open("rb") as plain, archive.open(told, "w", force_zip64=True) as packed:
                shutil.copyfileobj(plain, packed, 256 * 1024)
