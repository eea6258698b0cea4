"""Dated lists of what exists: loaded whole, each source once, its date and licence kept. Publication hides records among them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from uuid import UUID, uuid4

import h3
from sqlalchemy import delete, func, insert, select, text, update

from server.core import ledger
from server.core.clock import now
from server.core.columns import pin
from server.core.database import session
from server.places.areas import assign_areas_many
from server.places.baseline_files import Found, Reading, UnusableBaseline, read_baseline
from server.places.gazetteer import be_patient
from server.places.models import Baseline, BaselineSite
from server.vocabulary import SiteType

TOGETHER = 5_000

# A hospital is often drawn as a point and as an outline: within a list, two of one kind this near are one. Homes, roads and
# lines stand close together in truth.
_TWINS = text("""
DELETE FROM baseline_sites a USING baseline_sites b
WHERE a.baseline_id = :baseline AND b.baseline_id = :baseline AND a.site_type = b.site_type AND a.id > b.id
  AND a.site_type NOT LIKE 'RES.%' AND a.site_type NOT IN ('TRA.ROAD', 'ENE.LINE', 'TRA.RAIL')
  AND a.point && ST_Expand(b.point, 0.002) AND ST_DWithin(a.point::geography, b.point::geography, 60)
""")


@dataclass(frozen=True, kw_only=True)
class BaselineLoaded:
    """What became of a list: places taken in, places it had twice, and what was left out, by reason."""

    id: UUID
    sites: int
    twins: int
    left_out: dict[str, int] = field(default_factory=dict)
    kinds: dict[SiteType, int] = field(default_factory=dict)


def load_baseline(path: Path, how: Reading, *, source: str, dated_on: date, licence: str) -> BaselineLoaded:
    """Load a list in place of the one of the same source. UnusableBaseline when it is older, undated or holds nothing."""
    _check(source, dated_on, licence)
    be_patient()
    made = Baseline(
        id=uuid4(), source=source, dated_on=dated_on, licence=licence, sites=0, twins=0, refused=0, loaded_at=now()
    )
    session.add(made)
    session.flush()
    left_out: Counter[str] = Counter()
    found = read_baseline(path, how)
    while group := list(islice(found, TOGETHER)):
        left_out.update(place.reason for place in group if place.site_type is None)
        _insert(made, [place for place in group if place.site_type is not None])
    made.twins = session.execute(_TWINS, {"baseline": made.id}).rowcount  # type: ignore[attr-defined]
    kinds = _kinds(made.id)
    made.sites, made.refused = sum(kinds.values()), sum(left_out.values())
    if not made.sites:
        raise UnusableBaseline("Nothing in this file is a place that we count.")
    _replace(made)
    ledger.record("baseline.loaded", made.id, source=source, dated_on=dated_on.isoformat(), sites=made.sites)
    return BaselineLoaded(id=made.id, sites=made.sites, twins=made.twins, left_out=dict(left_out), kinds=kinds)


def baselines() -> list[Baseline]:
    """The lists in use, the oldest first: the desk should renew those."""
    present = select(Baseline).where(Baseline.replaced_at.is_(None))
    return list(session.scalars(present.order_by(Baseline.dated_on, Baseline.source)))


def counted_kinds() -> dict[SiteType, int]:
    """How many places of each type exist in all lists together."""
    counted = select(BaselineSite.site_type, func.count()).group_by(BaselineSite.site_type)
    return dict(session.execute(counted).all())  # type: ignore[arg-type]


def _check(source: str, dated_on: date, licence: str) -> None:
    if not source.strip() or not licence.strip():
        raise UnusableBaseline("A list needs the name of its source and its licence.")
    if dated_on > now().date():
        raise UnusableBaseline("A list cannot be dated in the future.")
    newest = select(func.max(Baseline.dated_on)).where(Baseline.source == source, Baseline.replaced_at.is_(None))
    if (known := session.scalar(newest)) is not None and known > dated_on:
        raise UnusableBaseline(f"A newer list of this source is loaded already ({known.isoformat()}).")


def _insert(made: Baseline, places: Iterable[Found]) -> None:
    places = list(places)
    if not places:
        return
    areas = assign_areas_many([(place.lon, place.lat) for place in places])
    session.execute(
        insert(BaselineSite),
        [
            {
                "baseline_id": made.id, "source": made.source, "source_dated_on": made.dated_on,
                "site_type": place.site_type, "name": place.name, "point": pin(place.lon, place.lat),
                "h3_r9": h3.latlng_to_cell(place.lat, place.lon, 9),
                "adm1_pcode": codes.adm1, "adm2_pcode": codes.adm2, "adm3_pcode": codes.adm3,
            }
            for place, codes in zip(places, areas, strict=True)
        ],
    )  # fmt: skip


def _replace(made: Baseline) -> None:
    older = select(Baseline.id).where(
        Baseline.source == made.source, Baseline.id != made.id, Baseline.replaced_at.is_(None)
    )
    session.execute(delete(BaselineSite).where(BaselineSite.baseline_id.in_(older)))
    session.execute(
        update(Baseline).where(Baseline.id.in_(older)).values(replaced_at=now()),
        execution_options={"synchronize_session": False},
    )


def _kinds(baseline: UUID) -> dict[SiteType, int]:
    counted = select(BaselineSite.site_type, func.count()).where(BaselineSite.baseline_id == baseline)
    return dict(session.execute(counted.group_by(BaselineSite.site_type)).all())  # type: ignore[arg-type]
