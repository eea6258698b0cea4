"""The two sides of a doubtful pair as a page shows them: facts beside facts with what differs marked, words, photos, the place.

Of a report that belongs to another organisation a reviewer sees the cell, the day, the kind and the grade, and no more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import h3
from flask_babel import gettext
from sqlalchemy import select

from server.accounts.policy import SYSTEM, Actor, reads_whole
from server.coordination.assignments import knows
from server.core.columns import lon_lat
from server.core.database import session
from server.core.i18n import words
from server.evidence import service as evidence
from server.evidence.models import Photo
from server.matching import choosing, queries, reasons, wording
from server.matching.exactness import square_of
from server.matching.models import Attachment, Incident
from server.matching.questions import Pair
from server.reports import access
from server.reports.models import Report
from server.vocabulary import SensitivityClass, effective_class

CELL_LEVEL = 8  # about half a kilometre across
MOST_ACCOUNTS = 5


@dataclass(frozen=True)
class Account:
    """One report of a side: whole, or only its cell, day, kind and grade (``words`` None)."""

    report: Report
    words: Any
    photos: list[Photo]
    cell: str

    @property
    def is_whole(self) -> bool:
        """Whether this reader may read it."""
        return self.words is not None


@dataclass(frozen=True)
class Side:
    """One record of a pair. ``lon_lat`` is the middle of the cell where no report of it may be read whole, or no exact place seen."""

    incident: Incident
    accounts: list[Account]
    lon_lat: tuple[float, float] | None
    accuracy_m: float | None
    is_whole: bool
    facts: dict[str, str]


def sides_of(pair: Pair, actor: Actor) -> tuple[Side, Side]:
    """Both records of a pair, the earlier first."""
    earlier, later = sorted((pair.one, pair.other), key=lambda incident: (incident.opened_at, incident.id))
    return side_of(earlier, actor), side_of(later, actor)


def side_of(incident: Incident, actor: Actor) -> Side:
    """One record with its first reports, each as this actor may read it."""
    access.enter(SYSTEM)
    accounts = [_account(report, actor) for report in _reports(incident)]
    access.enter(actor)
    is_whole = any(account.is_whole for account in accounts) or not accounts
    place, accuracy = queries.place_of(incident), incident.accuracy_m
    if place and incident.s_class is SensitivityClass.S4 and not knows(actor, incident):
        place, accuracy = _squared(incident)
    elif place and not (is_whole and knows(actor, incident)):
        lat, lon = h3.cell_to_latlng(h3.latlng_to_cell(place[1], place[0], CELL_LEVEL))
        place, accuracy = (lon, lat), h3.average_hexagon_edge_length(CELL_LEVEL, unit="m")
    facts = _facts(incident) if is_whole else _few_facts(incident)
    return Side(incident, accounts, place, accuracy, is_whole, facts)


def _squared(incident: Incident) -> tuple[tuple[float, float] | None, float | None]:
    """The middle of the square a record is shown in, and half its diagonal in metres."""
    square = square_of(incident)
    return (square[:2], square[2]) if square else (None, None)


def compared(sides: tuple[Side, Side]) -> tuple[list[tuple[str, str, str, bool]], list[str]]:
    """What the two say differently: (label, of one, of the other, whether both say something); and what both say alike."""
    one, other = sides[0].facts, sides[1].facts
    names = [name for name in dict.fromkeys([*one, *other]) if one.get(name) or other.get(name)]
    apart = [(name, one.get(name, ""), other.get(name, "")) for name in names if one.get(name) != other.get(name)]
    alike = [f"{name}: {one[name]}" for name in names if one.get(name) == other.get(name)]
    return [(name, left, right, bool(left and right)) for name, left, right in apart], alike


def reasons_of(pair: Pair, actor: Actor) -> list[Any]:
    """Why the pair is asked about; without what would tell more of reports that this reader does not read whole."""
    access.enter(SYSTEM)
    laid = select(Attachment.report_id).where(
        Attachment.incident_id.in_([pair.one.id, pair.other.id]), Attachment.ended_at.is_(None)
    )
    houses = list(session.scalars(select(Report.organisation_id).where(Report.id.in_(laid)).distinct()))
    access.enter(actor)
    stored = pair.suggestion.reasons
    return stored if all(reads_whole(actor, house) for house in houses) else reasons.masked(stored)


def choices(pair: Pair) -> list[tuple[str, str, str, str]]:
    """The fields that a person may settle when merging: (name, label, value of the earlier, of the later), where they differ."""
    earlier, later = sorted((pair.one, pair.other), key=lambda incident: (incident.opened_at, incident.id))
    found = []
    for name, (label, columns) in choosing.FIELDS.items():
        if any(choosing.plain(getattr(earlier, column)) != choosing.plain(getattr(later, column)) for column in columns):
            found.append((name, words(label), _spoken(earlier, name), _spoken(later, name)))
    return found


def accounts_of(report_ids: Iterable[UUID], actor: Actor) -> list[Account]:
    """These reports, each as this actor may read it, oldest first."""
    access.enter(SYSTEM)
    reports = session.scalars(select(Report).where(Report.id.in_(list(report_ids))).order_by(Report.received_at, Report.id))
    found = [_account(report, actor) for report in reports]
    access.enter(actor)
    return found


def _reports(incident: Incident) -> list[Report]:
    laid = select(Attachment.report_id).where(Attachment.incident_id == incident.id, Attachment.ended_at.is_(None))
    query = select(Report).where(Report.id.in_(laid)).order_by(Report.received_at, Report.id).limit(MOST_ACCOUNTS)
    return list(session.scalars(query))


def _account(report: Report, actor: Actor) -> Account:
    """Whole, or masked: then neither words nor photos are even fetched."""
    cell = ""
    if report.point is not None and effective_class(report.site_type, report.in_use_as) is not SensitivityClass.S4:
        lon, lat = lon_lat(report.point)
        cell = h3.latlng_to_cell(lat, lon, CELL_LEVEL)
    if not reads_whole(actor, report.organisation_id):
        return Account(report, None, [], cell)
    return Account(report, access.private_words(actor, report), evidence.photos_of(report.id), cell)


def _facts(incident: Incident) -> dict[str, str]:
    """What is known of a record, in words, by label; what is not said is "" so that rows stand beside one another."""
    return {
        gettext("Type of place"): words(incident.site_type.label),
        gettext("Damage"): words(wording.grade(incident.damage_best).label),
        gettext("When"): wording.when(incident),
        gettext("Place exact to"): "" if incident.accuracy_m is None else gettext("%(m)s m", m=round(incident.accuracy_m)),
        gettext("Does it still work?"): words(incident.functional_status.label) if incident.functional_status else "",
        gettext("Cause"): words(incident.cause_group.label),
        gettext("In use as"): words(incident.in_use_as.label) if incident.in_use_as else "",
        gettext("Needs"): wording.listed(incident, "needs"),
        gettext("Hazards"): wording.listed(incident, "hazards"),
        gettext("People may be trapped"): gettext("Yes") if incident.people_trapped else "",
        gettext("Certainty"): words(incident.certainty.label),
        gettext("Independent witnesses"): gettext("%(n)s (reports: %(m)s)", n=incident.witness_count, m=incident.report_count),
    }


def _few_facts(incident: Incident) -> dict[str, str]:
    return {
        gettext("Type of place"): words(incident.site_type.label),
        gettext("Damage"): words(wording.grade(incident.damage_best).label),
        gettext("When"): wording.day(incident.event_latest or incident.event_earliest),
    }


def _spoken(incident: Incident, name: str) -> str:
    """The value of a field of ``choosing.FIELDS`` in words."""
    if name == "damage":
        return words(wording.grade(incident.damage_best).label)
    if name == "event":
        return wording.when(incident)
    if name == "place":
        is_protected = incident.s_class is SensitivityClass.S4  # nobody who merges needs more than to tell the two apart
        place = _squared(incident)[0] if is_protected else queries.place_of(incident)
        return f"{place[1]:.5f}, {place[0]:.5f}" if place else gettext("Not known")
    value = getattr(incident, name)
    return words(value.label) if value else gettext("Not known")
