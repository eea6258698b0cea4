"""/complaint: anybody may complain, without an account, a name or a script, and read the answer; /desk/complaints: those who answer."""

from uuid import UUID, uuid4

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.accounts.service import current_actor, requires
from server.coordination import complaints
from server.coordination.complaint_models import CONFIDENTIAL, ComplaintKind
from server.core.i18n import language
from server.core.problems import Problem
from server.core.requests import lane_key, limiter

blueprint = Blueprint("complaints", __name__)

BYTES = 40_000
HONEY = "website"
LONGEST_CODE = 120


@blueprint.get("/complaint")
def ask() -> Response:
    """The page to complain on, and to read an answer."""
    return _page(number=uuid4())


@blueprint.post("/complaint")
@limiter.limit("40 per hour")
def receive() -> Response:
    """Keep a complaint and show its code, or the page again with everything kept."""
    request.max_content_length = BYTES
    number, kind = _number(), next((each for each in ComplaintKind if each.value == request.form.get("kind", "")), None)
    if kind is None:
        return _page(number=number, wrong=["kind"], status=422)
    if request.form.get(HONEY):
        return _page(number=number, code="")  # a program filled in what no person sees: it is thanked, and nothing is kept
    try:
        code = complaints.receive(number, kind, request.form.get("words", ""), lang=language(), network=lane_key())
    except Problem as problem:
        return _page(number=number, problem=problem, wrong=["words"] if problem.status == 422 else [], status=problem.status)
    return _page(number=number, code=code)


@blueprint.post("/complaint/answer")
@limiter.limit("60 per hour")
def show_answer() -> Response:
    """How far a complaint is, and its answer, for whoever holds the code. The code travels in the body alone."""
    request.max_content_length = BYTES
    try:
        found = complaints.by_code(request.form.get("code", "")[:LONGEST_CODE])
    except Problem:
        return _page(number=uuid4(), wrong=["code"], status=404)
    return _page(number=uuid4(), found=found)


def _number() -> UUID:
    try:
        return UUID(request.form.get("id", ""))
    except ValueError:
        return uuid4()


def _page(*, number: UUID, status: int = 200, **more: object) -> Response:
    contents = {"wrong": [], "problem": None, "code": None, "found": None, **more}
    page = render_template(
        "coordination/complaint.html", number=number, kinds=tuple(ComplaintKind), confidential=CONFIDENTIAL, honey=HONEY,
        values=request.form, limit=complaints.LIMIT, **contents,
    )  # fmt: skip
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/desk/complaints")
@requires("see_complaints")
def show_list() -> str:
    """The complaints that wait, oldest first, then those that were answered."""
    actor = current_actor()
    return render_template(
        "coordination/work/complaints.html", rows=complaints.waiting(actor), elsewhere=complaints.count_elsewhere(actor), chosen=None
    )


@blueprint.get("/desk/complaints/<uuid:complaint_id>")
@requires("see_complaints")
def show(complaint_id: UUID) -> str:
    """One complaint, with its words, and the answer."""
    chosen = complaints.read(complaint_id, actor=current_actor())
    return render_template("coordination/work/complaints.html", rows=[], elsewhere=0, chosen=chosen, limit=complaints.ANSWER_LIMIT)


@blueprint.post("/desk/complaints/<uuid:complaint_id>")
@requires("see_complaints")
def answer(complaint_id: UUID) -> Response:
    """Answer it."""
    complaints.answer(complaint_id, request.form.get("answer", ""), actor=current_actor())
    return redirect(url_for(".show", complaint_id=complaint_id), 303)
