"""The public's pages: the map, the same as a table, one record, the open data; and for the desk, what the public sees.

All but the last read schema ``pub`` alone, as any stranger's program could.
"""

from math import floor, log2
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict

from server.accounts.service import current_actor, must, requires
from server.core.maps import Layer, Map, script_response
from server.core.paging import PAGE, decode_cursor, encode_cursor
from server.core.problems import Problem, field_errors
from server.core.response import this_response
from server.places.basemap import base_map
from server.publication import (
    answers,
    connections,
    current,
    explaining,
    five_w_api,
    five_w_files,
    freshness,
    reading,
    release_reading,
    service,
    takedown,
    warning_api,
)
from server.publication.examples import EXAMPLES
from server.publication.formats import FORMATS
from server.publication.policy import read
from server.publication.rules_page import followed
from server.publication.schemas import PublicFilter
from server.vocabulary import code_lists

blueprint = Blueprint("publication", __name__)

TILES = "/api/v1/public/map/{z}/{x}/{y}"
AREAS = "/api/v1/public/areas/{level}/{code}"
VIEW_PX = 700
NEAREST = 10
SETS = 12  # dated data sets that the page names; all of them are in the API
_FILTERS = PublicFilter()


blueprint.context_processor(explaining.reading_words)


@blueprint.get("/map")
def show_map() -> str:
    """What is publicly known, on a map, with the filters in the address."""
    asked, errors = _asked()
    ground = base_map()
    return render_template(
        "publication/map.html", page=_map().page, ground=ground, total=reading.count(asked), newest=reading.latest(),
        values=request.args, errors=errors, schema=_FILTERS, query=_query(), active="map", warnings=warning_api.holding(),
    )  # fmt: skip


@blueprint.get("/map.js")
def map_script() -> Response:
    """The map's own script, as a file, so that the policy needs no exception."""
    return script_response(_map())


@blueprint.get("/map/table")
def show_table() -> str:
    """The same records as a table, for those who cannot or would rather not use a map."""
    asked, errors = _asked()
    after = decode_cursor(request.args.get("cursor"), int)
    rows, last = reading.page(asked, size=PAGE, after=after[0] if after else None)
    return render_template(
        "publication/table.html", rows=rows, total=reading.count(asked), cursor=encode_cursor(last) if last is not None else "",
        newest=reading.latest(), values=request.args, errors=errors, schema=_FILTERS, query=_query(), active="map",
    )  # fmt: skip


@blueprint.get("/map/<incident_id>")
def show_record(incident_id: str) -> str:
    """One public damage record under its own address."""
    row = reading.one(incident_id)
    if row is None:
        raise Problem("incident_not_found")
    return render_template("publication/record.html", row=row, columns=explaining.columns(), active="map")


@blueprint.get("/data")
def show_data() -> str:
    """What the open data is, how fresh, sure, late and coarse, under which licence, the files, and how to open them."""
    newest, release = reading.latest(), release_reading.latest()
    sets, _more = release_reading.releases(size=SETS)
    return render_template(
        "publication/data.html", newest=newest, batches=reading.batches(limit=30), formats=FORMATS.values(),
        columns=explaining.columns(), table=explaining.delays(read(followed())), told=freshness.told(), active="data",
        release=release, release_files=release_reading.files(release.number) if release else [], sets=sets,
        current=current.written(newest.release_id) if newest else {}, lists=[explaining.list_name(kind) for kind in code_lists()],
        examples=EXAMPLES, host=request.host_url.rstrip("/"), dataset=connections.dataset(),
        citation=connections.about(release).citation, activities=five_w_api.count(), activity_files=five_w_files.LABELS,
        activity_columns=five_w_files.columns(),
    )  # fmt: skip


@blueprint.get("/desk/incidents/<public_id>/public")
@requires("preview_public")
def show_preview(public_id: str) -> str:
    """What the public sees, or will see, of a damage record, and why."""
    return _preview(public_id)


@blueprint.post("/desk/incidents/<public_id>/public")
@requires("take_out_of_public")
def take_out(public_id: str) -> Response:
    """The kill switch for one damage record: it is gone from the public copy when this answers."""
    takedown.withdraw_from_public(must("take_out_of_public"), kind="record", code=public_id)
    return redirect(f"/desk/incidents/{public_id}/public", 303)  # type: ignore[return-value]


def _preview(public_id: str) -> str:
    seen = service.preview(current_actor(), public_id)
    return render_template(
        "publication/preview.html", seen=seen, public_id=public_id, columns=explaining.columns(), audience="desk"
    )


def _map() -> Map:
    """The public map: our own ground, then counts, outlines and points from the public copy."""
    lat, lon, zoom = _view(reading.extent())
    composed = Map("public", location=(lat, lon), zoom=zoom)
    base_map().layer.add_to(composed)
    Layer("incidents", tiles=TILES, areas=AREAS, record="/map/{id}", list="/map/table", every_s=60, fit=False).add_to(
        composed
    )
    return composed


def _view(extent: tuple[float, float, float, float] | None) -> tuple[float, float, int]:
    """Latitude, longitude and zoom that show everything; the operating area, or the world, while there is nothing."""
    west, south, east, north = extent or this_response().operating_area or (-170.0, -50.0, 170.0, 65.0)
    span = max(east - west, (north - south) * 2.2, 0.01)
    zoom = floor(log2(360 * VIEW_PX / 256 / span))
    return round((south + north) / 2, 4), round((west + east) / 2, 4), max(2, min(NEAREST, zoom))


def _asked() -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The filters of the address; what cannot be read is said beside the form and does not hide the map."""
    kept: Any = request.args
    found: list[dict[str, str]] = []
    while True:
        try:
            return _FILTERS.load(kept), found
        except ValidationError as error:  # a box is looked at only when every other filter can be read: once more then
            wrong = field_errors(error.messages)
            names = {item["field"].partition(".")[0] for item in wrong}
            found += [{**item, "field": item["field"].partition(".")[0]} for item in wrong]
            kept = MultiDict((name, value) for name, value in kept.items(multi=True) if name not in names)


def _query() -> str:
    """The filters as they stand in the address, for links to the same choice elsewhere."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name in _FILTERS.fields and value]
    return answers.query(kept)
