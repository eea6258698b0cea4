"""/desk/paper: the report form on paper, one A4 sheet in each language, with numbered boxes that the desk enters as they stand.

Each sheet bears its number, and the number as a picture: whoever holds it before a camera is led to the row for this very sheet.
"""

from dataclasses import dataclass
from itertools import groupby
from uuid import uuid4

import qrcode  # type: ignore[import-untyped]
from flask import Blueprint, render_template, request, url_for

from server.accounts.service import requires
from server.core.i18n import LANGUAGES, in_language, language
from server.core.numbers import whole
from server.core.response import this_response
from server.intake.drafts import SCHEMA
from server.vocabulary import CITIZEN_HAZARDS, CITIZEN_NEEDS, CITIZEN_SITES

blueprint = Blueprint("paper_form", __name__, url_prefix="/desk/paper")

MOST = 50


@dataclass(frozen=True)
class Sheet:
    """A sheet to print: its number, and the outline of its picture in a square of ``side`` modules."""

    number: str
    side: int
    outline: str


@blueprint.get("")
@requires("enter_for_others")
def show() -> str:
    """Sheets to print, in the language asked for, each with a number of its own."""
    chosen = request.args.get("written") or request.args.get("lang", "")
    sheets = max(1, min(MOST, whole(request.args.get("sheets", "")) or 1))
    with in_language(chosen if chosen in LANGUAGES else language()):
        return render_template(
            "intake/desk/paper.html", fields=SCHEMA.fields, sites=CITIZEN_SITES, needs=CITIZEN_NEEDS, hazards=CITIZEN_HAZARDS,
            papers=[_sheet(language()) for _ in range(sheets)], sheets=sheets, response_name=this_response().name,
        )  # fmt: skip


def _sheet(lang: str) -> Sheet:
    """A sheet with a number that is written nowhere else; enough to tell the papers of a heap apart."""
    number = f"P-{uuid4().hex[:6].upper()}"
    side, outline = drawn(url_for("papers.ask", sheet=number, written=lang, _external=True))
    return Sheet(number, side, outline)


def drawn(words: str) -> tuple[int, str]:
    """A QR code: how many modules wide it is, and the path of an SVG that draws them, a module a unit."""
    code = qrcode.QRCode(border=0, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(words)
    rows = code.get_matrix()
    return len(rows), "".join(_runs(row, y) for y, row in enumerate(rows))


def _runs(row: list[bool], y: int) -> str:
    """The dark runs of one row of modules."""
    found, x = [], 0
    for is_dark, run in groupby(row):
        width = len(list(run))
        found += [f"M{x} {y}h{width}v1h-{width}z"] if is_dark else []
        x += width
    return "".join(found)
