"""What is to be done with a report, given the accounts of the damage records near it. Pure: no database, no clock."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from server.matching.accounts import Account
from server.matching.scoring import Band, Reason, Relation, Score, score_each, unrivalled
from server.matching.weights import Weights

MOST_SUGGESTIONS = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """How a report compares with one damage record: by the account of it that fits best."""

    incident: str
    total: float
    band: Band
    relation: Relation
    reasons: tuple[Reason, ...]
    has_identity: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """Lay the report on ``attach``, or (None) open a new record; ask a person about ``ask``; ``struck_before`` is its past."""

    attach: Finding | None
    ask: tuple[Finding, ...]
    struck_before: Finding | None


def decide(
    account: Account,
    candidates: Mapping[str, Sequence[Account]],
    weights: Weights,
    *,
    says_same: str = "",
    apart_from: Iterable[str] = (),
) -> Verdict:
    """The verdict on ``account`` among the accounts of each damage record.

    ``says_same`` is the record the reporter pointed at; ``apart_from`` are records a person ruled out.
    """
    forbidden = set(apart_from)
    findings = _findings(account, candidates, weights, says_same)
    allowed = [finding for finding in findings if finding.incident not in forbidden]
    same = [finding for finding in allowed if finding.relation is Relation.SAME]
    attach = _surest(same, weights)
    struck = [finding for finding in findings if finding.relation is Relation.SECOND_STRIKE]
    ask = [finding for finding in allowed if finding is not attach and finding.band is not Band.APART]
    return Verdict(
        attach=attach,
        ask=tuple(ask[:MOST_SUGGESTIONS]),
        struck_before=None if attach else next((finding for finding in struck if _is_sure_of_place(finding, weights)), None),
    )


def _findings(
    account: Account, candidates: Mapping[str, Sequence[Account]], weights: Weights, says_same: str
) -> list[Finding]:
    """One finding for each record, the likeliest first; ties by record."""
    flat = [(incident, other) for incident, others in sorted(candidates.items()) for other in others]
    scores = score_each(account, [other for _, other in flat], weights)
    grouped: dict[str, list[Score]] = defaultdict(list)
    for (incident, _), score in zip(flat, scores, strict=True):
        grouped[incident].append(score)
    found = [_finding(incident, scores, weights, is_named=incident == says_same) for incident, scores in grouped.items()]
    return sorted(found, key=lambda finding: (-finding.total, finding.incident))


def _finding(incident: str, scores: list[Score], weights: Weights, *, is_named: bool) -> Finding:
    """The best of the pairs stands for the record; if most of its accounts contradict, it is no sure match."""
    best = max(scores, key=lambda score: (score.band is Band.ATTACH, score.total))
    total, reasons, band = best.total, best.reasons, best.band
    if is_named and best.relation is Relation.SAME:
        reasons = (Reason("says_same", {}, weights.says_same), *reasons)
        total = round(total + weights.says_same, 3)
        band = Band.ATTACH if total >= weights.attach and not best.has_conflict else Band.SUGGEST
    against = sum(score.has_conflict for score in scores)
    if band is Band.ATTACH and against * 2 > len(scores):
        band = Band.SUGGEST
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
