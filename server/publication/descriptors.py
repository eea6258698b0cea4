"""A dated data set told to programs: Data Package 2, HDX, DCAT 3 and schema.org, all from one description."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from server.publication import five_w_files
from server.publication.about import LICENCE_NAME, LICENCE_URL, About
from server.publication.explaining import Column, columns
from server.publication.reference_tables import activity_column_type, column_type

KEYWORDS = ("damage", "civilian infrastructure", "humanitarian")
HDX_TAGS = ("damage assessment", "facilities-infrastructure", "conflict-violence", "natural disasters")
HDX_TAG_VOCABULARY = "b891512e-9516-4bf5-962a-7a289772a2a1"  # HDX's own list of tags
HDX_FORMATS = {
    "csv": "CSV", "hxl.csv": "CSV", "xlsx": "XLSX", "geojson": "GeoJSON", "gpkg": "Geopackage", "kml": "KML", "shp.zip": "SHP",
    "5w.csv": "CSV", "5w.hxl.csv": "CSV", "5w.xlsx": "XLSX",
}  # fmt: skip
"""The formats HDX takes, by our names; the others stay with us."""
METHOD = (
    "Reports of damage are put together into damage records, decided by people, then delayed, coarsened and stripped by a "
    "published policy before they are shown."
)
Files = Sequence[Mapping[str, Any]]


def data_package(about: About, files: Files) -> dict[str, Any]:
    """``datapackage.json`` after version 2 of the standard: every file with its hash, tables with their columns."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": _slug(about),
        "title": about.title,
        "description": about.caveats,
        "version": about.release_id,
        "created": f"{_day(about)}T00:00:00Z",
        "licenses": [{"name": "CC-BY-4.0", "path": LICENCE_URL, "title": LICENCE_NAME}],
        "contributors": [{"title": about.response_name, "roles": ["publisher"]}],
        "keywords": list(KEYWORDS),
        "resources": [_resource(file) for file in files],
    }


def hdx_dataset(
    about: About, files: Files, *, span: tuple[date, date] | None, countries: Sequence[str]
) -> dict[str, Any]:
    """``hdx_dataset.json``: what HDX asks of a data set and its resources, private until a person there looked at it."""
    first, last = span or (_day(about), _day(about))
    return {
        "name": _slug(about),
        "title": about.title,
        "notes": f"{METHOD} {about.caveats}",
        "private": True,
        "dataset_source": about.response_name,
        "dataset_date": f"[{first}T00:00:00 TO {last}T23:59:59]",
        "data_update_frequency": "-2",
        "groups": [{"name": code.lower()} for code in countries],
        "license_id": "cc-by",
        "methodology": "Other",
        "methodology_other": METHOD,
        "caveats": about.caveats,
        "subnational": "1",
        "tags": [{"name": name, "vocabulary_id": HDX_TAG_VOCABULARY} for name in HDX_TAGS],
        "resources": [_hdx_resource(about, file) for file in files if file["format"] in HDX_FORMATS],
    }


def dcat(about: About, files: Files, *, address: str, box: Sequence[float] | None) -> dict[str, Any]:
    """One data set as DCAT 3 in JSON-LD; `address` is that of its folder of files."""
    return {
        "@type": "dcat:Dataset",
        "@id": address,
        "dct:title": about.title,
        "dct:description": about.caveats,
        "dct:identifier": about.release_id,
        "dcat:version": about.release_id,
        "dct:issued": _typed(_day(about), "xsd:date"),
        "dct:license": {"@id": LICENCE_URL},
        "dct:publisher": {"@type": "foaf:Organization", "foaf:name": about.response_name},
        "dct:bibliographicCitation": about.citation,
        "dcat:keyword": list(KEYWORDS),
        **({"dct:spatial": {"@type": "dct:Location", "dcat:bbox": _typed(_wkt(box), "geo:wktLiteral")}} if box else {}),
        "dcat:distribution": [_distribution(file, address) for file in files],
    }


