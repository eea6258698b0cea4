"""The page on which partners take a table of the records in their own areas and sectors, after saying again who they are."""

from flask import Blueprint, Response, render_template, request

from server.accounts.service import must, requires
from server.accounts.stepping import requires_fresh
from server.publication import partner_export

blueprint = Blueprint("partner_export", __name__, url_prefix="/desk/partner-export")


@blueprint.get("")
@requires("export_for_partner")
@requires_fresh
def show() -> str:
    """What somebody took, and the form that takes a table."""
    actor = must("export_for_partner")
    taken = partner_export.taken_by(actor.person_id) if actor.person_id else []
    return render_template(
        "publication/desk/partner_export.html",
        taken=taken,
        kept_days=partner_export.KEPT_FOR.days,
        active="partner-export",
    )


@blueprint.post("")
@requires("export_for_partner")
@requires_fresh
def take() -> Response:
    """The table, made now; it is told in the ledger and kept nowhere here."""
    made = partner_export.take(must("export_for_partner"), purpose=request.form.get("purpose", ""))
    name = f"tessera-partner-{made.export.export_id}.csv"
    response = Response(made.data, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Sha256"] = made.export.sha256
    return response
