"""The filters of the desk: one allowlist for the map, the list and the address of the page."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from marshmallow import EXCLUDE, Schema, fields, pre_load, validate
from sqlalchemy import ColumnElement, and_, or_, select, union_all

from server.accounts.policy import Actor, reach
from server.core.choices import N_
from server.core.response import this_response
from server.core.schemas import Code
from server.matching import exactness
from server.matching.models import Attachment, Incident
from server.reports.models import Report
from server.vocabulary import (
    Certainty,
    FunctionalStatus,
    Hazard,
    NeedType,
    SensitivityClass,
    SiteGroup,
    SiteType,
    SourceType,
    WorkflowState,
)

UNKNOWN_GRADE = "U"
BOX_PARTS = 4
_NUMBER = re.compile("[0-9a-f]{1,32}")
A_DAY = validate.Range(date(1900, 1, 1), date(2199, 12, 31))


class IncidentFilter(Schema):
    """What may be asked of the damage records. Unknown parameters are ignored; known ones are checked."""

    class Meta:
        unknown = EXCLUDE

    q = fields.String(load_default="", validate=validate.Length(max=100), metadata={"title": N_("Search")})
    since = fields.Date(
        load_default=None, validate=A_DAY, metadata={"title": N_("From day"), "description": N_("Day of the damage.")}
    )
    until = fields.Date(
        load_default=None, validate=A_DAY, metadata={"title": N_("To day"), "description": N_("Day of the damage.")}
    )
    site_group = fields.List(Code(SiteGroup), load_default=list, metadata={"title": N_("Kind of place")})
    site_type = fields.List(Code(SiteType), load_default=list, metadata={"title": N_("Type of place")})
    damage = fields.List(
        fields.String(validate=validate.OneOf(["0", "1", "2", "3", "4", UNKNOWN_GRADE])),
        load_default=list,
        metadata={"title": N_("Damage")},
    )
    certainty = fields.List(Code(Certainty), load_default=list, metadata={"title": N_("Certainty")})
    workflow = fields.List(Code(WorkflowState), load_default=list, metadata={"title": N_("State of work")})
    need = fields.List(Code(NeedType), load_default=list, metadata={"title": N_("Need")})
    hazard = fields.List(Code(Hazard), load_default=list, metadata={"title": N_("Hazard")})
    function = fields.List(Code(FunctionalStatus), load_default=list, metadata={"title": N_("Does it still work?")})
    source = fields.List(
        Code(SourceType),
        load_default=list,
        metadata={"title": N_("Source"), "description": N_("A report of this kind of source lies on it.")},
    )
    organisation = fields.UUID(
        load_default=None, metadata={"title": N_("Organisation"), "description": N_("It reported on this.")}
    )
    trapped = fields.Boolean(load_default=None, metadata={"title": N_("People may be trapped")})
    adm = fields.String(
        load_default="",
        validate=validate.Length(max=32),
        metadata={"title": N_("Area"), "description": N_("P-code of a region, district or municipality.")},
    )
    bbox = fields.String(
        load_default="",
        validate=validate.Length(max=120),
        metadata={"title": N_("Box"), "description": N_("west,south,east,north in degrees")},
    )

    @pre_load
    def gather(self, data: Any, **_kwargs: Any) -> dict[str, Any]:
        """Lists may repeat a parameter; empty values say nothing."""
        lists = {name for name, field in self.fields.items() if isinstance(field, fields.List)}
        found: dict[str, Any] = {}
        for name, values in data.lists() if hasattr(data, "lists") else ((key, [value]) for key, value in data.items()):
            said = [value for value in values if value not in ("", None)]
            if said:
                found[name] = said if name in lists else said[-1]
        return found


def read(arguments: Any, *, exact: bool = False) -> dict[str, Any]:
    """The filters in a query; ValidationError (422) for a value outside its list.

    ``exact`` is for who sees exact places: for everybody else a box grows to whole squares. Small areas and small boxes tell nobody of S4.
    """
    return {**IncidentFilter().load(arguments), "exact": exact}


def says_something(asked: Mapping[str, Any]) -> bool:
    """Whether any filter narrows the choice."""
    return any(value not in (None, "", []) for name, value in asked.items() if name != "exact")


def told_to(asked: Mapping[str, Any], actor: Actor) -> str:
    """For whom an answer under these filters is the same: "" for everybody, else a word for those who see the same reports."""
    return f" {reach(actor)} {actor.organisation_id}" if asks_reports(asked) and reach(actor) != "all" else ""


def asks_reports(asked: Mapping[str, Any]) -> bool:
    """Whether these filters look at the reports that lie on a record, of which not everybody sees all (``access.enter`` first)."""
    return bool(asked["source"] or asked["organisation"])


def conditions(asked: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The filters as SQL conditions over incidents, all bound."""
    found = [*_codes(asked), *_days(asked), *_where(asked)]
    if asked["damage"]:
        found.append(_grades(asked["damage"]))
    if asked["source"] or asked["organisation"]:
        found.append(_reported(asked["source"], asked["organisation"]))
    if asked["trapped"]:
        found.append(Incident.people_trapped.is_(True))
    if asked["q"].strip():
        found.append(_search(asked["q"].strip()))
    return found


