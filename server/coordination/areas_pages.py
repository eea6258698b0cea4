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
from server.core.numbers import whole
from server.core.problems import Problem
from server.matching import columns, exactness, filters, wording
from server.matching.exactness import sees_exactly
from server.matching.models import Incident
from server.places import outlines
from server.reports import access
from server.vocabulary import SensitivityClass

blueprint = Blueprint("areas", __name__, url_prefix="/desk/areas")

COLUMNS = {1: Incident.adm1_pcode, 2: Incident.adm2_pcode, 3: Incident.adm3_pcode}
A_DAY_S = 86_400
GRADES = range(5)

memory = tiles.TileMemory()

Counted = dict[str | None, list[int]]


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
    asked = _read(request.args)
    name = f"{level} {asked['exact']} {request.query_string.decode('latin-1')}{filters.told_to(asked, current_actor())}"
    body, tag = memory.answer(name, lambda: _told(counts(level, asked)))
    return tiles.respond(body, tag, cache="private, no-cache")


def _read(arguments: Any) -> dict[str, Any]:
    access.enter(current_actor())  # filters by source ask the reports that this person may see
    return filters.read(arguments, exact=sees_exactly(current_actor()))


def _told(found: Counted) -> dict[str, object]:
    total, elsewhere = sum(row[0] for row in found.values()), found.get(None, [0])[0]
    return {
        "areas": [[code, *row] for code, row in found.items() if code is not None],
        "elsewhere": elsewhere,
        "total": total,
    }


def levels_known() -> list[int]:
    """The levels whose areas are loaded, for the switch beside the map."""
    return sorted(outlines.versions())


def counts(level: int, asked: Mapping[str, Any]) -> Counted:
    """``[n, d0, d1, d2, d3, d4, du]`` by the P-code of each area in its newest version; None for records in none of them.

    Nobody is told by a count in which municipality the most protected lie: those count as elsewhere.
    """
    known = {area.pcode for area in outlines.areas(level)}
    told = columns.areas(asked, level, known)
    return _counted(level, asked, known) if told is None else told


def _counted(level: int, asked: Mapping[str, Any], known: set[str]) -> Counted:
    """The same, asked of the table."""
    code: ColumnElement[str | None] = COLUMNS[level].expression
    if level == exactness.SMALLEST_AREA:
        code = case((Incident.s_class == SensitivityClass.S4, None), else_=code)
    grades = [func.count().filter(Incident.damage_best == grade) for grade in GRADES]
    query = select(code.label("code"), func.count(), *grades, func.count().filter(Incident.damage_best.is_(None)))
    told: Counted = {}
    for name, *row in session.execute(query.where(Incident.on_map, *filters.conditions(asked)).group_by("code")):
        before = told.setdefault(name if name in known else None, [0] * len(row))
        before[:] = [one + other for one, other in zip(before, row, strict=True)]
    return told


@blueprint.get("")
@requires("see_desk")
def show_table() -> str:
    """The same numbers as a table, the most damaged first; every area of the level is there, those without records too."""
    known = outlines.versions()
    level = _level(known)
    asked, wrong = _asked()
    found = counts(level, asked) if level else {}
    rows = _rows(level, found) if level else []
    total = sum(row[0] for row in found.values())
    return render_template(
        "coordination/evidence/areas.html", level=level, levels=sorted(known), rows=rows, total=total,
        elsewhere=total - sum(row["n"] for row in rows), wrong=wrong, query=_query(), version=known.get(level, ""), wording=wording,
    )  # fmt: skip


def _level(known: Mapping[int, str]) -> int:
    """The level asked for, else the finest but one that is loaded; 0 where no areas are."""
    said = whole(request.args.get("areas", ""))
    if said is not None and said in known:
        return said
    return next((level for level in (2, 1, 3) if level in known), 0)


def _asked() -> tuple[dict[str, Any], bool]:
    try:
        return _read(request.args), False
    except ValidationError:
        return _read({}), True


def _rows(level: int, found: Counted) -> list[dict[str, Any]]:
    language = str(get_locale() or "en")
    rows = []
    for area in outlines.areas(level):
        n, *grades, unknown = found.get(area.pcode, [0] * (len(GRADES) + 2))
        rows.append({"code": area.pcode, "name": area.called(language), "n": n, "grades": grades, "unknown": unknown})
    return sorted(rows, key=lambda row: (-row["n"], row["name"]))


def _query() -> dict[str, list[str]]:
    """The present filters without the level and the area, for links."""
    return {name: values for name, values in request.args.lists() if name not in ("areas", "adm", "cursor")}
