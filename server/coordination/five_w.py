"""Who does what, where, when and for whom, as a table for a chosen audience (``reference/standards`` §5.6).

Coordinators get one row for each activity. Partners get sums by district and sector with the names of organisations, without numbers
of damage records, with small counts hidden. What the public gets is published by the rules, and is no business of this room.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from server.accounts.models import Organisation
from server.coordination.activity_models import Activity
from server.coordination.aid_reading import area_names
from server.core.database import session
from server.core.i18n import words
from server.matching.models import Incident
from server.publication.aggregates import small_cells
from server.publication.formats.tables import Table
from server.publication.policy import policy
from server.vocabulary import Audience, NeedUnit, OrganisationType

NOWHERE = "?"

_PLACE = (
    ("adm1_pcode", "#adm1+code+v_pcode"), ("adm1_name", "#adm1+name"), ("adm2_pcode", "#adm2+code+v_pcode"), ("adm2_name", "#adm2+name"),
)  # fmt: skip
_SUMS = (
    ("sector_code", "#sector+code"), ("sector", "#sector+name"), *_PLACE, ("organisations", "#org+count"), ("activities", "#activity+count"),
    ("people_reached", "#reached+people"),
)  # fmt: skip
COLUMNS: dict[Audience, tuple[tuple[str, str], ...]] = {
    Audience.COORD: (
        ("org_name", "#org+name"), ("org_acronym", "#org+acronym"), ("org_type", "#org+type+code"), ("implementing_partner", "#org+impl"),
        ("sector_code", "#sector+code"), ("sector", "#sector+name"), ("activity_code", "#activity+code"), ("activity", "#activity+name"),
        ("status", "#status"), ("start", "#date+start"), ("end", "#date+end"), *_PLACE, ("damage_record", "#event+id"),
        ("planned", "#targeted"), ("reached", "#reached"), ("unit", "#indicator+unit"),
    ),
    Audience.PARTNER: (*_SUMS, ("org_names", "#org+list")),
}  # fmt: skip

Row = tuple[Activity, Organisation, str | None]


def table_for(audience: Audience) -> Table:
    """The table of all activities for an audience: COORD or PARTNER (KeyError for any other)."""
    columns, rows, names = COLUMNS[audience], _rows(), area_names()
    told = [_whole(row, names) for row in rows] if audience is Audience.COORD else _sums(rows, names)
    return Table(tuple(name for name, _tag in columns), tuple(tag for _name, tag in columns), told)


def _rows() -> list[Row]:
    query = (
        select(Activity, Organisation, Incident.public_id).join(Organisation, Organisation.id == Activity.organisation_id)
        .outerjoin(Incident, Incident.id == Activity.incident_id).order_by(Activity.starts_on, Activity.id)
    )  # fmt: skip
    return [(activity, organisation, number) for activity, organisation, number in session.execute(query)]


def _whole(row: Row, names: dict[str, str]) -> list[Any]:
    activity, organisation, number = row
    kind = OrganisationType(organisation.kind)
    return [
        organisation.name, organisation.acronym, kind.hdx, activity.implementing_partner, activity.sector.value, words(activity.sector.label),
        activity.need_type.value, activity.what, activity.status.value, activity.starts_on, activity.ends_on, *_place(activity, names), number,
        activity.planned, activity.reached, activity.unit.value,
    ]  # fmt: skip


def _place(activity: Activity, names: dict[str, str]) -> list[str | None]:
    adm1, adm2 = activity.adm1_pcode, activity.adm2_pcode
    return [adm1, names.get(adm1 or ""), adm2, names.get(adm2 or "")]


def _sums(rows: Iterable[Row], names: dict[str, str]) -> list[list[Any]]:
    """One row for each district and sector; counts under the least are hidden, and one more where the sums would give it away."""
    cells: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        cells[row[0].adm2_pcode or NOWHERE, row[0].sector.value].append(row)
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for (area, sector), members in cells.items():
        counts[area][sector] = len(members)
    safe = small_cells(counts, rule=policy().small_cells).cells
    return [_sum(cells[area, sector], safe[area][sector], names) for area, sector in sorted(cells)]


def _sum(members: Sequence[Row], count: int | str, names: dict[str, str]) -> list[Any]:
    activity, houses = members[0][0], sorted({row[1].name for row in members})
    people = sum(row[0].reached or 0 for row in members if row[0].unit is NeedUnit.PERSON)
    return [
        activity.sector.value, words(activity.sector.label), *_place(activity, names), _least(len(houses)) if isinstance(count, int) else count,
        count, _least(people) if isinstance(count, int) else count, "; ".join(houses),
    ]  # fmt: skip


def _least(number: int) -> int | str:
    """A number as a table for others may say it: small ones hidden, others rounded."""
    rule = policy().small_cells
    if 0 < number < rule.min_count:
        return f"<{rule.min_count}"
    return (number + rule.round_to // 2) // rule.round_to * rule.round_to
