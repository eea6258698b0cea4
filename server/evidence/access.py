"""Who sees a photo: whoever may read its report, and nobody else. Originals are shown to no one."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from server.accounts.policy import Actor, may
from server.core.database import session
from server.core.problems import Problem
from server.evidence.models import Photo
from server.reports import access as reports
from server.reports.models import Report


def get_photo(actor: Actor, photo_id: UUID) -> Photo:
    """The photo with its clean copy, or Problem `photo_not_found`, which does not tell whether it exists."""
    _must_see_photos(actor)
    visible = reports.visible_to(actor).with_only_columns(Report.id)
    photo = session.scalar(
        select(Photo).where(Photo.id == photo_id, Photo.state == "CLEAN", Photo.report_id.in_(visible))
    )
    if photo is None:
        raise Problem("photo_not_found")
    return photo


def photos_of(actor: Actor, report_ids: Iterable[UUID]) -> list[Photo]:
    """All photos of these reports that the actor may know of, whatever their state, in the order of each report."""
    _must_see_photos(actor)
    visible = reports.visible_to(actor).where(Report.id.in_(list(report_ids))).with_only_columns(Report.id)
    return list(
        session.scalars(select(Photo).where(Photo.report_id.in_(visible)).order_by(Photo.report_id, Photo.position))
    )


def _must_see_photos(actor: Actor) -> None:
    if not may(actor, "see_photos"):
        raise Problem("not_allowed" if actor.is_known else "sign_in_needed")
