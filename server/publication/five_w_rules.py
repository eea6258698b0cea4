"""What the public may know of who does what where (5W): the only judge of it. Pure.

Where it is calm the table is of today. In a conflict it is taken down once, at the turn of a month, and told two weeks later
by region alone, so that neither the day on which a row changes nor the district says where help is now.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final

from server.publication.policy import ActivityRule, ActivityRules, SmallCells
from server.vocabulary import ActivityStatus, ContextMode, GeometryLevel, NeedUnit

UNNAMED: Final = "an organisation of the response"
STRICTEST: Final = (
    ContextMode.CONFLICT_ACTIVE, ContextMode.MIXED, ContextMode.CONFLICT_LOW, ContextMode.POST_CONFLICT, ContextMode.DISASTER,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Values:
    """What one activity may add to the table; `is_named` says whether it was ever told under its organisation's name."""

    organisation: str
    sector: str
    status: str
    month: str
    adm1: str
    adm2: str | None
    planned: int | None
    reached: int | None
    is_named: bool = False

    @property
    def who_and_where(self) -> tuple[str, ...]:
        """What makes it another activity when it changes."""
        return (self.organisation, self.sector, self.month, self.adm1, self.adm2 or "")


@dataclass(frozen=True, kw_only=True)
class Work:
    """One activity as its organisation keeps it: the values of now, and the day on which it begins."""

    account: Values
    starts_on: date


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What was told of an activity, and what was taken down of it, when, and waits."""

    told: Values | None = None
    pending: Values | None = None
    taken_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class House:
    """An organisation that agreed to be named, as the public reads it."""

    name: str
    acronym: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Around:
    """The world of one batch. `modes` are by region: the strictest of its districts. Codes of areas are P-codes."""

    now: datetime
    modes: Mapping[str, ContextMode] = field(default_factory=dict)
    held: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    stopped_within: frozenset[str] = frozenset()  # regions of which some district is stopped
    everything_stopped: bool = False
    houses: Mapping[str, House] = field(default_factory=dict)
    nameless: int = 0  # organisations with activities that did not agree to be named
    standing: bool = False  # two people have approved the routine
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # P-code to name and country

    def rule(self, region: str, rules: ActivityRules) -> ActivityRule:
        """The rule for a region; where nobody said anything, that of an active conflict."""
        return rules.by_mode[self.modes.get(region, ContextMode.CONFLICT_ACTIVE)]

    def is_held(self, values: Values) -> bool:
        """Whether nothing new may be told of where the activity is."""
        return bool({values.adm1, values.adm2} & self.held)

    def is_stopped(self, values: Values) -> bool:
        """Whether it was taken out. A region's sums stay out while one of its districts does: the difference would tell it."""
        by_region = values.adm2 is None and values.adm1 in self.stopped_within
        return self.everything_stopped or by_region or bool({values.adm1, values.adm2} & self.stopped)


def strictest(modes: Iterable[ContextMode]) -> ContextMode:
    """The mode of a region from those of its districts; active conflict where it has none."""
    return min(modes, key=STRICTEST.index, default=ContextMode.CONFLICT_ACTIVE)


def look(work: Work, memory: Memory, *, around: Around, rules: ActivityRules) -> Memory:
    """What is remembered of an activity after a batch: what is told of it from now on, and what waits."""
    rule = around.rule(work.account.adm1, rules)
    if work.starts_on > around.now.astimezone(UTC).date() or work.account.status == ActivityStatus.PLANNED:
        return Memory()
    now = _coarse(work.account, memory.told, rule)
    if not rule.after_the_month:
        return _marked(_told(now, memory, around=around, rule=rule), around)
    waiting = _taken_down(now, memory, around.now)
    if waiting.pending and waiting.taken_at and around.now >= waiting.taken_at + rule.delay:
        waiting = _told(waiting.pending, waiting, around=around, rule=rule)
    return _marked(waiting, around)


def table(
    told: Iterable[Values], *, around: Around, rules: ActivityRules, small: SmallCells
) -> Iterator[dict[str, Any]]:
    """The rows of the table, without number, release and version of the rules, in order of area, sector and month."""
    groups: dict[tuple[Any, ...], list[Values]] = defaultdict(list)
    for one in told:
        seen = _coarse(one, None, around.rule(one.adm1, rules))
        house = around.houses.get(one.organisation)
        if around.is_stopped(seen) or (house is None and (one.is_named or around.nameless < rules.k_organisations)):
            continue
        whose = (house.name, one.organisation) if house else (UNNAMED, "")
        groups[seen.adm1, seen.adm2 or "", seen.sector, seen.month, seen.status, *whose].append(seen)
    for key in sorted(groups):
        members = groups[key]
        yield _row(members, around=around, rule=around.rule(members[0].adm1, rules), small=small)


