"""The story of the exercise: nights of strikes, a second strike, an earthquake, and what several thousand people report of it.

It asks no database: a seed in, reports out. The faults are those of real reports: inexact phones, wrong pins, places without coordinates,
re-sends, mixed-up types, grades that differ, neighbours hit in one night.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from server.exercise.country import Place, shifted
from server.exercise.phrases import sentence, without_place
from server.vocabulary import (
    CitizenCause,
    ContextMode,
    DamageGrade,
    EventPrecision,
    FunctionalStatus,
    InUseAs,
    PinMethod,
    SiteType,
    SourceType,
    WitnessProximity,
)

LANGUAGES = ("es", "es", "es", "en", "fr", "uk", "ar")
HIT = {
    SiteType.RES_HOUSE: 46, SiteType.RES_APT: 22, SiteType.EDU_SCHOOL: 7, SiteType.EDU_PRE: 3, SiteType.HEA_CLINIC: 3, SiteType.HEA_HOSP: 2,
    SiteType.HEA_PHARM: 2, SiteType.FOO_MARKET: 4, SiteType.WSH_STORE: 2, SiteType.ENE_SUB: 3, SiteType.CUL_RELIG: 2, SiteType.TRA_BRIDGE: 1,
    SiteType.TRA_ROAD: 2, SiteType.COM_MAST: 1,
}  # fmt: skip
MIXED_UP = {
    SiteType.RES_HOUSE: SiteType.RES_APT,
    SiteType.RES_APT: SiteType.RES_HOUSE,
    SiteType.EDU_PRE: SiteType.EDU_SCHOOL,
    SiteType.HEA_CLINIC: SiteType.HEA_HOSP,
}
CONFLICT_NIGHTS = (33, 31, 26, 19, 12, 6, 2, 0.4)
DISASTER_DAYS = (21, 9, 4)


@dataclass(frozen=True, kw_only=True)
class Damage:
    """What truly happened at one site: the grade 0–4, the moment, the cause, and whether people were trapped."""

    place: Place
    at: datetime
    grade: int
    cause: CitizenCause
    trapped: bool = False
    in_use_as: InUseAs | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """One report of one damage: the values of ``NewReport``, the words, when it came in, who sent it, which photo."""

    id: UUID
    values: dict[str, object]
    text: str
    place_text: str
    received_at: datetime
    by_organisation: int | None
    photo_seed: int | None
    grade: int
    damage: int


def happenings(places: list[Place], *, count: int, at: datetime, dice: random.Random) -> list[Damage]:
    """``count`` damages: clusters of neighbours struck in one night, some struck again, some by an earthquake."""
    by_type: dict[SiteType, list[Place]] = {}
    for place in places:
        by_type.setdefault(place.site_type, []).append(place)
    found: list[Damage] = []
    while len(found) < count:
        kind = dice.choices(list(HIT), weights=list(HIT.values()))[0]
        first = dice.choice(by_type[kind])
        found += _one_night(first, at, dice)
        if dice.random() < 0.08:
            found.append(_again(found[-1], at, dice))
    return found[:count]


def _one_night(first: Place, at: datetime, dice: random.Random) -> Iterator[Damage]:
    """A site and up to four of its neighbours, within half an hour and some sixty metres."""
    is_disaster = first.town.mode in (ContextMode.DISASTER, ContextMode.POST_CONFLICT)
    days = dice.choice(DISASTER_DAYS if is_disaster else CONFLICT_NIGHTS)
    moment = at - timedelta(days=days) - timedelta(minutes=dice.randrange(400))
    cause = (
        CitizenCause.NATURAL
        if is_disaster
        else dice.choice((CitizenCause.DRONE, CitizenCause.MISSILE, CitizenCause.SHELLING))
    )
    neighbours = dice.choices((0, 1, 2, 4), weights=(55, 25, 14, 6))[0]
    for index in range(1 + neighbours):
        place = first if index == 0 else _beside(first, index, dice)
        grade = (
            dice.choices((0, 1, 2, 3, 4), weights=(3, 38, 30, 19, 10))[0]
            if index == 0
            else dice.choices((1, 2, 3), weights=(6, 3, 1))[0]
        )
        in_use = InUseAs.COLLECTIVE if place.site_type == SiteType.EDU_SCHOOL and dice.random() < 0.15 else None
        moment_here = moment + timedelta(minutes=dice.randrange(30))
        trapped = grade >= 3 and days < 1 and dice.random() < 0.3
        yield Damage(
            place=place,
            at=min(moment_here, at - timedelta(hours=3)),
            grade=grade,
            cause=cause,
            trapped=trapped,
            in_use_as=in_use,
        )


def _beside(first: Place, index: int, dice: random.Random) -> Place:
    lon, lat = shifted(
        first.lon, first.lat, dice.choice((-1, 1)) * dice.uniform(25, 60), dice.choice((-1, 1)) * dice.uniform(0, 40)
    )
    return Place(
        site_type=SiteType.RES_HOUSE,
        lon=lon,
        lat=lat,
        number=first.number + 2 * index,
        street=first.street,
        town=first.town,
    )


def _again(earlier: Damage, at: datetime, dice: random.Random) -> Damage:
    """A second strike on the same site, some days later."""
    moment = min(at - timedelta(hours=4), earlier.at + timedelta(hours=dice.uniform(26, 90)))
    return Damage(place=earlier.place, at=moment, grade=min(4, earlier.grade + 1), cause=earlier.cause)


def accounts(number: int, damage: Damage, *, at: datetime, dice: random.Random) -> Iterator[Told]:
    """What people report of one damage (the ``number``-th): usually a few, sometimes a dozen."""
    count = min(14, 1 + int(dice.expovariate(0.45)))
    lang = dice.choice(LANGUAGES)
    shared_photo = dice.randrange(2**31) if dice.random() < 0.3 else None
    for _ in range(count):
        if dice.random() < 0.3:
            lang = dice.choice(LANGUAGES)
        yield _told(number, damage, lang, shared_photo, at, dice)


def _told(truth: int, damage: Damage, lang: str, shared_photo: int | None, at: datetime, dice: random.Random) -> Told:
    grade = max(0, min(4, damage.grade + dice.choices((-1, 0, 1), weights=(15, 70, 15))[0]))
    kind = (
        MIXED_UP.get(damage.place.site_type, damage.place.site_type) if dice.random() < 0.1 else damage.place.site_type
    )
    organisation = dice.randrange(3) if dice.random() < 0.22 else None
    nowhere = organisation is None and dice.random() < 0.03
    number, street = damage.place.number, damage.place.street
    words = (
        without_place(lang, kind, number) if nowhere else sentence(lang, grade, kind, number, street, dice.randrange(9))
    )
    received = damage.at + timedelta(minutes=dice.expovariate(1 / 220))
    photo = None
    if dice.random() < 0.16:
        photo = shared_photo if shared_photo is not None and dice.random() < 0.25 else dice.randrange(2**31)
    values = _values(damage, grade, kind, lang, organisation, dice) | (
        {} if nowhere else _pin(damage.place, organisation, dice)
    )
    return Told(
        id=UUID(int=dice.getrandbits(128), version=4), values=values, text=words, place_text="" if not nowhere else words,
        received_at=min(received, at - timedelta(minutes=dice.randrange(1, 60))),
        by_organisation=organisation, photo_seed=photo, grade=grade, damage=truth,
    )  # fmt: skip


def _pin(place: Place, organisation: int | None, dice: random.Random) -> dict[str, object]:
    """The pin of a phone: a dozen metres off, sometimes a street, now and then quite wrong."""
    slip = dice.random()
    error, accuracy = (8.0, 6.0) if organisation is not None else (14.0, 15.0)
    if slip < 0.05:
        error, accuracy = 420.0, 25.0
    elif slip < 0.2:
        error, accuracy = 70.0, 120.0
    lon, lat = shifted(place.lon, place.lat, dice.gauss(0, error), dice.gauss(0, error))
    method = PinMethod.DEVICE_GPS if slip > 0.2 else PinMethod.MAP_TAP
    return {"lon": lon, "lat": lat, "pin_accuracy_m": accuracy, "pin_method": method}


def _values(
    damage: Damage, grade: int, kind: SiteType, lang: str, organisation: int | None, dice: random.Random
) -> dict[str, object]:
    vague = dice.random() < 0.25
    early = timedelta(hours=3 if vague else 0.4)
    return {
        "site_type": kind, "in_use_as": damage.in_use_as, "damage": DamageGrade(f"D{grade}"), "cause": damage.cause, "lang": lang,
        "event_earliest": damage.at - early, "event_latest": damage.at + early,
        "event_precision": EventPrecision.DAYPART if vague else EventPrecision.HOUR,
        "people_trapped": True if damage.trapped and dice.random() < 0.7 else None,
        "needs": _some(_needs(grade), dice), "hazards": _some(_hazards(grade, damage), dice),
        "access_constraints": ["ACC.DEBRIS"] if grade >= 3 and dice.random() < 0.4 else [],
        "functional_status": dice.choice((FunctionalStatus.F3, FunctionalStatus.F2)) if grade >= 2 and dice.random() < 0.4 else None,
        "witness_proximity": dice.choice((WitnessProximity.SAW_IT, WitnessProximity.SAW_AFTER, WitnessProximity.HEARD_SOUND, WitnessProximity.TOLD)),
        "source_type": SourceType.SELF_WITNESS if organisation is None else SourceType.FIELD_NGO,
    }  # fmt: skip


def _needs(grade: int) -> list[str]:
    return [
        [],
        ["REPAIR_LIGHT"],
        ["REPAIR_LIGHT", "NFI"],
        ["SHELTER", "NFI", "REPAIR_STRUCT", "DEBRIS"],
        ["SHELTER", "SAR", "DEBRIS", "FOOD"],
    ][grade]


def _hazards(grade: int, damage: Damage) -> list[str]:
    base = [[], [], ["HZ.COLLAPSE"], ["HZ.COLLAPSE", "HZ.GAS", "HZ.POWER"], ["HZ.COLLAPSE", "HZ.FIRE", "HZ.POWER"]][
        grade
    ]
    return [*base, "HZ.UXO"] if grade >= 3 and damage.cause == CitizenCause.SHELLING else base


def _some(codes: list[str], dice: random.Random) -> list[str]:
    return [code for code in codes if dice.random() < 0.5]
