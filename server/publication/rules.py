"""What the world may see of a damage record: the one judge. Pure; the ledger and the clock are handed in.

The policy itself is ``policy.yaml``; this is the algorithm over it. Its order is: refuse, wait, coarsen the place until
it is hidden, coarsen the time, take out fields, and never let words or photographs be sharper than the place.
"""

import hashlib
import hmac
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from server.publication.cases import AreaMode, Candidate, Reason, Surroundings, Verdict
from server.publication.coarsening import (
    AREAS,
    CELLS,
    NONE,
    POINT,
    Disclosure,
    Whereabouts,
    agrees,
    area_columns,
    exists,
    exposed,
    finest,
    hidden,
    left_over,
    settle,
    shown_place,
    steps,
)
from server.publication.kinds import Naming, left_out, named, of_class
from server.publication.policy import Policy, PolicyRow
from server.vocabulary import (
    REFUSED_SITES,
    ContextMode,
    Decision,
    GeometryLevel,
    MediaLevel,
    SensitivityClass,
    SiteType,
    Tier,
    TimeLevel,
    WorkflowState,
)

__all__ = ["AreaMode", "Candidate", "Disclosure", "Reason", "Surroundings", "Verdict", "Whereabouts", "judge"]

CONFLICT = frozenset({ContextMode.CONFLICT_ACTIVE, ContextMode.CONFLICT_LOW})
STRICTEST_FIRST = (
    ContextMode.CONFLICT_ACTIVE, ContextMode.CONFLICT_LOW, ContextMode.POST_CONFLICT, ContextMode.DISASTER,
)  # fmt: skip
_SITES = {kind.value: kind for kind in SiteType}
GONE = frozenset({WorkflowState.WITHDRAWN, WorkflowState.MERGED_INTO, WorkflowState.QUARANTINED})


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A record, its world, and the policy rows that apply: one for each context and each class."""

    candidate: Candidate
    around: Surroundings
    policy: Policy
    tier: Tier
    rows: tuple[PolicyRow, ...]


def judge(candidate: Candidate, *, surroundings: Surroundings, tier: Tier, policy: Policy) -> Verdict:
    """Decide what `tier` may see of a damage record at ``surroundings.now``."""
    refused = _refusals(candidate, tier, policy)
    modes, why_modes = situation(surroundings, policy)
    context = next(mode for mode in STRICTEST_FIRST if mode in modes)
    if refused:
        return Verdict(
            decision=Decision.SUPPRESS, policy_version=policy.version, reasons=refused, context=context,
            due_at=_next_mode(surroundings, policy),
        )  # fmt: skip
    classes = classes_of(candidate)
    rows = tuple(policy.rows[tier, mode, kind] for mode in sorted(modes) for kind in sorted(classes))
    case = _Case(candidate=candidate, around=surroundings, policy=policy, tier=tier, rows=rows)
    level = _level(case)
    depth, kinds = _beside(case, level)
    hold_until, why_hold = _hold(case)
    start, end = local_dates(candidate, max(row.time for row in rows))
    return Verdict(
        decision=_decision(level, waits=bool(why_hold), sensitivity=max(classes)),
        policy_version=policy.version,
        geometry_level=level,
        cell_or_pcode=shown_place(candidate.place, level),
        area_depth=depth,
        sensitivity=max(classes),
        time_level=max(row.time for row in rows),
        date_start=start,
        date_end=end,
        field_mask=_mask(case, level, depth) | kinds,
        media_level=_media(case, level),
        reasons=(*why_hold, *why_modes, *_why_place(case, level, depth), *((Reason.KIND_COARSENED,) if kinds else ())),
        hold_until=hold_until,
        already_disclosed=finest(surroundings.disclosed),
        context=context,
        hourly=all(row.hourly for row in rows),
        approval=max(row.approval for row in rows),
        due_at=_earliest([_next_mode(surroundings, policy), hold_until], after=surroundings.now),
    )


def situation(surroundings: Surroundings, policy: Policy) -> tuple[frozenset[ContextMode], tuple[Reason, ...]]:
    """The modes that hold in the area now. Unknown and expired count as active conflict; several all apply."""
    now, lasts = surroundings.now, policy.context_lasts
    current = [said for said in surroundings.contexts if said.from_at <= now < min(said.until_at, said.from_at + lasts)]
    if not current:
        why = Reason.CONTEXT_EXPIRED if surroundings.contexts else Reason.CONTEXT_UNKNOWN
        return frozenset({policy.unknown_context}), (why,)
    modes = {said.mode for said in current}
    if ContextMode.MIXED in modes:
        modes = (modes - {ContextMode.MIXED}) | policy.mixed_context
    return frozenset(modes), ()


def classes_of(candidate: Candidate) -> frozenset[SensitivityClass]:
    """The class of the site, of its present use and of a person's override: all apply, so none can loosen another."""
    site = site_of(candidate).sensitivity
    more = [candidate.in_use_as.sensitivity if candidate.in_use_as else None, candidate.raised_to]
    return frozenset({site, *(kind for kind in more if kind is not None and kind > site)})


