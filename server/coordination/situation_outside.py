"""The figures of a situation report for others: partners by the rules of publication, everybody from the public copy alone.

For PUBLIC nothing is read but schema ``pub``, through the role that can read nothing else. For PARTNER each record goes through
the same judge as the public copy, in the tier of partners, with everything that was ever disclosed of it; what the judge
withholds is counted, never shown.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import h3
from flask_babel import format_date, gettext
from sqlalchemy import Float, cast, func, select

from server.coordination import views
from server.coordination.situation import (
    FINEST_GRID,
    MOST_RECORDS,
    Area,
    Counts,
    Figures,
    Record,
    Tally,
    around,
    gathered,
    lines,
)
from server.coordination.situation_inside import NO_AREA, in_order, present
from server.core.database import public_session, session
from server.core.geography import CELL_LEVEL, cell_key
from server.matching.models import Incident
from server.matching.wording import grade
from server.places.models import AdminArea
from server.publication import changing, reading
from server.publication.areas import area_names
from server.publication.candidates import cases
from server.publication.models import PublishedArea, PublishedBatch, PublishedIncident
from server.publication.rows import public_row
from server.publication.rules import judge
from server.publication.schemas import PublicFilter
from server.vocabulary import Decision, GeometryLevel, Tier

Row = Mapping[str, Any]
Progress = Callable[[int, int], None]

CELLS: Final = (GeometryLevel.POINT, GeometryLevel.H3_9, GeometryLevel.H3_8, GeometryLevel.H3_7, GeometryLevel.H3_6)
OUTLINE_DEGREES: Final = 0.005
TOGETHER: Final = 2_000
PUBLIC_FILTERS: Final = frozenset(PublicFilter().fields)
PARTNER_FILTERS: Final = PUBLIC_FILTERS - {"bbox"}  # a box drawn closely enough would tell a place by what is in it


def silent(_done: int, _total: int) -> None:
    """Nobody asked how far it is."""


def for_public(asked: Mapping[str, Any], *, at: datetime, since: datetime | None, left_out: Sequence[str] = ()) -> Figures:
    """The figures of the public copy under those of the filters that the public may ask too; the others are named."""
    said = views.said(asked)
    wanted = {name: value for name, value in said.items() if name in PUBLIC_FILTERS}
    rows = list(_public_rows(wanted))
    newest = reading.latest()
    new = sum(row["record_status"] == "NEW" and row["published_on"] > since.date() for row in rows) if since else None
    drawn = _drawn(rows, PublishedArea, public_session)
    return _figures(
        rows, drawn, audience=Tier.PUBLIC, at=at, since=since, new=new, left_out=(*left_out, *(name for name in said if name not in wanted)),
        data_set=newest.release_id if newest else "",
    )  # fmt: skip


def _public_rows(wanted: Mapping[str, Any]) -> Iterator[Row]:
    columns = [getattr(PublishedIncident, name) for name in (*reading.COLUMNS, "area_code", "position")]
    query = select(*columns, PublishedBatch.published_on).outerjoin(PublishedBatch, PublishedBatch.release_id == PublishedIncident.release_id)
    ordered = query.where(*reading.conditions(wanted)).order_by(PublishedIncident.date_end.desc().nulls_last(), PublishedIncident.position)
    for row in public_session.execute(ordered):
        yield row._asdict()


def for_partner(
    asked: Mapping[str, Any], *, at: datetime, since: datetime | None, left_out: Sequence[str] = (), progress: Progress = silent
) -> Figures:
    """The figures that partners may have, judged record by record; ``progress`` hears how far it is, and may stop it by raising.

    Only filters that the public may ask choose the rows, and they must hold of what is shown: else a filter would tell what the row hides.
    """
    said = views.said(asked)
    wanted = views.understood({}).filters | {name: value for name, value in said.items() if name in PARTNER_FILTERS}
    ids = list(session.scalars(select(Incident.id).where(*present(wanted)).order_by(Incident.h3_r9, Incident.id)))
    rows: list[Row] = []
    for start in range(0, len(ids), TOGETHER):
        progress(start, len(ids))
        rows += (row for row in _judged(ids[start : start + TOGETHER], at) if _shows(row, wanted))
    progress(len(ids), len(ids))
    new = sum(row["opened_at"] > since for row in rows) if since else None
    rows.sort(key=lambda row: (row["date_end"] or date.min, row["incident_id"]), reverse=True)
    unasked = [name for name in said if name not in PARTNER_FILTERS]
    drawn = _drawn(rows, AdminArea, session)
    return _figures(rows, drawn, audience=Tier.PARTNER, at=at, since=since, new=new, left_out=(*left_out, *unasked))


def _shows(row: Row, asked: Mapping[str, Any]) -> bool:
    """Whether what a row shows fits the filters."""
    listed = all(not asked.get(name) or row[name] in asked[name] for name in ("certainty", "site_group", "site_type", "sector"))
    code = asked.get("adm")
    return listed and (not code or code in (row["adm1_pcode"], row["adm2_pcode"], row["adm3_pcode"]))


def _judged(ids: Sequence[Any], at: datetime) -> Iterator[Row]:
    """The rows that partners may read, in the columns of a public row."""
    rules, names = changing.in_force(at), area_names()
    for case in cases(ids, now=at):
        verdict = judge(case.candidate, surroundings=case.surroundings, tier=Tier.PARTNER, policy=rules)
        if verdict.decision is Decision.PUBLISH:
            row = public_row(case.facts, verdict=verdict, areas=names)  # type: ignore[arg-type]
            yield {**row, "incident_id": case.facts.public_id, "opened_at": case.facts.opened_at}


def _figures(rows: Sequence[Row], drawn: Mapping[str, Any], *, audience: Tier, **more: Any) -> Figures:
    """Count rows that all may be shown, and draw them as coarse as they say, never finer than the grid of papers."""
    tallies = {"area": Tally(), "kind": Tally(), "certainty": Tally(), "outline": Tally(), "cell": Tally()}
    for row in rows:
        best = row["damage_best"]
        tallies["area"].add(row["adm2_name"] or row["adm1_name"] or row["adm1_pcode"] or NO_AREA, best)
        tallies["kind"].add(row["site_group"] or gettext("Kind of place withheld"), best)
        tallies["certainty"].add(row["certainty"], best)
        if row["geo_level"] in CELLS:
            tallies["cell"].add(cell_key(*_centre(row["area_code"])) >> (2 * (CELL_LEVEL - FINEST_GRID)), best)
        else:
            tallies["outline"].add(row["area_code"], best)
    cells, _box = gathered({int(str(key)): counts for key, counts in tallies["cell"].counts().items()})
    inside = [(float(found.lon), float(found.lat)) for found in drawn.values()]
    return Figures(
        audience=audience, total=len(rows), trapped=None, by_area=lines(tallies["area"].counts()), by_kind=lines(tallies["kind"].counts()),
        by_certainty=in_order(tallies["certainty"]), by_need=(), records=tuple(_record(row) for row in rows[:MOST_RECORDS]), cells=cells,
        areas=tuple(_areas(tallies["outline"].counts(), drawn)), box=around([*((cell.lon, cell.lat) for cell in cells), *inside]), **more,
    )  # fmt: skip


def _centre(cell: str) -> tuple[float, float]:
    """Longitude and latitude of the middle of a row's H3 cell, no finer than resolution 7 (about five square kilometres)."""
    parent = h3.cell_to_parent(cell, 7) if h3.get_resolution(cell) > 7 else cell
    lat, lon = h3.cell_to_latlng(parent)
    return lon, lat


