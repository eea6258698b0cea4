"""What is missing before a response can do its work, and what each gap costs: unpublished, unmatched, unalerted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select

from server.accounts.models import Person, PersonRole
from server.core import letters
from server.core.choices import N_
from server.core.clock import now
from server.core.database import session
from server.core.response import facts_as_said
from server.core.settings import settings
from server.places.baselines import baselines
from server.publication import situations
from server.response import boundaries, key_holding
from server.vocabulary import Role

SOON = timedelta(days=3)


class Standing(StrEnum):
    """How an item of the list stands."""

    DONE = "done"
    WATCH = "watch"
    MISSING = "missing"


@dataclass(frozen=True)
class Item:
    """One line: its words and what it costs to leave it (msgids), how it stands, and the part of the page that mends it."""

    words: str
    costs: str
    standing: Standing
    part: str
    values: dict[str, Any] = field(default_factory=dict)


def checklist() -> list[Item]:
    """Every line, what is missing first."""
    order = [Standing.MISSING, Standing.WATCH, Standing.DONE]
    return sorted((make() for make in ITEMS), key=lambda item: order.index(item.standing))


def is_ready() -> bool:
    """Whether nothing is missing (what is only to be watched does not count)."""
    return all(item.standing is not Standing.MISSING for item in checklist())


def _item(words: str, costs: str, part: str, *, good: bool) -> Item:
    return Item(words, costs, Standing.DONE if good else Standing.MISSING, part)


def _stage() -> Item:
    facts = facts_as_said()
    good = facts.is_live or facts.exercise
    return _item(
        N_("Exercise or live is decided"),
        N_("Until then nobody who reports can tell whether this is real."),
        "stage",
        good=good,
    )


def _name() -> Item:
    good = facts_as_said().name not in ("", "Tessera")
    return _item(
        N_("The response has a name"), N_("Files and pages do not say which response they come from."), "about", good=good
    )


def _countries() -> Item:
    return _item(
        N_("The countries are named"), N_("Whoever takes over cannot see where this response works."), "about",
        good=bool(facts_as_said().countries),
    )  # fmt: skip


def _area() -> Item:
    return _item(
        N_("The operating area is set"), N_("Maps open on the whole world, and reports from far away are not flagged."),
        "area", good=facts_as_said().operating_area is not None,
    )  # fmt: skip


def _boundaries() -> Item:
    return _item(
        N_("Boundaries down to the district are loaded"),
        N_("Records belong to no area: totals stay empty, sensitive records stay unpublished, no situation can be said."),
        "boundaries", good=boundaries.by_level().get(2, 0) > 0,
    )  # fmt: skip


def _situations() -> Item:
    words = N_("The situation of each area is said")
    costs = N_("Areas count as active conflict: what is published comes late and coarse, and much stays unpublished.")
    said = situations.said_now()
    if said and min(one.until_at for one in said) < now() + SOON:
        return Item(
            words, N_("A situation ends within three days; then its area counts as active conflict."), Standing.WATCH,
            "situations",
        )  # fmt: skip
    return _item(words, costs, "situations", good=bool(said))


def _baselines() -> Item:
    return _item(
        N_("A list of the places that exist is loaded"),
        N_("Nobody knows among how many homes or schools one would hide: records of such places stay unpublished."),
        "baselines", good=bool(baselines()),
    )  # fmt: skip


def _signers() -> Item:
    held = roles_held()
    return _item(
        N_("A data steward and a protection officer can sign in, two different people"),
        N_("What needs two signatures stays unpublished."), "people",
        good=_are_two(held.get(Role.STEWARD, frozenset()), held.get(Role.PROTECTION, frozenset())),
    )  # fmt: skip


def _are_two(some: frozenset[Any], others: frozenset[Any]) -> bool:
    """Whether one of each can be found so that they are two people."""
    return bool(some and others) and len(some | others) > 1


def _desk() -> Item:
    held = roles_held()
    return _item(
        N_("A coordinator and two verifiers can sign in"),
        N_("Doubtful pairs stay unmatched, and no record is confirmed: a second person must agree."), "people",
        good=bool(held.get(Role.COORD)) and len(held.get(Role.VERIFIER, frozenset()) | held.get(Role.COORD, frozenset())) > 1,
    )  # fmt: skip


def _second_administrator() -> Item:
    return _item(
        N_("There are two administrators"), N_("When the only one is away, nobody can let people in or out."), "people",
        good=len(roles_held().get(Role.ADMIN, frozenset())) > 1,
    )  # fmt: skip


def _points() -> Item:
    facts = facts_as_said()
    return _item(
        N_("It is said who to turn to for data, protection and technical questions"),
        N_("Whoever finds something wrong does not know whom to tell."), "points",
        good=bool(facts.steward and facts.protection and facts.technical),
    )  # fmt: skip


def _numbers() -> Item:
    facts = facts_as_said()
    return _item(
        N_("The emergency and mine action numbers are given"),
        N_("Who reports from danger is not told whom to call."), "numbers",
        good=bool(facts.emergency_number and facts.mine_action_number),
    )  # fmt: skip


def _alarms() -> Item:
    return _item(
        N_("Alarms go out by mail"),
        N_("Nobody is alerted when the worker stands still or the disk runs full (MAIL_URL, MAIL_FROM and ALARM_TO)."), "technical",
        good=bool(letters.can_send() and settings().alarm_to),
    )  # fmt: skip


def _backups() -> Item:
    return _item(
        N_("Backups are made, and two keys open them"),
        N_("When the disk dies, everything is lost (BACKUP_FOLDER and BACKUP_KEYS)."), "technical",
        good=bool(settings().backup_folder) and len(settings().backup_keys) > 1,
    )  # fmt: skip


def _holders() -> Item:
    return _item(
        N_("Every key has two holders, confirmed within half a year"),
        N_("When one person leaves, backups and people's words can no longer be opened."), "keys",
        good=all(key.is_held for key in key_holding.all_keys()),
    )  # fmt: skip


def roles_held() -> dict[Role, frozenset[Any]]:
    """Who of the people that may sign in holds which role: {role: numbers of people}."""
    found: dict[Role, set[Any]] = {}
    for person, role in session.execute(select(Person.id, PersonRole.name).join(Person.roles).where(Person.active)):
        found.setdefault(Role(role), set()).add(person)
    return {role: frozenset(people) for role, people in found.items()}


def count_people() -> int:
    """How many people may sign in."""
    return session.scalar(select(func.count()).select_from(Person).where(Person.active)) or 0


ITEMS: tuple[Callable[[], Item], ...] = (
    _stage, _name, _countries, _area, _boundaries, _situations, _baselines, _signers, _desk, _second_administrator, _points,
    _numbers, _alarms, _backups, _holders,
)  # fmt: skip
