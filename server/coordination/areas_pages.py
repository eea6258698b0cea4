"""Areas instead of pins: exact counts by region, district or municipality under the desk's filters, as a map and as a table.

The map's shapes change with the version of the areas only and are kept by browsers; the counts are asked for at every change.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import get_locale
from marshmallow import ValidationError
from sqlalchemy import ColumnElement, case, func, select

from server.accounts.service import current_actor, requires
from server.core import tiles
from server.core.database import session
from server.core.problems import Problem
from server.matching import filters, wording
from server.matching.exactness import sees_exactly
from server.matching.models import Incident
from server.places import outlines
from server.vocabulary import SensitivityClass

blueprint = Blueprint("areas", __name__, url_prefix="/desk/areas")

COLUMNS = {1: Incident.adm1_pcode, 2: Incident.adm2_pcode, 3: Incident.adm3_pcode}
SMALLEST = 3
A_DAY_S = 86_400
GRADES = range(5)

memory = tiles.TileMemory()


@blueprint.get("/<int:level>/outlines.json")
@requires("see_desk")
def get_outlines(level: int) -> Response:
    """The outlines of a level as GeoJSON; with the version in the address it may be kept for a day."""
    version = _version(level)
    body, tag = outlines.outlines(level, version)
    kept = f"private, max-age={A_DAY_S}" if request.args.get("v") == tag else "private, no-cache"
    response = tiles.respond(body, tag, cache=kept)
    response.mimetype = "application/geo+json"
    return response


def _version(level: int) -> str:
    version = outlines.versions().get(level)
    if version is None:
        raise Problem("not_found")
    return version


@blueprint.get("/<int:level>/counts.json")
@requires("see_desk")
def get_counts(level: int) -> Response:
    """Damage records by area: ``{"areas": [[code, n, d0 … d4, du]], "elsewhere": n, "total": n}``; they add up to the map's own total."""
    _version(level)
    exact = sees_exactly(current_actor())
    asked = filters.read(request.args, exact=exact)
    name = f"{level} {exact} {request.query_string.decode('latin-1')}"
    body, tag = memory.answer(name, lambda: _told(counts(level, asked, exact=exact)))
    return tiles.respond(body, tag, cache="private, no-cache")


def _told(found: list[tuple[Any, ...]]) -> dict[str, object]:
    elsewhere = sum(row[1] for row in found if row[0] is None)
    return {"areas": [list(row) for row in found if row[0] is not None], "elsewhere": elsewhere, "total": sum(row[1] for row in found)}


def levels_known() -> list[int]:
    """The levels whose areas are loaded, for the switch beside the map."""
    return sorted(outlines.versions())


def counts(level: int, asked: Mapping[str, Any], *, exact: bool) -> list[tuple[Any, ...]]:
    """``(code, n, d0, d1, d2, d3, d4, du)`` for each area; code None for records in no known area.

    Who does not see exact places is not told in which municipality the most protected lie: those count as elsewhere.
    """
    code: ColumnElement[str | None] = COLUMNS[level].expression
    if level == SMALLEST and not exact:
        code = case((Incident.s_class == SensitivityClass.S4, None), else_=code)
    grades = [func.count().filter(Incident.damage_best == grade) for grade in GRADES]
    query = select(code.label("code"), func.count(), *grades, func.count().filter(Incident.damage_best.is_(None)))
    found = session.execute(query.where(Incident.on_map, *filters.conditions(asked)).group_by("code"))
    return [tuple(row) for row in found]


@blueprint.get("")
@requires("see_desk")
def show_table() -> str:
    """The same numbers as a table, the most damaged first; every area of the level is there, those without records too."""
    known = outlines.versions()
    level = _level(known)
    exact = sees_exactly(current_actor())
    asked, wrong = _asked(exact=exact)
    found = {row[0]: row for row in counts(level, asked, exact=exact)} if level else {}
    rows = _rows(level, found) if level else []
    total = sum(row[1] for row in found.values())
    return render_template(
        "coordination/evidence/areas.html", level=level, levels=sorted(known), rows=rows, total=total,
        elsewhere=total - sum(row["n"] for row in rows), wrong=wrong, query=_query(), version=known.get(level, ""), wording=wording,
    )  # fmt: skip


def _level(known: Mapping[int, str]) -> int:
    """The level asked for, else the finest but one that is loaded; 0 where no areas are."""
    said = request.args.get("areas", "")
    if said.isdigit() and int(said) in known:
        return int(said)
    return next((level for level in (2, 1, 3) if level in known), 0)


def _asked(*, exact: bool) -> tuple[dict[str, Any], bool]:
    try:
        return filters.read(request.args, exact=exact), False
    except ValidationError:
        return filters.read({}, exact=exact), True


def _rows(level: int, found: Mapping[str | None, tuple[Any, ...]]) -> list[dict[str, Any]]:
    language = str(get_locale() or "en")
    rows = []
    for area in outlines.areas(level):
        row = found.get(area.pcode) or (area.pcode, 0, 0, 0, 0, 0, 0, 0)
        rows.append({"code": area.pcode, "name": area.called(language), "n": row[1], "grades": row[2:7], "unknown": row[7]})
    return sorted(rows, key=lambda row: (-row["n"], row["name"]))


def _query() -> dict[str, list[str]]:
    """The present filters without the level and the area, for links."""
    return {name: values for name, values in request.args.lists() if name not in ("areas", "adm", "cursor")}
