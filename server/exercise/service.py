"""Making the exercise: the land, the people, the reports, and some days of a desk's work on them, in one go.

Only where the database is the private cluster's or DEMO is set (the command checks). Everything goes through the same doors
as in life; only the clock is turned back, because an exercise begins in the middle of a month.
"""

import hashlib
import json
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text, update

from server.accounts.models import Organisation, Person
from server.accounts.policy import ANONYMOUS, Actor
from server.accounts.service import add_person, ensure_organisation, ensure_roles
from server.core.clock import now
from server.core.columns import pin
from server.core.database import see_as, session, settled
from server.core.ledger import OutboxEvent
from server.core.problems import Problem
from server.core.response import say_fact
from server.core.settings import settings
from server.evidence import service as evidence
from server.exercise import aid, country, photos, scenario
from server.exercise.scenario import Told
from server.matching import map_cells
from server.matching import service as matching
from server.matching.models import Attachment, Incident, Suggestion
from server.publication import approving, proposals
from server.publication import service as publication
from server.publication.rule_models import Judgement
from server.reports.batches import receive_many
from server.reports.draft import Announced, Draft
from server.reports.models import Report
from server.verification import grading
from server.verification import service as verification
from server.vocabulary import AdmiraltyItem, AdmiraltySource, Certainty, Channel, Role, Stance

