"""Reading damage records for the desk: the list, the numbers above it, one record with its reports and history."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from server.accounts.models import Person
from server.accounts.policy import SYSTEM, Actor
from server.core import paging
from server.core.columns import lon_lat
from server.core.database import session
from server.core.problems import Problem
from server.matching import columns, filters
from server.matching.consensus import Consensus
from server.matching.models import Attachment, Incident, IncidentChange, Suggestion
from server.matching.summaries import attached_reports, consensus_of
from server.places.area_names import spoken_names
from server.reports import access
from server.reports.models import Report
from server.vocabulary import Certainty, SensitivityClass, WorkflowState

OPEN_STATES = [
    WorkflowState.NEW,
    WorkflowState.TRIAGE,
    WorkflowState.NEEDS_INFO,
    WorkflowState.IN_VERIFICATION,
    WorkflowState.REOPENED,
]
ORDERS = ("changed", "opened")


@dataclass(frozen=True)
class Page:
    """One page of the list: the records, the numbers of all under the filters (see ``summary``), and where to go on."""

    incidents: list[Incident]
    numbers: dict[str, int]
    cursor: str | None

    @property
    def total(self) -> int:
        """How many records there are in all under the filters."""
        return self.numbers["total"]


def page_of(asked: Mapping[str, Any], *, cursor: str | None = None, size: int = 50) -> Page:
    """Damage records under the filters, latest change first."""
    after = paging.decode_cursor(cursor, str, str)
    behind = (_moment(after[0]), _number(after[1])) if after else None
    known = columns.latest(asked, size + 1, behind) if filters.says_something(asked) else None
    query = (
        select(Incident).where(*shown(asked)).order_by(Incident.changed_at.desc(), Incident.id.desc()).limit(size + 1)
    )
    if known is not None:  # few among many: their numbers are known, so nobody reads the others to find them
        query = query.where(or_(Incident.id.in_(known), Incident.changed_at >= columns.MIRROR.since))
    if behind:
        query = query.where(tuple_(Incident.changed_at, Incident.id) < behind)
    rows = list(session.scalars(query))
    has_more = len(rows) > size or (
        len(known or ()) > size and len(rows) > 0
    )  # one of them may have changed this moment
    last = rows[:size][-1] if has_more else None
    return Page(
        rows[:size], summary(asked), paging.encode_cursor(last.changed_at.isoformat(), last.id) if last else None
    )


def _present(asked: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """Records that count: not those merged away, nor those whose every report was taken back, unless their state is asked for."""
    merged = Incident.merged_into.is_(None)
    return [merged] if asked.get("workflow") else [merged, Incident.workflow != WorkflowState.WITHDRAWN]


def shown(asked: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The conditions under which the list shows a record: the filters, and that it counts."""
    return [*_present(asked), *filters.conditions(asked)]


def _moment(word: str) -> datetime:
    try:
        return datetime.fromisoformat(word)
    except ValueError:
        raise Problem("bad_request") from None


def _number(word: str) -> UUID:
    try:
        return UUID(word)
    except ValueError:
        raise Problem("bad_request") from None


def summary(asked: Mapping[str, Any]) -> dict[str, int]:
    """The numbers above the list, all under the same filters: in all, not on the map, new, trapped, by certainty."""
    if (known := columns.numbers(asked, OPEN_STATES)) is not None:
        return known
    row = session.execute(
        select(
            func.count(),
            func.count().filter(Incident.point.is_(None)),
            func.count().filter(Incident.workflow.in_(OPEN_STATES)),
            func.count().filter(Incident.people_trapped),
            *(func.count().filter(Incident.certainty == certainty) for certainty in Certainty),
        ).where(*shown(asked))
    ).one()
    names = ("total", "without_place", "open", "trapped", *(certainty.value for certainty in Certainty))
    return dict(zip(names, row, strict=True))


def incident_by_public_id(public_id: str) -> Incident:
    """The record of a public number; of a merged one, where it went. Problem ``incident_not_found``."""
    incident = session.scalar(select(Incident).where(Incident.public_id == public_id.upper()))
    seen: set[UUID] = set()
    while incident is not None and incident.merged_into is not None and incident.id not in seen:
        seen.add(incident.id)
        incident = session.get(Incident, incident.merged_into)
    if incident is None:
        raise Problem("incident_not_found")
    return incident


