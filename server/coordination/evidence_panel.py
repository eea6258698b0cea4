"""The evidence on a damage record, as its page shows it: photos, visits, images from above, open sources, who held what when."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import gettext

from server.accounts.limits import may_on
from server.accounts.policy import Actor, may
from server.coordination import corrections
from server.evidence import redacting
from server.evidence import service as evidence
from server.evidence.imagery_models import POST, PRE, ImageryChip
from server.evidence.models import Photo
from server.matching import queries
from server.matching.models import Incident
from server.reports.models import Report
from server.verification import chain, chips, items, pairing
from server.verification import service as verification
from server.verification.agreement import Grades, compare
from server.verification.service import FIELD, FIRST_HAND


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of two pictures laid over each other: its address and size, what it is, and of which day."""

    address: str
    width: int
    height: int
    words: str
    taken_on: date | None


def panel(incident: Incident, actor: Actor) -> dict[str, Any]:
    """What the template ``_evidence.html`` needs; ``evidence`` is None for who may not see it."""
    if not may(actor, "see_evidence"):
        return {"evidence": None, "steps": {}, "standing": None}
    reports = [report for _link, report in queries.attached(actor, incident)] if may(actor, "see_reports") else []
    photos = {report.id: [photo for photo in evidence.photos_of(report.id) if photo.state == "CLEAN"] for report in reports}
    laid = chips.on_record(incident.id)
    links = chain.chain(incident.id, queries.aliases())
    told = {
        "photos": [photo for found in photos.values() for photo in found],
        "redacted": redacting.covered_among([photo.id for found in photos.values() for photo in found]),
        "visits": [(report, len(photos[report.id])) for report in reports if _is_visit(report)],
        "imagery": [(row, link, _agreement(incident, row)) for row, link in pairing.rows_of(incident.id)],
        "items": items.on_record(incident.id),
        "chips": laid,
        "sides": _sides(incident, actor, laid, photos),
        "askable": [report for report in reports if report.receipt_hash and not report.withdrawn_at],
        "links": len(links),
        "head": links[-1].hash if links else "",
    }
    about = {"standing": corrections.standing(incident), "mistakes": corrections.Mistake}
    return {**about, "evidence": told, "steps": verification.steps_to(incident) if may_on(actor, "decide_certainty", incident) else {}}


def _is_visit(report: Report) -> bool:
    """A person of an organisation of the response went there and saw it."""
    return report.organisation_id is not None and report.source_type in FIELD and report.witness_proximity in FIRST_HAND


def _agreement(incident: Incident, row: Any) -> Any:
    above = Grades(row.damage_min, row.damage_max, row.damage_best)
    return compare(above, Grades(incident.damage_min, incident.damage_max, incident.damage_best))


def _sides(incident: Incident, actor: Actor, laid: list[ImageryChip], photos: dict[Any, list[Photo]]) -> tuple[Side, Side] | None:
    """Before and after: pieces of images where there are both, else a photo of the strike before and one of this."""
    before = next((chip for chip in reversed(laid) if chip.event_phase == PRE), None)
    after = next((chip for chip in reversed(laid) if chip.event_phase == POST), None)
    one = _chip_side(before) if before else _earlier_photo(incident, actor)
    other = _chip_side(after) if after else _photo_side(_latest(photos), gettext("Photo of this damage"))
    return (one, other) if one and other else None


def _earlier_photo(incident: Incident, actor: Actor) -> Side | None:
    """The latest photo of the damage record before this one, on the same place."""
    prior = queries.by_id(incident.prior_incident_id)
    if prior is None or not may(actor, "see_reports"):
        return None
    found = [photo for _link, report in queries.attached(actor, prior) for photo in evidence.photos_of(report.id) if photo.state == "CLEAN"]
    return _photo_side(found[-1] if found else None, gettext("Photo of the strike before"))


def _latest(photos: dict[Any, list[Photo]]) -> Photo | None:
    return next((photo for found in reversed(list(photos.values())) for photo in found), None)


def _photo_side(photo: Photo | None, words: str) -> Side | None:
    if photo is None:
        return None
    day = photo.received_at.date() if photo.received_at else None
    return Side(
        address=url_for("evidence_pages.photo", photo_id=photo.id), width=photo.width or 1, height=photo.height or 1, words=words, taken_on=day
    )


def _chip_side(chip: ImageryChip) -> Side:
    words = gettext("Image of %(provider)s", provider=chip.provider)
    address = url_for("coordination.evidence.chip", chip_id=chip.id)
    return Side(address=address, width=chip.width, height=chip.height, words=words, taken_on=chip.taken_on)