def catalogue(datasets: Sequence[Mapping[str, Any]], *, title: str, address: str) -> dict[str, Any]:
    """A DCAT 3 catalogue of data sets."""
    return {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/",
            "spdx": "http://spdx.org/rdf/terms#", "xsd": "http://www.w3.org/2001/XMLSchema#",
            "geo": "http://www.opengis.net/ont/geosparql#",
        },
        "@type": "dcat:Catalog",
        "@id": address,
        "dct:title": title,
        "dct:license": {"@id": "https://creativecommons.org/licenses/by/4.0/"},
        "dcat:dataset": list(datasets),
    }  # fmt: skip


def schema_org(about: About, files: Files, *, address: str, box: Sequence[float] | None) -> dict[str, Any]:
    """A schema.org Dataset, for search engines of data."""
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": about.title,
        "description": f"{METHOD} {about.caveats}",
        "version": about.release_id,
        "url": address,
        "license": LICENCE_URL,
        "isAccessibleForFree": True,
        "citation": about.citation,
        "datePublished": _day(about),
        "creator": {"@type": "Organization", "name": about.response_name},
        "keywords": list(KEYWORDS),
        "variableMeasured": [{"@type": "PropertyValue", "name": one.name, "description": one.label} for one in columns()],
        **({"spatialCoverage": {"@type": "Place", "geo": {"@type": "GeoShape", "box": _box(box)}}} if box else {}),
        "distribution": [
            {
                "@type": "DataDownload", "encodingFormat": file["media_type"], "contentUrl": f"{address}/{file['name']}",
                "contentSize": str(file["size_bytes"]), "sha256": file["sha256"],
            }
            for file in files
        ],
    }  # fmt: skip


def _resource(file: Mapping[str, Any]) -> dict[str, Any]:
    said = {
        "name": file["name"].lower().replace("_", "-"),
        "path": file["name"],
        "format": file["format"].rsplit(".", 1)[-1],
        "mediatype": file["media_type"],
        "bytes": file["size_bytes"],
        "hash": f"sha256:{file['sha256']}",
    }
    told = {
        "csv": (columns, column_type, "incident_id"),
        "5w.csv": (five_w_files.columns, activity_column_type, "row_id"),
    }
    if file["format"] not in told:
        return said
    return {**said, "type": "table", "encoding": "utf-8", "schema": _table_schema(*told[file["format"]])}


def _table_schema(listed: Callable[[], list[Column]], type_of: Callable[[str], str], key: str) -> dict[str, Any]:
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [
            {"name": one.name, "type": type_of(one.name), "title": one.label, "description": one.hint}
            for one in listed()
        ],
        "primaryKey": [key],
        "missingValues": [""],
    }


def _hdx_resource(about: About, file: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": file["name"],
        "format": HDX_FORMATS[file["format"]],
        "description": f"{about.title}, {about.release_id}. {LICENCE_NAME}.",
        "url_type": "api",
        "resource_type": "api",
        "hash": file["sha256"],
    }


def _distribution(file: Mapping[str, Any], address: str) -> dict[str, Any]:
    return {
        "@type": "dcat:Distribution",
        "dct:title": file["name"],
        "dcat:downloadURL": {"@id": f"{address}/{file['name']}"},
        "dcat:mediaType": file["media_type"],
        "dcat:byteSize": _typed(str(file["size_bytes"]), "xsd:nonNegativeInteger"),
        "spdx:checksum": {
            "spdx:algorithm": {"@id": "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"},
            "spdx:checksumValue": file["sha256"],
        },
    }


def _day(about: About) -> str:
    return about.published_on.isoformat() if about.published_on else ""


def _typed(value: str, kind: str) -> dict[str, str]:
    return {"@value": value, "@type": kind}


def _wkt(box: Sequence[float]) -> str:
    west, south, east, north = box
    return f"POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))"


def _box(box: Sequence[float]) -> str:
    west, south, east, north = box
    return f"{south} {west} {north} {east}"


def _slug(about: About) -> str:
    """A name of small letters, digits and hyphens, the same for all dated sets of one response but for the number."""
    words = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in about.response_name.lower())
    return "-".join(
        part for part in f"{words}-damage-records-{about.release_id.lower().replace('.', '-')}".split("-") if part
    )
