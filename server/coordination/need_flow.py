"""What becomes of a need, what is still missing, and where help is short or doubled. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from server.vocabulary import NeedStatus, NeedType, Urgency

LIVE = (NeedStatus.OPEN, NeedStatus.REFERRED, NeedStatus.IN_PROGRESS, NeedStatus.PARTIALLY_MET)
"""What still has to be done."""
CLOSED = (NeedStatus.MET, NeedStatus.CLOSED_UNMET, NeedStatus.NOT_VALID, NeedStatus.DUPLICATE)
"""What a person may say when closing a need."""

Mark = Literal["gap", "short", "overlap", "covered", "quiet"]

_AT_ONCE = (NeedType.SAR, NeedType.EVAC, NeedType.MED, NeedType.EOD)
_SOON = (
    NeedType.WATER, NeedType.FOOD, NeedType.INFANT, NeedType.MED_SUPPLY, NeedType.SHELTER, NeedType.HEAT,
    NeedType.PROTECTION, NeedType.CHILD_PROT,
)  # fmt: skip
_LATER = (NeedType.REPAIR_STRUCT, NeedType.DEBRIS, NeedType.LEGAL_HLP, NeedType.CASH, NeedType.OTH)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of one need when its status is worked out. ``by_hand`` is how a person closed it, or None."""

    quantity: Decimal | None = None
    brought: Decimal = Decimal(0)
    is_taken: bool = False
    is_offered: bool = False
    by_hand: NeedStatus | None = None


def status_of(facts: Facts) -> NeedStatus:
    """What became of a need: what a person closed stays closed; else what was brought counts, then who took it on."""
    if facts.by_hand:
        return facts.by_hand
    if facts.quantity is not None and facts.brought >= facts.quantity:
        return NeedStatus.MET
    if facts.brought > 0:
        return NeedStatus.PARTIALLY_MET
    if facts.is_taken:
        return NeedStatus.IN_PROGRESS
    return NeedStatus.REFERRED if facts.is_offered else NeedStatus.OPEN


def missing(quantity: Decimal | None, brought: Decimal) -> Decimal | None:
    """How much is still to be brought; None where nobody said how much is needed."""
    return None if quantity is None else max(Decimal(0), quantity - brought)


def first_urgency(need_type: NeedType) -> Urgency:
    """How urgent a need is taken to be until a person says so."""
    if need_type in _AT_ONCE:
        return Urgency.U1
    if need_type in _SOON:
        return Urgency.U2
    return Urgency.U4 if need_type in _LATER else Urgency.U3


def mark_of(untaken: int, organisations: Iterable[object]) -> Mark:
    """How one district stands in one sector, by the needs nobody took on and the organisations at work there.

    ``gap``: needs, and nobody at work; ``short``: needs nobody took on beside somebody at work; ``overlap``: several at
    work and nothing left to take on; ``covered``: one at work and nothing left.
    """
    at_work = len(set(organisations))
    if untaken:
        return "short" if at_work else "gap"
    if at_work:
        return "overlap" if at_work > 1 else "covered"
    return "quiet"
