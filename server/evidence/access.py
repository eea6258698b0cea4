"""Who sees a photo: whoever may read its report, and nobody else. Originals are shown to no one."""

from uuid import UUID

from sqlalchemy import Select, select

from server.accounts.policy import Actor, may
from server.core.database import session
from server.core.problems import Problem
from server.evidence.models import Photo
from server.reports import access as reports
from server.reports.models import Report


def get_photo(actor: Actor, photo_id: UUID) -> Photo:
    """The photo with its clean copy, or Problem `photo_not_found`, which does not tell whether it exists."""
    if not may(actor, "see_photos"):
        raise Problem("not_allowed" if actor.is_known else "sign_in_needed")
    visible = reports.visible_to(actor).with_only_columns(Report.id)
    photo = session.scalar(
        select(Photo).where(Photo.id == photo_id, Photo.state == "CLEAN", Photo.report_id.in_(visible))
    )
    if photo is None:
        raise Problem("photo_not_found")
    return photo


def first_photo_of(actor: Actor, report_ids: Select[UUID]) -> UUID | None:
    """The number of the latest clean photo among these reports that this actor may see, or None."""
    visible = reports.visible_to(actor).with_only_columns(Report.id).where(Report.id.in_(report_ids))
    photos = select(Photo.id).where(Photo.state == "CLEAN", Photo.report_id.in_(visible))
    return session.scalar(photos.order_by(Photo.received_at.desc()).limit(1))