def _record(row: Row) -> Record:
    area = ", ".join(name for name in (row["adm3_name"], row["adm2_name"] or row["adm1_name"]) if name)
    return Record(
        number=row["incident_id"], site=row["site_type"] or row["site_group"], damage=grade(row["damage_best"]), certainty=row["certainty"],
        area=area, when=_days(row["date_start"], row["date_end"]),
    )  # fmt: skip


def _days(start: date | None, end: date | None) -> str:
    said = [format_date(day, "d MMM y") for day in (start, end) if day]
    return "–".join(dict.fromkeys(said)) or gettext("Time not known")


def _areas(counted: Mapping[object, Counts], drawn: Mapping[str, Any]) -> Iterator[Area]:
    for code, counts in counted.items():
        if found := drawn.get(str(code)):
            yield Area(found.name, found.outline, found.lon, found.lat, counts)


def _drawn(rows: Iterable[Row], table: Any, own: Any) -> dict[str, Any]:
    """The outlines of the administrative areas that rows name, simplified for a page, each with a point inside, from one database role's tables."""
    codes = {row["area_code"] for row in rows if row["geo_level"] not in CELLS}
    code, shape = (table.code, table.shape) if table is PublishedArea else (table.pcode, table.shape)
    inside = func.ST_PointOnSurface(shape)
    outline = func.ST_AsGeoJSON(func.ST_SimplifyPreserveTopology(shape, OUTLINE_DEGREES), 3)
    lon, lat = (cast(place, Float).label(name) for name, place in (("lon", func.ST_X(inside)), ("lat", func.ST_Y(inside))))
    found = own.execute(select(code.label("code"), table.name, outline.label("outline"), lon, lat).where(code.in_(codes)))
    return {row.code: row for row in found}
