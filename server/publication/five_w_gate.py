"""The gate of the 5W in a dated data set: looks at the frozen rows with other eyes than those that judged them."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select

from server.core.clock import now
from server.core.database import session
from server.publication import changing, naming
from server.publication.five_w import modes
from server.publication.five_w_files import COLUMNS
from server.publication.five_w_models import FrozenActivity
from server.publication.five_w_rules import UNNAMED
from server.publication.gate import findings
from server.publication.policy import ActivityRule, Policy
from server.publication.release_models import ReleaseDraft
from server.vocabulary import GeometryLevel

PEOPLE = ("beneficiaries_planned", "beneficiaries_reached")


def faults(draft: ReleaseDraft, *, names: frozenset[str]) -> Iterator[str]:
    """The numbers of rows that must not leave; of a data set that is made again, only what was always forbidden."""
    rows = session.scalars(select(FrozenActivity.row).where(FrozenActivity.edition == draft.edition)).all()
    rules, named = changing.in_force(now()), {UNNAMED, *(row.name for row in naming.named_now())}
    situation = modes(sorted({row["adm1_pcode"] for row in rows}), now())
    for row in rows:
        rule = rules.activities.by_mode[situation[row["adm1_pcode"]]]
        told_now = not draft.remakes and (row["org_name"] not in named or _too_fine(row, rule))
        if told_now or _gives_away(row, rules, names=names):
            yield row["row_id"]


def _too_fine(row: Mapping[str, Any], rule: ActivityRule) -> bool:
    district = row["adm2_pcode"] is not None or row["geo_level"] != GeometryLevel.ADM1
    this_month = row["start"] >= f"{now():%Y-%m}"
    masked = any(row[name] is not None for name in rule.mask)
    return (district and rule.level is GeometryLevel.ADM1) or (this_month and rule.after_the_month) or masked


def _gives_away(row: Mapping[str, Any], rules: Policy, *, names: frozenset[str]) -> bool:
    """Whether a row has a column too many, a small number, one that is not rounded, or words that the gate stops."""
    small, known = rules.small_cells, {name: row[name] for name in ("activities", *PEOPLE) if row[name] is not None}
    few = any(0 < number < small.min_count for number in known.values())
    exact = any(number % small.round_to for name, number in known.items() if name in PEOPLE)
    words = f"{row['org_name']} {row['org_acronym'] or ''}"
    return set(row) != set(COLUMNS) or few or exact or bool(findings(words, names=names))
