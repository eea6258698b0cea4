"""Every refusal of the house: its code, its HTTP status and its sentence, in one shape (RFC 9457).

A room raises ``Problem("report_not_found")``; the one place below turns it into JSON for a program and into a page for a
person, in their language.
"""

from http import HTTPStatus
from typing import Any

from flask import Flask, Response, make_response, render_template, request
from flask_babel import gettext
from marshmallow import ValidationError
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from server.core.choices import N_
from server.core.database import session
from server.core.i18n import words
from server.core.storage import StoreAway

PROBLEMS: dict[str, tuple[int, str]] = {
    "bad_request": (400, N_("This request could not be understood.")),
    "empty_body": (400, N_("Nothing arrived. Please send it again.")),
    "bad_identifier": (400, N_("The number of this report is not a valid UUID.")),
    "repeated_parameter": (400, N_("A parameter was given twice.")),
    "sign_in_needed": (401, N_("Please sign in.")),
    "not_allowed": (403, N_("You may not do this.")),
    "confirm_first": (403, N_("Confirm first that it is you: give your password again, then repeat this.")),
    "outside_your_area": (403, N_("This lies outside the areas or sectors you work in.")),
    "last_administrator": (409, N_("This is the last administrator. Make somebody else one first.")),
    "cross_site": (403, N_("This request came from another site and was refused.")),
    "not_found": (404, N_("There is nothing here, or you may not see it.")),
    "report_not_found": (404, N_("There is no such report, or you may not see it.")),
    "incident_not_found": (404, N_("There is no such damage record, or you may not see it.")),
    "photo_not_found": (404, N_("There is no such photo, or you may not see it.")),
    "photo_damaged": (404, N_("This photo was damaged in our keeping and cannot be shown.")),
    "invitation_unknown": (404, N_("This invitation was used, was taken back, or has ended. Ask for a new one.")),
    "receipt_unknown": (404, N_("No report belongs to this code. Check each character and try again.")),
    "method_not_allowed": (405, N_("This address cannot be used that way.")),
    "not_acceptable": (406, N_("This is not available in the form you asked for.")),
    "conflicting_copy": (
        409,
        N_("Another report with the same number was received before. This one is kept aside for a person to read."),
    ),
    "conflicting_photo": (409, N_("Another photo with the same number was received before.")),
    "already_done": (
        409,
        N_("This was done already, or the damage record has changed since. Look again before you decide."),
    ),
    "not_yet_live": (409, N_("This response cannot go live yet. What stands in the way is listed on the page.")),
    "exercise_stays": (409, N_("An exercise with reports cannot become live, nor a live response an exercise. Start an empty installation.")),
    "opening_code_wrong": (403, N_("This code is not right, was used, or has ended. Make a new one on the server.")),
    "nothing_to_release": (409, N_("Nothing is public yet, so there is nothing to freeze.")),
    "release_stale": (409, N_("Rows of this data set were changed or taken out since it was frozen. Prepare it again.")),
    "release_not_found": (404, N_("There is no such dated data set.")),
    "release_withdrawn": (410, N_("This dated data set was withdrawn. Use the one that replaces it.")),
    "report_withdrawn": (410, N_("This report was taken back and cannot be sent again.")),
    "length_required": (411, N_("The length of what you send must be given.")),
    "wrong_offset": (409, N_("The photo continues at another place than this. Ask where, and go on from there.")),
    "tus_version": (412, N_("This is not the version of the upload protocol that is spoken here.")),
    "changed_meanwhile": (412, N_("Somebody changed this meanwhile. Look at the new version before you decide.")),
    "too_large": (413, N_("This is too large to be received.")),
    "unsupported_type": (415, N_("This kind of content is not accepted here.")),
    "range_not_satisfiable": (416, N_("That part of the file does not exist.")),
    "unreadable_json": (422, N_("The report is not valid JSON.")),
    "unknown_key": (
        422,
        N_("This was sealed to a key that is not in use here any more. It is still on the phone: keep it, and ask the team."),
    ),
    "unreadable_envelope": (422, N_("What arrived could not be opened. Please send it again.")),
    "invalid_report": (422, N_("Something in the report needs your attention.")),
    "invalid_input": (422, N_("Something you entered needs your attention.")),
    "photo_differs": (422, N_("What arrived is not the photo that was announced. Please send it again.")),
    "unreadable_photo": (422, N_("This photo cannot be used. The report itself is kept.")),
    "unreadable_file": (422, N_("This file cannot be read.")),
    "nothing_seen": (422, N_("No column of this file says damage in a way that is known here. Say which column does.")),
    "words_not_kept": (422, N_("These words name the military or who did it. Leave that out: only damage is kept here.")),
    "rule_missing": (422, N_("The evidence does not yet allow this decision.")),
    "upload_differs": (460, N_("A part of the photo arrived changed. Please send that part again.")),
    "both_needed": (422, N_("These reports belong to two organisations. Both must agree, or a coordinator.")),
    "warning_too_exact": (
        422,
        N_("In a conflict such a warning must cover a municipality or more in which enough such places exist, so that it points at none."),
    ),
    "second_person_needed": (422, N_("A second person must agree to this decision.")),
    "upload_busy": (423, N_("This photo is being sent by another connection. Please wait a moment.")),
    "proof_needed": (429, N_("Very many reports arrive at this moment. Your phone does a short calculation and sends again.")),
    "too_many_requests": (429, N_("Too many requests. Please wait a little and try again.")),
    "internal": (500, N_("Something went wrong on our side. Nothing you sent before was lost. Please try again.")),
    "not_sent": (503, N_("Nothing was sent.")),
    "file_being_made": (503, N_("This file is being made. Please come back in a moment.")),
    "response_closed": (
        503,
        N_("This response has ended and takes no reports any more. Thank you for all you told us. Yours stays with you: nothing was sent."),
    ),
    "unavailable": (503, N_("The server cannot receive anything at this moment. Keep your report and try again.")),
    "lane_full": (503, N_("Very many reports arrive at this moment. Yours is still with you: please send it again in a minute.")),
    "storage_full": (507, N_("There is no room for photos at this moment. The report itself is kept.")),
}

