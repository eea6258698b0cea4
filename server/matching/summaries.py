"""What a damage record says as a whole, computed anew from the reports that lie on it. Pure but for reading its rows.

The better source prevails, and among equals the newer; hazards and needs add up; a field that a person has set stays as set.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import h3
from sqlalchemy import func, select

from server.core.clock import now
from server.core.columns import lon_lat, pin
from server.core.database import session
from server.core.geography import metres_between
from server.evidence.models import Photo
from server.matching.models import Attachment, Incident
from server.places.service import assign_areas
from server.reports.models import Report
from server.vocabulary import CauseGroup, EventPrecision, SensitivityClass, SiteType, effective_class, precedence

UNSTATED_M = 50.0  # the accuracy of a pin that states none
STRAY_M = 150.0  # a pin further than this (or than its accuracy) from the middle of the others is left out
H3_LEVEL = 9

Reports = Sequence[Report]


def resummarise(incident: Incident) -> None:
    """Recompute every derived column of ``incident`` from its present reports; raises its version if anything changed.

    Certainty and workflow are people's and are not touched. A record without reports keeps its last values and a count of 0.
    """
    reports = attached_reports(incident.id)
    values = {**summary(reports), **_counts(reports)} if reports else {"report_count": 0, "photo_count": 0}
    changed = {
        name: value
        for name, value in values.items()
        if name not in incident.fixed_fields and not _is_same(getattr(incident, name), value)
    }
    for name, value in changed.items():
        setattr(incident, name, value)
    if changed:
        touch(incident)


def touch(incident: Incident) -> None:
    """Say that a record changed."""
    incident.version += 1
    incident.changed_at = now()


def attached_reports(incident_id: UUID) -> list[Report]:
    """The reports that lie on an incident at present, oldest first."""
    laid = select(Attachment.report_id).where(Attachment.incident_id == incident_id, Attachment.ended_at.is_(None))
    return list(session.scalars(select(Report).where(Report.id.in_(laid)).order_by(Report.received_at, Report.id)))


def summary(reports: Reports) -> dict[str, Any]:
    """The columns of an incident that follow from its reports (at least one), by name."""
    ranked = sorted(reports, key=_precedence, reverse=True)
    in_use_as = _first(ranked, lambda report: report.in_use_as)
    site_type = _site_type(ranked)
    graded = next((report for report in ranked if report.damage_max is not None), None)
    return {
        **_when(reports),
        **_where(reports),
        **_damage(graded),
        "site_type": site_type,
        "in_use_as": in_use_as,
        "s_class": max([effective_class(site_type, in_use_as), *_classes(reports)]),
        "cause_group": _cause(ranked),
        "functional_status": _first(ranked, lambda report: report.functional_status),
        "hazards": _all(reports, "hazards"),
        "needs": _all(reports, "needs"),
        "access_constraints": _all(reports, "access_constraints"),
        "people_trapped": any(report.people_trapped for report in reports),
        "report_count": len(reports),
        "first_received_at": min(report.received_at for report in reports),
        "evidence_received_at": _evidence_received(reports, graded, site_type),
    }


def _precedence(report: Report) -> tuple[Any, ...]:
    return (*precedence(report.source_type, observed_at=report.received_at), str(report.id))


def _classes(reports: Reports) -> list[SensitivityClass]:
    """The sensitivity each account gives the place: the strictest of them holds, whatever type prevails."""
    return [effective_class(report.site_type, report.in_use_as) for report in reports if report.site_type]


def _first(ranked: Reports, field: Callable[[Report], Any]) -> Any:
    return next((value for report in ranked if (value := field(report)) is not None), None)


def _all(reports: Reports, name: str) -> list[str]:
    return sorted({str(code) for report in reports for code in getattr(report, name)})


def _when(reports: Reports) -> dict[str, Any]:
    """The narrowest interval that the accounts agree on: from the most exact on, one that would leave nothing is passed over."""
    timed = sorted(
        (r.event_latest - r.event_earliest, r.received_at, str(r.id), r.event_earliest, r.event_latest, r.event_precision)
        for r in reports
        if r.event_earliest and r.event_latest
    )
    if not timed:
        return {"event_earliest": None, "event_latest": None, "event_precision": EventPrecision.UNK}
    *_, earliest, latest, precision = timed[0]
    for *_, first, last, _precision in timed[1:]:
        if max(earliest, first) <= min(latest, last):
            earliest, latest = max(earliest, first), min(latest, last)
    return {"event_earliest": earliest, "event_latest": latest, "event_precision": precision}


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


def _damage(graded: Report | None) -> dict[str, Any]:
    """The grade of the account that prevails: the one chosen, or the upper end of its interval."""
    if graded is None:
        return {"damage_min": None, "damage_max": None, "damage_best": None}
    chosen = graded.damage.level if graded.damage is not None else None
    best = chosen if chosen is not None else graded.damage_max
    return {"damage_min": graded.damage_min, "damage_max": graded.damage_max, "damage_best": best}


def _site_type(ranked: Reports) -> SiteType:
    """The type that most accounts name; among equals that of the better source. Unknown where nobody says."""
    named = [report.site_type for report in ranked if report.site_type not in (None, SiteType.UNK, SiteType.OTH)]
    if named:
        return Counter(named).most_common(1)[0][0]
    return _first(ranked, lambda report: report.site_type) or SiteType.UNK


def _cause(ranked: Reports) -> CauseGroup:
    groups = [report.cause.cause_group for report in ranked if report.cause is not None]
    known = [group for group in groups if group is not CauseGroup.UNK]
    return known[0] if known else CauseGroup.UNK


def _evidence_received(reports: Reports, graded: Report | None, site_type: SiteType) -> datetime:
    """When the evidence came in that first carried the present grade and type: what is published waits from the later of them."""
    grade = (graded.damage_min, graded.damage_max) if graded else None
    carried = [r.received_at for r in reports if grade and (r.damage_min, r.damage_max) == grade]
    named = [r.received_at for r in reports if r.site_type == site_type]
    firsts = [min(moments) for moments in (carried, named) if moments]
    return max(firsts, default=min(report.received_at for report in reports))


def _counts(reports: Reports) -> dict[str, Any]:
    photos = select(func.count()).where(Photo.report_id.in_([report.id for report in reports]), Photo.state == "CLEAN")
    return {"photo_count": session.scalar(photos) or 0}


def _is_same(before: Any, after: Any) -> bool:
    if before is None or after is None:
        return before is after
    if hasattr(before, "desc") and hasattr(after, "desc"):
        return all(abs(a - b) < 1e-9 for a, b in zip(lon_lat(before), lon_lat(after), strict=True))
    return bool(before == after)
