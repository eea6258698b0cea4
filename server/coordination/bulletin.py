"""/bulletin: what people who live there need to know, in plain words, to read on a phone or to print and put on a wall.

Reads schema ``pub`` alone, through the role that can read nothing else: it holds nothing that the public copy does not hold.
"""

from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, current_app, render_template, request
from sqlalchemy import func, select

from server.core.clock import now
from server.core.database import public_session
from server.core.i18n import direction, language, offered
from server.core.response import this_response
from server.publication import reading
from server.publication.dangers import SAY
from server.publication.models import PublishedIncident
from server.publication.rule_models import PublishedWarning
from server.vocabulary import SiteGroup

blueprint = Blueprint("bulletin", __name__)

SIZES: Final = ("a4", "small")
COMPLAINT: Final = "/complaint"
MOST_KINDS: Final = 8


@dataclass(frozen=True)
class Kind:
    """How many places of a kind are known to be damaged, and how many of them badly."""

    group: SiteGroup | None
    total: int
    badly: int


@blueprint.get("/bulletin")
def show_bulletin() -> str:
    """The bulletin, for all areas or for one."""
    areas = _areas()
    chosen = next((code for code in areas if code == request.args.get("area")), "")
    size = request.args.get("size") if request.args.get("size") in SIZES else SIZES[0]
    kinds = _kinds(chosen)
    response = this_response()
    return render_template(
        "coordination/telling/bulletin.html", areas=areas, chosen=chosen, kinds=kinds[:MOST_KINDS], total=sum(kind.total for kind in kinds),
        newest=reading.latest(), warnings=_warnings(chosen), size=size, sizes=SIZES, emergency=response.emergency_number,
        mines=response.mine_action_number, may_complain=_has_complaints(), host=request.host, languages=offered(), spoken=language(),
        direction_of=direction, active="bulletin",
    )  # fmt: skip


def _areas() -> dict[str, str]:
    """The regions and districts that public rows or warnings name, by code, in the order of their names."""
    row = PublishedIncident
    found: dict[str, str] = {}
    for code, name in ((row.adm1_pcode, row.adm1_name), (row.adm2_pcode, row.adm2_name)):
        named = select(code, func.min(name)).where(code.is_not(None)).group_by(code)
        found |= {str(pcode): words or str(pcode) for pcode, words in public_session.execute(named)}
    warned = select(PublishedWarning.area_code, PublishedWarning.area_name).where(PublishedWarning.geo_level.like("ADM%"))
    found |= {str(code): name or str(code) for code, name in public_session.execute(warned) if code not in found}
    return dict(sorted(found.items(), key=lambda item: (item[1], item[0])))


def _kinds(area: str) -> list[Kind]:
    row = PublishedIncident
    badly = func.count().filter(row.damage_best >= 3)
    counted = select(row.site_group, func.count(), badly).where(*reading.conditions({"adm": area})).group_by(row.site_group)
    found = [Kind(group, total, bad) for group, total, bad in public_session.execute(counted)]
    return sorted(found, key=lambda kind: (-kind.total, str(kind.group)))


def _warnings(area: str) -> list[dict[str, Any]]:
    """The warnings that hold now, in the words of the warning itself; for one area those that touch it."""
    present = select(PublishedWarning).where(PublishedWarning.expires_at > now()).order_by(PublishedWarning.issued_at.desc())
    return [
        {"headline": SAY[one.danger][0], "advice": SAY[one.danger][1], "area": one.area_name, "issuer": one.issuer, "until": one.expires_at}
        for one in public_session.scalars(present)
        if not area or _touches(one, area)
    ]  # fmt: skip


def _touches(one: PublishedWarning, area: str) -> bool:
    """P-codes nest: a district's begins with its region's. A warning in a cell of the grid is shown everywhere."""
    return one.area_code.startswith(area) or area.startswith(one.area_code) or one.geo_level.startswith("H3")


def _has_complaints() -> bool:
    return any(rule.rule == COMPLAINT for rule in current_app.url_map.iter_rules())
