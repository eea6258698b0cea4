"""What is kept only until a damage record is closed, or for some years after: contacts, unused photos, exact places.

The table is that of the policy; each run leaves a proof with what was erased and what is left.
"""

from datetime import timedelta
from uuid import UUID

import h3
from sqlalchemy import ColumnElement, and_, delete, exists, func, select, update

from server.core import ledger
from server.core.clock import now
from server.core.columns import pin
from server.core.database import see_as, session, settled
from server.core.erasure import prove
from server.evidence import custody
from server.evidence.models import Photo
from server.matching.models import Attachment, Incident
from server.matching.review_models import ReportAddress, ReportMarks
from server.reports import retention
from server.reports.models import Report, ReportSecret
from server.vocabulary import SensitivityClass, WorkflowState

CONTACT_AFTER_CLOSING = timedelta(days=30)
UNUSED_PHOTOS_KEPT = timedelta(days=90)
PHOTOS_KEPT = timedelta(days=365)
EXACT_PLACE_KEPT = timedelta(days=1_095)
COARSE, COARSE_M = 8, 600.0  # an H3 cell of resolution 8, and how far its middle is from its corners
TOGETHER = 500


def keep_no_longer() -> None:
    """Erase all that is due today."""
    with settled():
        erase_contacts_of_closed()
    erase_photos()
    with settled():
        forget_of_erased()
    with settled():
        blur_old_places()


def erase_contacts_of_closed() -> int:
    """Take out the contacts of reports whose damage record was closed a month ago. Returns how many."""
    cutoff = now() - CONTACT_AFTER_CLOSING
    closed = exists().where(
        Attachment.report_id == Report.id, Attachment.ended_at.is_(None), Incident.id == Attachment.incident_id,
        Incident.workflow == WorkflowState.CLOSED, Incident.changed_at < cutoff,
    )  # fmt: skip
    return retention.erase_contacts(closed, kind="contacts_of_closed", cutoff=cutoff)


def forget_of_erased() -> None:
    """Remove what was learnt of words that were erased since, because they were old or held back: hashes of places and of wording."""
    see_as("all")
    erased = select(ReportSecret.report_id).where(ReportSecret.wrapped_key.is_(None))
    for kind in (ReportAddress, ReportMarks):
        session.execute(delete(kind).where(kind.report_id.in_(erased)), execution_options={"synchronize_session": False})


def erase_photos() -> int:
    """Erase photos nobody used within ninety days, and all after a year; originals kept as evidence have their own time."""
    with settled():
        see_as("all")
        due = list(session.scalars(select(Report.id).where(_photos_due()).limit(TOGETHER)))
    for report_id in due:
        custody.erase_photos(report_id)
    with settled():
        see_as("all")
        left = select(func.count()).select_from(Report).where(_photos_due())
        prove("photos", erased=len(due), left=lambda: session.scalar(left) or 0, cutoff=now() - UNUSED_PHOTOS_KEPT)
    return len(due)


def blur_old_places() -> int:
    """Make the exact places of sensitive records coarse that were closed three years ago, unless kept as evidence."""
    see_as("all")
    cutoff = now() - EXACT_PLACE_KEPT
    due = _exact_places(cutoff)
    found = session.execute(select(Incident.id, Incident.h3_r9).where(due).limit(TOGETHER)).all()
    for incident_id, cell in found:
        _blur(incident_id, str(cell))
    session.flush()
    left = select(func.count()).select_from(Incident).where(due)
    prove("exact_places", erased=len(found), left=lambda: session.scalar(left) or 0, cutoff=cutoff)
    return len(found)


def _photos_due() -> ColumnElement[bool]:
    used = exists().where(Attachment.report_id == Report.id, Attachment.ended_at.is_(None))
    pictured = exists().where(Photo.report_id == Report.id)
    kept = Report.consents.contains(["KEEP_EVIDENCE"])
    return and_(
        pictured,
        ~kept,
        Report.received_at < now() - UNUSED_PHOTOS_KEPT,
        (Report.received_at < now() - PHOTOS_KEPT) | ~used,
    )


def _exact_places(cutoff: object) -> ColumnElement[bool]:
    evidence = exists().where(
        Attachment.incident_id == Incident.id, Attachment.ended_at.is_(None), Report.id == Attachment.report_id,
        Report.consents.contains(["KEEP_EVIDENCE"]),
    )  # fmt: skip
    return and_(
        Incident.s_class.in_([SensitivityClass.S3, SensitivityClass.S4]),
        Incident.workflow == WorkflowState.CLOSED,
        Incident.changed_at < cutoff,
        Incident.h3_r9.is_not(None),
        func.coalesce(Incident.accuracy_m, 0) < COARSE_M,
        ~evidence,
    )


def _blur(incident_id: UUID, cell: str) -> None:
    """The middle of the coarse cell stands for the place, on the record and on its reports; its cell of old is gone too."""
    parent = h3.cell_to_parent(cell, COARSE)
    lat, lon = h3.cell_to_latlng(parent)
    middle = h3.cell_to_center_child(parent, 9)
    session.execute(
        update(Incident)
        .where(Incident.id == incident_id)
        .values(point=pin(lon, lat), h3_r9=middle, accuracy_m=COARSE_M)
    )
    laid = select(Attachment.report_id).where(Attachment.incident_id == incident_id)
    session.execute(
        update(Report)
        .where(Report.id.in_(laid), Report.point.is_not(None))
        .values(point=pin(lon, lat), pin_accuracy_m=COARSE_M),
        execution_options={"synchronize_session": False},
    )
    ledger.record("incident.blurred", incident_id)
