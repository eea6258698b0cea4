"""The public 5W as it is written: read from the desk's table of activities, judged by ``five_w_rules``, changed by the daily
batch and the kill switch alone. The room of the desk lies below this one, so its table is read by its name.
"""

import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.core.database import session
from server.places.areas import contexts_at
from server.publication import holding, naming
from server.publication.five_w_models import EVERYTHING, ActivityMemory, ActivityStop, PublishedActivity
from server.publication.five_w_rules import Around, Memory, Values, Work, as_told, from_told, look, strictest, table
from server.publication.writing import ALPHABET, Batch
from server.vocabulary import ContextMode, NeedUnit

WHO_AND_WHERE = ("org_name", "org_acronym", "org_type", "sector_code", "status", "start", "adm1_pcode", "adm2_pcode")
_ACTIVITIES = text("""
SELECT one.id, one.organisation_id, one.sector, one.status, one.starts_on, one.adm1_pcode, one.adm2_pcode, one.planned, one.reached,
  one.unit, kept.told, kept.pending, kept.taken_at
FROM activities one LEFT JOIN activity_memory kept ON kept.activity_id = one.id
WHERE one.adm1_pcode IS NOT NULL ORDER BY one.id
""")
_DISTRICTS = text(
    "SELECT DISTINCT pcode, parent_pcode FROM admin_areas WHERE level = 2 AND parent_pcode = ANY(:regions)"
)
_NAMES = text(
    "SELECT DISTINCT ON (pcode) pcode, name, country FROM admin_areas WHERE level IN (1, 2) ORDER BY pcode, valid_on DESC NULLS LAST"
)
_REGIONS = text(
    "SELECT DISTINCT parent_pcode FROM admin_areas WHERE level = 2 AND pcode = ANY(:codes) AND parent_pcode IS NOT NULL"
)
_IN_AREA = """(CAST(:code AS text) = '*' OR {row}adm1_pcode{end} = :code OR {row}adm2_pcode{end} = :code
  OR ({row}adm2_pcode{end} IS NULL AND {row}adm1_pcode{end} = :region))"""
_TAKE_OUT = text(f"DELETE FROM pub.activities WHERE {_IN_AREA.format(row='', end='')} RETURNING row_id")  # noqa: S608 - our words
_THAW = text(
    f"DELETE FROM release_activities WHERE {_IN_AREA.format(row='row->>' + chr(39), end=chr(39))} RETURNING edition, row_id"  # noqa: S608
)


def bring_up_to_date(batch: Batch) -> list[str]:
    """Judge every activity and bring the public table in line; returns the numbers of rows that are gone. The caller settles."""
    found = session.execute(_ACTIVITIES).all()
    around = surroundings(
        batch, {row.adm1_pcode for row in found}, organisations={row.organisation_id for row in found}
    )
    told: list[Values] = []
    kept: list[dict[str, Any]] = []
    for row in found:
        before = Memory(told=from_told(row.told), pending=from_told(row.pending), taken_at=row.taken_at)
        after = look(_work(row), before, around=around, rules=batch.rules.activities)
        if after != before:
            kept.append(_remembered(row.id, after))
        if after.told:
            told.append(after.told)
    _remember(kept)
    judged = table(told, around=around, rules=batch.rules.activities, small=batch.rules.small_cells)
    return _write([{**row, "policy_version": batch.rules.version} for row in judged], release_id=batch.release_id)


def surroundings(batch: Batch, regions: Iterable[str], *, organisations: set[UUID]) -> Around:
    """The world of a batch as the rules of the 5W want it."""
    houses, codes = naming.houses(batch.known_names), stops()
    areas = {row.pcode: (row.name, row.country) for row in session.execute(_NAMES)}
    return Around(
        now=batch.at, modes=modes(sorted(regions), batch.at), held=frozenset(holding.held(batch.at)),
        stopped=frozenset(codes), stopped_within=frozenset(session.scalars(_REGIONS, {"codes": codes})),
        everything_stopped=EVERYTHING in codes, houses=houses, standing=batch.agreed.standing, names=areas,
        nameless=len({str(one) for one in organisations} - houses.keys()),
    )  # fmt: skip


def stops() -> list[str]:
    """The areas of which the kill switch holds the 5W back; ``EVERYTHING`` for the whole table."""
    query = select(ActivityStop.code).where(ActivityStop.lifted_at.is_(None)).order_by(ActivityStop.code)
    return list(session.scalars(query))


