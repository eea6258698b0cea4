"""The publication policy: ``policy.yaml`` read once into frozen dataclasses. A table with a hole is refused here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from server.core.choices import N_, Choice, OrderedChoice
from server.vocabulary import (
    Certainty,
    ContextMode,
    GeometryLevel,
    Hazard,
    LegalProfile,
    MediaLevel,
    SensitivityClass,
    SiteGroup,
    Tier,
    TimeLevel,
    WorkflowState,
)

POLICY_FILE = Path(__file__).with_name("policy.yaml")
TIERS = (Tier.PUBLIC, Tier.PARTNER, Tier.COORD)
MODES = tuple(mode for mode in ContextMode if mode is not ContextMode.MIXED)
NEEDS_ROLE = "POINT_IF_ROLE_PROTECTION_CCCM"


class Approval(OrderedChoice):
    """Who must agree before a row is public, the least first."""

    NONE = "NONE", N_("Nobody")
    STANDING = "STANDING", N_("Two people, for some days ahead")
    SIGNATURES = "SIGNATURES", N_("Two people, for this very row")


class UnusablePolicy(ValueError):
    """The policy file lacks a row or names something that does not exist."""


@dataclass(frozen=True, kw_only=True)
class PolicyRow:
    """One cell of the table: what one tier may see of one class of sites in one context."""

    context: ContextMode
    sensitivity: SensitivityClass
    delay: timedelta
    ladder: tuple[GeometryLevel, ...]  # the finest first; nothing finer, and nothing that is not listed
    time: TimeLevel
    media: MediaLevel
    k: int  # how many sites of the class must exist in what is shown
    holdback: tuple[timedelta, timedelta] = (timedelta(), timedelta())  # bounds of the secret wait
    hourly: bool = False  # may change at every hour, not only at the daily batch
    approval: Approval = Approval.NONE
    needs_role: bool = False  # the first step of the ladder is for the protection and camp clusters only


@dataclass(frozen=True, kw_only=True)
class LegalFloor:
    """What the law adds: a shortest delay, and fields that may not be shown of some groups of sites."""

    min_delay: timedelta
    masks: Mapping[SiteGroup, frozenset[str]]


@dataclass(frozen=True, kw_only=True)
class SmallCells:
    """How counts in public tables are protected."""

    min_count: int
    round_to: int
    complementary: bool


@dataclass(frozen=True, kw_only=True)
class WarningRule:
    """What a warning about a danger to life may name."""

    lasts: timedelta
    levels: tuple[str, ...]
    telling: frozenset[Hazard]  # dangers that would give a plant away
    telling_levels: tuple[str, ...]
    telling_groups: frozenset[SiteGroup]
    k: int


@dataclass(frozen=True, kw_only=True)
class ActivityRule:
    """What the public may know of who does what where, in one context."""

    level: GeometryLevel
    delay: timedelta
    after_the_month: bool  # taken down at the turn of a month only, and told so long after
    needs_approval: bool
    mask: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class ActivityRules:
    """The rules of the public 5W, by context; MIXED is the stricter of both."""

    k_organisations: int  # how many must be nameless for one of them to be told at all
    by_mode: Mapping[ContextMode, ActivityRule]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The whole policy of one version. Nothing that is not listed here is published."""

    version: str
    unknown_context: ContextMode
    mixed_context: frozenset[ContextMode]
    context_lasts: timedelta
    certainties: Mapping[Tier, frozenset[Certainty]]
    workflows: Mapping[Tier, frozenset[WorkflowState]]
    rows: Mapping[tuple[Tier, ContextMode, SensitivityClass], PolicyRow]
    legal: Mapping[LegalProfile, LegalFloor]
    accuracy_m: Mapping[GeometryLevel, float]
    restricted_in_conflict: frozenset[str]
    location_equivalent: frozenset[str]
    small_cells: SmallCells
    warnings: WarningRule
    standing_lasts: timedelta
    loosening_lasts: timedelta
    review_above: float
    activities: ActivityRules


@cache
def policy() -> Policy:
    """The policy in force."""
    return load(POLICY_FILE)