def site_of(candidate: Candidate) -> SiteType:
    """The type of the site; only what `_refusals` let through has one."""
    return _SITES[candidate.site_type]


def holdback(record: UUID, *, key: bytes, bounds: tuple[timedelta, timedelta]) -> timedelta:
    """The secret wait of one record: always the same, within the policy's bounds, unguessable without the key."""
    low, high = bounds
    digest = hmac.new(key, b"holdback:" + record.bytes, hashlib.sha256).digest()
    return low + (high - low) * (int.from_bytes(digest[:6], "big") / (2**48 - 1))


def local_dates(candidate: Candidate, level: TimeLevel) -> tuple[date | None, date | None]:
    """First and last day on the site's own calendar, widened to whole weeks or months where the level asks for it."""
    zone = ZoneInfo(candidate.time_zone)
    moments = (candidate.event_earliest, candidate.event_latest)
    start, end = (moment.astimezone(zone).date() if moment else None for moment in moments)
    if level is TimeLevel.WEEK:
        return start and start - timedelta(days=start.weekday()), end and end + timedelta(days=6 - end.weekday())
    if level is TimeLevel.MONTH:
        return start and start.replace(day=1), end and end.replace(day=monthrange(end.year, end.month)[1])
    return start, end


def period_end(moment: datetime, level: TimeLevel, *, zone: str) -> datetime:
    """The end of the day, week or month that holds a moment, on the calendar of the place.

    A row that names a week must not tell the day by the day on which it appears, so waits are counted from here.
    """
    there = ZoneInfo(zone)
    day = moment.astimezone(there).date()
    if level is TimeLevel.WEEK:
        day += timedelta(days=6 - day.weekday())
    elif level is TimeLevel.MONTH:
        day = day.replace(day=monthrange(day.year, day.month)[1])
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=there).astimezone(UTC)


def _refusals(candidate: Candidate, tier: Tier, policy: Policy) -> tuple[Reason, ...]:
    """Why the record may not be shown at all, now or later, as it stands."""
    if candidate.is_military or candidate.site_type in REFUSED_SITES:
        return (Reason.MILITARY,)
    found = [
        (candidate.is_killed, Reason.KILLED),
        (candidate.is_quarantined or candidate.is_withdrawn or candidate.workflow in GONE, Reason.GONE),
        (candidate.certainty not in policy.certainties.get(tier, frozenset()), Reason.CERTAINTY),
    ]
    return tuple(reason for holds, reason in found if holds)


def _level(case: _Case) -> GeometryLevel:
    """The finest level that satisfies every row: the stricter of all contexts and classes that apply."""
    place, seen, counts = case.candidate.place, case.around.disclosed, case.around.k
    rows = [_for_role(row, case.around) for row in case.rows]
    start = max(settle(place, row, counts=counts, seen=seen, accuracy_m=case.policy.accuracy_m) for row in rows)
    allowed = sorted({level for row in rows for level in steps(row) if start <= level < NONE})
    fitting = (level for level in allowed if all(hidden(level, row, counts=counts, seen=seen) for row in rows))
    placed = (level for level in fitting if exists(place, level) and agrees(place, level, seen))
    return next((level for level in placed if not _gives_kind_away(case, level)), NONE)


def _gives_kind_away(case: _Case, level: GeometryLevel) -> bool:
    """Whether a level, finer than any told before, is one in which even a blank would tell the place by its kind."""
    told = finest(case.around.disclosed)
    return level in CELLS and (told is None or level < told) and _naming(case, level, 0) is Naming.UNSAFE


def _beside(case: _Case, level: GeometryLevel) -> tuple[int, frozenset[str]]:
    """How many administrative columns may stand beside the level, and which columns of the kind may not."""
    around = case.around
    depth = area_columns(case.candidate.place, level, case.rows, counts=around.k, seen=around.disclosed)
    while (naming := _naming(case, level, depth)) is Naming.UNSAFE and depth and level in CELLS:
        depth -= 1
    return depth, left_out(site_of(case.candidate), naming)


def _for_role(row: PolicyRow, around: Surroundings) -> PolicyRow:
    """The row less its first step, which is for the protection and camp clusters only."""
    return row if around.has_protection_role or not row.needs_role else replace(row, ladder=row.ladder[1:])


