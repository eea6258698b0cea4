"""What several reports of one damage say together, by stated rules; who of them is an independent witness; where they disagree.

Pure. A witness is a person who saw, not a row: what one account, one photo, one post or one wording brings several times is one
voice, and who was shown what is known nearby before sending speaks after the first voice, not beside it. An operator of a hotline
or the maker of an import is nobody's voice: each caller and each row counts for itself. Each field has one rule, named in ``RULES``.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from statistics import median_high, median_low
from typing import Any

from server.core.choices import N_
from server.matching.patterns import alike_pictures
from server.vocabulary import EventPrecision, SiteType, SourceType, precedence, taxonomy_distance

ENOUGH_FOR_A_MEDIAN = 3
GRADES_APART = 2  # neighbours in grade are a matter of eye; two grades apart is a contradiction
KINDS_APART = 0.8

RANKED = N_("the better source prevails; among equals the newer")
MEDIAN = N_("the middle of what the best sources say")
MOST = N_("what most witnesses name; among equals the better source")
ALL = N_("everything anybody names")
INTERVAL = N_("the narrowest time that the accounts agree on")
RULES = {
    "damage": RANKED, "site_type": MOST, "functional_status": RANKED, "cause_group": RANKED, "in_use_as": RANKED,
    "hazards": ALL, "needs": ALL, "access_constraints": ALL, "people_trapped": ALL, "event": INTERVAL,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Said:
    """One report: what it says of each field of ``RULES`` (None: nothing), and what tells whose account it is.

    ``damage`` is (least, best or None, most), ``event`` is (not before, not after, exactness). ``person`` is who entered it, unless
    they speak for others. ``by_engineer``: who graded inspects buildings. ``photos`` are 64-bit fingerprints, ``posts`` keyed hashes
    of what it cites, ``wording`` of how a stranger words it (none for few words).
    """

    report: str
    received_at: datetime
    source: SourceType
    values: Mapping[str, Any]
    person: str = ""
    speaks_for_others: bool = False
    saw_hint: bool = False
    by_engineer: bool = False
    photos: tuple[int, ...] = ()
    posts: frozenset[int] = field(default_factory=frozenset)
    wording: frozenset[int] = field(default_factory=frozenset)

    @property
    def rank(self) -> tuple[Any, ...]:
        """The greatest prevails: better source, then newer, then by number."""
        return (*precedence(self.source, observed_at=self.received_at, by_engineer=self.by_engineer), self.report)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What holds of one field, by which rule, how many witnesses say just that, and what others say instead with their number."""

    value: Any
    rule: str
    witnesses: int
    otherwise: tuple[tuple[Any, int], ...] = ()
    is_disputed: bool = False


@dataclass(frozen=True, slots=True)
class Consensus:
    """What all reports say together. ``fields`` follow ``RULES``; one that nobody speaks of is absent."""

    fields: dict[str, Agreed]
    witnesses: int
    reports: int

    @property
    def disputed(self) -> list[str]:
        """The fields about which witnesses contradict one another."""
        return sorted(name for name, agreed in self.fields.items() if agreed.is_disputed)

    def value(self, name: str, default: Any = None) -> Any:
        """What holds of a field, or ``default`` where nobody says."""
        return self.fields[name].value if name in self.fields else default


def agree(reports: Sequence[Said]) -> Consensus:
    """What these reports say together; the same whatever their order."""
    voices = witnesses(reports)
    fields = {}
    for name, settle in _SETTLE.items():
        said = [word for voice in voices if (word := _word(voice, name)) is not None]
        if said:
            fields[name] = settle(name, sorted(said, key=lambda word: word[1].rank, reverse=True))
    return Consensus(fields, len(voices), len(reports))


def witnesses(reports: Sequence[Said]) -> list[tuple[Said, ...]]:
    """The reports grouped by independent witness, each group and all groups oldest first."""
    ordered = sorted(reports, key=lambda said: (said.received_at, said.report))
    group = list(range(len(ordered)))
    for one, other in combinations(range(len(ordered)), 2):
        if _is_one_voice(ordered[one], ordered[other]) or (one == 0 and ordered[other].saw_hint):
            low, high = sorted((group[one], group[other]))
            group = [low if mine == high else mine for mine in group]
    return [tuple(said for said, mine in zip(ordered, group, strict=True) if mine == voice) for voice in sorted(set(group))]


