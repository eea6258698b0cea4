"""Areas and sectors as limits: everybody who works here reads all records, but decides only where, and about what, they work."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from server.accounts.policy import Actor, acts_for, acts_in, may
from server.core.problems import Problem
from server.vocabulary import NeedType, Sector, SiteType

READING = frozenset({
    "see_desk", "see_reports", "see_personal_words", "see_contact", "see_photos", "see_evidence", "see_unredacted", "see_exact_points",
    "preview_public", "see_publication", "see_ledger", "work_queue", "be_alerted", "print_situation", "print_for_coordinators",
    "take_out_of_public", "redact", "give_aid", "have_account",
})  # fmt: skip
"""What no limit takes away: reading, leaving word, stopping harm, and what one's own organisation gives (its needs say more)."""

_SECTORS = {kind.value: kind.sector for kind in NeedType}


class Placed(Protocol):
    """A damage record, or what lies and is like one; None where an area is not known."""

    @property
    def adm1_pcode(self) -> str | None: ...  # noqa: D102
    @property
    def adm2_pcode(self) -> str | None: ...  # noqa: D102
    @property
    def adm3_pcode(self) -> str | None: ...  # noqa: D102
    @property
    def site_type(self) -> SiteType: ...  # noqa: D102
    @property
    def needs(self) -> Sequence[str]: ...  # noqa: D102


def sectors_of(record: Placed) -> set[Sector]:
    """The sectors a record concerns: that of the place and those of its needs; none where nobody knows what kind of place it is."""
    own = record.site_type.sector
    return set() if own is Sector.MS else {own, *(_SECTORS[need] for need in record.needs if need in _SECTORS)}


def works_on(actor: Actor, record: Placed) -> bool:
    """Whether an actor's areas and sectors reach a record. What has no known area or sector is everybody's."""
    inside = acts_in(actor, (record.adm1_pcode, record.adm2_pcode, record.adm3_pcode))
    return inside and acts_for(actor, sectors_of(record))


def check_limits(actor: Actor, *records: Placed) -> None:
    """Problem ``outside_your_area`` unless the actor works where each of these lies, and in one of its sectors."""
    if not all(works_on(actor, record) for record in records):
        raise Problem("outside_your_area")


def check_reach(actor: Actor, pcodes: Iterable[str | None], *, sectors: Iterable[str]) -> None:
    """The same of what is no damage record: an activity, or one need."""
    if not (acts_in(actor, pcodes) and acts_for(actor, sectors)):
        raise Problem("outside_your_area")


def may_on(actor: Actor, action: str, record: Placed) -> bool:
    """Whether an actor may do ``action`` with this record: the roles allow it, and for all but reading their limits reach it."""
    return may(actor, action) and (action in READING or works_on(actor, record))


_IN_AREAS = """ AND (coalesce({i}.adm1_pcode, {i}.adm2_pcode, {i}.adm3_pcode) IS NULL OR EXISTS (
  SELECT FROM unnest(CAST(:areas AS text[])) area
  WHERE starts_with({i}.adm1_pcode, area) OR starts_with({i}.adm2_pcode, area) OR starts_with({i}.adm3_pcode, area)))"""
_IN_SECTORS = " AND ({i}.site_type = ANY(CAST(:types AS text[])) OR {i}.needs && CAST(:needs AS varchar[]))"


def within_limits(actor: Actor, *records: str) -> tuple[str, dict[str, Any]]:
    """SQL and its values: the records of these aliases (``i`` if none) that an actor's limits reach, as ``works_on``; "" for all."""
    sectors = {*actor.sectors, Sector.MS.value}
    types = [kind.value for kind in SiteType if kind.sector.value in sectors]
    needs = [kind.value for kind in NeedType if kind.sector.value in actor.sectors]
    said = (_IN_AREAS if actor.areas else "") + (_IN_SECTORS if actor.sectors else "")
    values = ({"areas": list(actor.areas)} if actor.areas else {}) | ({"types": types, "needs": needs} if actor.sectors else {})
    return "".join(said.format(i=record) for record in records or ("i",)), values