SEED = 20_261_122
ORGANISATIONS = ("Exercise Relief", "Exercise Open Hands", "Exercise Water and Shelter")
PEOPLE = {
    "coordinator": ({Role.COORD}, 0),
    "verifier": ({Role.VERIFIER}, 0),
    "second_verifier": ({Role.VERIFIER}, 1),
    "steward": ({Role.STEWARD, Role.PROTECTION}, 0),
    "protection": ({Role.PROTECTION}, 1),
    "partner": ({Role.PARTNER}, 1),
    "admin": ({Role.ADMIN}, 0),
}


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large an exercise is: towns, damages, at most so many photos."""

    towns: int
    damages: int
    photos: int


_OPEN_FOR = timedelta(days=1)

SMALL = Size(towns=12, damages=210, photos=24)
LARGE = Size(towns=24, damages=1_750, photos=240)


def is_loaded() -> bool:
    """Whether there is an exercise, or anything else, in this database already."""
    see_as("all")
    return (session.scalar(select(func.count()).select_from(Report)) or 0) > 0


def make(size: Size, *, say: Callable[[str], None]) -> dict[str, dict[str, str]]:
    """Make the exercise; returns the demo logins ``{role: {"email", "password"}}``."""
    dice = random.Random(SEED)  # noqa: S311 - an exercise is the same each time; nothing secret hangs on it
    at = now()
    with settled():
        logins = _settle_people()
        places = _lay_out(size, dice)
        session.execute(text("SET LOCAL statement_timeout = 0"))
    damages = scenario.happenings(places, count=size.damages, at=at, dice=dice)
    told = [
        account
        for number, damage in enumerate(damages)
        for account in scenario.accounts(number, damage, at=at, dice=dice)
    ]
    told.sort(key=lambda account: account.received_at)
    say(f"{len(told)} reports of {size.damages} damages in {size.towns} towns.")
    pictures = _send(told, size.photos)
    say(f"{pictures} photos. Laying reports over one another …")
    _match(told)
    _settle_pairs({account.id: account.damage for account in told})
    say(f"{_count_incidents()} damage records. Verifying and publishing …")
    _verify(at)
    say(f"{aid.settle(_actor('coordinator@exercise.example'), at, dice)} needs.")
    with settled():
        map_cells.rebuild()
    say(f"Published as {_publish(at)}.")
    return logins


def _publish(at: datetime) -> str:
    """Two people approve the routine and sign most of what is more sensitive; the rest waits for whoever trains."""
    first, second = (_actor(f"{name}@exercise.example") for name in ("steward", "protection"))
    with settled():
        proposals.agree(second, approving.approve_routine(first, days=7).id)
    with settled():
        publication.publish_batch(at)
    with settled():
        waiting = list(session.scalars(approving.waiting_fingerprints().order_by(Judgement.incident_id)))
        if to_sign := waiting[: len(waiting) * 3 // 4]:
            proposals.agree(second, approving.sign_rows(first, to_sign).id)
    with settled():
        return publication.publish_batch(now()).release_id


def _settle_people() -> dict[str, dict[str, str]]:
    """The demo accounts, with fresh passwords each time."""
    ensure_roles()
    houses = [ensure_organisation(name) for name in ORGANISATIONS]
    logins = {}
    for name, (roles, house) in PEOPLE.items():
        email, password = f"{name.replace('_', '.')}@exercise.example", secrets.token_urlsafe(9)
        session.execute(delete(Person).where(Person.email == email))
        add_person(
            email, alias=name.replace("_", " ").capitalize(), password=password, roles=roles, organisation=houses[house]
        )
        logins[name] = {"email": email, "password": password}
    return logins


def _lay_out(size: Size, dice: random.Random) -> list[country.Place]:
    found = country.towns(size.towns)
    if not found:
        raise Problem("not_found", detail="The gazetteer is empty. Run `flask --app wsgi setup` first.")
    country.lay_out(found)
    places = [place for town in found for place in country.places_of(town, dice)]
    country.write_baseline(places)
    if settings().time_zone == "UTC":  # nobody chose another: clocks show the hour of the land, with UTC beside it
        say_fact("time_zone", country.TIME_ZONE, said_by=None)
    return places


def _send(told: list[Told], most_photos: int) -> int:
    """Send all reports, each under its sender; then turn the clock back to when they came in. Returns how many photos came."""
    houses = dict(session.execute(select(Organisation.name, Organisation.id)).all())
    senders = [Actor(organisation_id=houses[name], roles=frozenset({Role.FIELD}), alias=name) for name in ORGANISATIONS]
    pictured = {
        account.id: photos.draw(account.photo_seed, account.grade) for account in told if account.photo_seed is not None
    }
    kept = dict(list(pictured.items())[:most_photos])
    for organisation in (None, 0, 1, 2):
        group = [account for account in told if account.by_organisation == organisation]
        with settled():
            receive_many(
                (_draft(account, kept.get(account.id)) for account in group),
                actor=ANONYMOUS if organisation is None else senders[organisation],
            )
    with settled():
        see_as("all")
        for account in told:
            session.execute(update(Report).where(Report.id == account.id).values(received_at=account.received_at))
    for report_id, data in kept.items():
        with settled():
            manifest = evidence.announce(report_id, [data])
            evidence.expect(report_id, manifest)
            evidence.receive_photo(report_id, manifest[0].id, data)
    return len(kept)


def _draft(account: Told, picture: bytes | None) -> Draft:
    values: dict[str, Any] = {name: value for name, value in account.values.items() if value is not None}
    lon, lat = values.pop("lon", None), values.pop("lat", None)
    if lon is not None and lat is not None:
        values["point"] = pin(lon, lat)
    body = json.dumps({**values, "text": account.text}, default=str, sort_keys=True).encode()
    media: tuple[Announced, ...] = evidence.announce(account.id, [picture]) if picture else ()
    return Draft(
        id=account.id, channel=Channel.WEB if account.by_organisation is None else Channel.API, values=values, body=body,
        sha256=hashlib.sha256(body).digest(), text=account.text, place_text=account.place_text, media=media,
    )  # fmt: skip


def _match(told: list[Told]) -> None:
    """Do at once what the worker would do of each report, in the order in which they came in; photos are left to it."""
    for account in told:
        with settled():
            matching.match_report(account.id)
    with settled():
        for incident_id in session.scalars(select(Incident.id).where(Incident.merged_into.is_(None))).all():
            verification.review(incident_id)
        session.execute(delete(OutboxEvent).where(OutboxEvent.event != "media.received"))


def _settle_pairs(truth: dict[UUID, int]) -> None:
    """Settle most doubtful pairs as a verifier would who knows the truth; the last ones are left for whoever trains."""
    desk = _actor("verifier@exercise.example")
    pairs = session.execute(
        select(Suggestion.incident_id, Suggestion.other_id)
        .where(Suggestion.settled_at.is_(None), Suggestion.relation == "same")
        .order_by(Suggestion.score.desc(), Suggestion.id)
    ).all()
    for number, (one, other) in enumerate(pairs):
        if number % 6 == 5:
            continue
        with settled():
            _settle(one, other, truth, desk)


def _settle(one: UUID, other: UUID, truth: dict[UUID, int], desk: Actor) -> None:
    """One pair; what an earlier answer has settled already is passed over."""
    see_as("all")
    here, there = _truths(one, truth), _truths(other, truth)
    if not here or not there:
        return
    try:
        if here == there:
            matching.merge(one, other, actor=desk, reason="Exercise: the same house, the same night.")
        elif not here & there:
            matching.keep_apart(one, other, actor=desk, reason="Exercise: another house number.")
    except Problem:
        session.rollback()


def _truths(incident_id: UUID, truth: dict[UUID, int]) -> set[int]:
    laid = select(Attachment.report_id).where(Attachment.incident_id == incident_id, Attachment.ended_at.is_(None))
    return {truth[report_id] for report_id in session.scalars(laid)}


def _count_incidents() -> int:
    return session.scalar(select(func.count()).select_from(Incident).where(Incident.merged_into.is_(None))) or 0


def _verify(at: datetime) -> None:
    """Some days of two verifiers' work: what rests on two independent reports is graded and decided, the newest is left open."""
    first, second = (_actor(f"{name}@exercise.example") for name in ("verifier", "second.verifier"))
    old_enough = select(Incident.id).where(
        Incident.merged_into.is_(None), Incident.report_count >= 2, Incident.event_latest < at - _OPEN_FOR
    )
    for number, incident_id in enumerate(session.scalars(old_enough.order_by(Incident.opened_at)).all()):
        if number % 5 == 4:
            continue  # a desk is never done
        with settled():
            _decide(incident_id, first, second)