def _hold(case: _Case) -> tuple[datetime | None, tuple[Reason, ...]]:
    """Until when to wait (None: nobody can say yet), and why; no reasons when the wait is over."""
    record, now = case.candidate, case.around.now
    known = [moment for moment in (record.event_latest, *record.evidence_received_at.values()) if moment]
    if not known or record.workflow not in case.policy.workflows[case.tier]:
        return None, (Reason.UNDECIDED,)
    until = max(_wait_over(case, row, last=max(known)) for row in case.rows)
    why = [Reason.EMBARGO] if record.embargo_until and record.embargo_until > now else []
    why += [Reason.AREA_HELD] if record.area_held_until and record.area_held_until > now else []
    why += [Reason.WAITING] if until > now else []
    return max(until, record.embargo_until or until, record.area_held_until or until), tuple(why)


def _wait_over(case: _Case, row: PolicyRow, *, last: datetime) -> datetime:
    """When one row of the policy lets a record go whose last fact is of `last`."""
    delay = max(row.delay, case.policy.legal[case.around.legal_profile].min_delay)
    if case.tier is not Tier.PUBLIC:
        return last + delay
    if row.time >= TimeLevel.WEEK or row.context in CONFLICT:
        last = period_end(last, row.time, zone=case.candidate.time_zone)
    return last + delay + holdback(case.candidate.id, key=case.around.holdback_key, bounds=row.holdback)


def _next_mode(around: Surroundings, policy: Policy) -> datetime | None:
    """The next moment at which what was said of the area begins or ends."""
    edges = [
        edge for said in around.contexts for edge in (said.from_at, said.until_at, said.from_at + policy.context_lasts)
    ]
    return _earliest(edges, after=around.now)


def _earliest(moments: Iterable[datetime | None], *, after: datetime) -> datetime | None:
    return min((moment for moment in moments if moment is not None and moment > after), default=None)


def _decision(level: GeometryLevel, *, waits: bool, sensitivity: SensitivityClass) -> Decision:
    if level is NONE:
        return Decision.SUPPRESS if sensitivity is SensitivityClass.S4 else Decision.AGGREGATE_ONLY
    return Decision.HOLD_UNTIL if waits else Decision.PUBLISH


def _mask(case: _Case, level: GeometryLevel, depth: int) -> frozenset[str]:
    """The names of everything that must stay blank, whatever the kind of place."""
    policy = case.policy
    mask = set(policy.legal[case.around.legal_profile].masks.get(site_of(case.candidate).group, ()))
    mask |= policy.restricted_in_conflict if any(row.context in CONFLICT for row in case.rows) else set()
    mask |= policy.location_equivalent if level is not POINT else set()
    mask |= {"h3_cell"} if level in AREAS or level is NONE else set()
    mask |= {name for at in (1, 2, 3) if at > depth for name in (f"adm{at}_pcode", f"adm{at}_name")}
    mask |= {"casualties", "displaced_band"} if level not in AREAS else set()
    return frozenset(mask)


def _naming(case: _Case, level: GeometryLevel, depth: int) -> Naming:
    """The kind narrows too: it is named only as exactly as k places in what is shown would be."""
    needed = max((0 if row.ladder[0] is POINT else row.k) for row in case.rows)
    if needed == 0 or level is NONE:
        return Naming.TYPE
    site, around = site_of(case.candidate), case.around
    area = exposed(around.disclosed, level=level, depth=depth)
    if area == level.value:
        area = next((name for row in case.rows if (name := left_over(level, row)) != area), area)
    numbers = around.of_class(site.sensitivity, area) if around.of_class else of_class(around.k, site.sensitivity, area)
    found = named(site, numbers, k=needed, in_cell=area.startswith("H3_"))
    is_listed = found is not Naming.UNSAFE or around.k.get((site.value, level.value), 0)
    return found if is_listed else Naming.LEFT_OUT  # what is on no list is not found by looking through the lists


def _media(case: _Case, level: GeometryLevel) -> MediaLevel:
    """The safest copy any row allows; to the public none unless the exact place is shown, and never of children."""
    record = case.candidate
    if not record.has_photos or record.shows_minors or (case.tier is Tier.PUBLIC and level is not POINT):
        return MediaLevel.NONE
    return min(row.media for row in case.rows)


def _why_place(case: _Case, level: GeometryLevel, depth: int) -> tuple[Reason, ...]:
    record, before = case.candidate, finest(case.around.disclosed)
    usual = max(row.ladder[0] for row in case.rows)
    found = [
        (len({row.sensitivity for row in case.rows}) > 1, Reason.RAISED),
        (level is NONE, Reason.NO_SAFE_PLACE),
        (usual < level < NONE, Reason.COARSENED),
        (level in CELLS and depth < sum(pcode is not None for pcode in record.place.pcodes), Reason.AREA_LEFT_OUT),
        (before is not None and before < level, Reason.ALREADY_DISCLOSED),
        (before is not None and level < before, Reason.REFINED),
        (record.has_photos and level is not POINT, Reason.PHOTO_LEFT_OUT),
        (record.has_words, Reason.WORDS_LEFT_OUT),
    ]
    return tuple(reason for holds, reason in found if holds)
