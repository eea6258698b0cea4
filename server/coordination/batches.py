"""/desk/review/batches: reports that look made after one pattern, batch by batch; one decision for each, which can be taken back."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.accounts.policy import may
from server.accounts.service import current_actor, requires
from server.coordination.pairs import accounts_of
from server.matching import campaigns, wording
from server.matching.tiles import memory

blueprint = Blueprint("batches", __name__, url_prefix="/desk/review/batches")

SAMPLES = 6


@blueprint.get("")
@requires("settle_duplicates")
def show_list() -> str:
    """The batches that wait, the largest first."""
    return render_template("coordination/batches.html", waiting=campaigns.open_ones(), chosen=None, wording=wording)


@blueprint.get("/<uuid:campaign_id>")
@requires("settle_duplicates")
def show(campaign_id: UUID) -> str:
    """One batch: what its reports share, and some of them."""
    campaign, actor = campaigns.by_id(campaign_id), current_actor()
    reports = campaigns.members(campaign.id)
    spread = reports[:: max(1, len(reports) // SAMPLES)][:SAMPLES]
    contents: dict[str, Any] = {
        "chosen": campaign,
        "count": len(reports),
        "accounts": accounts_of(spread, actor),
        "wording": wording,
        "actor": actor,
        "may": lambda action: may(actor, action),
    }
    return render_template("coordination/batches.html", waiting=campaigns.open_ones(), **contents)


@blueprint.post("/<uuid:campaign_id>")
@requires("settle_duplicates")
def settle(campaign_id: UUID) -> Response:
    """Decide: made up, or genuine; or take the decision back."""
    if request.form.get("outcome") == "reopen":
        campaigns.reopen(campaign_id, actor=current_actor())
    else:
        campaigns.settle(campaign_id, request.form.get("outcome", ""), actor=current_actor())
    memory.forget()
    return redirect(url_for(".show", campaign_id=campaign_id), 303)
