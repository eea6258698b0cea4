"""How a pair stands among the other candidates of its two sides: who else is nearer, sooner, and how crowded the spot is. Pure.

The nearest of thirty reports in a crowded street means less than the nearest of two on an open road. Every count comes twice,
for the side where it is smaller (``few``) and where it is larger (``many``), so that it does not matter which report comes first.
"""

import numpy as np

from server.matching.accounts import Columns, Floats, Whole
from server.matching.pairs import Pairs

CLOSE_M, CLOSE_HOURS = 50.0, 48.0  # one step of place weighs as much as one of time, where both are taken together
CIRCLES = {"spot": (25.0, np.inf), "spot_day": (50.0, 24.0), "spot_week": (50.0, 168.0), "block_days": (150.0, 72.0)}
RANKS = ("nearer", "sooner", "closer")
MEASURED = tuple(f"{name}_{side}" for name in (*RANKS, *CIRCLES) for side in ("few", "many"))


def surroundings(columns: Columns, left: Whole, right: Whole) -> dict[str, np.ndarray]:
    """The measures of ``MEASURED`` for each pair, counted among all the pairs given; float32 to spare memory."""
    bare = Pairs.bare(columns, left, right)
    metres, hours = bare.metres, bare.gap_hours
    found: dict[str, np.ndarray] = {}
    both = np.concatenate([left, right])
    for name, value in zip(RANKS, (metres, hours, metres / CLOSE_M + hours / CLOSE_HOURS), strict=True):
        rank = _ranks(both, np.concatenate([value, value]))
        _keep(found, name, rank[: len(left)], rank[len(left) :])
    for name, (reach, span) in CIRCLES.items():
        inside = (metres <= reach) & (hours <= span)
        count = np.bincount(left[inside], minlength=len(columns)) + np.bincount(right[inside], minlength=len(columns))
        _keep(found, name, count[left], count[right])
    return found


def _keep(found: dict[str, np.ndarray], name: str, one: np.ndarray, other: np.ndarray) -> None:
    found[f"{name}_few"] = np.minimum(one, other).astype(np.float32)
    found[f"{name}_many"] = np.maximum(one, other).astype(np.float32)


def _ranks(owner: Whole, value: Floats) -> np.ndarray:
    """How many of the same owner's values are smaller; equal ones share the smallest rank. Values are told apart to a millimetre."""
    value = np.round(value, 3)
    order = np.lexsort((value, owner))
    owner, value = owner[order], value[order]
    place = np.arange(len(order))
    begins = np.ones(len(order), bool)
    begins[1:] = owner[1:] != owner[:-1]
    differs = begins.copy()
    differs[1:] |= value[1:] != value[:-1]
    first = np.maximum.accumulate(np.where(begins, place, 0))
    equal = np.maximum.accumulate(np.where(differs, place, 0))
    ranks = np.empty(len(order), np.float32)
    ranks[order] = equal - first
    return ranks
