"""What is to be done with a report, given the accounts of the damage records near it. Pure: no database, no clock."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from server.matching import batch
from server.matching.accounts import Account
from server.matching.scoring import Band, Reason, Relation, Score, score_each, unrivalled
from server.matching.weights import Weights

MOST_SUGGESTIONS = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """How a report compares with one damage record: by the account of it that fits best.

    Its reasons begin with where every pair starts from and add up to ``total``; what is apart carries none.
    """

    incident: str
    total: float
    band: Band
    relation: Relation
    reasons: tuple[Reason, ...]
    has_identity: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """Lay the report on ``attach``, or (None) open a new record; ask a person about ``ask``; ``struck_before`` is its past.

    ``together`` are records that this report shows to be one with ``attach``.
    """

    attach: Finding | None
    ask: tuple[Finding, ...]
    struck_before: Finding | None
    together: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Said:
    """What people say of the records: the reporter (the same as, a new event at the place of), and the desk's rulings on pairs.

    ``cannot`` tells which pairs among these reports must not lie together; it is asked only where that matters.
    """

    same: str = ""
    new: str = ""
    apart_from: frozenset[str] = frozenset()
    cannot: Callable[[Iterable[str]], Iterable[tuple[str, str]]] = lambda _reports: ()


def decide(
    account: Account, candidates: Mapping[str, Sequence[Account]], weights: Weights, *, said: Said | None = None
) -> Verdict:
    """The verdict on ``account`` among the accounts of each damage record, given what people said of them."""
    said = said or Said()
    findings = _findings(account, candidates, weights, said)
    allowed = [finding for finding in findings if finding.incident not in said.apart_from]
    same = [finding for finding in allowed if finding.relation is Relation.SAME]
    surest = _surest(same, weights)
    attach, together = (surest, ()) if surest else _solved(account, candidates, same, weights, said)
    struck = [finding for finding in findings if finding.relation is Relation.SECOND_STRIKE]
    settled = {finding.incident for finding in (attach, *together) if finding}
    ask = [finding for finding in allowed if finding.incident not in settled and finding.band is not Band.APART]
    return Verdict(
        attach=attach,
        ask=tuple(ask[:MOST_SUGGESTIONS]),
        struck_before=None if attach else next((finding for finding in struck if _is_sure_of_place(finding, weights)), None),
        together=together,
    )


def _solved(
    account: Account, candidates: Mapping[str, Sequence[Account]], same: list[Finding], weights: Weights, said: Said
) -> tuple[Finding | None, tuple[Finding, ...]]:
    """Where several records are sure and none stands clear, the touched part is solved as a whole, as a file would be.

    What lies together stays together, so the answer can only join records, never take one apart.
    """
    sure = [finding for finding in same if finding.band is Band.ATTACH]
    if len(sure) < 2:
        return None, ()
    part = {finding.incident: list(candidates[finding.incident]) for finding in sure}
    must = [(one.id, other.id) for accounts in part.values() for one, other in pairwise(accounts)]
    inside = {account.id, *(one.id for accounts in part.values() for one in accounts)}
    cannot = [pair for pair in said.cannot(sorted(inside)) if inside.issuperset(pair)]
    compared = batch.compare([account, *(one for accounts in part.values() for one in accounts)], weights)
    cluster = batch.automatic(compared, weights, must=must, cannot=cannot)
    joined = [finding for finding in sure if cluster[part[finding.incident][0].id] == cluster[account.id]]
    return (joined[0], tuple(joined[1:])) if joined else (None, ())


def _findings(
    account: Account, candidates: Mapping[str, Sequence[Account]], weights: Weights, said: Said
) -> list[Finding]:
    """One finding for each record, the likeliest first; ties by record."""
    flat = [(incident, other) for incident, others in sorted(candidates.items()) for other in others]
    scores = score_each(account, [other for _, other in flat], weights)
    grouped: dict[str, list[Score]] = defaultdict(list)
    for (incident, _), score in zip(flat, scores, strict=True):
        grouped[incident].append(score)
    found = [_said_new(_finding(incident, scores, weights, is_named=incident == said.same), weights, said) for incident, scores in grouped.items()]
    return sorted(found, key=lambda finding: (-finding.total, finding.incident))


def _said_new(finding: Finding, weights: Weights, said: Said) -> Finding:
    """The reporter says that the place was struck anew: never laid together by itself, asked as a later strike."""
    if finding.incident != said.new:
        return finding
    reasons = (Reason("says_new", {}, weights.says_same), *finding.reasons)
    total = round(finding.total + weights.says_same, 3)
    return replace(finding, total=total, band=Band.SUGGEST, relation=Relation.SECOND_STRIKE, reasons=reasons)


def _finding(incident: str, scores: list[Score], weights: Weights, *, is_named: bool) -> Finding:
    """The best of the pairs stands for the record; if most of its accounts contradict, it is no sure match."""
    best = max(scores, key=lambda score: (score.band is Band.ATTACH, score.total))
    total, band = best.total, best.band
    first: tuple[Reason, ...] = ()
    if is_named and best.relation is Relation.SAME:
        first = (Reason("says_same", {}, weights.says_same),)
        total = round(total + weights.says_same, 3)
        band = Band.ATTACH if total >= weights.attach and not best.has_conflict else Band.SUGGEST
    against = sum(score.has_conflict for score in scores)
    if band is Band.ATTACH and against * 2 > len(scores):
        band = Band.SUGGEST
    reasons = () if band is Band.APART else (Reason("start", {}, round(best.base, 2)), *first, *best.reasons)
    return Finding(incident, total, band, best.relation, reasons, best.has_identity)


def _surest(same: list[Finding], weights: Weights) -> Finding | None:
    """The one record that is sure and stands clear of every other, if there is one."""
    sure = [finding for finding in same if finding.band is Band.ATTACH]
    if not sure:
        return None
    rivals = [finding.total for finding in same if finding is not sure[0]]
    return sure[0] if unrivalled(sure[0].total, max(rivals, default=None), weights) else None


def _is_sure_of_place(finding: Finding, weights: Weights) -> bool:
    """A second strike is linked without asking only where the place itself is as sure as an attachment would be."""
    return finding.total >= weights.attach
