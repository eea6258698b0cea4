"""The figures of a situation report for coordinators: everything the desk knows under the filters, counted by PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, func, literal, select

from server.coordination.situation import FINEST_GRID, MOST_RECORDS, Counts, Figures, Record, Tally, gathered, lines
from server.core.choices import N_
from server.core.database import session
from server.core.geography import CELL_LEVEL
from server.matching import filters, wording
from server.matching.exactness import shown_key
from server.matching.models import Incident
from server.places.area_names import spoken_names
from server.vocabulary import Certainty, NeedType, SensitivityClass, Tier, WorkflowState

NO_AREA: Final = N_("Area not known")


def figures(asked: Mapping[str, Any], *, at: datetime, since: datetime | None, left_out: Sequence[str] = ()) -> Figures:
    """The figures under the desk's filters, as they are now."""
    where = present(asked)
    names = spoken_names()
    tallies = _tallies(where, names)
    cells, box = gathered(_fine(where))
    return Figures(
        audience=Tier.COORD, at=at, since=since, total=_count(where), new=_count([*where, Incident.opened_at > since]) if since else None,
        trapped=_count([*where, Incident.people_trapped.is_(True)]),
        by_area=lines(tallies["area"].counts()), by_kind=lines(tallies["kind"].counts()),
        by_certainty=in_order(tallies["certainty"]), by_need=_needs(where),
        records=tuple(_records(where, names, since)), cells=cells, areas=(), box=box, left_out=tuple(left_out),
    )  # fmt: skip


def present(asked: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The filters, over records that count: none that was merged away, and taken-back ones only where they are asked for."""
    shown: list[ColumnElement[bool]] = [Incident.merged_into.is_(None), *filters.conditions(asked)]
    return shown if asked.get("workflow") else [*shown, Incident.workflow != WorkflowState.WITHDRAWN]


def in_order(tally: Tally) -> tuple[Any, ...]:
    """A table of certainties in the order of their list, without empty lines."""
    found = {line.label: line for line in lines(tally.counts())}
    return tuple(found[code] for code in Certainty if code in found)


def _tallies(where: list[ColumnElement[bool]], names: Mapping[str, str]) -> dict[str, Tally]:
    """By district (or region where no district is known), by kind of place and by certainty, in one reading."""
    area = func.coalesce(Incident.adm2_pcode, Incident.adm1_pcode)
    columns = (area, Incident.site_type, Incident.certainty, Incident.damage_best)
    tallies = {"area": Tally(), "kind": Tally(), "certainty": Tally()}
    for code, kind, certainty, best, n in session.execute(select(*columns, func.count()).where(*where).group_by(*columns)):
        tallies["area"].add(names.get(code, code) if code else NO_AREA, best, n)
        tallies["kind"].add(kind.group, best, n)
        tallies["certainty"].add(certainty, best, n)
    return tallies


def _count(where: list[ColumnElement[bool]]) -> int:
    return session.scalar(select(func.count()).select_from(Incident).where(*where)) or 0


def _needs(where: list[ColumnElement[bool]]) -> tuple[tuple[NeedType, int], ...]:
    need = func.unnest(Incident.needs).label("need")
    spread = select(need).where(*where).subquery()
    found = session.execute(select(spread.c.need, func.count()).group_by(spread.c.need).order_by(func.count().desc(), spread.c.need))
    known = {need.value: need for need in NeedType}
    return tuple((known[code], n) for code, n in found)


def _fine(where: list[ColumnElement[bool]]) -> dict[int, Counts]:
    """Counts in the squares of the finest grid that papers have."""
    cell = shown_key().bitwise_rshift(literal(2 * (CELL_LEVEL - FINEST_GRID), Integer)).label("cell")
    tally = Tally()
    counted = select(cell, Incident.damage_best, func.count()).where(*where, Incident.cell_key.is_not(None)).group_by(cell, Incident.damage_best)
    for key, best, n in session.execute(counted):
        tally.add(key, best, n)
    return {int(str(key)): counts for key, counts in tally.counts().items()}


def _records(where: list[ColumnElement[bool]], names: Mapping[str, str], since: datetime | None) -> list[Record]:
    """The records that matter most: with people trapped first, then the latest."""
    query = select(Incident).where(*where).order_by(Incident.people_trapped.desc(), Incident.changed_at.desc(), Incident.id)
    return [
        Record(
            number=one.public_id, site=one.site_type, damage=wording.grade(one.damage_best), certainty=one.certainty, area=_area_of(one, names),
            when=wording.when(one), is_new=bool(since and one.opened_at > since), is_urgent=one.people_trapped,
        )
        for one in session.scalars(query.limit(MOST_RECORDS))
    ]  # fmt: skip


def _area_of(one: Incident, names: Mapping[str, str]) -> str:
    smallest = None if one.s_class is SensitivityClass.S4 else one.adm3_pcode
    codes = [code for code in (smallest, one.adm2_pcode, one.adm1_pcode) if code]
    return ", ".join(names.get(code, code) for code in codes[:2])
