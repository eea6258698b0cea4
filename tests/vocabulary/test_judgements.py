"""Sensitivity, nearness of kinds, and whose account prevails."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.vocabulary import (
    Certainty,
    InUseAs,
    SensitivityClass,
    SiteType,
    SourceRank,
    SourceType,
    certainty_ceiling,
    effective_class,
    precedence,
    source_rank,
    taxonomy_distance,
)

pytestmark = pytest.mark.pure

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
sites = st.sampled_from(SiteType)
maybe_sites = st.none() | sites


@pytest.mark.parametrize(
    ("site", "use", "expected"),
    [
        ("EDU.SCHOOL", None, "S2"),
        ("EDU.SCHOOL", "COLLECTIVE", "S4"),
        ("EDU.SCHOOL", "HEALTH", "S3"),
        ("TRA.ROAD", None, "S0"),
        ("FOO.FARM", "AID", "S4"),
        ("SHE.BOMB", "HEALTH", "S4"),
        ("HEA.HOSP", "HEALTH", "S3"),
        (None, None, "S2"),
        (None, "SHELTER", "S4"),
    ],
)
def test_the_stricter_of_place_and_use_counts(site, use, expected):
    assert effective_class(site and SiteType(site), use and InUseAs(use)) == expected


@given(sites, st.sampled_from(InUseAs))
def test_a_use_can_only_raise_the_class(site, use):
    assert effective_class(site, use) >= max(effective_class(site), use.sensitivity, SensitivityClass.S3)


@given(maybe_sites, maybe_sites)
def test_the_distance_of_kinds_is_symmetric_and_between_0_and_1(one, other):
    assert 0 <= taxonomy_distance(one, other) == taxonomy_distance(other, one) <= 1


@given(sites)
def test_a_known_kind_is_at_no_distance_from_itself(site):
    if site is not SiteType.UNK:
        assert taxonomy_distance(site, site) == 0


def test_two_unknown_kinds_are_not_taken_for_the_same():
    assert taxonomy_distance(None, SiteType.UNK) == taxonomy_distance(None, None) > 0


@pytest.mark.parametrize(
    ("nearer", "farther"),
    [
        (("RES.APT", "RES.HOUSE"), ("RES.APT", "FOO.MARKET")),
        (("RES.APT", "FOO.MARKET"), ("RES.APT", "TRA.RAIL")),
        (("HEA.HOSP", "HEA.MATERNITY"), ("HEA.HOSP", "HEA.PHARM")),
        (("HEA.HOSP", "HEA.PHARM"), ("HEA.HOSP", "EDU.SCHOOL")),
        (("OTH", "EDU.SCHOOL"), ("TRA.PORT", "EDU.SCHOOL")),
        (("RES.APT", "RES.APT"), ("RES.APT", "RES.HOUSE")),
    ],
)
def test_kinds_that_people_mix_up_are_nearer(nearer, farther):
    def distance(pair: tuple[str, str]) -> float:
        return taxonomy_distance(SiteType(pair[0]), SiteType(pair[1]))

    assert distance(nearer) < distance(farther)


def test_every_source_has_a_rank():
    assert {source_rank(source) for source in SourceType} == set(SourceRank) - {SourceRank.ENGINEER}


def test_the_order_of_those_who_saw_best_is_the_documented_one():
    best_first = [
        precedence(SourceType.FIELD_NGO, observed_at=NOON, by_engineer=True),
        precedence(SourceType.FIELD_NGO, observed_at=NOON),
        precedence(SourceType.SAT_ANALYST, observed_at=NOON),
        precedence(SourceType.FACILITY_STAFF, observed_at=NOON),
        precedence(SourceType.SELF_WITNESS, observed_at=NOON),
        precedence(SourceType.SOCIAL_MEDIA, observed_at=NOON),
        precedence(SourceType.SAT_MODEL, observed_at=NOON),
        precedence(SourceType.HEARSAY, observed_at=NOON),
    ]
    assert best_first == sorted(best_first, reverse=True)


def test_newer_prevails_within_a_rank_but_never_over_a_better_one():
    later = NOON + timedelta(days=1)
    old_field = precedence(SourceType.FIELD_UN, observed_at=NOON)
    assert precedence(SourceType.FIELD_NGO, observed_at=later) > old_field
    assert precedence(SourceType.MEDIA_LOCAL, observed_at=later) < old_field


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ([SourceType.SAT_MODEL, SourceType.SAT_MODEL], Certainty.POSSIBLE),
        ([SourceType.SAT_MODEL, SourceType.SELF_WITNESS], Certainty.CONFIRMED),
        ([], Certainty.POSSIBLE),
    ],
)
def test_models_alone_never_make_more_than_possible(sources, expected):
    assert certainty_ceiling(sources) is expected