def place_of(incident: Incident) -> tuple[float, float] | None:
    """Longitude and latitude of a record, where it has a place."""
    return None if incident.point is None else lon_lat(incident.point)


def attached(actor: Actor, incident: Incident) -> list[tuple[Attachment, Report]]:
    """The reports that lie on a record now and that this actor may see, oldest first."""
    seen = access.visible_to(actor).subquery()
    report = aliased(Report, seen)
    return [
        (attachment, found)
        for attachment, found in session.execute(
            select(Attachment, report)
            .join(report, report.id == Attachment.report_id)
            .where(Attachment.incident_id == incident.id, Attachment.ended_at.is_(None))
            .order_by(report.received_at)
        )
    ]


def changes(incident: Incident) -> list[tuple[IncidentChange, str | None]]:
    """What people and the house did to a record, latest first, with the alias of who did it."""
    rows = session.execute(
        select(IncidentChange, Person.alias)
        .outerjoin(Person, Person.id == IncidentChange.person_id)
        .where(or_(IncidentChange.incident_id == incident.id, IncidentChange.other_id == incident.id))
        .order_by(IncidentChange.at.desc())
        .limit(200)
    )
    return [(change, alias) for change, alias in rows]


def open_suggestions(
    incident: Incident | None = None, *, limit: int = 50
) -> list[tuple[Suggestion, Incident, Incident]]:
    """Doubtful pairs that wait for a person, surest first: all, or those of one record."""
    one, other = aliased(Incident), aliased(Incident)
    query = (
        select(Suggestion, one, other)
        .join(one, one.id == Suggestion.incident_id)
        .join(other, other.id == Suggestion.other_id)
        .where(Suggestion.settled_at.is_(None), one.merged_into.is_(None), other.merged_into.is_(None))
        .order_by(Suggestion.score.desc(), Suggestion.id)
        .limit(limit)
    )
    if incident is not None:
        query = query.where(or_(Suggestion.incident_id == incident.id, Suggestion.other_id == incident.id))
    return [(suggestion, first, second) for suggestion, first, second in session.execute(query)]


def count_suggestions() -> int:
    """How many pairs wait for a person."""
    return session.scalar(select(func.count()).select_from(Suggestion).where(Suggestion.settled_at.is_(None))) or 0


def by_id(incident_id: UUID | None) -> Incident | None:
    """A record by its number inside, or None."""
    return session.get(Incident, incident_id) if incident_id else None


def later_strikes(incident: Incident) -> list[Incident]:
    """Records of later strikes on the same place."""
    return list(
        session.scalars(
            select(Incident).where(Incident.prior_incident_id == incident.id).order_by(Incident.event_latest)
        )
    )


def aliases() -> dict[UUID, str]:
    """What the people of the desk are called, by their number."""
    return {row.id: row.alias for row in session.execute(select(Person.id, Person.alias))}


def change_by_id(change_id: UUID) -> IncidentChange | None:
    """An act on records by its number, while it stands."""
    return session.scalar(
        select(IncidentChange).where(IncidentChange.id == change_id, IncidentChange.undone_at.is_(None))
    )


def areas_of(incident: Incident, *, exact: bool = True) -> list[str]:
    """The names of the areas a record lies in, smallest first; a code without a name as itself. No municipality of S4 unless ``exact``."""
    codes = _area_codes(incident, exact=exact)
    names = spoken_names(codes=codes)
    return [names.get(code, code) for code in codes]


def whereabouts(incidents: Collection[Incident]) -> dict[UUID, str]:
    """Where each record of a list lies, by its number: its municipality and district, or the smallest areas known; "" where none is."""
    codes = {one.id: _area_codes(one, exact=False)[:2] for one in incidents}
    names = spoken_names(codes={code for found in codes.values() for code in found})
    return {number: ", ".join(names.get(code, code) for code in found) for number, found in codes.items()}


def _area_codes(incident: Incident, *, exact: bool) -> list[str]:
    smallest = None if incident.s_class is SensitivityClass.S4 and not exact else incident.adm3_pcode
    return [code for code in (smallest, incident.adm2_pcode, incident.adm1_pcode) if code]


def consensus_on(incident: Incident) -> Consensus | None:
    """What all reports on a record say together, in codes and counts alone; None where nothing lies on it."""
    access.enter(SYSTEM)
    reports = attached_reports(incident.id)
    return consensus_of(reports)[0] if reports else None
