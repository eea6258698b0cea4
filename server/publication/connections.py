"""Connections for other people's programs: vector tiles, the feed, catalogues, code lists and crosswalks as tables."""

from typing import Any

import orjson
from flask import Response, request
from flask_smorest import Blueprint

from server.core.problems import Problem
from server.core.response import this_response
from server.publication import (
    answers,
    current,
    descriptors,
    feed,
    reading,
    reference_tables,
    release_reading,
    vector_tiles,
)
from server.publication.about import About
from server.publication.explaining import list_name
from server.publication.release_models import PUBLISHED, PublishedFile, Release
from server.publication.release_schemas import PublicFile
from server.vocabulary import code_lists

blueprint = Blueprint(
    "connections",
    __name__,
    url_prefix="/api/v1/public",
    description="Open data for other programs: tiles, a feed, catalogues, code lists.",
)
JSON_LD, ATOM, CSV = "application/ld+json", "application/atom+xml", "text/csv"
CATALOGUED = 50


@blueprint.get("/tiles.json")
@blueprint.alt_response(200, description="TileJSON 3.0", content_type="application/json")
def get_tile_json() -> Response:
    """What QGIS, MapLibre and others need to add the vector tiles."""
    address = f"{request.host_url}api/v1/public/tiles/{{z}}/{{x}}/{{y}}.mvt"
    return answers.answer(vector_tiles.tile_json(address, name=about().title), answers.release())


@blueprint.get("/tiles/<int:z>/<int:x>/<int:y>.mvt")
@blueprint.alt_response(200, description="Layers `areas` and `incidents`", content_type=vector_tiles.MEDIA_TYPE)
def get_vector_tile(z: int, x: int, y: int) -> Response:
    """One vector tile: areas with their counts, and records that are published as points."""
    release = answers.release()
    if same := answers.unchanged(release):
        return same
    return answers.sealed(Response(vector_tiles.tile(z, x, y), mimetype=vector_tiles.MEDIA_TYPE), release)


@blueprint.get("/feed.atom")
@blueprint.alt_response(200, description="Atom with GeoRSS", content_type=ATOM)
def get_feed() -> Response:
    """Dated data sets and the newest public rows, for a feed reader."""
    sets, _more = release_reading.releases(size=feed.MOST_SETS)
    stamp = f"{answers.release()} {sets[0].sequence if sets else 0}"
    if same := answers.unchanged(stamp):
        return same
    standing = [one for one in sets if one.state == PUBLISHED]
    body = feed.atom(about(), host=request.host_url, rows=feed.newest_rows(), sets=standing)
    return answers.sealed(Response(body, mimetype=ATOM), stamp)


@blueprint.get("/catalog.jsonld")
@blueprint.alt_response(200, description="DCAT 3", content_type=JSON_LD)
def get_catalogue() -> Response:
    """All dated data sets that stand, as a DCAT 3 catalogue for harvesters."""
    found, _more = release_reading.releases(size=CATALOGUED)
    box = reading.extent()
    sets = [
        descriptors.dcat(about(one), listed(one.number), address=folder(one), box=box)
        for one in found
        if one.state == PUBLISHED
    ]
    body = descriptors.catalogue(sets, title=about().title, address=f"{request.host_url}api/v1/public/catalog.jsonld")
    return answers.hashed(Response(orjson.dumps(body), mimetype=JSON_LD))


@blueprint.get("/dataset.jsonld")
@blueprint.alt_response(200, description="schema.org Dataset", content_type=JSON_LD)
def get_dataset() -> Response:
    """The newest dated data set, or the current copy, as a schema.org Dataset: what `/data` tells search engines."""
    return answers.hashed(Response(orjson.dumps(dataset()), mimetype=JSON_LD))


@blueprint.get("/codelists.csv")
@blueprint.alt_response(200, description="`list,position,code,label`", content_type=CSV)
def get_all_codes() -> Response:
    """Every code list in one table. CC0."""
    return _table(reference_tables.code_table(), "codelists.csv")


@blueprint.get("/codelists/<name>.csv")
@blueprint.alt_response(200, description="`list,position,code,label`", content_type=CSV)
def get_codes(name: str) -> Response:
    """One code list as a table. CC0."""
    kind = {list_name(one): one for one in code_lists()}.get(name)
    if kind is None:
        raise Problem("not_found")
    return _table(reference_tables.code_table(kind), f"{list_name(kind)}.csv")


@blueprint.get("/crosswalks.csv")
@blueprint.alt_response(200, description="`scale,value,damage_min,damage_max,damage_best,…`", content_type=CSV)
def get_crosswalks() -> Response:
    """What the grades of other damage scales mean here. CC0."""
    return _table(reference_tables.crosswalk_table(), "crosswalks.csv")


@blueprint.get("/columns.csv")
@blueprint.alt_response(200, description="`column,type,label,description,codelist,hxl`", content_type=CSV)
def get_columns() -> Response:
    """The data dictionary: what each column of the files means. CC0."""
    return _table(reference_tables.column_table(), "columns.csv")


def about(release: Release | None = None) -> About:
    """What a dated data set, or the current copy, says of itself."""
    address = f"{request.host_url}data"
    if release is None:
        return current.about(reading.latest(), address=address)
    return About(
        release_id=release.number, policy_version=release.policy_version, published_on=release.published_on,
        is_exercise=release.is_exercise, response_name=this_response().name, address=address,
    )  # fmt: skip


def dataset() -> dict[str, Any]:
    """The newest dated data set as schema.org sees it; before the first, the current copy without files."""
    release = release_reading.latest()
    files = listed(release.number) if release else []
    address = folder(release) if release else f"{request.host_url}data"
    return descriptors.schema_org(about(release), files, address=address, box=reading.extent())


def listed(number: str) -> list[dict[str, Any]]:
    """The files of a data set as plain values."""
    files: list[PublishedFile] = list(release_reading.files(number))
    return list(PublicFile(many=True).dump(files))


def folder(release: Release) -> str:
    """The address under which the files of a data set lie."""
    return f"{request.host_url}api/v1/public/releases/{release.number}"


def _table(table: reference_tables.Table, name: str) -> Response:
    response = answers.hashed(Response(reference_tables.as_csv(table), mimetype=CSV))
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
