"""/desk/sheets: one A4 sheet for each damage record, for a team that goes there: what is known, where it is, boxes for what they find.

Exact places leave the screen: who prints says again who they are, each printing has a number in the ledger, and a day by which it is destroyed.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from flask import Blueprint, render_template, request
from marshmallow import ValidationError

from server.accounts.policy import Actor
from server.accounts.service import current_actor, requires
from server.accounts.stepping import requires_fresh
from server.coordination import assignments
from server.core import ledger
from server.core.clock import now
from server.core.problems import Problem
from server.core.response import this_response
from server.matching import filters, queries, wording
from server.matching.exactness import sees_exactly, square_of
from server.matching.models import Incident
from server.reports import access
from server.vocabulary import CITIZEN_HAZARDS, CITIZEN_NEEDS, DamageGrade, FunctionalStatus

blueprint = Blueprint("field_sheets", __name__, url_prefix="/desk/sheets")

MOST: Final = 30
KEPT: Final = timedelta(days=7)


@blueprint.get("")
@requires("see_desk")
@requires_fresh
def show() -> str:
    """Sheets for the records under the filters of the address, the latest changed first; ``q`` with a number makes one sheet."""
    actor = current_actor()
    found = queries.page_of(_asked(actor), size=MOST)
    number, at = uuid4(), now()
    ledger.record(
        "export.made", number, actor_id=actor.person_id, what="sheets", audience="FIELD", rows=len(found.incidents)
    )
    return render_template(
        "coordination/work/sheets.html", found=found, places={one.id: _place(actor, one) for one in found.incidents},
        whereabouts=queries.whereabouts(found.incidents), wording=wording, number=str(number)[:8], made_at=at, until=at + KEPT,
        grades=DamageGrade, functions=FunctionalStatus, hazards=CITIZEN_HAZARDS, needs=CITIZEN_NEEDS, response_name=this_response().name,
    )  # fmt: skip


def _asked(actor: Actor) -> dict[str, Any]:
    """The filters, or Problem: nobody goes out with sheets under a filter that was not understood."""
    access.enter(actor)
    try:
        return filters.read(request.args, exact=sees_exactly(actor))
    except ValidationError as wrong:
        raise Problem(
            "invalid_input",
            errors=[{"field": str(name), "code": "unknown", "message": str(name)} for name in wrong.messages],
        ) from None


def _place(actor: Actor, incident: Incident) -> tuple[float, float, float | None] | None:
    """Longitude, latitude and accuracy (metres) as exactly as the actor may see them, noted where that is noted; None without a place."""
    place = queries.place_of(incident)
    return (*place, incident.accuracy_m) if assignments.look(actor, incident) and place else square_of(incident)