def as_told(values: Values | None) -> dict[str, Any] | None:
    """Values as the memory keeps them."""
    return None if values is None else asdict(values)


def from_told(kept: Mapping[str, Any] | None) -> Values | None:
    """Values out of the memory."""
    return None if kept is None else Values(**kept)


def _coarse(values: Values, told: Values | None, rule: ActivityRule) -> Values:
    """Values no finer than the rule, and never finer than the activity was told before."""
    coarser_before = told is not None and told.adm1 == values.adm1 and told.adm2 is None
    return replace(values, adm2=None) if rule.level is GeometryLevel.ADM1 or coarser_before else values


def _taken_down(values: Values, memory: Memory, now: datetime) -> Memory:
    """The values of the turn of the month. What became another activity since is nobody's any more: it waits a month."""
    month = f"{now.astimezone(UTC):%Y-%m}"
    if memory.taken_at is None or f"{memory.taken_at.astimezone(UTC):%Y-%m}" < month:
        return replace(memory, pending=values if values.month < month else None, taken_at=now)
    if memory.pending and memory.pending.who_and_where != values.who_and_where:
        return replace(memory, pending=None)
    return memory


def _told(values: Values, memory: Memory, *, around: Around, rule: ActivityRule) -> Memory:
    """The values as told, unless the area is held or two people must first agree: then what was told stays."""
    if around.is_held(values) or (rule.needs_approval and not around.standing):
        return memory
    was = memory.told is not None and memory.told.is_named and memory.told.organisation == values.organisation
    return replace(memory, told=replace(values, is_named=was))


def _marked(memory: Memory, around: Around) -> Memory:
    """The memory that an activity was told by name, so that it is never told again without it."""
    if memory.told is None or memory.told.organisation not in around.houses:
        return memory
    return replace(memory, told=replace(memory.told, is_named=True))


def _row(members: list[Values], *, around: Around, rule: ActivityRule, small: SmallCells) -> dict[str, Any]:
    one = members[0]
    house = around.houses.get(one.organisation)
    sums = {
        "activities": _counted(len(members), small),
        "beneficiaries_planned": _people((each.planned for each in members), small),
        "beneficiaries_reached": _people((each.reached for each in members), small),
    }
    hidden = [name for name, (_shown, is_hidden) in sums.items() if is_hidden or name in rule.mask]
    region, country = around.names.get(one.adm1, ("", ""))
    left_out = [
        *([] if house else ["org_name", "org_acronym", "org_type"]),
        *([] if one.adm2 else ["adm2_pcode"]),
        *hidden,
    ]
    level = GeometryLevel.ADM2 if one.adm2 else GeometryLevel.ADM1
    return {
        "org_name": house.name if house else UNNAMED,
        "org_acronym": (house.acronym or None) if house else None,
        "org_type": house.kind if house else None,
        "sector_code": one.sector,
        "status": one.status,
        "start": one.month,
        "country_iso3": country or None,
        "adm1_pcode": one.adm1,
        "adm1_name": region or None,
        "adm2_pcode": one.adm2,
        "adm2_name": around.names.get(one.adm2, ("", ""))[0] or None if one.adm2 else None,
        "geo_level": level.value,
        **{name: None if name in hidden else shown for name, (shown, _hidden) in sums.items()},
        "unit": NeedUnit.PERSON.value,
        "redaction": " ".join([level.value, "MONTH", *(f"-{name}" for name in left_out)]),
    }


def _counted(number: int, small: SmallCells) -> tuple[int | None, bool]:
    """A count, and whether it is too small to be told."""
    return number, 0 < number < small.min_count


def _people(counts: Iterable[int | None], small: SmallCells) -> tuple[int | None, bool]:
    """People, rounded; None where nobody counted them; and whether they are too few to be told."""
    known = [count for count in counts if count is not None]
    total = sum(known)
    rounded = (total + small.round_to // 2) // small.round_to * small.round_to
    return (rounded if known else None), 0 < total < small.min_count
