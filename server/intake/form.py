"""The residents' door: /report, one page and one post, which need no script. Sent twice, it is received once."""

import hashlib
from collections.abc import Sequence
from uuid import UUID, uuid4

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext
from werkzeug.datastructures import FileStorage, MultiDict

from server.accounts.policy import may
from server.accounts.service import current_actor
from server.core import requests
from server.core.choices import N_
from server.core.clock import now
from server.core.i18n import language
from server.core.problems import Problem
from server.evidence import service as evidence
from server.evidence.inspection import Refusal
from server.intake import advice, gate
from server.intake.answers import HONEY, Answers, meaning
from server.intake.api import read_id
from server.intake.drafts import SCHEMA, draft_of
from server.intake.form_places import Offer
from server.intake.questions import PHOTO_LIMIT, DayPart, Exactness, When
from server.intake.understanding import understand
from server.places.basemap import base_map
from server.reports import keys, safety, vault
from server.reports import service as reports
from server.reports.draft import Announced, Draft
from server.vocabulary import CITIZEN_HAZARDS, CITIZEN_NEEDS, CITIZEN_SITES, Channel, ConsentPurpose, sites_by_group

blueprint = Blueprint("report_form", __name__)

FORM_VERSION = "web-1"
RETRY_S = 60
WORDS_BYTES = 100_000  # a post without photos
OLD_PAGE = N_("This page was no longer whole. Your answers are still here: please send them again.")
PHOTOS_AGAIN = N_("Please choose your photos again: the browser does not keep them.")
TOO_MANY = N_("Only the first %(n)s photos of a report can be kept.")
SENT_BEFORE = N_(
    "A report was received from this page before, and it stays as it was. "
    "If this is another one, or tells more, send it again: it now has a number of its own."
)
Errors = list[dict[str, str]]
_PLACE_ON_PAGE = {name: place for place, name in enumerate(SCHEMA.fields, start=1)}


@blueprint.get("/report")
def ask() -> Response:
    """The empty form, with a number of its own."""
    return _page(MultiDict(), number=uuid4())


@blueprint.get("/report/parts")
def parts() -> Response:
    """What the form needs only later, as one piece: the whole list of kinds, the screen of the code, words for photos and the map."""
    page = render_template(
        "intake/parts.html", fields=SCHEMA.fields, values=MultiDict(), sites=CITIZEN_SITES, groups=sites_by_group(),
        photo_limit=PHOTO_LIMIT, ground=base_map(),
    )  # fmt: skip
    response = make_response(page)
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@blueprint.post("/report")
def receive() -> Response:
    """Take a report in and show its receipt code, or show the page again with everything kept and what is wrong with it."""
    if request.mimetype != "multipart/form-data":
        request.max_content_length = WORDS_BYTES
    number = _number(request.form.get("id", ""))
    if number is None:
        return _again(uuid4(), [_error("report", OLD_PAGE)])
    understood = understand(request.form, at=now())
    answers = understood.answers
    photos = [file.read() for file in _photos()[:PHOTO_LIMIT]]
    draft, errors = _drafted(number, answers, evidence.announce(number, photos))
    if draft is None:
        return _again(number, errors, offers=understood.offers)
    try:
        gate.refuse_when_closed(number)
        gate.admit_post(actor=current_actor())
    except Problem as full:
        return _wait(number, full)
    return _keep(draft, photos)


def _wait(number: UUID, full: Problem) -> Response:
    """Too many at once: the page with everything kept, and when to try again."""
    response = _again(number, [_error("report", full.detail or full.title)], status=full.status)
    response.headers["Retry-After"] = str(RETRY_S)
    return response


def _keep(draft: Draft, photos: Sequence[bytes]) -> Response:
    """Receive the report, then its photos; whatever is wrong with a photo, the report stays."""
    receipt = reports.receive(draft, actor=current_actor())
    if receipt.is_withdrawn:
        raise Problem("report_withdrawn")
    if receipt.is_conflict:
        requests.keep_work()
        return _again(uuid4(), [_error("report", SENT_BEFORE)], status=409)
    return _received(draft, evidence.receive_together(draft.id, draft.media, photos))


