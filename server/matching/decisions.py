"""Learn from what reviewers ruled: pairs of reports that must, or must never, lie together move the weights towards their word.

Reviewers see doubtful pairs only, so the rulings are no picture of all pairs: they move what evidence is worth, not the thresholds,
and only as far as they are many enough to tell. Nothing of a report leaves the database; the weights hold numbers only.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from server.accounts.policy import SYSTEM
from server.core.clock import now
from server.core.database import session
from server.evidence.models import Photo
from server.matching import candidates, training
from server.matching.accounts import Account, Columns
from server.matching.evidence import measure
from server.matching.models import PairRuling
from server.matching.pairs import Pairs
from server.matching.weights import weights_from
from server.matching.weights_file import write_weights
from server.reports import access
from server.reports.models import Report

ENOUGH = 30  # rulings, and a third of them of the rarer kind
AT_ONCE = 500
NEIGHBOURS = ("crowd",)  # measures of who else is near, which a ruling on two reports says nothing of


class TooFewDecisions(ValueError):
    """There is too little to learn from; the message says how much there is."""


@dataclass(frozen=True)
class Heard:
    """How many rulings of each kind were learnt from."""

    together: int
    apart: int


def train_on_decisions(target: Path, start: Path) -> Heard:
    """Write to ``target`` the weights of ``start`` moved towards the standing rulings; TooFewDecisions if there are not enough."""
    access.enter(SYSTEM)
    rulings = _standing()
    data = json.loads(start.read_text(encoding="utf-8"))
    accounts = dict(_accounts(sorted({one for pair in rulings for one in pair}), data))
    known = {pair: same for pair, same in rulings.items() if pair[0] in accounts and pair[1] in accounts}
    heard = Heard(sum(known.values()), len(known) - sum(known.values()))
    if len(known) < ENOUGH or 3 * min(heard.together, heard.apart) < ENOUGH:
        raise TooFewDecisions(
            f"{heard.together} pairs were ruled to be one damage and {heard.apart} to be two; {ENOUGH} are needed, a third of them of each kind"
        )
    write_weights(learnt(data, accounts, known, version=f"decisions {now():%Y-%m-%d} ({len(known)})"), target)
    return heard


def learnt(data: dict[str, Any], accounts: dict[str, Account], rulings: dict[tuple[str, str], bool], *, version: str) -> dict[str, Any]:
    """The weights file moved towards the rulings (pair of ids -> whether they are one). Pure. Trees, which few pairs cannot teach, go."""
    columns = Columns(accounts.values())
    row = {name: place for place, name in enumerate(columns.ids)}
    left, right = (np.array([row[pair[side]] for pair in rulings], np.int64) for side in (0, 1))
    pairs = Pairs(columns, left, right, weights_from(data).rarity, np.zeros(len(left)))
    values = measure(pairs, [name for name in data["evidence"] if name not in NEIGHBOURS])
    plain = {name: value for name, value in data.items() if name not in {"trees", "diction"}}
    return {**training.adapt(plain, values, np.array([*rulings.values()])), "version": version}


def _standing() -> dict[tuple[str, str], bool]:
    """The pairs that people ruled on, and whether they are one; in order."""
    query = select(PairRuling.report_a, PairRuling.report_b, PairRuling.ruling).where(PairRuling.ended_at.is_(None))
    return {(str(one), str(other)): ruling == "must" for one, other, ruling in session.execute(query.order_by("report_a", "report_b"))}


def _accounts(ids: list[str], data: dict[str, Any]) -> Iterator[tuple[str, Account]]:
    """The accounts of these reports; withdrawn ones are gone, and so is what was learnt of them."""
    weights = weights_from(data)
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        photos = _photos(some)
        for report in session.scalars(select(Report).where(Report.id.in_(some), Report.withdrawn_at.is_(None))):
            yield str(report.id), candidates.account_of(report, weights, photos=photos[str(report.id)])


def _photos(ids: list[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    seen = Photo.report_id.in_(ids), Photo.state == "CLEAN", Photo.perceptual_hash.is_not(None)
    for report_id, value in session.execute(select(Photo.report_id, Photo.perceptual_hash).where(*seen).order_by(Photo.id)):
        found[str(report_id)].append(int(value or 0))
    return found