_BY_STATUS = {
    400: "bad_request", 401: "sign_in_needed", 403: "not_allowed", 404: "not_found", 405: "method_not_allowed",
    406: "not_acceptable", 409: "already_done", 410: "report_withdrawn", 411: "length_required", 412: "changed_meanwhile",
    413: "too_large", 415: "unsupported_type", 416: "range_not_satisfiable", 422: "invalid_input", 429: "too_many_requests",
    503: "unavailable", 507: "storage_full",
}  # fmt: skip


class Problem(Exception):
    """A refusal with a code of ``PROBLEMS``, an optional detail and a list of ``{"field", "code", "message"}``.

    ``more`` are members beside those of every refusal, for a program that knows this one.
    """

    def __init__(
        self, code: str, *, detail: str = "", errors: list[dict[str, str]] | None = None, retry_after: int | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(code)
        self.more = more or {}
        self.code, self.detail, self.errors, self.retry_after = code, detail, errors or [], retry_after
        self.status, self.title = PROBLEMS[code]

    def body(self) -> dict[str, Any]:
        """The one shape of a refusal, in the language of the request."""
        shape: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": gettext(self.title),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        return {**shape, "errors": self.errors, **self.more}


def field_errors(messages: dict[str, Any] | list[Any] | str, prefix: str = "") -> list[dict[str, str]]:
    """Marshmallow's nested messages as a flat list of ``{"field", "code", "message"}``."""
    if isinstance(messages, dict):
        return [
            error
            for key, value in messages.items()
            for error in field_errors(value, f"{prefix}.{key}" if prefix else str(key))
        ]
    if isinstance(messages, list):
        return [error for value in messages for error in field_errors(value, prefix)]
    return [{"field": prefix.removeprefix("json."), "code": "invalid", "message": words(str(messages))}]


def init_app(app: Flask) -> None:
    """Turn every error of every route into the one shape."""
    app.register_error_handler(Problem, answer)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(ValidationError, _from_validation)
    app.register_error_handler(OperationalError, _from_database)
    app.register_error_handler(PoolTimeout, _from_database)
    app.register_error_handler(DBAPIError, _from_database)
    app.register_error_handler(DataError, _from_unstorable)
    app.register_error_handler(StoreAway, _from_database)
    app.register_error_handler(Exception, _from_bug)


def answer(problem: Problem) -> Response:
    """JSON for a program, a page for a person."""
    if _wants_page():
        response = make_response(render_template("problem.html", problem=problem), problem.status)
    else:
        response = make_response(problem.body(), problem.status)
        response.mimetype = "application/problem+json"
    if problem.retry_after or problem.status in (429, 503):
        response.headers["Retry-After"] = str(problem.retry_after or 30)
    response.headers["Cache-Control"] = "no-store"
    return response


def _wants_page() -> bool:
    if request.path.startswith(("/api/", "/ogc", "/health")):
        return False
    return request.accept_mimetypes.best_match(["application/json", "text/html"], default="text/html") == "text/html"


def _from_http(error: HTTPException) -> Response:
    if error.code is not None and error.code < 400:
        return make_response(error.get_response())
    cause = getattr(error, "original_exception", None)  # of what broke before the view, or while its work was kept
    if isinstance(cause, (DBAPIError, PoolTimeout, StoreAway)):
        return _from_database(cause)
    data = getattr(error, "data", None) or {}
    response = answer(
        Problem(_BY_STATUS.get(error.code or 500, "internal"), errors=field_errors(data.get("messages", {})))
    )
    for name in ("Allow", "WWW-Authenticate"):
        if value := dict(error.get_headers()).get(name):
            response.headers[name] = value
    return response


def _from_validation(error: ValidationError) -> Response:
    return answer(Problem("invalid_input", errors=field_errors(error.messages)))


def _from_database(error: Exception) -> Response:
    """A database or a store that does not answer is no fault of the sender: nothing was kept, and the phone may try again."""
    session.rollback()
    unreachable = isinstance(error, (OperationalError, PoolTimeout, StoreAway)) or getattr(error, "connection_invalidated", False)
    return answer(Problem("unavailable", retry_after=10)) if unreachable else _from_bug(error)


def _from_unstorable(_error: Exception) -> Response:
    """A value that no column can hold, such as a NUL in a reason: nothing was kept, and nothing is wrong with us."""
    session.rollback()
    return answer(Problem("bad_request"))


def _from_bug(error: Exception) -> Response:
    from flask import current_app

    if current_app.testing and current_app.config.get("PROPAGATE_BUGS", True):
        raise error
    session.rollback()
    current_app.logger.error("bug", extra={"error_code": type(error).__name__}, exc_info=error)
    return answer(Problem("internal"))


def reason_phrase(status: int) -> str:
    """The words of HTTP (or of tus, for 460) for a status, for the generated documents."""
    return "Checksum Mismatch" if status == 460 else HTTPStatus(status).phrase