def as_published() -> dict[str, Any]:
    """The policy file itself, as plain data, for everybody to read."""
    return dict(yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8")))


def load(path: Path) -> Policy:
    """Read a policy file; UnusablePolicy when the table has a hole or a word nobody knows."""
    return read(yaml.safe_load(path.read_text(encoding="utf-8")))


def read(raw: dict[str, Any]) -> Policy:
    """The policy that plain data says; UnusablePolicy when the table has a hole or a word nobody knows."""
    try:
        return _policy(raw)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise UnusablePolicy(repr(error)) from error


def _policy(raw: dict[str, Any]) -> Policy:
    return Policy(
        version=raw["policy_version"],
        unknown_context=ContextMode(raw["unknown_context"]),
        mixed_context=frozenset(ContextMode(mode) for mode in raw["mixed_context"]),
        context_lasts=timedelta(days=raw["expiry"]["context_mode_max_days"]),
        certainties=_sets(raw["eligible_certainty"], Certainty),
        workflows=_sets(raw["eligible_workflow"], WorkflowState),
        rows=MappingProxyType({key: _row(raw, *key) for key in _keys()}),
        legal=MappingProxyType({profile: _legal(raw, profile) for profile in LegalProfile}),
        accuracy_m=MappingProxyType({GeometryLevel(level): metres for level, metres in raw["accuracy_m"].items()}),
        restricted_in_conflict=frozenset(raw["restricted_fields_conflict"]),
        location_equivalent=frozenset(raw["location_equivalent_fields"]),
        small_cells=SmallCells(**raw["small_cells"]),
        warnings=_warnings(raw["warnings"]),
        standing_lasts=timedelta(days=raw["approvals"]["standing_max_days"]),
        loosening_lasts=timedelta(days=raw["changes"]["loosen_max_days"]),
        review_above=raw["utility"]["review_above_share_hidden"],
        activities=_activities(raw.get("activities") or as_published()["activities"], mixed=ContextMode(raw["mixed_context"][0])),
    )


def _keys() -> list[tuple[Tier, ContextMode, SensitivityClass]]:
    return [(tier, mode, sensitivity) for tier in TIERS for mode in MODES for sensitivity in SensitivityClass]


def _row(raw: dict[str, Any], tier: Tier, mode: ContextMode, sensitivity: SensitivityClass) -> PolicyRow:
    shared = raw[tier.value].get("any")
    row = shared or raw[tier.value][mode.value][sensitivity.value]
    finest = row.get(sensitivity.value, row["geom"])
    rhythm = raw["rhythm"][mode.value]
    low, high = rhythm["holdback_random_h"] if tier is Tier.PUBLIC else (0, 0)
    return PolicyRow(
        context=mode,
        sensitivity=sensitivity,
        delay=timedelta(hours=row["delay_h"]),
        ladder=_ladder("POINT" if finest == NEEDS_ROLE else finest, row["fallback"]),
        time=TimeLevel(row["time"]),
        media=MediaLevel(row["media"] if shared else raw["media_public"][mode.value]),
        k=row["k"] if "k" in row else raw["k_location"].get(tier.value, {}).get(sensitivity.value, 0),
        holdback=(timedelta(hours=low), timedelta(hours=high)),
        hourly=rhythm["every"] == "HOUR",
        approval=Approval(raw["approvals"][mode.value][sensitivity.value]) if tier is Tier.PUBLIC else Approval.NONE,
        needs_role=finest == NEEDS_ROLE,
    )


def _ladder(finest: str, fallback: list[str]) -> tuple[GeometryLevel, ...]:
    """The steps from `finest` down; a fallback finer than the first step (a tier's common list) is left out."""
    first = GeometryLevel(finest)
    steps = (first, *(level for level in map(GeometryLevel, fallback) if level > first))
    return tuple(level for level in steps if level is not GeometryLevel.NONE)


def _warnings(raw: dict[str, Any]) -> WarningRule:
    return WarningRule(
        lasts=timedelta(hours=raw["max_hours"]),
        levels=tuple(raw["levels"]),
        telling=frozenset(map(Hazard, raw["telling"])),
        telling_levels=tuple(raw["telling_levels"]),
        telling_groups=frozenset(map(SiteGroup, raw["telling_groups"])),
        k=raw["k"],
    )


def _activities(raw: dict[str, Any], *, mixed: ContextMode) -> ActivityRules:
    """The rules of the 5W; those of the file for rules that were published before there were any."""
    by_mode: dict[ContextMode, ActivityRule] = {mode: _activity(raw[mode.value]) for mode in MODES}
    return ActivityRules(
        k_organisations=raw["k_organisations"],
        by_mode=MappingProxyType({**by_mode, ContextMode.MIXED: by_mode[mixed]}),
    )


def _activity(row: dict[str, Any]) -> ActivityRule:
    return ActivityRule(
        level=GeometryLevel(row["geom"]),
        delay=timedelta(hours=row["delay_h"]),
        after_the_month=row["taken"] == "MONTH_ENDED",
        needs_approval=Approval(row["approval"]) is not Approval.NONE,
        mask=frozenset(row["mask"]),
    )


def _legal(raw: dict[str, Any], profile: LegalProfile) -> LegalFloor:
    floor = raw["legal_profiles"][profile.value]
    masks: dict[SiteGroup, frozenset[str]] = {}
    for item in floor.get("forbid", []):
        mask = raw["legal_masks"].get(item, {"groups": [], "fields": []})
        for group in map(SiteGroup, mask["groups"]):
            masks[group] = masks.get(group, frozenset()) | frozenset(mask["fields"])
    return LegalFloor(min_delay=timedelta(hours=floor["min_delay_h"]), masks=MappingProxyType(masks))


def _sets(listed: dict[str, Any], kind: type[Choice]) -> Mapping[Tier, frozenset[Any]]:
    return MappingProxyType(
        {Tier(tier): frozenset(list(kind) if codes == "any" else map(kind, codes)) for tier, codes in listed.items()}
    )
