"""Whether two reports speak of one damage: a sum of explained log-odds, and the careful rules of the automatic band.

Pure. Three bands: ATTACH (sure enough to lay a report on a damage record without asking, always reversible), SUGGEST (a person
shall look) and APART. Distance alone never attaches; nor does anything while one piece of evidence contradicts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

import numpy as np

from server.matching.accounts import Account, Columns, Floats
from server.matching.blocking import is_near
from server.matching.context import surroundings
from server.matching.evidence import measure
from server.matching.pairs import Pairs
from server.matching.reasons import REASON_WORDS, Reason, reasons_of
from server.matching.weights import Weights

__all__ = ["REASON_WORDS", "Account", "Band", "Judged", "Reason", "Relation", "Score", "judge", "score", "score_each", "unrivalled"]

TIGHT_M = 25.0  # what two people pointing at one building may differ by when no accuracy is stated
SAME_PLACE_M = 300.0  # how far two pins may lie apart when the words name one numbered place
SAME_PHOTO_BITS, SAME_PHOTO_M = 6.0, 500.0  # one photo seen twice; further away it was merely passed on
SAME_KIND, OTHER_KIND = 0.2, 0.8
ALIKE_WORDS = 0.35
ONE_LIST, NEVER_TWICE = 1.0, 2.0
TIME = ("hours", "days")

class Band(StrEnum):
    """What may be done with a pair."""

    ATTACH = "ATTACH"
    SUGGEST = "SUGGEST"
    APART = "APART"


class Relation(StrEnum):
    """What the pair would be: one damage, or one place struck again."""

    SAME = "same"
    SECOND_STRIKE = "second_strike"


@dataclass(frozen=True, slots=True)
class Score:
    """How two accounts compare. ``total`` is log-odds: ``base``, from which every pair starts, and what each reason adds.

    ``has_identity`` says that something positive names one and the same thing. Reasons are put into words when asked for: most
    pairs that a report is compared with are never explained to anybody.
    """

    total: float
    band: Band
    relation: Relation
    explain: Callable[[], tuple[Reason, ...]] = field(repr=False, compare=False)
    has_identity: bool
    has_conflict: bool
    base: float = 0.0

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What speaks for and against, the weightiest first."""
        return self.explain()


@dataclass(frozen=True)
class Judged:
    """Many pairs judged at once: measures and what follows, one row for each pair."""

    values: dict[str, Floats]
    total: Floats
    identity: np.ndarray
    conflict: np.ndarray
    attach: np.ndarray
    second_strike: np.ndarray


def score(a: Account, b: Account, weights: Weights, *, crowd: int = 0) -> Score:
    """How two accounts compare; the same whichever comes first. ``crowd`` counts the other candidates near them."""
    return score_each(a, [b], weights, crowd=crowd)[0]


def score_each(a: Account, others: Sequence[Account], weights: Weights, *, crowd: int | None = None) -> list[Score]:
    """One account against each of several, in their order. ``crowd`` is how many others there are unless given."""
    if not others:
        return []
    columns = Columns([a, *others])
    count = len(others)
    left, right = np.zeros(count, np.int64), np.arange(1, count + 1)
    company = np.full(count, count - 1 if crowd is None else crowd, dtype=float)
    around = _context(columns, count, weights)
    pairs = Pairs(columns, left, right, weights.rarity, company, around, weights.diction, weights.distinct)
    judged = judge(pairs, weights)
    explained = cache(lambda: weights.contributions(judged.values))
    return [_score(pairs, judged, explained, row, weights) for row in range(count)]


def judge(pairs: Pairs, weights: Weights) -> Judged:
    """Measure, weigh and judge pairs; crowding between rivals is not yet considered (``unrivalled``)."""
    values = measure(pairs, weights.measures)
    total = weights.totals(values)
    identity, conflict = _identity(pairs, values, weights), _conflict(pairs, values, weights)
    if not weights.is_strict:
        conflict = values["source"] == NEVER_TWICE
    sure = (identity if weights.is_strict else _speaks(values)) & ~conflict
    return Judged(
        values=values,
        total=total,
        identity=identity,
        conflict=conflict,
        attach=sure & (total >= weights.attach),
        second_strike=_struck_again(pairs, values, weights),
    )


def unrivalled(best: float, rival: float | None, weights: Weights) -> bool:
    """Whether the best candidate stands clear of the next one, so that a crowded place asks a person."""
    return rival is None or best - rival >= weights.crowding_margin