def _decide(incident_id: Any, first: Actor, second: Actor) -> None:
    incident = session.get_one(Incident, incident_id)
    see_as("all")
    laid = session.scalars(
        select(Report)
        .join(Attachment, Attachment.report_id == Report.id)
        .where(Attachment.incident_id == incident_id, Attachment.ended_at.is_(None))
        .limit(2)
    ).all()
    for report in laid:
        grading.assess(
            report, actor=first, source_grade=AdmiraltySource.B if report.organisation_id else AdmiraltySource.C,
            item_grade=AdmiraltyItem.I2 if report.organisation_id else AdmiraltyItem.I3, stance=Stance.SUPPORTS,
        )  # fmt: skip
    for to in (Certainty.CONFIRMED, Certainty.PROBABLE):
        finding = verification.options(incident, actor=second)[to]
        if finding.allowed:
            decision = verification.decide(
                incident_id,
                to,
                "Exercise: the accounts agree in place, time and damage.",
                version=incident.version,
                actor=second,
            )
            if finding.needs_second:
                verification.agree(decision.id, actor=first)
            return


def _actor(email: str) -> Actor:
    person = session.execute(select(Person).where(Person.email == email)).scalar_one()
    return Actor(
        person_id=person.id,
        organisation_id=person.organisation_id,
        roles=frozenset(Role(role.name) for role in person.roles),
        alias=person.alias,
    )


def write_logins(logins: dict[str, dict[str, str]], path: Path) -> None:
    """Keep the demo logins in a file that only its owner reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=True)
    path.chmod(0o600)
    path.write_text(json.dumps(logins, indent=2) + "\n")
