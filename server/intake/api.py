"""The programs' door: PUT one report under an id its phone made. Sending it twice, or fifty times at once, is harmless."""

from uuid import UUID

from flask import Response, make_response, request
from flask_smorest import Blueprint

from server.accounts.service import current_actor
from server.core import requests
from server.core.problems import Problem
from server.evidence import service as evidence
from server.evidence import uploads
from server.intake import gate, lanes, sealed
from server.intake.drafts import draft_of
from server.reports import access
from server.reports import service as reports
from server.reports.draft import Draft, Receipt
from server.reports.schemas import NewReport, PhotosShape, ReceiptShape
from server.vocabulary import Channel

blueprint = Blueprint(
    "intake", __name__, url_prefix="/api/v1/reports", description="Send reports of damage. No account is needed."
)

BODY_BYTES = 64_000


@blueprint.put("/<report_id>")
@blueprint.doc(
    requestBody={
        "required": True,
        "content": {
            "application/json": {"schema": NewReport},
            sealed.CONTENT_TYPE: {"schema": {"type": "string", "format": "binary", "maxLength": sealed.BODY_BYTES}},
        },
    },
    parameters=[{"in": "path", "name": "report_id", "required": True, "schema": {"type": "string", "format": "uuid"}}],
)
@blueprint.response(201, ReceiptShape, description="Received: kept durably under this id.")
@blueprint.alt_response(
    200, schema=ReceiptShape, description="The same report was received before; this is its receipt again."
)
@blueprint.alt_response(
    429, description="The public lane is busy: solve `challenge` and send again with the header `Proof`. A key is never asked."
)
@blueprint.alt_response(503, description="Too many reports at this moment, or none can be kept: try again later.")
@blueprint.alt_response(409, description="Another body came under this id before; this one is kept aside.")
def put_report(report_id: str) -> Response:
    """Receive one report, in the open or sealed to the reporting key. Same id and body: the same receipt.

    Same id, other body: 409, and the other body is kept aside. A sealed report is refused only when it does not open.
    """
    number = read_id(report_id)
    requests.single_arguments()
    body, actor = _body(), current_actor()
    gate.admit(number, actor=actor)
    draft = _read(number, body)
    receipt = reports.receive(draft, actor=actor)
    return answer_receipt(draft, receipt)


@blueprint.teardown_app_request
def give_turn_back(_error: BaseException | None) -> None:
    """Whatever became of a request, the next one may have its turn."""
    lanes.give_turn_back()


def _body() -> bytes:
    """The whole body, before anybody's turn is taken: a slow phone holds up nobody."""
    if request.mimetype == sealed.CONTENT_TYPE:
        return requests.body(sealed.BODY_BYTES)
    requests.accepts_json()
    return requests.body(BODY_BYTES)


def _read(number: UUID, body: bytes) -> Draft:
    """The report in the body, in the open as JSON or sealed by a phone."""
    if request.mimetype == sealed.CONTENT_TYPE:
        return sealed.read_sealed(number, body)
    return read_draft(number, body, Channel.API)


@blueprint.get("/<uuid:report_id>/media")
@blueprint.doc(parameters=[{"in": "header", "name": "Receipt-Key", "required": True, "schema": {"type": "string"}}])
@blueprint.response(200, PhotosShape, description="What became of each photo that the report announced.")
@blueprint.alt_response(404, description="No such report, or not the key of its receipt.")
def show_photos(report_id: UUID) -> Response:
    """What became of the photos of a report, for whoever holds its receipt's key (SHA-256 of the code, as sent with the report)."""
    report = access.by_receipt_key(report_id, request.headers.get("Receipt-Key", ""))
    return make_response({"media": evidence.states_of(report.id), "complete": evidence.completeness(report.id).is_complete})


def answer_receipt(draft: Draft, receipt: Receipt) -> Response:
    """The receipt with what became of the photos, or the refusal a repeat deserves."""
    if receipt.is_withdrawn:
        raise Problem("report_withdrawn")
    if receipt.is_conflict:
        requests.keep_work()
        raise Problem("conflicting_copy")
    if draft.media and receipt.is_new:
        evidence.expect(draft.id, draft.media)
        uploads.take_in_waiting(draft.id)
    media = evidence.states_of(draft.id) if draft.media else []
    shape = {
        "id": str(receipt.id),
        "sha256": receipt.sha256,
        "received_at": receipt.received_at.isoformat(),
        "media": media,
    }
    return make_response(shape, 201 if receipt.is_new else 200)


def read_id(word: str) -> UUID:
    """A UUID in its plain form, in lower case; Problem ``bad_identifier`` for nil, braces, URNs and anything else."""
    try:
        number = UUID(word)
    except ValueError:
        raise Problem("bad_identifier") from None
    if str(number) != word or number.int == 0:
        raise Problem("bad_identifier")
    return number


def read_draft(number: UUID, body: bytes, channel: Channel) -> Draft:
    """What a JSON body says, as a Draft; Problem ``unreadable_json`` or ``invalid_report`` with the fields at fault."""
    return draft_of(requests.strict_json(body), number=number, channel=channel, body=body)
