"""Photos for the desk: the clean copy, as a picture and nothing else, for whoever may read its report."""

from uuid import UUID

from flask import Blueprint, Response, make_response

from server.accounts.service import current_actor, requires
from server.core.problems import Problem
from server.core.storage import NothingStored, StorageDamaged, store
from server.evidence.access import get_photo

blueprint = Blueprint("evidence_pages", __name__, url_prefix="/desk/photos")


@blueprint.get("/<uuid:photo_id>")
@requires("see_photos")
def photo(photo_id: UUID) -> Response:
    """The photo at its full kept size."""
    found = get_photo(current_actor(), photo_id)
    return picture(found.clean_sha256, "photos", photo_id)


@blueprint.get("/<uuid:photo_id>/thumbnail")
@requires("see_photos")
def thumbnail(photo_id: UUID) -> Response:
    """The small copy for lists."""
    found = get_photo(current_actor(), photo_id)
    return picture(found.thumbnail_sha256, "thumbnails", photo_id)


def picture(name: str | None, namespace: str, photo_id: UUID) -> Response:
    """A JPEG that can be nothing but a JPEG to a browser; it never says what the sender called the file."""
    try:
        response = make_response(store().get(name or "", namespace))
    except (NothingStored, StorageDamaged):
        raise Problem("photo_damaged") from None
    response.mimetype = "image/jpeg"
    response.headers["Content-Disposition"] = f'inline; filename="photo-{photo_id.hex[:8]}.jpg"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response