def stopped(most: int = 200) -> list[tuple[str, datetime]]:
    """The same with since when, the latest first."""
    query = select(ActivityStop.code, ActivityStop.stopped_at).where(ActivityStop.lifted_at.is_(None))
    return [
        (row.code, row.stopped_at)
        for row in session.execute(query.order_by(ActivityStop.stopped_at.desc()).limit(most))
    ]


def stop(code: str, *, now: datetime) -> tuple[list[str], list[int]]:
    """Take an area's rows (or all) out at once and keep them out: their numbers, and the editions that held such rows."""
    new = upsert(ActivityStop).values(id=uuid4(), code=code, stopped_at=now)
    session.execute(new.on_conflict_do_nothing(index_elements=["code"], index_where=ActivityStop.lifted_at.is_(None)))
    where = {"code": code, "region": session.scalar(_REGIONS, {"codes": [code]})}
    gone = set(session.scalars(_TAKE_OUT, where))
    frozen = session.execute(_THAW, where).all()
    return sorted(gone | {row.row_id for row in frozen}), sorted({row.edition for row in frozen})


def let_go(codes: Sequence[str], *, now: datetime) -> list[str]:
    """End some stops; the rows come back with the next batch, as the rules then allow. Returns those that were in force."""
    ended = update(ActivityStop).where(ActivityStop.code.in_(codes), ActivityStop.lifted_at.is_(None))
    return list(session.scalars(ended.values(lifted_at=now).returning(ActivityStop.code)))


def modes(regions: Sequence[str], at: datetime) -> dict[str, ContextMode]:
    """The mode of each region: the strictest of its own districts, or its own where none is known."""
    districts: dict[str, list[str]] = {region: [] for region in regions}
    for row in session.execute(_DISTRICTS, {"regions": list(regions)}):
        districts[row.parent_pcode].append(row.pcode)
    found = contexts_at([code for region in regions for code in (region, *districts[region])], at)
    return {region: strictest(found[code] for code in districts[region] or [region]) for region in regions}


def _work(row: Any) -> Work:
    people = row.unit == NeedUnit.PERSON
    begins: date = row.starts_on
    values = Values(
        organisation=str(row.organisation_id), sector=row.sector, status=row.status, month=f"{begins:%Y-%m}", adm1=row.adm1_pcode,
        adm2=row.adm2_pcode, planned=row.planned if people else None, reached=row.reached if people else None,
    )  # fmt: skip
    return Work(account=values, starts_on=begins)


def _remembered(activity_id: UUID, memory: Memory) -> dict[str, Any]:
    return {
        "activity_id": activity_id, "told": as_told(memory.told), "pending": as_told(memory.pending), "taken_at": memory.taken_at,
    }  # fmt: skip


def _remember(kept: list[dict[str, Any]]) -> None:
    if not kept:
        return
    new = upsert(ActivityMemory.__table__)  # type: ignore[arg-type]
    changed = {name: new.excluded[name] for name in ("told", "pending", "taken_at")}
    session.execute(new.on_conflict_do_update(index_elements=["activity_id"], set_=changed), kept)


def _write(rows: list[dict[str, Any]], *, release_id: str) -> list[str]:
    """Write what is new or changed under numbers that stay, remove what is gone, and say which numbers are."""
    found = session.execute(select(PublishedActivity.__table__)).mappings()
    before = {_key(row): row for row in found}
    after = {_key(row): row for row in rows}
    changed = [
        row for key, row in after.items() if key not in before or any(before[key][name] != row[name] for name in row)
    ]
    gone = [row["row_id"] for key, row in before.items() if key not in after]
    numbers = {_key(row): before[_key(row)]["row_id"] if _key(row) in before else _number() for row in changed}
    session.execute(delete(PublishedActivity).where(PublishedActivity.row_id.in_([*gone, *numbers.values()])))
    made = [{**row, "row_id": numbers[_key(row)], "release_id": release_id} for row in changed]
    if made:
        session.execute(insert(PublishedActivity.__table__), made)  # type: ignore[arg-type]
    return gone


def _key(row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row[name], "value", row[name]) for name in WHO_AND_WHERE)


def _number() -> str:
    return "ACT-" + "".join(secrets.choice(ALPHABET) for _ in range(8))
