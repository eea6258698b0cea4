"""From how reports lie now and how they would lie, the fewest acts that lead there. Pure; the same whatever the order of the rows.

A record keeps its number where it keeps most of its reports. What a person worked on keeps all of its reports and its number.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Step:
    """One record to be: ``home`` keeps its number (None: one is opened); whole records join it, single reports come to it."""

    home: str | None
    joins: tuple[str, ...] = ()
    comes: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (record they leave, reports)


@dataclass(frozen=True)
class Plan:
    """What is to be done, and the numbers a person decides by."""

    steps: list[Step]
    reports: int
    records_now: int
    records_then: int
    left_to_people: int
    joins: int = field(default=0)
    moves: int = field(default=0)
    opens: int = field(default=0)


def plan(now: Mapping[str, str], wanted: Mapping[str, str], *, protected: Collection[str] = ()) -> Plan:
    """The plan from ``now`` (report: record) to ``wanted`` (report: cluster). Reports that are in one of the two only stay as they are."""
    parts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for report in sorted(now.keys() & wanted.keys()):
        parts[wanted[report]][now[report]].append(report)
    whole, kept = Counter(now.values()), set(protected)
    homes = _homes(parts, kept)
    steps, left = [], 0
    for cluster in sorted(parts):
        step, passed = _step(homes.get(cluster), parts[cluster], whole, kept)
        left += passed
        if step.joins or step.comes:
            steps.append(step)
    joins, opens = sum(len(step.joins) for step in steps), sum(step.home is None for step in steps)
    moves = sum(len(reports) for step in steps for _from, reports in step.comes)
    records = len(whole)
    return Plan(steps, len(now.keys() & wanted.keys()), records, records - joins + opens, left, joins, moves, opens)


def _homes(parts: Mapping[str, Mapping[str, list[str]]], kept: set[str]) -> dict[str, str]:
    """Which record each cluster keeps: one that a person worked on, else the one with most of its reports there; each record once."""
    offers = [
        (record not in kept, -len(reports), record, cluster) for cluster, records in parts.items() for record, reports in records.items()
    ]
    homes: dict[str, str] = {}
    taken: set[str] = set()
    for _is_free, _size, record, cluster in sorted(offers):
        if cluster not in homes and record not in taken:
            homes[cluster] = record
            taken.add(record)
    return homes


def _step(home: str | None, records: Mapping[str, list[str]], whole: Counter[str], kept: set[str]) -> tuple[Step, int]:
    """How one record comes to be, and how many records were left alone because a person worked on them."""
    joins, comes, left = [], [], 0
    for record in sorted(records, key=lambda one: (-len(records[one]), one)):
        if record == home:
            continue
        if record in kept:
            left += 1
        elif home is not None and len(records[record]) == whole[record]:
            joins.append(record)
        else:
            comes.append((record, tuple(records[record])))
    return Step(home=home, joins=tuple(joins), comes=tuple(comes)), left
