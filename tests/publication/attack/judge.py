"""Who knows the truth, and judges what a stranger claims: does a way do better than guessing inside the grid?

The grid, the periods and k are written here once more, from the policy's published table and not from the code under attack.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import sqrt

import h3
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from tests.publication.attack.stranger import Claim, outline

LUCK = 0.02  # a claim that guessing would make true less often than this, and that is true, is found out
DEVIATIONS = 3


@dataclass(frozen=True, kw_only=True)
class Truth:
    """A protected record as it really is."""

    row: str  # the public number it got, "" for none
    lon: float
    lat: float
    kind: str
    sensitivity: str
    struck_at: datetime
    adm1: str
    adm2: str
    secrets: frozenset[str] = frozenset()


@dataclass(kw_only=True)
class Judge:
    """The truths, and the areas of the land."""

    truths: list[Truth]
    areas: Mapping[str, BaseGeometry]

    def breaches(self, claims: Iterable[Claim]) -> dict[str, str]:
        """The ways that found something out, each with what; empty when all failed."""
        found: dict[str, str] = {}
        luck: dict[str, list[tuple[bool, float]]] = defaultdict(list)
        for claim in claims:
            for truth in self._meant(claim):
                for hit, chance in self._weighed(claim, truth):
                    luck[claim.way].append((hit, chance))
                    if hit and chance < LUCK:
                        found.setdefault(claim.way, f"{truth.kind} {claim.row} within {chance:.4f} of the grid")
            for said in self._told(claim):
                found.setdefault(claim.way, said)
        for way, cases in luck.items():
            hits, expected = sum(hit for hit, _ in cases), sum(chance for _, chance in cases)
            spread = sqrt(sum(chance * (1 - chance) for _, chance in cases))
            if hits > expected + DEVIATIONS * spread + 0.5:
                found.setdefault(way, f"{hits} right where guessing gives {expected:.1f}")
        return found

    def _meant(self, claim: Claim) -> list[Truth]:
        return [truth for truth in self.truths if claim.row in ("", truth.row) and truth.kind.startswith(claim.kind)]

    def _weighed(self, claim: Claim, truth: Truth) -> Iterable[tuple[bool, float]]:
        """Whether a claim is right of a truth, and how often guessing inside what may be known would be."""
        if claim.area is not None and not claim.area.is_empty:
            grid = self.grid(truth)
            chance = min(1.0, claim.area.intersection(grid).area / grid.area)
            yield claim.area.contains(Point(truth.lon, truth.lat)), chance
        if claim.days is not None:
            first, last = period(truth)
            struck = truth.struck_at.date()
            overlap = (min(last, claim.days[1]) - max(first, claim.days[0])).days + 1
            yield claim.days[0] <= struck <= claim.days[1], max(0.0, min(1.0, overlap / ((last - first).days + 1)))

    def _told(self, claim: Claim) -> Iterable[str]:
        for truth in self.truths:
            if (
                claim.secret
                and claim.row in ("", truth.row)
                and claim.secret in {*truth.secrets, truth.row, truth.kind}
            ):
                yield f"it told {claim.secret}"
        if claim.order:
            yield from self._orders(claim.order)

    def _orders(self, order: tuple[str, ...]) -> Iterable[str]:
        by_row = {truth.row: truth for truth in self.truths if truth.row}
        known = [by_row[number] for number in order if number in by_row]
        for what in ("lon", "lat", "struck_at", "kind"):
            ranks = [sorted(getattr(t, what) for t in known).index(getattr(truth, what)) for truth in known]
            if len(known) > 9 and abs(_correlation(ranks)) * sqrt(len(known) - 1) > 4:
                yield f"the order follows {what}"

    def grid(self, truth: Truth) -> BaseGeometry:
        """The smallest area in which the record may be looked for, by its class, in an active conflict."""
        if truth.sensitivity in ("S3", "S4"):
            return self.areas[truth.adm2 if truth.sensitivity == "S3" else truth.adm1]
        resolution = 7 if truth.sensitivity == "S2" else 8
        return outline(h3.cell_to_parent(h3.latlng_to_cell(truth.lat, truth.lon, 9), resolution))


def period(truth: Truth) -> tuple[date, date]:
    """The shortest run of days that may be known of the record."""
    day = truth.struck_at.date()
    if truth.sensitivity == "S3":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    if truth.sensitivity == "S4":
        first = day.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return day, day


def _correlation(ranks: list[int]) -> float:
    """Of the ranks with their places in the list."""
    n, mean = len(ranks), sum(ranks) / len(ranks)
    across = sum((at - (n - 1) / 2) * (rank - mean) for at, rank in enumerate(ranks))
    spread = sqrt(sum((at - (n - 1) / 2) ** 2 for at in range(n)) * sum((rank - mean) ** 2 for rank in ranks))
    return across / spread if spread else 0.0