def _codes(asked: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    listed = ("site_type", "certainty", "workflow")
    found: list[ColumnElement[bool]] = [getattr(Incident, name).in_(asked[name]) for name in listed if asked[name]]
    if asked["site_group"]:
        types = [kind for kind in SiteType if kind.group in asked["site_group"]]
        found.append(Incident.site_type.in_(types))
    if asked["function"]:
        found.append(Incident.functional_status.in_(asked["function"]))
    if asked["need"]:
        found.append(Incident.needs.overlap([code.value for code in asked["need"]]))
    if asked["hazard"]:
        found.append(Incident.hazards.overlap([code.value for code in asked["hazard"]]))
    return found


def _days(asked: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """Days are local days of the response; a record counts when its interval touches them."""
    zone = ZoneInfo(this_response().time_zone)
    found: list[ColumnElement[bool]] = []
    if asked["since"]:
        found.append(Incident.event_latest >= datetime.combine(asked["since"], time.min, zone))
    if asked["until"]:
        found.append(Incident.event_earliest < datetime.combine(asked["until"] + timedelta(days=1), time.min, zone))
    return found


def _where(asked: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked["adm"]:
        code = asked["adm"]
        told = and_(Incident.adm3_pcode == code, Incident.s_class != SensitivityClass.S4)
        found.append(or_(Incident.adm1_pcode == code, Incident.adm2_pcode == code, told))
    if box := read_box(asked["bbox"]):
        found.append(exactness.in_box(box, exact=asked.get("exact", False)))
    return found


def read_box(word: str) -> tuple[float, float, float, float] | None:
    """West, south, east, north; None for no box or one that is none (inverted, of no area, out of the world)."""
    try:
        numbers = [float(part) for part in word.split(",")] if word else []
    except ValueError:
        return None
    if len(numbers) != BOX_PARTS or not all(-360 <= number <= 360 for number in numbers):
        return None
    west, south, east, north = numbers
    return (west, south, east, north) if west < east and south < north else None


def _grades(grades: list[str]) -> ColumnElement[bool]:
    known = [int(grade) for grade in grades if grade != UNKNOWN_GRADE]
    unknown = Incident.damage_best.is_(None)
    if not known:
        return unknown
    chosen = Incident.damage_best.in_(known)
    return or_(chosen, unknown) if UNKNOWN_GRADE in grades else chosen


def _reported(sources: list[SourceType], organisation: UUID | None) -> ColumnElement[bool]:
    """That a report of such a source, or of an organisation, lies on it; of the reports that whoever asks may see."""
    said: list[ColumnElement[bool]] = [Report.source_type.in_(sources)] if sources else []
    said += [Report.organisation_id == organisation] if organisation else []
    laid = (
        select(Attachment.incident_id)
        .join(Report, Report.id == Attachment.report_id)
        .where(Attachment.ended_at.is_(None), *said)
    )
    return Incident.id.in_(laid)


def _search(words: str) -> ColumnElement[bool]:
    """By public number, or by the number of a report, each by its own index; words of people are sealed and not searched here."""
    named = select(Incident.id).where(Incident.public_id.startswith(words.upper(), autoescape=True))
    between = _numbers_beginning(words.lower())
    if between is None:
        return Incident.id.in_(named)
    return Incident.id.in_(union_all(named, select(Attachment.incident_id).where(Attachment.report_id.between(*between))))


def _numbers_beginning(words: str) -> tuple[UUID, UUID] | None:
    """The first and the last number (UUID) that begins as written; None where none does."""
    digits = words.replace("-", "")
    if not _NUMBER.fullmatch(digits) or str(UUID(digits.ljust(32, "0")))[: len(words)] != words:
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
