"""/desk/new: what somebody tells by phone, entered while they speak. The caller is the witness; whoever types is not.

The same questions and the same reading as the page for residents, for a keyboard; the receipt code is read out, spelt.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from uuid import UUID, uuid4

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from server.accounts.policy import Actor
from server.accounts.service import current_actor, requires
from server.core import maps, requests
from server.core.choices import N_
from server.core.clock import now
from server.core.i18n import language
from server.core.problems import Problem
from server.core.response import this_response
from server.intake import gate
from server.intake.answers import meaning
from server.intake.api import read_id
from server.intake.drafts import SCHEMA, draft_of
from server.intake.form_places import Offer
from server.intake.questions import DayPart, Exactness, When
from server.intake.spelling import spelt
from server.intake.understanding import understand
from server.places.basemap import base_map
from server.reports import service as reports
from server.reports import vault
from server.reports.draft import Draft
from server.reports.rows import OPEN_SOURCES
from server.vocabulary import CITIZEN_HAZARDS, CITIZEN_NEEDS, Channel, ConsentPurpose, SourceType, sites_by_group

blueprint = Blueprint("calls", __name__, url_prefix="/desk/new")

FORM_VERSION = "call-1"
SENT_BEFORE = N_("A call was entered from this page before, and it stays as it was. This one now has a number of its own: send it again.")
CALLERS = (
    SourceType.SELF_WITNESS, SourceType.SELF_OWNER, SourceType.FACILITY_STAFF, SourceType.HEARSAY, SourceType.FIELD_NGO, SourceType.FIELD_UN,
    SourceType.RC_MOVEMENT, SourceType.AUTH_LOCAL, SourceType.EMERGENCY_SVC, SourceType.UTILITY, SourceType.MEDIA_LOCAL,
)  # fmt: skip
BY_PHONE = tuple(each for each in ConsentPurpose if each in (ConsentPurpose.KEEP_CONTACT, ConsentPurpose.MAY_CALL))
Errors = list[dict[str, str]]


@blueprint.get("")
@requires("enter_for_others")
def ask() -> Response:
    """The empty form, with a number of its own."""
    return _page(MultiDict(), number=uuid4())


@blueprint.get("/map.js")
@requires("enter_for_others")
def show_script() -> Response:
    """The script of the small map on which a place can be chosen."""
    return maps.script_response(composed(_middle()))


def _middle() -> tuple[float, float, int]:
    area = this_response().operating_area
    if area is None:
        return 20.0, 0.0, 2
    west, south, east, north = area
    return (south + north) / 2, (west + east) / 2, 6


@cache
def composed(view: tuple[float, float, int]) -> maps.Map:
    """The map on which a place is chosen: our base map and a mark that follows the words."""
    lat, lon, zoom = view
    made = maps.Map("pick", location=(lat, lon), zoom=zoom, modules=("js/ground.js", "js/pick.js"))
    base_map().layer.add_to(made)
    maps.Layer("pick").add_to(made)
    return made


@blueprint.post("")
@requires("enter_for_others")
def receive() -> Response:
    """Take the call in and show its code to be read out, or the page again with everything kept and what is wrong with it."""
    number = _number(request.form.get("id", "")) or uuid4()
    understood = understand(request.form, at=now())
    draft, errors = drafted(number, request.form, understood.answers.given, understood.answers.flags)
    errors += [_error(field, sentence) for field, sentence in understood.answers.errors]
    if draft is None or errors:
        return _page(request.form, number=number, errors=errors, offers=understood.offers, status=422)
    gate.refuse_when_closed(number)
    receipt = reports.receive(draft, actor=as_entered(current_actor()))
    if receipt.is_withdrawn:
        raise Problem("report_withdrawn")
    if receipt.is_conflict:
        requests.keep_work()
        return _page(request.form, number=uuid4(), errors=[_error("report", SENT_BEFORE)], status=409)
    code = vault.derived_code(number)
    return _unstored(render_template("intake/desk/entered.html", code=code, words=[(word, spelt(word)) for word in code.split("-")], id=number))


def as_entered(actor: Actor) -> Actor:
    """Whoever types, for the ledger; their organisation saw nothing, and lends the report no weight."""
    return replace(actor, organisation_id=None)


def drafted(number: UUID, form: MultiDict[str, str], given: dict[str, object], flags: Sequence[str]) -> tuple[Draft | None, Errors]:
    """The Draft of a call, or None and what needs a second look. A caller who claims an office is flagged: a voice proves none."""
    source = next((each for each in CALLERS if each.value == form.get("source_type", "")), SourceType.SELF_WITNESS)
    said = {**given, "source_type": source.value, "lang": form.get("lang", "")[:8] or language(), "form_version": FORM_VERSION}
    code = vault.normal_code(vault.derived_code(number))
    claimed = () if source in OPEN_SOURCES else ("claimed_source",)
    body = meaning(form, ()) + f" {source.value} {said['lang']}".encode()
    try:
        draft = draft_of(
            said, number=number, channel=Channel.PHONE, body=body, flags=(*flags, *claimed),
            receipt_key=hashlib.sha256(code.encode()).hexdigest(),
        )  # fmt: skip
    except Problem as problem:
        return None, list(problem.errors)
    return draft, []


def _number(word: str) -> UUID | None:
    try:
        return read_id(word)
    except Problem:
        return None


def _error(field: str, sentence: str) -> dict[str, str]:
    return {"field": field, "code": "invalid", "message": gettext(sentence)}


def _page(
    values: MultiDict[str, str], *, number: UUID, errors: Sequence[dict[str, str]] = (), offers: Sequence[Offer] = (), status: int = 200
) -> Response:
    page = render_template(
        "intake/desk/call.html", fields=SCHEMA.fields, values=values, errors=errors, offers=offers, report_id=number, callers=CALLERS,
        groups=sites_by_group(), needs=CITIZEN_NEEDS, hazards=CITIZEN_HAZARDS, consents=BY_PHONE, when=tuple(When), day_parts=tuple(DayPart),
        exactness=tuple(Exactness), page=composed(_middle()).page, base_map=base_map(),
    )  # fmt: skip
    return _unstored(page, status)


def _unstored(page: str, status: int = 200) -> Response:
    """No cache on the way keeps answers or a code."""
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response
