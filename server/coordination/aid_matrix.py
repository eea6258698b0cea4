"""/desk/aid: what waits for one's organisation, and where help is short or doubled, by area and sector."""

from flask import Blueprint, render_template, request, url_for

from server.accounts.policy import may
from server.accounts.service import current_actor, requires
from server.coordination import aid_reading, assignments, gaps, referrals
from server.coordination.need_flow import LIVE
from server.core.problems import Problem
from server.places.area_names import spoken_names
from server.vocabulary import NeedType, Sector

blueprint = Blueprint("aid", __name__, url_prefix="/desk/aid")


@blueprint.get("")
@requires("see_desk")
def show() -> str:
    """The matrix of regions, or of the districts of one (``adm``)."""
    actor, names = current_actor(), spoken_names(levels=(1, 2))
    within = request.args.get("adm", "")
    if within and within not in names:
        raise Problem("not_found")
    has_house = actor.organisation_id is not None and may(actor, "give_aid")
    return render_template(
        "coordination/aid/matrix.html", found=gaps.matrix(within=within or None), within=within, names=names,
        organisations=aid_reading.organisations(), on_map=_on_map, actor=actor, live=LIVE,
        offers=referrals.waiting_for(actor) if has_house else [], given=assignments.waiting_for(actor) if has_house else [],
        may=lambda action: may(actor, action),
    )  # fmt: skip


def _on_map(area: str, sector: Sector) -> str:
    """The address of the map filtered by the needs of one sector in one area."""
    kinds = [kind.value for kind in NeedType if kind.sector is sector]
    return url_for("coordination.desk_map.desk", need=kinds, adm=area or None)
