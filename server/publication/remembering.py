"""The memory of the batch: which records it must judge again, and what it decided of each.

A verdict depends on the record, the clock, what was said of its areas, the policy and the baseline. A record none of which
has changed since its last verdict is passed over, so that a day's batch costs what a day's changes cost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from server.core.database import session
from server.places.models import AreaContext
from server.publication import holding
from server.publication.policy import Policy
from server.publication.rule_models import JudgedWorld, Judgement
from server.vocabulary import ContextMode, Tier

THE_WORLD = 1

# Every change of a row of PostgreSQL gives it another place or another writer; names of sites and events count as well.
_VERSION = "hashtextextended(concat_ws(' ', i.ctid, i.xmin, s.ctid, s.xmin, e.ctid, e.xmin), 0)"
_TOUCHED = f"""
SELECT i.id, {_VERSION} AS version
FROM incidents i
LEFT JOIN sites s ON s.id = i.site_id
LEFT JOIN events e ON e.id = i.event_id
LEFT JOIN judgements j ON j.incident_id = i.id
WHERE (j.incident_id IS NOT NULL OR (i.certainty = ANY(:certainties) AND i.workflow = ANY(:workflows))
       OR i.id IN (SELECT incident_id FROM disclosures WHERE ended_at IS NULL))
  AND (:everything OR j.incident_id IS NULL OR j.row_version <> {_VERSION} OR j.due_at <= :now OR j.waits_for <> ''
       OR ARRAY[i.adm1_pcode, i.adm2_pcode, i.adm3_pcode]::text[] && CAST(:changed AS text[]))
  AND (CAST(:only AS text[]) IS NULL OR ARRAY[i.adm1_pcode, i.adm2_pcode, i.adm3_pcode]::text[] && CAST(:only AS text[]))
ORDER BY i.h3_r9, i.id
"""  # noqa: S608 - put together from the words above alone
_BASELINE = text("SELECT count(*), coalesce(max(id), 0) FROM baseline_sites")
_LAND = text("SELECT count(*), coalesce(max(cod_version), '') FROM admin_areas")


@dataclass(frozen=True, kw_only=True)
class World:
    """What verdicts depend on besides the records and the clock: a stamp, and the modes by area."""

    stamp: str
    areas: Mapping[str, str]


def world(policy: Policy, *, now: datetime) -> World:
    """The world as it is now."""
    sites, last = session.execute(_BASELINE).one()
    areas, newest = session.execute(_LAND).one()
    said: dict[str, list[str]] = {}
    for row in session.scalars(select(AreaContext).order_by(AreaContext.id)):
        said.setdefault(row.pcode, []).append(f"{row.mode} {row.from_at.timestamp()} {row.until_at.timestamp()}")
    for pcode, until in holding.held(now).items():
        said.setdefault(pcode, []).append(f"held {until.timestamp()}")
    return World(
        stamp=f"{policy.version} {sites}/{last} {areas}/{newest}"[:64],
        areas={pcode: ", ".join(words) for pcode, words in said.items()},
    )


def touched(now: datetime, *, here: World, policy: Policy, only: Sequence[str] | None = None) -> dict[UUID, int]:
    """The records to judge now, in order of place, each with the state it is in; `only` those in some areas."""
    known = session.get(JudgedWorld, THE_WORLD, populate_existing=True)
    before = known.areas if known else {}
    changed = [pcode for pcode in {*before, *here.areas} if before.get(pcode) != here.areas.get(pcode)]
    found = session.execute(
        text(_TOUCHED),
        {
            "certainties": [code.value for code in policy.certainties[Tier.PUBLIC]],
            "workflows": [code.value for code in policy.workflows[Tier.PUBLIC]],
            "everything": known is None or known.stamp != here.stamp,
            "now": now, "changed": changed, "only": None if only is None else list(only),
        },
        execution_options={"yield_per": 5_000},
    )  # fmt: skip
    return {row.id: row.version for row in found}


def calm_areas(now: datetime) -> list[str]:
    """Areas of which a disaster without conflict was ever said: only there may anything change at any hour."""
    said = select(AreaContext.pcode).where(AreaContext.mode == ContextMode.DISASTER, AreaContext.from_at <= now)
    return sorted(set(session.scalars(said)))


def remember(verdicts: Iterable[Mapping[str, Any]]) -> None:
    """Keep verdicts, over those of before."""
    rows = list(verdicts)
    if not rows:
        return
    new = insert(Judgement.__table__)  # type: ignore[arg-type]
    changed = {column.key: new.excluded[column.key] for column in Judgement.__table__.c if not column.primary_key}
    session.execute(new.on_conflict_do_update(index_elements=["incident_id"], set_=changed), rows)


def remember_world(here: World) -> None:
    """The world was looked at as a whole: next time only what differs from it counts as changed."""
    row = {"id": THE_WORLD, "stamp": here.stamp, "areas": dict(here.areas)}
    new = insert(JudgedWorld).values(row)
    session.execute(new.on_conflict_do_update(index_elements=["id"], set_={"stamp": here.stamp, "areas": row["areas"]}))
