"""Painting over parts of a photo (faces, number plates) and covering parts of words; the way back for who verifies."""

import re
from typing import Any
from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from server.accounts.policy import Actor, may
from server.accounts.service import current_actor, requires
from server.coordination import waiting
from server.core.problems import Problem
from server.evidence import redacting
from server.evidence.access import get_photo
from server.evidence.redacting import Part
from server.matching import queries
from server.reports import access, asking, redactions, service
from server.reports.models import Report

blueprint = Blueprint("redaction", __name__, url_prefix="/desk")

BLANK = 6
WORD = re.compile(r"\S+")
CHOSEN = re.compile(r"(text|place_text|addition|answer)(?:/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))?:(\d{1,5})-(\d{1,5})")
SIDES = ("left", "top", "width", "height")


@blueprint.get("/photos/<uuid:photo_id>/redact")
@requires("redact")
def show_photo(photo_id: UUID) -> str:
    """The photo with fields for the parts to paint over; drawing on it by mouse or finger fills the fields."""
    return _photo_page(photo_id)


def _photo_page(photo_id: UUID, problem: Problem | None = None) -> str:
    photo = get_photo(current_actor(), photo_id)
    return render_template(
        "coordination/evidence/redact_photo.html", photo=photo, standing=redacting.standing(photo.id), problem=problem, blank=BLANK,
        sides=SIDES, values=request.form, people=queries.aliases(), may=_may,
    )  # fmt: skip


def _may(action: str) -> bool:
    return may(current_actor(), action)


@blueprint.post("/photos/<uuid:photo_id>/redact")
@requires("redact")
def redact_photo(photo_id: UUID) -> Response | tuple[str, int]:
    """Paint the parts over: from now on everybody sees the new print."""
    try:
        redacting.redact(photo_id, _parts(), actor=current_actor())
    except Problem as problem:
        if problem.code != "invalid_input":
            raise
        wrong = [{"field": "left-1", "code": "outside", "message": gettext("Mark at least one part. Each must lie inside the photo.")}]
        return _photo_page(photo_id, Problem("invalid_input", errors=wrong)), 422
    return redirect(url_for(".show_photo", photo_id=photo_id), 303)


def _parts() -> list[Part]:
    """The parts of the form, whose fields count in hundredths; a row without width says nothing."""
    columns = [request.form.getlist(side) for side in SIDES]
    try:
        rows = [tuple(float(cell) / 100 for cell in row) for row in zip(*columns, strict=False) if row[2].strip() and row[3].strip()]
    except ValueError:
        return []
    return [(row[0], row[1], row[2], row[3]) for row in rows]


@blueprint.post("/photos/<uuid:photo_id>/redact/<uuid:redaction_id>/undo")
@requires("see_unredacted")
def uncover_photo(photo_id: UUID, redaction_id: UUID) -> Response:
    """Take the last covering off again."""
    waiting.bound(get_photo(current_actor(), photo_id).report_id)
    redacting.undo(redaction_id, photo_id, actor=current_actor())
    return redirect(url_for(".show_photo", photo_id=photo_id), 303)


@blueprint.post("/photos/<uuid:photo_id>/uncovered")
@requires("see_unredacted")
def look_under(photo_id: UUID) -> Response:
    """The photo as it was before; that somebody looked is written down, which is why this is no plain address."""
    response = make_response(redacting.uncovered(photo_id, actor=current_actor()))
    response.mimetype = "image/jpeg"
    response.headers["Content-Disposition"] = f'inline; filename="photo-{photo_id.hex[:8]}.jpg"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/reports/<uuid:report_id>/redact")
@requires("redact")
def show_words(report_id: UUID) -> str:
    """The words of a report one by one, to choose those to cover; that somebody looked at covered ones is written down."""
    return render_template("coordination/evidence/redact_words.html", **_words(report_id))


