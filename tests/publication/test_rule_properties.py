"""What must hold of the publication rules for every record, every count and every history."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import h3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.publication import kinds
from server.publication.cases import Candidate, Verdict
from server.publication.coarsening import CELLS, Disclosure, Whereabouts
from server.publication.kinds import Naming
from server.publication.policy import MODES, policy
from server.vocabulary import ContextMode, Decision, GeometryLevel, InUseAs, SensitivityClass, SiteType, Tier
from tests.publication.worlds import LAT, LON, PLACES, STRUCK_AT, plenty, record, said, shown, world

STRICTEST_FIRST = (
    ContextMode.CONFLICT_ACTIVE,
    ContextMode.CONFLICT_LOW,
    ContextMode.POST_CONFLICT,
    ContextMode.DISASTER,
)

pytestmark = pytest.mark.pure
KINDS = [kind.value for kind in SensitivityClass]
LATE = 2_000
BY_AREA_ONLY = {"casualties", "displaced_band"}  # bands that only a district or a region may carry

counts = st.dictionaries(st.tuples(st.sampled_from(KINDS), st.sampled_from(PLACES)), st.integers(0, 12))
site_types = st.sampled_from(list(SiteType))
modes = st.sampled_from(MODES)
uses = st.none() | st.sampled_from(list(InUseAs))
hours = st.floats(0, 1_500)


def coarseness(verdict: Verdict) -> int:
    return verdict.geometry_level.rank


def nested(cells: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Counts as they are in the world: a cell holds at least what its children hold."""
    grown = dict(cells)
    for kind in KINDS:
        most = 0
        for level in ("H3_9", "H3_8", "H3_7", "H3_6", "ADM2", "ADM1"):
            most = max(most, grown.get((kind, level), 0))
            grown[kind, level] = most
    return grown


@given(site_types, uses, counts, hours)
def test_a_stricter_context_never_starts_finer_or_earlier(
    site_type: SiteType, use: InUseAs | None, k: dict, at: float
) -> None:
    for stricter, looser in pairwise(STRICTEST_FIRST):
        for sensitivity in SensitivityClass:
            strict_row = policy().rows[Tier.PUBLIC, stricter, sensitivity]
            loose_row = policy().rows[Tier.PUBLIC, looser, sensitivity]
            assert strict_row.ladder[0] >= loose_row.ladder[0]
            assert strict_row.delay >= loose_row.delay
            assert strict_row.time >= loose_row.time


@given(site_types, uses, hours)
def test_with_places_enough_a_stricter_context_is_never_finer_nor_earlier(
    site_type: SiteType, use: InUseAs | None, at: float
) -> None:
    candidate = record(site_type, in_use_as=use)
    verdicts = [shown(candidate, world(mode, hours=at, k=plenty(site_type))) for mode in STRICTEST_FIRST]
    for strict, loose in pairwise(verdicts):
        assert coarseness(strict) >= coarseness(loose)
        assert strict.hold_until >= loose.hold_until
        assert strict.field_mask >= loose.field_mask - BY_AREA_ONLY
        assert strict.time_level >= loose.time_level


@given(site_types, modes, modes, counts, hours)
def test_a_second_context_over_the_same_area_never_loosens(
    site_type: SiteType, one: ContextMode, other: ContextMode, k: dict, at: float
) -> None:
    candidate = record(site_type)
    alone = shown(candidate, world(hours=at, contexts=(said(one, days=90),), k=nested(k)))
    together = shown(candidate, world(hours=at, contexts=(said(one, days=90), said(other, days=90)), k=nested(k)))
    assert coarseness(together) >= coarseness(alone)
    assert together.hold_until >= alone.hold_until
    assert together.field_mask >= alone.field_mask - BY_AREA_ONLY or together.decision is not Decision.PUBLISH


@given(site_types, st.sampled_from([ContextMode.CONFLICT_ACTIVE, ContextMode.CONFLICT_LOW]))
def test_in_conflict_a_higher_class_is_never_finer_nor_earlier(site_type: SiteType, mode: ContextMode) -> None:
    verdicts = [
        shown(record(site_type, raised_to=kind), world(mode, hours=LATE, k=plenty(site_type)))
        for kind in SensitivityClass
    ]
    for lower, higher in pairwise(verdicts):
        assert coarseness(higher) >= coarseness(lower)
        assert higher.hold_until >= lower.hold_until


@given(site_types, modes, uses, st.none() | st.sampled_from(list(SensitivityClass)), counts)
def test_a_use_or_an_override_can_only_make_it_stricter(
    site_type: SiteType, mode: ContextMode, use: InUseAs | None, raised: SensitivityClass | None, k: dict
) -> None:
    plain = shown(record(site_type), world(mode, hours=LATE, k=nested(k)))
    raised_ = shown(record(site_type, in_use_as=use, raised_to=raised), world(mode, hours=LATE, k=nested(k)))
    assert coarseness(raised_) >= coarseness(plain)
    assert raised_.hold_until >= plain.hold_until


@given(site_types, modes, counts, st.sampled_from(KINDS), st.sampled_from(PLACES))
def test_one_place_fewer_never_makes_it_finer(
    site_type: SiteType, mode: ContextMode, k: dict, kind: str, area: str
) -> None:
    fewer = {**k, (kind, area): max(0, k.get((kind, area), 0) - 1)}
    before = shown(record(site_type), world(mode, hours=LATE, k=k))
    after = shown(record(site_type), world(mode, hours=LATE, k=fewer))
    assert (coarseness(after), -after.area_depth) >= (coarseness(before), -before.area_depth)


