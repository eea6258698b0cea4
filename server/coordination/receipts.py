"""/receipt: the reporter's own page. It shows how far the handling of this one report is, and nothing else of anything.

A question of the desk can be answered here, words added or put right, the report taken back. The code travels in the body
of a form, never in an address, and no answer tells whether a wrong code was nearly right.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request
from flask_babel import gettext

from server.accounts.policy import ANONYMOUS
from server.core.choices import N_
from server.core.clock import now
from server.core.i18n import words
from server.core.problems import Problem
from server.core.requests import limiter
from server.evidence import service as evidence
from server.matching import service as matching
from server.places import service as places
from server.reports import access, asking, safety, service
from server.reports.models import TEXT_LIMIT, Report
from server.verification.workflow import TWO_PERSON_MODES
from server.vocabulary import HandlingState, ReplyChoice

blueprint = Blueprint("receipts", __name__, url_prefix="/receipt")

LONGEST_CODE = 120
RIGHT = N_("Put right:")
_SPOKEN = ("add", "correct")


@blueprint.get("")
def ask() -> str:
    """The page that asks for the code."""
    return render_template("coordination/receipt.html", report=None, problem=None, code="")


@blueprint.post("")
@limiter.limit("20 per minute; 200 per day")
def show() -> str | tuple[str, int]:
    """What became of the report; or what the reporter does with it: add words, take it back."""
    code, act = request.form.get("code", "")[:LONGEST_CODE], request.form.get("act", "show")
    try:
        report = access.by_receipt(code)
    except Problem as problem:
        return render_template("coordination/receipt.html", report=None, problem=problem, code=code), problem.status
    try:
        said = _do(act, report)
    except Problem as refused:
        page = render_template("coordination/receipt.html", problem=refused, code=code, said="", **_contents(report))
        return page, refused.status
    return render_template("coordination/receipt.html", problem=None, code=code, said=said, **_contents(report))


def _do(act: str, report: Report) -> str:
    """Do what was asked; returns which sentence to show. Problem where it cannot be done."""
    if act in _SPOKEN and (told := request.form.get("words", "").strip()) and report.withdrawn_at is None:
        told = f"{gettext(RIGHT)} {told}" if act == "correct" else told
        service.amend(report, told[:TEXT_LIMIT], actor=ANONYMOUS)
        return "added"
    if act == "answer" and report.withdrawn_at is None:
        asking.answer(report, _question(report), choice=_choice(), words=request.form.get("words", ""))
        return "answered"
    if act == "withdraw" and request.form.get("sure") == "yes":
        service.withdraw(report.id, actor=ANONYMOUS)
        return "withdrawn"
    return "unsure" if act == "withdraw" else ""


def _question(report: Report) -> UUID:
    """The question that is answered: one that this receipt shows, else Problem ``already_done``."""
    given = request.form.get("question", "")
    shown = next((each.id for each in _shown_questions(report) if str(each.id) == given), None)
    if shown is None:
        raise Problem("already_done")
    return shown


def _choice() -> ReplyChoice | None:
    return next((choice for choice in ReplyChoice if choice.value == request.form.get("choice", "")), None)


def _contents(report: Report) -> dict[str, Any]:
    photos = evidence.completeness(report.id)
    return {
        "report": report,
        "state": words(_shown_state(report).label),
        "received_on": report.received_at,
        "photos": photos,
        "is_withdrawn": report.withdrawn_at is not None,
        "questions": [] if report.withdrawn_at else _shown_questions(report),
        "choices": tuple(ReplyChoice),
        "advice": safety.by_hazard(),
        "limit": TEXT_LIMIT,
    }


def _shown_state(report: Report) -> HandlingState:
    """In conflict a state shows from the day after it was set, so that nobody can watch a desk at work through a receipt."""
    if report.handling == HandlingState.RECEIVED or report.withdrawn_at is not None:
        return report.handling
    changed = service.handled_at(report.id)
    if changed and _same_day(changed, now()) and _is_conflict(report):
        return HandlingState.RECEIVED
    return report.handling


def _shown_questions(report: Report) -> list[asking.Asked]:
    """The questions as the receipt shows them, open ones first; in conflict from the day after they were asked."""
    rows = asking.asked(report)
    if rows and _is_conflict(report):
        rows = [row for row in rows if not _same_day(row.asked_at, now())]
    return sorted(rows, key=lambda row: row.answered_at is not None)


def _same_day(one: datetime, other: datetime) -> bool:
    return one.date() == other.date()


def _is_conflict(report: Report) -> bool:
    incident = matching.incident_of(report.id)
    return places.context_at(incident.adm2_pcode if incident else None, now()) in TWO_PERSON_MODES
