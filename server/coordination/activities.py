"""Activities (5W): who does what, where, when and for whom. Each organisation keeps its own; a coordinator keeps any."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from server.accounts.limits import check_reach
from server.accounts.policy import Actor
from server.coordination import taking
from server.coordination.activity_models import Activity
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching import queries
from server.places.models import AdminArea

KEPT = ("implementing_partner", "need_type", "what", "status", "starts_on", "ends_on", "planned", "reached", "unit")


def add(values: Mapping[str, Any], *, actor: Actor) -> Activity:
    """Enter an activity; ``values`` are those of ``ActivityForm``."""
    made = Activity(id=uuid4(), organisation_id=taking.organisation_for(actor, values.get("organisation")), person_id=actor.person_id)
    _set(made, values, actor)
    session.add(made)
    session.flush()
    ledger.record("activity.added", made.id, actor_id=actor.person_id, organisation=str(made.organisation_id), sector=made.sector.value)
    return made


def change(activity_id: UUID, values: Mapping[str, Any], *, version: int, actor: Actor) -> Activity:
    """Set an activity anew; Problem ``changed_meanwhile`` for another version than the reader had."""
    query = select(Activity).where(Activity.id == activity_id).with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise Problem("not_found")
    taking.refuse_others(actor, found.organisation_id)
    if found.version != version:
        raise Problem("changed_meanwhile")
    _set(found, values, actor)
    found.version, found.changed_at = found.version + 1, now()
    ledger.record("activity.changed", found.id, actor_id=actor.person_id, status=found.status.value)
    return found


def _set(activity: Activity, values: Mapping[str, Any], actor: Actor) -> None:
    for name in KEPT:
        setattr(activity, name, values[name])
    activity.sector = values["need_type"].sector
    _place(activity, values)
    check_reach(actor, (activity.adm1_pcode, activity.adm2_pcode), sectors=[activity.sector])


def _place(activity: Activity, values: Mapping[str, Any]) -> None:
    """Where it is: at a damage record, whose district then counts, or in a district; one of the two is needed."""
    activity.incident_id = activity.site_id = None
    if values["incident"]:
        incident = queries.incident_by_public_id(values["incident"])
        activity.incident_id, activity.site_id = incident.id, incident.site_id
        activity.adm1_pcode, activity.adm2_pcode = incident.adm1_pcode, incident.adm2_pcode
        return
    named = select(AdminArea).where(AdminArea.pcode == values["adm2_pcode"], AdminArea.level == 2)
    district = session.scalar(named.order_by(AdminArea.valid_on.desc().nulls_last()).limit(1))
    if district is None:
        raise Problem("invalid_input", errors=[{"field": "adm2_pcode", "code": "missing", "message": "adm2_pcode"}])
    activity.adm1_pcode, activity.adm2_pcode = district.parent_pcode, district.pcode