def _words(report_id: UUID) -> dict[str, Any]:
    actor = current_actor()
    report = access.get_report(actor, report_id)
    words = access.uncovered_words(actor, report)
    spans, found = redactions.spans_of(report.id), _texts(actor, report)
    redactions.note_look(report.id, [part for part in spans if found.get(part)], actor=actor)
    texts = [(field, number, _tokens(text, spans.get((field, number), []))) for (field, number), text in found.items()]
    return {
        "report": report, "texts": texts, "covered": redactions.on(report.id), "people": queries.aliases(), "may": _may,
        "is_erased": words.is_erased,
    }  # fmt: skip


def _texts(actor: Actor, report: Report) -> dict[redactions.Part, str]:
    """Every text of a report that this actor may cover parts of, with what was covered where they may not look under it."""
    words = access.uncovered_words(actor, report)
    found: dict[redactions.Part, str] = {(field, None): getattr(words, field) for field in redactions.FIELDS}
    if report.quarantine or words.is_erased:
        return found
    found |= {("addition", number): text for number, text in access.uncovered_amendments(actor, report)}
    found |= {("answer", row.id): row.answer_words for row in asking.asked(report) if row.answer_words}
    if not may(actor, "see_unredacted"):
        spans = redactions.spans_of(report.id)
        found = {part: redactions.covered(text, spans.get(part, ())) for part, text in found.items()}
    return found


def _tokens(text: str, spans: list[list[int]]) -> list[tuple[str, int, int, bool]]:
    """Each word with where it begins and ends and whether it is covered already."""
    found = ((match.group(), match.start(), match.end()) for match in WORD.finditer(text))
    return [(word, begin, end, any(begin < last and first < end for first, last in spans)) for word, begin, end in found]


@blueprint.post("/reports/<uuid:report_id>/redact")
@requires("redact")
def cover_words(report_id: UUID) -> Response:
    """Cover the chosen words; words beside each other are one part."""
    actor = current_actor()
    report = access.get_report(actor, report_id)
    texts = _texts(actor, report)
    for part, span in _chosen():
        redactions.cover(report.id, part, span, length=len(texts.get(part, "")), actor=actor)
    return redirect(url_for(".show_words", report_id=report_id), 303)


def _chosen() -> list[tuple[redactions.Part, tuple[int, int]]]:
    """The parts of the form, ``text:12-18`` or ``answer/<number>:12-18``; Problem ``invalid_input`` for none."""
    found: list[tuple[redactions.Part, tuple[int, int]]] = []
    for said in request.form.getlist("part"):
        match = CHOSEN.fullmatch(said)
        if match is None:
            raise Problem("bad_request")
        part, begin, end = (match[1], UUID(match[2]) if match[2] else None), int(match[3]), int(match[4])
        if found and found[-1][0] == part and found[-1][1][1] + 1 >= begin:
            found[-1] = (part, (found[-1][1][0], end))
        else:
            found.append((part, (begin, end)))
    if not found:
        raise Problem("invalid_input", errors=[{"field": "part", "code": "missing", "message": gettext("Choose at least one word.")}])
    return found


@blueprint.post("/reports/<uuid:report_id>/redact/<uuid:redaction_id>/undo")
@requires("see_unredacted")
def uncover_words(report_id: UUID, redaction_id: UUID) -> Response:
    """Uncover a part again."""
    report = waiting.bound(report_id)
    redactions.uncover(redaction_id, report.id, actor=current_actor())
    return redirect(url_for(".show_words", report_id=report_id), 303)


@blueprint.post("/reports/<uuid:report_id>/mask")
@requires("handle_report")
def keep_masked(report_id: UUID) -> Response:
    """Keep the words with what tells of the military covered; the raw words are destroyed now."""
    report = waiting.bound(report_id)
    if not report.quarantine:
        raise Problem("already_done")
    service.keep_masked(report, actor=current_actor())
    return redirect(url_for("coordination.waiting.show", report_id=report_id), 303)