def _photos() -> list[FileStorage]:
    """The files that were chosen; a browser sends an empty part where none was."""
    return [file for file in request.files.getlist("photos") if file.filename]


def _number(word: str) -> UUID | None:
    """The number that the page carried, or None when it is none."""
    try:
        return read_id(word)
    except Problem:
        return None


def _drafted(number: UUID, answers: Answers, manifest: Sequence[Announced]) -> tuple[Draft | None, Errors]:
    """The Draft of the form, or None and everything that needs a second look."""
    errors = [_error(field, sentence) for field, sentence in answers.errors]
    try:
        draft = _draft(number, answers, manifest)
    except Problem as problem:
        return None, [*problem.errors, *errors]
    return (None if errors else draft), errors


def _draft(number: UUID, answers: Answers, manifest: Sequence[Announced]) -> Draft:
    """The Draft of the form. Its body is the meaning of the answers, so that the same form is the same report."""
    given = {**answers.given, "lang": language(), "form_version": FORM_VERSION}
    code = vault.normal_code(vault.derived_code(number))
    return draft_of(
        given, number=number, channel=Channel.WEB, body=meaning(request.form, (photo.sha256 for photo in manifest)),
        media=tuple(manifest), flags=tuple(answers.flags), receipt_key=hashlib.sha256(code.encode()).hexdigest(),
    )  # fmt: skip


def _error(field: str, sentence: str) -> dict[str, str]:
    return {"field": field, "code": "invalid", "message": gettext(sentence)}


def _again(number: UUID, errors: Errors, *, offers: Sequence[Offer] = (), status: int = 422) -> Response:
    """The page with everything that was given, but photos, which no browser lets us keep."""
    told = sorted(errors, key=lambda error: _PLACE_ON_PAGE.get(error["field"].partition(".")[0], 0))
    told += [_error("photos", PHOTOS_AGAIN)] if _photos() else []
    return _page(request.form, number=number, errors=told, places=offers, status=status)


def _page(
    values: MultiDict[str, str],
    *,
    number: UUID,
    errors: Sequence[dict[str, str]] = (),
    places: Sequence[Offer] = (),
    status: int = 200,
) -> Response:
    page = render_template(
        "intake/report.html", fields=SCHEMA.fields, values=values, errors=errors, places=places, report_id=number,
        sites=CITIZEN_SITES, groups=sites_by_group(), needs=CITIZEN_NEEDS, hazards=CITIZEN_HAZARDS, consents=tuple(ConsentPurpose), honey=HONEY,
        when=tuple(When), day_parts=tuple(DayPart), exactness=tuple(Exactness), photo_limit=PHOTO_LIMIT,
        advice=safety.by_hazard(), whole=bool(errors) or request.args.get("all") == "1", reporting_key=keys.current(),
        worker=may(current_actor(), "see_reports"),
    )  # fmt: skip
    return _unstored(make_response(page, status))


def _received(draft: Draft, refusals: Sequence[Refusal | None]) -> Response:
    """The answer page, the same however often the same form is sent: the code is derived from the report's number."""
    names = [file.filename for file in _photos()]
    refused = [{"name": name, "message": gettext(why.label)} for name, why in zip(names, refusals, strict=False) if why]
    refused += [{"name": name, "message": gettext(TOO_MANY, n=PHOTO_LIMIT)} for name in names[PHOTO_LIMIT:]]
    page = render_template(
        "intake/received.html", code=vault.derived_code(draft.id), photos_kept=refusals.count(None), photos_refused=refused,
        urgent=advice.urgent(draft), flags=advice.of_the_place(draft),
    )  # fmt: skip
    return _unstored(make_response(page))


def _unstored(response: Response) -> Response:
    """No cache on the way keeps answers or a code."""
    response.headers["Cache-Control"] = "no-store"
    return response
