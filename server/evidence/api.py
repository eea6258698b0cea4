"""The door for photos: PUT the raw bytes of an announced photo under its number. Sending it again is harmless."""

from uuid import UUID

from flask import Response, make_response, request
from flask_babel import gettext
from flask_smorest import Blueprint

from server.core import requests
from server.core.problems import Problem
from server.evidence import service
from server.evidence.inspection import MAX_BYTES, Refusal
from server.evidence.schemas import PhotoReceiptShape, receipt_body
from server.evidence.service import PhotoReceipt

blueprint = Blueprint("evidence", __name__, url_prefix="/api/v1/reports", description="Send the photos of a report.")

# What it is, its bytes tell. This only keeps out what a form on another site could send unasked.
NOT_A_FILE = {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"}
BYTES = {"schema": {"type": "string", "format": "binary", "maxLength": MAX_BYTES}}
CODES = {
    Refusal.NOT_A_PHOTO: "unsupported_type",
    Refusal.MOVING: "unsupported_type",
    Refusal.TOO_MANY_BYTES: "too_large",
    Refusal.TOO_MANY_PIXELS: "too_large",
}
KINDS = ("image/jpeg", "image/png", "image/webp", "image/heic", "application/octet-stream")


@blueprint.put("/<uuid:report_id>/media/<uuid:photo_id>")
@blueprint.doc(requestBody={"required": True, "content": dict.fromkeys(KINDS, BYTES)})
@blueprint.response(201, PhotoReceiptShape, description="Received whole: length and SHA-256 are those announced.")
@blueprint.alt_response(200, schema=PhotoReceiptShape, description="The same photo was received before.")
@blueprint.alt_response(404, description="No such photo was announced with this report, or you may not know.")
@blueprint.alt_response(409, description="Other bytes came under this number before.")
@blueprint.alt_response(411, description="The length must be given.")
@blueprint.alt_response(413, description="More than 15 MB, or more than 50 megapixels.")
@blueprint.alt_response(415, description="Not a JPEG, PNG, WebP or HEIC still picture. The report is kept.")
@blueprint.alt_response(422, description="Not the bytes announced, or not a whole picture. The report is kept.")
def put_photo(report_id: UUID, photo_id: UUID) -> Response:
    """Receive one photo announced in the report's `media`. It counts as received when its bytes are those announced."""
    requests.single_arguments()
    if request.content_length is None:
        raise Problem("length_required")
    if request.content_length > MAX_BYTES:
        raise Problem("too_large")
    if request.mimetype in NOT_A_FILE:
        raise Problem("unsupported_type")
    service.announced_bytes(report_id, photo_id)
    receipt = service.receive_photo(report_id, photo_id, requests.body(MAX_BYTES))
    return _answer(receipt)


def _answer(receipt: PhotoReceipt) -> Response:
    """The receipt; or, for a file that is no usable photo, the refusal, which is noted beside the report."""
    if receipt.refusal is None:
        return make_response(receipt_body(receipt), 201 if receipt.is_new else 200)
    requests.keep_work()
    raise refusal_problem(receipt.refusal)


def refusal_problem(why: Refusal) -> Problem:
    """A refused photo in the house's shape of a refusal, with the reason in the person's language."""
    words = gettext(why.label)
    return Problem(
        CODES.get(why, "unreadable_photo"),
        detail=words,
        errors=[{"field": "photo", "code": why.value.lower(), "message": words}],
    )
