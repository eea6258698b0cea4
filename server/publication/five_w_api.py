"""The public 5W over HTTP: who does what where, delayed and summed, read only from schema ``pub``."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import fields, validate
from sqlalchemy import ColumnElement, Row, String, cast, func, or_, select, tuple_

from server.core import requests
from server.core.database import public_session
from server.core.paging import decode_cursor, encode_cursor, page_size
from server.publication import answers, current, five_w_files, reading
from server.publication.about import LICENCE_URL
from server.publication.five_w_models import PublishedActivity
from server.publication.five_w_schemas import ActivityFilter, PublicActivity
from server.publication.formats.csv import MARK

blueprint = Blueprint(
    "activities",
    __name__,
    url_prefix="/api/v1/public",
    description="Who does what where (5W): sums by organisation, sector, area and month. CC BY 4.0. No key is needed.",
)
NAMES = ", ".join(f"'{name}'" for name in five_w_files.FORMATS)
_ROW = PublishedActivity
_ORDER = (_ROW.adm1_pcode, func.coalesce(_ROW.adm2_pcode, ""), cast(_ROW.sector_code, String), _ROW.start, _ROW.row_id)


class ActivityPage(ActivityFilter):
    """The filters, and which page of the answer."""

    limit = fields.Integer(load_default=None, validate=validate.Range(min=1))
    cursor = fields.String(load_default="", validate=validate.Length(max=300))


@blueprint.get("/activities")
@blueprint.arguments(ActivityPage, location="query")
@blueprint.response(200, PublicActivity(many=True), description="`{items, next, total, release_id}`")
def list_activities(asked: dict[str, Any]) -> Response:
    """A page of the 5W. `next` is the address of the next page, null at the end."""
    size, release = page_size(asked["limit"]), answers.release()
    after = decode_cursor(asked["cursor"], str, str, str, str, str)
    if same := answers.unchanged(release):
        return same
    found = _rows(asked, size=size + 1, after=after)
    body = {
        "items": PublicActivity(many=True).dump(found[:size]),
        "next": _next(found[size - 1]) if len(found) > size else None,
        "total": count(asked),
        "release_id": release,
    }
    return answers.answer(body, release)


@blueprint.get(f"/activities.<any({NAMES}):name>")
@requests.limiter.limit("60 per minute")
@blueprint.arguments(ActivityFilter, location="query")
@blueprint.alt_response(200, description="The file.", content_type="application/octet-stream")
def download_activities(asked: dict[str, Any], name: str) -> Response:
    """The 5W under the filters as a file."""
    newest = reading.latest()
    release = newest.release_id if newest else ""
    if same := answers.unchanged(release):
        return same
    rows = [row._asdict() for row in _rows(asked)]
    data = five_w_files.written(rows, current.about(newest, address=f"{request.host_url}data"), ending=name)
    if name.endswith("csv") and not asked["bom"]:
        data = data.removeprefix(MARK)
    response = Response(data, mimetype=five_w_files.media_type(name))
    response.headers["Content-Disposition"] = f'attachment; filename="{five_w_files.name_of(release, name)}"'
    response.headers["Link"] = f'<{LICENCE_URL}>; rel="license", </data#activities>; rel="describedby"'
    return answers.sealed(response, release)


def count(asked: Mapping[str, Any] | None = None) -> int:
    """How many public rows the 5W has under some filters."""
    return public_session.scalar(select(func.count()).select_from(_ROW).where(*_conditions(asked or {}))) or 0


def _rows(
    asked: Mapping[str, Any], *, size: int | None = None, after: Sequence[str] | None = None
) -> Sequence[Row[Any]]:
    where = _conditions(asked)
    if after:
        where.append(tuple_(*_ORDER) > tuple_(*after))
    query = select(*(_ROW.__table__.c[name] for name in five_w_files.COLUMNS)).where(*where).order_by(*_ORDER)
    return public_session.execute(query.limit(size)).all()


def _conditions(asked: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    area, since, until = (asked.get(name) or "" for name in ("adm", "since", "until"))
    chosen = {
        "sector": _ROW.sector_code.in_(asked.get("sector") or []),
        "status": _ROW.status.in_(asked.get("status") or []),
        "adm": or_(_ROW.adm1_pcode == area, _ROW.adm2_pcode == area),
        "since": _ROW.start >= since,
        "until": _ROW.start <= until,
    }
    return [condition for name, condition in chosen.items() if asked.get(name)]


def _next(last: Row[Any]) -> str:
    """The address of the next page: this one, going on after the last row."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    place = (last.adm1_pcode, last.adm2_pcode or "", last.sector_code.value, last.start, last.row_id)
    return request.path + answers.query([*kept, ("cursor", encode_cursor(*place))])
