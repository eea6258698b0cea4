"""/desk/aid/needs: the list of needs, one need with all that was done for it, and the acts on it."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import format_decimal, gettext
from werkzeug.wrappers import Response

from server.accounts.policy import may
from server.accounts.service import current_actor, requires
from server.coordination import aid_forms, aid_reading, needs, referrals, taking
from server.coordination.aid_forms import AidFilter, NeedForm, taken
from server.coordination.need_flow import CLOSED, LIVE, missing
from server.coordination.need_models import Need
from server.core import ledger
from server.core.choices import N_
from server.core.database import session
from server.core.problems import Problem
from server.matching import queries
from server.matching.models import Incident
from server.places.area_names import spoken_names
from server.vocabulary import ForWhom, NeedStatus, NeedType, NeedUnit, Sector, Urgency

blueprint = Blueprint("aid_needs", __name__, url_prefix="/desk/aid")

STEPS = {
    "need.opened": N_("Opened"), "need.followed": N_("Followed the reports"), "need.changed": N_("Facts were changed"),
    "need.claimed": N_("Taken on"), "need.released": N_("Given back"), "need.delivered": N_("Something was brought"),
    "need.delivery_undone": N_("An entry was taken back"), "need.closed": N_("Closed"), "need.reopened": N_("Opened again"),
}  # fmt: skip
LISTS = {"urgency": Urgency, "for_whom": ForWhom, "unit": NeedUnit, "need": NeedType, "sector": Sector, "status": NeedStatus}


@blueprint.app_template_filter("amount")
def amount(number: Decimal | int) -> str:
    """A quantity in the reader's digits, without zeros that say nothing."""
    return format_decimal(number, "#,##0.##")


@blueprint.app_template_filter("plain")
def plain(number: Decimal | int) -> str:
    """A number as a field of a form takes it back: no zeros that say nothing, no exponent."""
    return f"{number:f}".rstrip("0").rstrip(".") if isinstance(number, Decimal) else str(number)


@blueprint.get("/needs")
@requires("see_desk")
def show_list() -> str:
    """Needs under the filters of the address, the most urgent first."""
    asked = taken(AidFilter(), request.args)
    page = aid_reading.page_of(asked, cursor=request.args.get("cursor"))
    more = {**request.args.to_dict(flat=False), "cursor": [page.cursor]} if page.cursor else {}
    return render_template(
        "coordination/aid/needs.html", found=page, asked=asked, values=request.args, lists=LISTS, next_query=more,
        organisations=aid_reading.organisations(), areas=spoken_names(levels=(1, 2)), live=LIVE,
    )  # fmt: skip


@blueprint.get("/needs/<uuid:need_id>")
@requires("see_desk")
def show(need_id: UUID) -> str:
    """One need: what is known, who has it in hand, what was brought, to whom it is offered, what was done."""
    need = session.get(Need, need_id)
    if need is None:
        raise Problem("not_found")
    return render_template("coordination/aid/need.html", **_contents(need))


def _contents(need: Need) -> dict[str, Any]:
    actor, incident = current_actor(), session.get_one(Incident, need.incident_id)
    standing = needs.standing_claims(need.id)
    return {
        "need": need,
        "incident": incident,
        "claims": standing,
        "own_claim": next((one for one in standing if one.organisation_id == actor.organisation_id), None),
        "missing": missing(need.quantity, need.met_quantity),
        "deliveries": taking.deliveries_of(need.id),
        "referrals": referrals.of_need(need),
        "hours": referrals.HOURS,
        "step_words": lambda event: gettext(STEPS.get(event, event)),
        "history": ledger.history(need.id),
        "people": queries.aliases(),
        "organisations": aid_reading.organisations(),
        "areas": spoken_names(levels=(1, 2)),
        "lists": LISTS,
        "closed": CLOSED,
        "is_live": need.status in LIVE,
        "actor": actor,
        "may": lambda action: may(actor, action),
    }