@given(site_types, modes, uses, counts, hours)
def test_coordinates_leave_only_as_a_point_that_the_policy_allows(
    site_type: SiteType, mode: ContextMode, use: InUseAs | None, k: dict, at: float
) -> None:
    verdict = shown(record(site_type, in_use_as=use, has_photos=True), world(mode, hours=at, k=k))
    if verdict.geometry_level is GeometryLevel.POINT:
        assert mode in (ContextMode.POST_CONFLICT, ContextMode.DISASTER)
    else:
        assert {"lat", "lon", "site_name", "address", "photo", "osm_id", "description"} <= verdict.field_mask
        assert verdict.media_level == "NONE"


@given(site_types, modes, counts)
def test_what_is_shown_always_hides_k_places_of_its_class(site_type: SiteType, mode: ContextMode, k: dict) -> None:
    verdict = shown(record(site_type), world(mode, hours=LATE, k=k))
    row = policy().rows[Tier.PUBLIC, mode, verdict.sensitivity]
    if verdict.decision is Decision.PUBLISH and row.k and row.ladder[0] is not GeometryLevel.POINT:
        pair = f"{verdict.geometry_level}&ADM{verdict.area_depth}"
        area = pair if verdict.geometry_level in CELLS and verdict.area_depth else verdict.geometry_level.value
        assert k.get((verdict.sensitivity.value, verdict.geometry_level.value), 0) >= row.k
        assert k.get((verdict.sensitivity.value, area), 0) >= row.k


@pytest.mark.parametrize("in_cell", [False, True])
@given(kind=st.sampled_from(list(SensitivityClass)), data=st.data(), k=st.integers(1, 10))
def test_whatever_is_said_of_a_kind_k_places_would_be_told_in_the_same_words(
    kind: SensitivityClass, data: st.DataObject, k: int, *, in_cell: bool
) -> None:
    numbers = {site: data.draw(st.integers(0, 12)) for site in kinds.OF_CLASS[kind]}
    told: dict[object, int] = {}
    for site, n in numbers.items():
        naming = kinds.named(site, tuple(numbers.values()), k=k, in_cell=in_cell)
        what = {Naming.TYPE: site, Naming.GROUP: (site.group, site.sector if "sector" not in kinds.left_out(site, naming) else "")}
        if naming is not Naming.UNSAFE:
            told[what.get(naming, naming)] = told.get(what.get(naming, naming), 0) + n
    few = {words: n for words, n in told.items() if 0 < n < k}
    assert not few or (not in_cell and sum(numbers.values()) < k)


@given(site_types, modes, st.sampled_from(list(CELLS)), st.integers(0, 12), st.integers(0, 3))
def test_a_row_never_leaves_what_was_disclosed_before(
    site_type: SiteType, mode: ContextMode, level: GeometryLevel, ring: int, depth: int
) -> None:
    candidate = record(site_type)
    start = h3.latlng_to_cell(LAT, LON, 9)
    old = h3.cell_to_parent(min(h3.grid_ring(start, ring)), CELLS[level])
    pcodes = tuple(code if at < depth else None for at, code in enumerate(candidate.place.pcodes))
    before = Disclosure(level=level, cell=old, pcodes=pcodes)
    verdict = shown(candidate, world(mode, hours=LATE, k=plenty(site_type), disclosed=(before,)))
    assert_agrees(candidate, verdict, old)


def assert_agrees(candidate: Candidate, verdict: Verdict, old: str) -> None:
    """The cell shown is inside, around or equal to the cell that was shown; a district was disclosed or holds both."""
    new = candidate.place.h3_r9 if verdict.geometry_level is GeometryLevel.POINT else verdict.cell_or_pcode
    if verdict.geometry_level in CELLS or verdict.geometry_level is GeometryLevel.POINT:
        resolution = min(h3.get_resolution(new), h3.get_resolution(old))
        assert h3.cell_to_parent(new, resolution) == h3.cell_to_parent(old, resolution)


@given(site_types, modes, st.floats(0, 60), st.floats(0, 60))
def test_nothing_is_shown_before_its_delay_from_the_later_of_event_and_evidence(
    site_type: SiteType, mode: ContextMode, evidence: float, age: float
) -> None:
    received = STRUCK_AT + timedelta(days=evidence)
    candidate = record(site_type, evidence_received_at={"place": STRUCK_AT, "damage": received})
    surroundings = world(mode, hours=age * 24, k=plenty(site_type))
    if shown(candidate, surroundings).decision is Decision.PUBLISH:
        delay = policy().rows[Tier.PUBLIC, mode, site_type.sensitivity].delay
        assert surroundings.now >= max(STRUCK_AT, received) + delay


@given(st.floats(-90, 90), st.floats(-180, 180), site_types)
def test_the_cell_shown_is_always_an_ancestor_of_the_finest_cell(lat: float, lon: float, site_type: SiteType) -> None:
    finest = h3.latlng_to_cell(lat, lon, 9)
    place = Whereabouts(h3_r9=finest, pcodes=(None, None, None))
    verdict = shown(replace(record(site_type), place=place), world(hours=LATE, k=plenty(site_type)))
    if verdict.geometry_level in CELLS:
        assert h3.cell_to_parent(finest, CELLS[verdict.geometry_level]) == verdict.cell_or_pcode
