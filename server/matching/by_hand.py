"""A place found by a person for a report that named none: the report stays as given, the damage record gets the place."""

from uuid import UUID

import h3
from sqlalchemy import select

from server.accounts.policy import Actor
from server.core import ledger
from server.core.columns import pin
from server.core.database import session
from server.core.problems import Problem
from server.matching import links
from server.matching.acts import enter
from server.matching.models import Attachment, Incident
from server.matching.summaries import H3_LEVEL, resummarise, touch
from server.places.service import assign_areas
from server.reports import access

PLACE = ("point", "accuracy_m", "h3_r9", "adm1_pcode", "adm2_pcode", "adm3_pcode")


def incident_of(report_id: UUID) -> Incident | None:
    """The record a report lies on at present, if any."""
    here = select(Attachment.incident_id).where(Attachment.report_id == report_id, Attachment.ended_at.is_(None))
    return session.scalar(select(Incident).where(Incident.id.in_(here)))


def place_by_hand(report_id: UUID, lon: float, lat: float, *, accuracy_m: float | None, actor: Actor) -> Incident:
    """Open a record for a report without a point at the place a person found (degrees, longitude first).

    The place holds whatever is summarised later; Problem ``already_done`` when the report lies on a record already.
    """
    enter(actor, "")
    report = access.get_report(actor, report_id)
    if links.present(report_id) is not None:
        raise Problem("already_done")
    incident = links.open_incident()
    reasons = [{"code": "by_hand", "params": {}, "contribution": 0.0}]
    links.lay(report_id, incident.id, score=None, reasons=reasons, version="", actor=actor)
    areas = assign_areas(lon, lat)
    incident.point = pin(lon, lat)
    incident.accuracy_m = accuracy_m
    incident.h3_r9 = h3.latlng_to_cell(lat, lon, H3_LEVEL)
    incident.adm1_pcode, incident.adm2_pcode, incident.adm3_pcode = areas.adm1, areas.adm2, areas.adm3
    incident.fixed_fields = list(PLACE)
    resummarise(incident)
    touch(incident)
    report.flags = [*report.flags, "placed_by_hand"]
    ledger.record("incident.opened", incident.id, actor_id=actor.person_id, report=str(report_id), by="hand")
    links.tell_changed([incident], actor=actor, by="hand")
    return incident