@blueprint.post("/incidents/<public_id>/needs")
@requires("edit_needs")
def add(public_id: str) -> Response:
    """Open a need at a damage record."""
    incident, values = queries.incident_by_public_id(public_id), taken(NeedForm())
    if "need_type" not in values:
        raise Problem("invalid_input", errors=[{"field": "need_type", "code": "missing", "message": "need_type"}])
    return _back(needs.open_need(incident, values.pop("need_type"), values, actor=current_actor()).id)


@blueprint.post("/needs/<uuid:need_id>")
@requires("edit_needs")
def edit(need_id: UUID) -> Response:
    """Set what is known of a need."""
    return _back(needs.edit(need_id, taken(NeedForm()), version=aid_forms.version_of(), actor=current_actor()).id)


@blueprint.post("/needs/<uuid:need_id>/close")
@requires("edit_needs")
def close(need_id: UUID) -> Response:
    """Close a need, with a reason."""
    try:
        outcome = NeedStatus(request.form.get("outcome", ""))
    except ValueError:
        raise Problem("invalid_input", errors=[{"field": "outcome", "code": "unknown", "message": "outcome"}]) from None
    reason = request.form.get("reason", "")
    return _back(needs.close(need_id, outcome, reason, version=aid_forms.version_of(), actor=current_actor()).id)


@blueprint.post("/needs/<uuid:need_id>/reopen")
@requires("edit_needs")
def reopen(need_id: UUID) -> Response:
    """Take a closing back."""
    return _back(needs.reopen(need_id, version=aid_forms.version_of(), actor=current_actor()).id)


@blueprint.post("/needs/<uuid:need_id>/claim")
@requires("give_aid")
def claim(need_id: UUID) -> Response:
    """Take a need on, all of it or so much."""
    quantity = aid_forms.amount_of("quantity", required=False)
    taking.claim(need_id, actor=current_actor(), quantity=quantity, organisation_id=_organisation())
    return _back(need_id)


@blueprint.post("/claims/<uuid:claim_id>/release")
@requires("give_aid")
def release(claim_id: UUID) -> Response:
    """Give a need back."""
    return _back(taking.release(claim_id, actor=current_actor()).id)


@blueprint.post("/needs/<uuid:need_id>/deliveries")
@requires("give_aid")
def deliver(need_id: UUID) -> Response:
    """Enter what was brought."""
    quantity = aid_forms.amount_of("quantity")
    taking.deliver(need_id, quantity or Decimal(0), actor=current_actor(), organisation_id=_organisation())
    return _back(need_id)


@blueprint.post("/deliveries/<uuid:delivery_id>/undo")
@requires("give_aid")
def undo_delivery(delivery_id: UUID) -> Response:
    """Take back what was entered by mistake."""
    return _back(taking.take_back(delivery_id, actor=current_actor()).id)


@blueprint.post("/needs/<uuid:need_id>/referrals")
@requires("refer_needs")
def refer(need_id: UUID) -> Response:
    """Offer a need to another organisation."""
    organisation = _organisation()
    if organisation is None:
        raise Problem("invalid_input", errors=[{"field": "organisation", "code": "missing", "message": "organisation"}])
    hours = aid_forms.number_of("hours", referrals.HOURS)
    referrals.offer(need_id, organisation, actor=current_actor(), hours=hours, note=request.form.get("note", ""))
    return _back(need_id)


@blueprint.post("/referrals/<uuid:referral_id>")
@requires("give_aid")
def answer(referral_id: UUID) -> Response:
    """Accept or decline what was offered to one's organisation."""
    is_accepted, reason = aid_forms.is_accepted(), request.form.get("reason", "")
    return _back(referrals.answer(referral_id, accept=is_accepted, reason=reason, actor=current_actor()).need_id)


@blueprint.post("/referrals/<uuid:referral_id>/withdraw")
@requires("refer_needs")
def withdraw(referral_id: UUID) -> Response:
    """Take an offer back."""
    return _back(referrals.withdraw(referral_id, actor=current_actor()).need_id)


def _organisation() -> UUID | None:
    word = request.form.get("organisation", "")
    try:
        return UUID(word) if word else None
    except ValueError:
        raise Problem("bad_request") from None


def _back(need_id: UUID) -> Response:
    return redirect(url_for(".show", need_id=need_id), 303)
