"""/desk/organisation: the page on which an organisation agrees in writing to be named in the public 5W, or takes it back."""

from flask import Blueprint, render_template, request
from flask import redirect as to
from werkzeug.wrappers import Response

from server.accounts.service import must, requires
from server.core.problems import Problem
from server.publication import naming

blueprint = Blueprint("naming", __name__, url_prefix="/desk/organisation")


@blueprint.get("")
@requires("speak_for_organisation")
def show() -> str:
    """Whether the own organisation is named in public, and the form that changes it."""
    return _page()


@blueprint.post("/named")
@requires("speak_for_organisation")
def agree() -> str | tuple[str, int] | Response:
    """Agree that the own organisation is named; its name is written by hand, so that nobody agrees by a slip."""
    try:
        naming.agree(must("speak_for_organisation"), name=request.form.get("name", ""))
    except Problem as problem:
        if problem.code != "invalid_input":
            raise
        return _page(wrong=request.form.get("name", "")), problem.status
    return to("/desk/organisation?done=named", 303)


@blueprint.post("/unnamed")
@requires("speak_for_organisation")
def end() -> Response:
    """Take it back: from the next update on the organisation is named no more."""
    naming.end(must("speak_for_organisation"))
    return to("/desk/organisation?done=unnamed", 303)


def _page(*, wrong: str | None = None) -> str:
    house = naming.own(must("speak_for_organisation"))
    return render_template(
        "publication/desk/organisation.html", house=house, word=naming.in_force(house.id), wrong=wrong,
        done=request.args.get("done", ""), active="organisation",
    )  # fmt: skip
