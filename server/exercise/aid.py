"""Aid in the exercise: needs, what three organisations do about them, an offer declined, a record given and accepted, a named night."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import delete, func, select

from server.accounts.models import Organisation
from server.accounts.policy import Actor
from server.coordination import activities, assignments, gaps, grouping, need_seeds, needs, referrals, sites, taking
from server.coordination.need_models import Need
from server.core.database import see_as, session, settled
from server.core.ledger import OutboxEvent
from server.matching.models import Incident
from server.vocabulary import (
    ActivityStatus,
    CauseGroup,
    NeedStatus,
    NeedType,
    NeedUnit,
    OrganisationType,
    Role,
    SensitivityClass,
)

WORK = (
    (NeedType.WATER, "Drinking water by truck", NeedUnit.LITRE), (NeedType.SHELTER, "Tents and places in shelters", NeedUnit.PERSON),
    (NeedType.REPAIR_LIGHT, "Plastic sheeting for windows", NeedUnit.M2), (NeedType.MED, "Mobile clinic", NeedUnit.PERSON),
    (NeedType.FOOD, "Hot meals", NeedUnit.PERSON), (NeedType.POWER, "Generators for shelters", NeedUnit.KW),
)  # fmt: skip


def settle(coordinator: Actor, at: datetime, dice: random.Random) -> int:
    """Some days of aid, each act by the organisation it belongs to; returns how many needs there are."""
    with settled():
        need_seeds.note_unseen(10_000)
    with settled():
        see_as("all")
        _enter_activities(coordinator, at, dice)
        _answer_needs(coordinator, dice)
    with settled():
        _give_and_group(coordinator, at)
    with settled():
        gaps.fold()
        session.execute(delete(OutboxEvent).where(OutboxEvent.event != "media.received"))  # nobody is told of what is long past
        return session.scalar(select(func.count()).select_from(Need)) or 0


def _houses() -> list[Organisation]:
    """The organisations at work; coordinators of the exercise may speak for any."""
    return list(session.scalars(select(Organisation).where(Organisation.kind == OrganisationType.INTL_NGO).order_by(Organisation.name)))


def _enter_activities(coordinator: Actor, at: datetime, dice: random.Random) -> None:
    """Each organisation works in some districts, and two of them in the same where the list is long enough."""
    districts = session.scalars(select(Incident.adm2_pcode).where(Incident.adm2_pcode.is_not(None)).distinct().order_by(Incident.adm2_pcode)).all()
    for number, district in enumerate(districts):
        for kind, what, unit in dice.sample(WORK, k=2 + number % 3):
            house, begun = dice.choice(_houses()), at.date() - timedelta(days=dice.randint(1, 30))
            values = {
                "organisation": house.id, "implementing_partner": "", "need_type": kind, "what": what, "starts_on": begun, "ends_on": None,
                "status": dice.choice([ActivityStatus.ONGOING, ActivityStatus.ONGOING, ActivityStatus.PLANNED, ActivityStatus.COMPLETED]),
                "adm2_pcode": district, "incident": "", "planned": 400, "reached": dice.randint(10, 400), "unit": unit,
            }  # fmt: skip
            activities.add(values, actor=coordinator)


def _answer_needs(coordinator: Actor, dice: random.Random) -> None:
    """A third of the needs is taken on, some of it brought; one offer is declined, one waits."""
    found = session.scalars(select(Need).where(Need.status == NeedStatus.OPEN).order_by(Need.urgency, Need.id)).all()
    houses = _houses()
    for number, need in enumerate(found[: len(found) // 3]):
        values = {**{name: getattr(need, name) for name in needs.EDITABLE}, "quantity": Decimal(100), "unit": NeedUnit.KIT}
        needs.edit(need.id, values, version=need.version, actor=coordinator)
        house = houses[number % len(houses)]
        taking.claim(need.id, actor=coordinator, organisation_id=house.id)
        if number % 2:
            taking.deliver(need.id, Decimal(dice.choice([25, 60, 100])), actor=coordinator, organisation_id=house.id)
    _offer(found[len(found) // 3 :], houses, coordinator)


def _offer(waiting: Sequence[Need], houses: Sequence[Organisation], coordinator: Actor) -> None:
    others = [house for house in houses if house.id != coordinator.organisation_id]
    if len(waiting) < 2 or not others:
        return
    asked = Actor(organisation_id=others[0].id, roles=frozenset({Role.PARTNER}), alias=others[0].name)
    declined = referrals.offer(waiting[0].id, others[0].id, actor=coordinator, hours=referrals.HOURS[2])
    referrals.answer(declined.id, accept=False, reason="Exercise: no truck is free this week.", actor=asked)
    referrals.offer(waiting[1].id, others[0].id, actor=coordinator, hours=referrals.HOURS[2], note="Exercise: near your base.")


def _give_and_group(coordinator: Actor, at: datetime) -> None:
    """One record is given and accepted, one waits; a night gets a name; the place struck twice becomes a known place."""
    others = [house for house in _houses() if house.id != coordinator.organisation_id]
    usual = Incident.s_class < SensitivityClass.S3.value, Incident.merged_into.is_(None), Incident.point.is_not(None)
    for number, incident in enumerate(session.scalars(select(Incident).where(*usual).order_by(Incident.public_id).limit(2)).all()):
        made = assignments.assign(incident, others[0].id, actor=coordinator, task="Exercise: see what the families need.")
        if number == 0:
            assignments.answer(made.id, accept=True, actor=Actor(organisation_id=others[0].id, roles=frozenset({Role.PARTNER})))
    latest = session.scalar(select(func.max(Incident.event_latest)).where(Incident.event_latest < at)) or at
    times = {"began_at": latest - timedelta(hours=36), "ended_at": latest}
    values = {"name": "Exercise: the last night", "glide": "", "cause_group": CauseGroup.CONFLICT, **times}
    event = grouping.add(values, actor=coordinator)
    grouping.put(event, [one.public_id for one in grouping.candidates(event)], actor=coordinator)
    _place(coordinator, at)


def _place(coordinator: Actor, at: datetime) -> None:
    struck_again = select(Incident).where(Incident.prior_incident_id.is_not(None), Incident.point.is_not(None))
    again = session.scalar(struck_again.order_by(Incident.public_id).limit(1))
    first = session.get(Incident, again.prior_incident_id) if again else None
    if again is None or first is None:
        return
    site = sites.make(first, "", actor=coordinator)
    sites.put(again, site, actor=coordinator)
    visited = {"seen_on": at.date(), "is_repair": False, "damage_left": None, "functional_status": first.functional_status, "words": ""}
    if visited["functional_status"]:
        sites.note(site, visited, actor=coordinator)
