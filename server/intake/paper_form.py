"""/desk/paper: the report form on paper, one A4 sheet in each language, with numbered boxes that the desk enters as they stand."""

from uuid import uuid4

from flask import Blueprint, render_template, request

from server.accounts.service import requires
from server.core.i18n import LANGUAGES, in_language, language
from server.core.numbers import whole
from server.core.response import this_response
from server.intake.drafts import SCHEMA
from server.vocabulary import CITIZEN_HAZARDS, CITIZEN_NEEDS, CITIZEN_SITES

blueprint = Blueprint("paper_form", __name__, url_prefix="/desk/paper")

MOST = 50


@blueprint.get("")
@requires("enter_for_others")
def show() -> str:
    """Sheets to print, in the language asked for, each with a number of its own."""
    chosen = request.args.get("lang", "")
    sheets = max(1, min(MOST, whole(request.args.get("sheets", "")) or 1))
    with in_language(chosen if chosen in LANGUAGES else language()):
        return render_template(
            "intake/desk/paper.html", fields=SCHEMA.fields, sites=CITIZEN_SITES, needs=CITIZEN_NEEDS, hazards=CITIZEN_HAZARDS,
            numbers=[_number() for _ in range(sheets)], sheets=sheets, response_name=this_response().name,
        )  # fmt: skip


def _number() -> str:
    """A number that is written nowhere else; enough to tell the papers of a heap apart."""
    return f"P-{uuid4().hex[:6].upper()}"
