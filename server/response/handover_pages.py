"""/desk/handover: what the next people must know, fit for paper; and the end of the response, which two people decide."""

from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request

from server.accounts.policy import may
from server.accounts.service import current_actor, must, requires
from server.accounts.stepping import is_fresh, requires_fresh
from server.core.clock import now
from server.core.problems import Problem
from server.response import closing, handover
from server.vocabulary import Role

blueprint = Blueprint("response_handover", __name__, url_prefix="/desk/handover")


@blueprint.get("")
@requires("see_handover")
def show() -> str:
    """Keys, people, open work, the house."""
    return _page()


@blueprint.post("/close")
@requires("close_response")
@requires_fresh
def propose() -> Response:
    """Propose to close the response."""
    reason = request.form.get("reason", "") if request.form.get("sure") == "yes" else ""
    try:
        closing.propose(must("close_response"), reason=reason)
    except Problem as problem:
        return make_response(_page(problem), problem.status)
    return _back()


@blueprint.post("/close/<uuid:closing_id>/agree")
@requires("close_response")
@requires_fresh
def agree(closing_id: UUID) -> Response:
    """Agree: no report is taken from this moment."""
    try:
        closing.agree(must("close_response"), closing_id)
    except Problem as problem:
        if problem.code == "not_found":
            raise
        return make_response(_page(problem), problem.status)
    return _back()


@blueprint.post("/close/<uuid:closing_id>/end")
@requires("close_response")
def take_back(closing_id: UUID) -> Response:
    """Take the proposal back."""
    closing.take_back(must("close_response"), closing_id)
    return _back()


def _page(problem: Problem | None = None) -> str:
    actor = current_actor()
    return render_template(
        "response/handover.html", found=handover.gather(), problem=problem, may_close=may(actor, "close_response"), actor=actor,
        fresh=is_fresh(), present=now(), values=request.form, role_words={role.value: role for role in Role},
    )  # fmt: skip


def _back() -> Response:
    return redirect("/desk/handover#end", 303)  # type: ignore[return-value]