def _context(columns: Columns, count: int, weights: Weights) -> dict[str, Floats]:
    """How each candidate stands among all of them, as far as they lie within reach of one another."""
    if not weights.needs_context:
        return {}
    left, right = (side.astype(np.int64) for side in np.triu_indices(count + 1, 1))
    bare = Pairs.bare(columns, left, right)
    near = (left == 0) | is_near(bare, weights)
    found = surroundings(columns, left[near], right[near])
    return {name: values[:count] for name, values in found.items()}


def _speaks(values: dict[str, Floats]) -> np.ndarray:
    """Something besides place and time speaks for one thing: distance alone never attaches."""
    alike = (values["words"] > 0) | (values["spelling"] >= ALIKE_WORDS) | (values["kind"] <= SAME_KIND)
    return alike | (values["mentioned"] <= SAME_KIND) | (values["numbers"] == 0) | (values["photo"] <= SAME_PHOTO_BITS)


def _claimed(pairs: Pairs) -> Floats:
    """Metres within which two pins on one thing may lie: what both claim, where they claim it, and never under TIGHT_M."""
    stated = pairs.columns.accuracy[pairs.left] + pairs.columns.accuracy[pairs.right]
    return np.fmax(TIGHT_M, np.minimum(np.nan_to_num(stated, nan=TIGHT_M), 4 * TIGHT_M))


def _same_kind(values: dict[str, Floats]) -> np.ndarray:
    """The declared kinds agree, or the words do where a kind is missing; never against each other."""
    declared, spoken = values["kind"] <= SAME_KIND, values["mentioned"] <= SAME_KIND
    silent = np.isnan(values["kind"])
    return (declared & ~(values["mentioned"] >= OTHER_KIND)) | (silent & spoken)


def _identity(pairs: Pairs, values: dict[str, Floats], weights: Weights) -> np.ndarray:
    """One numbered place, one photo, or one spot, kind, time and wording: something that names the thing itself."""
    place = (values["address"] == 0) & (pairs.metres <= SAME_PLACE_M)
    photo = (values["photo"] <= SAME_PHOTO_BITS) & (pairs.metres <= SAME_PHOTO_M)
    alike = (values["words"] >= ALIKE_WORDS) | (values["spelling"] >= 2 * ALIKE_WORDS)
    at_once = ~pairs.vague & (pairs.gap_hours <= weights.same_event_hours)
    spot = (pairs.metres <= _claimed(pairs)) & _same_kind(values) & alike & at_once
    return place | photo | spot


def _conflict(pairs: Pairs, values: dict[str, Floats], weights: Weights) -> np.ndarray:
    """Evidence that says these are two things, whatever the rest says."""
    return (
        (values["numbers"] == 1)
        | (values["kind"] >= OTHER_KIND)
        | (values["mentioned"] >= OTHER_KIND)
        | (values["damage"] >= 2)
        | (values["source"] >= ONE_LIST)
        | (pairs.gap_hours > weights.same_event_hours)
        | (pairs.metres > SAME_PHOTO_M)
    )


def _struck_again(pairs: Pairs, values: dict[str, Floats], weights: Weights) -> np.ndarray:
    """One place by name or by spot and kind, at times too far apart for one event."""
    spot = (pairs.metres <= _claimed(pairs)) & _same_kind(values) & ~(values["numbers"] == 1)
    named = (values["address"] == 0) & (pairs.metres <= SAME_PLACE_M)
    return (spot | named) & (pairs.gap_hours > weights.second_strike_hours)


def _score(
    pairs: Pairs, judged: Judged, explained: Callable[[], tuple[float, dict[str, Floats]]], row: int, weights: Weights
) -> Score:
    again = bool(judged.second_strike[row])
    total = float(judged.total[row])
    if again:  # time is what makes it a second strike, so it must not count against it
        contributions = explained()[1]
        total -= sum(float(contributions[name][row]) for name in TIME if name in contributions)
    band = Band.SUGGEST if total >= weights.suggest or judged.identity[row] else Band.APART
    if judged.attach[row] and not again:
        band = Band.ATTACH
    return Score(
        total=round(total, 3),
        band=band,
        relation=Relation.SECOND_STRIKE if again else Relation.SAME,
        explain=lambda: reasons_of(pairs, judged.values, explained()[1], row, unweighed=TIME if again else ()),
        has_identity=bool(judged.identity[row]),
        has_conflict=bool(judged.conflict[row]),
        base=round(weights.base, 3),
    )