def _is_one_voice(one: Said, other: Said) -> bool:
    same_person = one.person and one.person == other.person and not (one.speaks_for_others or other.speaks_for_others)
    same_photo = alike_pictures(one.photos, other.photos)
    same_words = one.wording and one.wording == other.wording  # neighbours who tell of one thing share many words, but not all
    return bool(same_person or same_photo or same_words or one.posts & other.posts)


Word = tuple[Any, Said]


def _word(voice: Sequence[Said], name: str) -> Word | None:
    """What one witness holds of a field: of several accounts the better and newer, of a list all that was named."""
    said = [(one.values[name], one) for one in sorted(voice, key=lambda one: one.rank, reverse=True) if _says(one.values.get(name))]
    if not said:
        return None
    if RULES[name] == ALL and name != "people_trapped":
        return sorted({code for value, _one in said for code in value}), said[0][1]
    return said[0]


def _says(value: Any) -> bool:
    return value is not None and value != [] and value is not False


def _ranked(_name: str, said: list[Word]) -> Agreed:
    return _agreed(said[0][0], RANKED, said, lambda one, other: one != other)


def _damage(_name: str, said: list[Word]) -> Agreed:
    """The newest of the best rank; the middle where that rank has three witnesses or more."""
    best = [word for word in said if word[1].rank[0] == said[0][1].rank[0]]
    if len(best) < ENOUGH_FOR_A_MEDIAN:
        return _agreed(said[0][0], RANKED, said, _grades_differ)
    least, middle, most = zip(*((low, high if chosen is None else chosen, high) for (low, chosen, high), _ in best), strict=True)
    grade = median_high(middle)
    return _agreed((min(median_low(least), grade), grade, max(median_high(most), grade)), MEDIAN, said, _grades_differ)


def _grades_differ(one: tuple[int, int | None, int], other: tuple[int, int | None, int]) -> bool:
    return max(one[0], other[0]) - min(one[2], other[2]) >= GRADES_APART


def _kind(_name: str, said: list[Word]) -> Agreed:
    named = [word for word in said if word[0] not in (SiteType.UNK, SiteType.OTH)] or said
    value = Counter(value for value, _ in named).most_common(1)[0][0]  # of equals the first, which the better source named
    return _agreed(value, MOST, named, lambda one, other: taxonomy_distance(one, other) >= KINDS_APART)


def _all(name: str, said: list[Word]) -> Agreed:
    if name == "people_trapped":
        return Agreed(value=True, rule=ALL, witnesses=len(said))
    return Agreed(sorted({code for value, _ in said for code in value}), ALL, len(said))


def _interval(_name: str, said: list[Word]) -> Agreed:
    """From the most exact account on, each narrows the time; one that would leave nothing is passed over and kept as dissent."""
    timed = sorted(said, key=lambda word: (word[0][1] - word[0][0], word[1].received_at, word[1].report))
    (first, last, precision), otherwise, kept = timed[0][0], [], 1
    for (earliest, latest, exactness), _one in timed[1:]:
        if max(first, earliest) > min(last, latest):
            otherwise.append(((earliest, latest, exactness), 1))
            continue
        first, last, kept = max(first, earliest), min(last, latest), kept + 1
    return Agreed((first, last, precision), INTERVAL, kept, tuple(otherwise), bool(otherwise))


def _agreed(value: Any, rule: str, said: list[Word], contradicts: Callable[[Any, Any], bool]) -> Agreed:
    counted = Counter(word for word, _ in said)
    otherwise = tuple((other, count) for other, count in counted.most_common() if other != value)
    return Agreed(value, rule, counted[value], otherwise, any(contradicts(value, other) for other, _ in otherwise))


_SETTLE: dict[str, Callable[[str, list[Word]], Agreed]] = {
    "damage": _damage, "site_type": _kind, "functional_status": _ranked, "cause_group": _ranked, "in_use_as": _ranked,
    "hazards": _all, "needs": _all, "access_constraints": _all, "people_trapped": _all, "event": _interval,
}  # fmt: skip

UNKNOWN_TIME = (None, None, EventPrecision.UNK)
