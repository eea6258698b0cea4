"""A land at war for the attack: what exists there, what was struck, and the days of its public copy."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import time_machine
from shapely.geometry import box
from sqlalchemy import select

from server.accounts.models import Person, PersonRole
from server.accounts.policy import Actor
from server.accounts.service import ensure_organisation, ensure_roles
from server.core.database import session, settled
from server.publication import changing, dangers, release_jobs, releases, remembering
from server.publication.models import Disclosure
from server.publication.service import publish_batch
from server.vocabulary import Hazard, InUseAs, Role, SiteType, WorkflowState
from tests.publication import town
from tests.publication.attack.judge import Judge, Truth
from tests.publication.attack.stranger import KnownSite, Snapshot, Stranger

FIRST, LAST = datetime(2026, 10, 5, tzinfo=UTC), datetime(2026, 12, 5, 10, tzinfo=UTC)
SEED = 20_261_006
RELEASED_ON = ("2026-11-10", "2026-12-05")

# How many of a type exist, and in which box (west, south, east, north); the hospitals lie far from the homes.
EXISTING = {
    SiteType.RES_APT: (420, (10.20, 59.10, 10.26, 59.13)),
    SiteType.EDU_SCHOOL: (24, (10.18, 59.08, 10.30, 59.15)),
    SiteType.HEA_HOSP: (6, (10.05, 59.30, 10.45, 59.48)),
    SiteType.ENE_SUB: (5, (10.05, 59.30, 10.45, 59.48)),
    SiteType.HEA_CLINIC: (2, (10.60, 59.30, 10.95, 59.48)),
    SiteType.WSH_TREAT: (2, (10.60, 59.05, 10.95, 59.20)),
    SiteType.SHE_BOMB: (14, (10.05, 59.05, 10.95, 59.45)),
    SiteType.HEA_PHARM: (9, (10.05, 59.30, 10.45, 59.48)),
    SiteType.HEA_BLOOD: (1, (10.05, 59.30, 10.45, 59.48)),
}
STRUCK = {
    SiteType.RES_APT: 16, SiteType.EDU_SCHOOL: 4, SiteType.HEA_HOSP: 4, SiteType.ENE_SUB: 2, SiteType.HEA_CLINIC: 1,
    SiteType.WSH_TREAT: 1, SiteType.SHE_BOMB: 3, SiteType.HEA_PHARM: 0, SiteType.HEA_BLOOD: 1,
}  # fmt: skip


def land() -> dict[str, object]:
    """The administrative areas by code, as any map of the world has them."""
    region = box(town.WEST, town.SOUTH, town.WEST + 2 * town.SIDE, town.SOUTH + town.SIDE)
    found = {town.REGION: region}
    for at, pcode in enumerate(town.DISTRICTS):
        west = town.WEST + at * town.SIDE
        found[pcode] = box(west, town.SOUTH, west + town.SIDE, town.SOUTH + town.SIDE)
        for half in (0, 1):
            south = town.SOUTH + half * town.SIDE / 2
            found[f"{pcode}{half + 1:02}"] = box(west, south, west + town.SIDE, south + town.SIDE / 2)
    return found


def settle_land() -> tuple[list[KnownSite], list[Truth]]:
    """Write the land and what was struck there; returns what everybody knows, and what nobody may find out."""
    dice = random.Random(SEED)
    known, truths = [], []
    with settled():
        town.areas()
        for kind, (number, (west, south, east, north)) in EXISTING.items():
            here = [(round(dice.uniform(west, east), 6), round(dice.uniform(south, north), 6)) for _ in range(number)]
            named = [f"Nordmark {kind.label} {at}" if number < 30 else "" for at in range(number)]
            known += [
                KnownSite(lon=lon, lat=lat, kind=kind.value, name=name)
                for (lon, lat), name in zip(here, named, strict=True)
            ]
            for (lon, lat), name in zip(here, named, strict=True):
                town.baseline(kind, lon, lat, n=1, name=name)
            truths += [_strike(kind, lon, lat, dice) for lon, lat in dice.sample(here, STRUCK[kind])]
    return known, truths


def _strike(kind: SiteType, lon: float, lat: float, dice: random.Random) -> Truth:
    """One strike on one place, early in a week and in October, reported within hours."""
    day = FIRST + timedelta(weeks=dice.randrange(3), days=dice.randrange(1, 4))
    at = day + timedelta(hours=dice.randrange(1, 22), minutes=dice.randrange(60))
    use = InUseAs.COLLECTIVE if kind is SiteType.EDU_SCHOOL and dice.random() < 0.3 else None
    told = at + timedelta(hours=dice.randrange(1, 30))
    made = town.incident(
        kind, lon, lat, event_earliest=at, event_latest=at, evidence_received_at=told, in_use_as=use,
        cause_group="CONFLICT", damage_best=dice.randrange(1, 5), damage_min=1, damage_max=4,
    )  # fmt: skip
    region, district, _ = town.pcodes(lon, lat)
    return Truth(
        row=str(made.id), lon=lon, lat=lat, kind=kind.value, struck_at=at, adm1=region, adm2=district,
        sensitivity=max(kind.sensitivity, use.sensitivity if use else kind.sensitivity).value,
        secrets=frozenset({made.public_id, str(made.id), made.h3_r9}),
    )  # fmt: skip


def settle_people() -> tuple[Actor, Actor]:
    """A data steward and a protection focal point, who sign dated data sets."""
    with settled():
        ensure_roles()
        made = []
        for role in (Role.STEWARD, Role.PROTECTION):
            held = session.scalars(select(PersonRole).where(PersonRole.name == role.value)).all()
            who = Person(email=f"{role.value}@example.org", alias=role.value, active=True, roles=list(held))
            session.add(who)
            session.flush()
            made.append(Actor(person_id=who.id, roles=frozenset({role})))
    return made[0], made[1]


def release(at: datetime, signers: tuple[Actor, Actor]) -> None:
    """Freeze, test and sign a dated data set of what is public on a day."""
    with time_machine.travel(at, tick=True):
        with settled():
            draft = releases.prepare(signers[0]).id
        release_jobs.build_release(str(draft))
        for signer in signers:
            with settled():
                releases.approve(signer, draft)


def warn_of_gas() -> None:
    """An authority warns of gas round the substations, as it may in a conflict."""
    with settled():
        house = ensure_organisation("Gas works")
        who = Person(email="gas@example.org", alias="Gas", active=True, organisation=house)
        session.add(who)
        session.flush()
        actor = Actor(person_id=who.id, organisation_id=house.id, roles=frozenset({Role.AUTHORITY}))
        dangers.issue(actor, hazard=Hazard.HZ_GAS, area_code="NO900102", hours=72)


def live_through(stranger: Stranger, *, on_day: Callable[[datetime], None] = lambda _day: None) -> None:
    """Two months of daily batches; the stranger keeps the copy of every day."""
    at, signers = FIRST + timedelta(days=1, hours=10), settle_people()
    while at <= LAST:
        on_day(at)
        if _is_due(at):
            with settled():
                publish_batch(at, agreed=town.AGREED)
            stranger.watch(at.date())
        else:
            stranger.days.append(Snapshot(on=at.date(), rows=stranger.days[-1].rows if stranger.days else {}))
        if at.date().isoformat() in RELEASED_ON:
            release(at + timedelta(hours=1), signers)
        at += timedelta(days=1)


def one_is_taken_back(at: datetime) -> None:
    """In the middle of November the record of a home is withdrawn."""
    if at.date().isoformat() == "2026-11-15":
        with settled():
            home = session.scalars(select(town.Incident).where(town.Incident.site_type == SiteType.RES_APT)).first()
            home.workflow = WorkflowState.WITHDRAWN


def judge_of(truths: list[Truth]) -> Judge:
    """The truths under the public numbers they got."""
    told = session.execute(select(Disclosure.incident_id, Disclosure.published_id)).all()
    numbers = {str(incident): number for incident, number in told}
    session.remove()
    return Judge(truths=[replace(truth, row=numbers.get(truth.row, "")) for truth in truths], areas=land())


def _is_due(at: datetime) -> bool:
    with settled():
        rules = changing.in_force(at)
        turn = at.day in (1, 15)  # the days on which the table of who does what where is taken down, and told
    return turn or bool(remembering.touched(at, here=remembering.world(rules, now=at), policy=rules))
