"""Reading needs, activities and assignments: those of one damage record, and the list under filters."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, tuple_

from server.accounts.models import Organisation
from server.coordination.activity_models import Activity
from server.coordination.need_flow import LIVE, missing
from server.coordination.need_models import Need, NeedClaim
from server.core import paging
from server.core.database import session
from server.core.problems import Problem
from server.matching.models import Incident
from server.places.models import AdminArea
from server.verification.lines import laid_together
from server.vocabulary import NeedStatus, Urgency

PAGE = 50


@dataclass(frozen=True)
class Listed:
    """A need with the record it stands at, and the organisations that have it in hand."""

    need: Need
    incident: Incident
    takers: tuple[str, ...]

    @property
    def missing(self) -> Decimal | None:
        """How much is still to be brought."""
        return missing(self.need.quantity, self.need.met_quantity)


def needs_of(incident: Incident) -> list[Listed]:
    """The needs at a record, what has to be done first, the most urgent before others."""
    query = select(Need).where(Need.incident_id.in_(laid_together(incident.id))).order_by(Need.urgency, Need.opened_at, Need.id)
    found = [need for need in session.scalars(query) if need.status is not NeedStatus.DUPLICATE or need.is_handled]
    found.sort(key=lambda need: need.status not in LIVE)
    takers = takers_of(need.id for need in found)
    return [Listed(need, incident, takers.get(need.id, ())) for need in found]


def takers_of(needs: Iterable[UUID]) -> dict[UUID, tuple[str, ...]]:
    """The names of the organisations that have each need in hand."""
    query = (
        select(NeedClaim.need_id, Organisation.name).join(Organisation, Organisation.id == NeedClaim.organisation_id)
        .where(NeedClaim.need_id.in_(list(needs)), NeedClaim.ended_at.is_(None)).order_by(NeedClaim.begun_at)
    )  # fmt: skip
    found: dict[UUID, tuple[str, ...]] = {}
    for need_id, name in session.execute(query):
        found[need_id] = (*found.get(need_id, ()), name)
    return found


def activities_of(incident: Incident) -> list[Activity]:
    """What is done at a record, the latest first."""
    here = Activity.incident_id.in_(laid_together(incident.id))
    return list(session.scalars(select(Activity).where(here).order_by(Activity.starts_on.desc(), Activity.id)))


def organisations() -> dict[UUID, str]:
    """The name of every organisation of the response, by its number, in the order of the alphabet."""
    rows = session.execute(select(Organisation.id, Organisation.name).order_by(func.lower(Organisation.name)))
    return {row.id: row.name for row in rows}


@dataclass(frozen=True)
class NeedPage:
    """One page of the list, and where to go on."""

    rows: list[Listed]
    cursor: str | None


def page_of(asked: Mapping[str, Any], *, cursor: str | None = None, size: int = PAGE) -> NeedPage:
    """Needs under filters (``adm``, ``sector``, ``need``, ``urgency``, ``status``, ``organisation``), the most urgent first."""
    query = (
        select(Need, Incident).join(Incident, Incident.id == Need.incident_id)
        .where(*conditions(asked)).order_by(Need.urgency, Need.opened_at, Need.id).limit(size + 1)
    )  # fmt: skip
    if after := paging.decode_cursor(cursor, str, str, str):
        query = query.where(tuple_(Need.urgency, Need.opened_at, Need.id) > _place(after))
    rows = [(need, incident) for need, incident in session.execute(query)]
    last = rows[size - 1][0] if len(rows) > size else None
    takers = takers_of(need.id for need, _incident in rows[:size])
    more = paging.encode_cursor(last.urgency.value, last.opened_at.isoformat(), last.id) if last else None
    return NeedPage([Listed(need, incident, takers.get(need.id, ())) for need, incident in rows[:size]], more)


def _place(after: tuple[Any, ...]) -> tuple[Urgency, datetime, UUID]:
    try:
        return Urgency(after[0]), datetime.fromisoformat(after[1]), UUID(after[2])
    except ValueError:
        raise Problem("bad_request") from None


def conditions(asked: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The filters as SQL; without a state asked for, what still has to be done."""
    found: list[ColumnElement[bool]] = [Need.status.in_(asked.get("status") or LIVE)]
    if asked.get("adm"):
        level = session.scalar(select(AdminArea.level).where(AdminArea.pcode == asked["adm"]).limit(1))
        found.append((Need.adm1_pcode if level == 1 else Need.adm2_pcode) == asked["adm"])
    for name, column in (("sector", Need.sector), ("need", Need.need_type), ("urgency", Need.urgency)):
        if asked.get(name):
            found.append(column.in_(asked[name]))
    if asked.get("organisation"):
        in_hand = select(NeedClaim.need_id).where(NeedClaim.organisation_id == asked["organisation"], NeedClaim.ended_at.is_(None))
        found.append(Need.id.in_(in_hand))
    return found


def area_names(level: int | None = None) -> dict[str, str]:
    """The name of every region and district (or of one level), by P-code, newest version, in the order of the alphabet."""
    levels = (1, 2) if level is None else (level,)
    query = (
        select(AdminArea.pcode, AdminArea.name).where(AdminArea.level.in_(levels))
        .order_by(AdminArea.level, func.lower(AdminArea.name), AdminArea.valid_on.nulls_first(), AdminArea.cod_version)
    )  # fmt: skip
    return {row.pcode: row.name for row in session.execute(query)}
