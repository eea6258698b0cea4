"""What a damage record says as a whole, computed anew from the reports that lie on it: their consensus, and where they lie.

The rules are those of ``consensus.py``; a field that a person has set stays as set.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import h3
from sqlalchemy import select, text

from server.core.clock import now
from server.core.columns import lon_lat, pin
from server.core.database import session
from server.core.geography import metres_between
from server.matching.consensus import UNKNOWN_TIME, Consensus, Said, agree, witnesses
from server.matching.models import Attachment, Incident
from server.places.service import assign_areas
from server.reports.models import Report
from server.vocabulary import (
    CauseGroup,
    Channel,
    DamageScale,
    SensitivityClass,
    SiteType,
    SourceRank,
    WorkflowState,
    effective_class,
    source_rank,
)

UNSTATED_M = 50.0  # the accuracy of a pin that states none
STRAY_M = 150.0  # a pin further than this (or than its accuracy) from the middle of the others is left out
H3_LEVEL = 9
ENGINEERS_SCALES = {DamageScale.EMS98, DamageScale.UA65}  # used by engineers and certified examiners who inspect buildings
PASSED_ON = {Channel.PHONE, Channel.BULK}  # who enters these speaks for others
OFF_MAP_STATES = {WorkflowState.MERGED_INTO, WorkflowState.WITHDRAWN, WorkflowState.QUARANTINED}

Reports = Sequence[Report]

_MARKS = text("""
SELECT report_id, perceptual_hash AS photo, CAST(NULL AS bigint[]) AS posts, CAST(NULL AS bigint[]) AS marks FROM photos
WHERE report_id = ANY(:reports) AND state = 'CLEAN'
UNION ALL
SELECT report_id, NULL, posts, marks FROM report_marks WHERE report_id = ANY(:reports) AND (posts <> '{}' OR marks <> '{}')
""")


@dataclass(frozen=True)
class Marks:
    """By report: the fingerprints of its clean photos (None where one has none), the posts it cites, the marks of its wording."""

    photos: Mapping[UUID, Sequence[int | None]]
    posts: Mapping[UUID, frozenset[int]]
    wording: Mapping[UUID, frozenset[int]] = field(default_factory=dict)


def resummarise(incident: Incident, reports: Reports | None = None, marks: Marks | None = None) -> None:
    """Recompute every derived column of ``incident`` from its present reports; raises its version if anything changed.

    Certainty and workflow are people's and are not touched. A record without reports keeps its last values and counts of 0.
    ``reports`` and their ``marks`` save asking for them where the caller knows them all.
    """
    reports = attached_reports(incident.id) if reports is None else reports
    values: dict[str, Any] = summary(reports, marks) if reports else {"report_count": 0, "photo_count": 0, "witness_count": 0}
    if reports and "site_type" in incident.fixed_fields:  # what a person says it is may need more protection than the reports do
        values["s_class"] = max(values["s_class"], effective_class(incident.site_type, incident.in_use_as))
    changed = {
        name: value
        for name, value in values.items()
        if name not in incident.fixed_fields and not _is_same(getattr(incident, name), value)
    }
    for name, value in changed.items():
        setattr(incident, name, value)
    if changed:
        touch(incident)


def follow_reports(incident: Incident) -> None:
    """A summarised record that its last report left is withdrawn; one to which reports came back is open again, never lost from the map."""
    if incident.report_count and incident.workflow in (WorkflowState.WITHDRAWN, WorkflowState.QUARANTINED):
        incident.workflow = WorkflowState.REOPENED
    elif not incident.report_count and incident.workflow not in OFF_MAP_STATES:
        incident.workflow = WorkflowState.WITHDRAWN


def touch(incident: Incident) -> None:
    """Say that a record changed."""
    incident.version += 1
    incident.changed_at = now()


def attached_reports(incident_id: UUID) -> list[Report]:
    """The reports that lie on an incident at present, oldest first."""
    laid = select(Attachment.report_id).where(Attachment.incident_id == incident_id, Attachment.ended_at.is_(None))
    return list(session.scalars(select(Report).where(Report.id.in_(laid)).order_by(Report.received_at, Report.id)))


def consensus_of(reports: Reports, marks: Marks | None = None) -> tuple[Consensus, int]:
    """What these reports say together, and how many clean photos came with them."""
    said, photo_count = _all_said(reports, marks)
    return agree(said), photo_count


def voices_of(reports: Reports) -> dict[UUID, str]:
    """Whose voice each report is: the number of the first report of that witness."""
    return {UUID(said.report): voice[0].report for voice in witnesses(_all_said(reports)[0]) for said in voice}


def _all_said(reports: Reports, marks: Marks | None = None) -> tuple[list[Said], int]:
    """The reports as the rules of consensus read them, and how many clean photos they have."""
    marks = marks or _marks_of(reports)
    return [_said(report, marks) for report in reports], sum(map(len, marks.photos.values()))


def _marks_of(reports: Reports) -> Marks:
    photos, posts, wording = defaultdict(list), {}, {}
    for row in session.execute(_MARKS, {"reports": [report.id for report in reports]}):
        if row.posts is None:
            photos[row.report_id].append(row.photo)
        else:
            posts[row.report_id], wording[row.report_id] = frozenset(row.posts), frozenset(row.marks)
    return Marks(photos, posts, wording)


def summary(reports: Reports, marks: Marks | None = None) -> dict[str, Any]:
    """The columns of an incident that follow from its reports (at least one), by name."""
    found, photo_count = consensus_of(reports, marks)
    least, best, most = found.value("damage", (None, None, None))
    first, last, precision = found.value("event", UNKNOWN_TIME)
    site_type, in_use_as = found.value("site_type", SiteType.UNK), found.value("in_use_as")
    return {
        **_where(reports),
        "event_earliest": first,
        "event_latest": last,
        "event_precision": precision,
        "damage_min": least,
        "damage_max": most,
        "damage_best": most if best is None else best,
        "site_type": site_type,
        "in_use_as": in_use_as,
        "s_class": max([effective_class(site_type, in_use_as), *_classes(reports)]),
        "cause_group": found.value("cause_group", CauseGroup.UNK),
        "functional_status": found.value("functional_status"),
        "hazards": found.value("hazards", []),
        "needs": found.value("needs", []),
        "access_constraints": found.value("access_constraints", []),
        "people_trapped": found.value("people_trapped", default=False),
        "report_count": len(reports),
        "photo_count": photo_count,
        "witness_count": found.witnesses,
        "disputed": found.disputed,
        "first_received_at": min(report.received_at for report in reports),
        "evidence_received_at": _evidence_received(reports, (least, most), site_type),
    }


def _said(report: Report, marks: Marks) -> Said:
    """A report as the rules of consensus read it. Wording tells strangers apart; who is known, or speaks for others, may use a form of words."""
    passed_on = report.channel in PASSED_ON or report.import_id is not None
    is_stranger = not (passed_on or report.person_id or report.organisation_id)
    graded, timed = report.damage_max is not None, report.event_earliest and report.event_latest
    cause = report.cause.cause_group if report.cause else CauseGroup.UNK
    return Said(
        report=str(report.id),
        received_at=report.received_at,
        source=report.source_type,
        values={
            **{name: getattr(report, name) for name in _PLAIN},
            "damage": (report.damage_min, report.damage and report.damage.level, report.damage_max) if graded else None,
            "cause_group": None if cause is CauseGroup.UNK else cause,
            "event": (report.event_earliest, report.event_latest, report.event_precision) if timed else None,
        },
        person=str(report.person_id or ""),
        speaks_for_others=passed_on,
        saw_hint=report.hint_seen,
        by_engineer=report.source_scale in ENGINEERS_SCALES and source_rank(report.source_type) in (SourceRank.FIELD, SourceRank.FACILITY),
        photos=tuple(one for one in marks.photos.get(report.id, ()) if one is not None),
        posts=marks.posts.get(report.id, frozenset()),
        wording=marks.wording.get(report.id, frozenset()) if is_stranger else frozenset(),
    )


_PLAIN = ("site_type", "in_use_as", "functional_status", "hazards", "needs", "access_constraints", "people_trapped")


def _classes(reports: Reports) -> list[SensitivityClass]:
    """The sensitivity each account gives the place: the strictest of them holds, whatever type prevails."""
    return [effective_class(report.site_type, report.in_use_as) for report in reports if report.site_type]


def _where(reports: Reports) -> dict[str, Any]:
    """The position weighted by stated accuracy, stray pins left out, with the cell and the areas it lies in."""
    pins = [(*lon_lat(r.point), r.pin_accuracy_m or UNSTATED_M) for r in reports if r.point is not None]
    if not pins:
        return {"point": None, "accuracy_m": None, "h3_r9": None, "adm1_pcode": None, "adm2_pcode": None, "adm3_pcode": None}
    lon, lat, accuracy_m = middle_of(pins)
    areas = assign_areas(lon, lat)
    return {
        "point": pin(lon, lat),
        "accuracy_m": accuracy_m,
        "h3_r9": h3.latlng_to_cell(lat, lon, H3_LEVEL),
        "adm1_pcode": areas.adm1,
        "adm2_pcode": areas.adm2,
        "adm3_pcode": areas.adm3,
    }


def middle_of(pins: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Longitude, latitude and accuracy in metres of several pins (lon, lat, accuracy_m): the surer pin pulls harder."""
    centre = min(pins, key=lambda pin: (sum(_apart(pin, other) / max(1.0, other[2]) for other in pins), pin))
    near = [pin for pin in pins if _apart(pin, centre) <= max(STRAY_M, pin[2])]
    weights = [1 / max(1.0, accuracy) ** 2 for _, _, accuracy in near]
    lon = sum(pin[0] * weight for pin, weight in zip(near, weights, strict=True)) / sum(weights)
    lat = sum(pin[1] * weight for pin, weight in zip(near, weights, strict=True)) / sum(weights)
    spread = max(metres_between(lon, lat, pin[0], pin[1]) for pin in near)
    return round(lon, 7), round(lat, 7), round(max(min(pin[2] for pin in near), spread), 1)


def _apart(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    return metres_between(one[0], one[1], other[0], other[1])


def _evidence_received(reports: Reports, grade: tuple[int | None, int | None], site_type: SiteType) -> datetime:
    """When the evidence came in that first carried the present grade and type: what is published waits from the later of them.

    A middle that nobody said just so was first carried by the last of those it is the middle of.
    """
    graded = [report for report in reports if report.damage_max is not None]
    carried = [report.received_at for report in graded if (report.damage_min, report.damage_max) == grade]
    named = [report.received_at for report in reports if report.site_type == site_type]
    firsts = [min(moments) for moments in (carried, named) if moments]
    if graded and not carried:
        firsts.append(max(report.received_at for report in graded))
    return max(firsts, default=min(report.received_at for report in reports))


def _is_same(before: Any, after: Any) -> bool:
    if before is None or after is None:
        return before is after
    if hasattr(before, "desc") and hasattr(after, "desc"):
        return all(abs(a - b) < 1e-9 for a, b in zip(lon_lat(before), lon_lat(after), strict=True))
    return bool(before == after)
