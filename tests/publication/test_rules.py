"""The publication rules, by the numbered test vectors of the policy and by what must hold whatever the numbers."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import h3
import pytest

from server.publication.cases import AreaMode, Candidate, Reason
from server.publication.coarsening import Disclosure, Whereabouts
from server.publication.gate import findings
from server.publication.policy import Approval
from server.vocabulary import (
    Certainty,
    ContextMode,
    Decision,
    GeometryLevel,
    InUseAs,
    LegalProfile,
    MediaLevel,
    SensitivityClass,
    SiteType,
    Tier,
    TimeLevel,
    WorkflowState,
)
from tests.publication.worlds import LAT, LON, STRUCK_AT, plenty, record, said, shown, world

pytestmark = pytest.mark.pure

CONFLICT = ContextMode.CONFLICT_ACTIVE
DAYS = 24


# ── The vectors ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_1_an_apartment_in_active_conflict_waits_at_47_hours_and_is_a_cell_and_a_day_at_61() -> None:
    assert shown(record(), world(hours=47)).decision is Decision.HOLD_UNTIL
    later = shown(record(), world(hours=61))
    assert (later.decision, later.geometry_level, later.time_level) == (
        Decision.PUBLISH,
        GeometryLevel.H3_8,
        TimeLevel.DAY,
    )
    assert later.cell_or_pcode == h3.cell_to_parent(record().place.h3_r9, 8)


def test_2_an_apartment_in_a_hamlet_with_two_such_places_in_every_cell_is_shown_as_a_district() -> None:
    few = {**plenty(), **{("S1", cell): 2 for cell in ("H3_8", "H3_7", "H3_6")}}
    verdict = shown(record(), world(hours=61, k=few))
    assert (verdict.decision, verdict.geometry_level, verdict.cell_or_pcode) == (
        Decision.PUBLISH,
        GeometryLevel.ADM2,
        "PL1465",
    )
    assert Reason.COARSENED in verdict.reasons


def test_3_a_hospital_in_conflict_waits_13_days_and_is_a_district_and_a_week_after_15_without_name_or_function() -> (
    None
):
    hospital, places = record(SiteType.HEA_HOSP), plenty(SiteType.HEA_HOSP)
    assert shown(hospital, world(hours=13 * DAYS, k=places)).decision is Decision.HOLD_UNTIL
    verdict = shown(hospital, world(hours=15 * DAYS, k=places))
    assert (verdict.decision, verdict.geometry_level, verdict.time_level) == (
        Decision.PUBLISH,
        GeometryLevel.ADM2,
        TimeLevel.WEEK,
    )
    assert {"site_name", "functional_status", "lat", "lon", "h3_cell", "adm3_pcode"} <= verdict.field_mask


def test_4_a_substation_is_a_district_and_a_week_after_14_days_and_its_weapon_is_blank() -> None:
    verdict = shown(record(SiteType.ENE_SUB), world(hours=14 * DAYS + 12, k=plenty(SiteType.ENE_SUB)))
    assert (verdict.decision, verdict.geometry_level, verdict.time_level) == (
        Decision.PUBLISH,
        GeometryLevel.ADM2,
        TimeLevel.WEEK,
    )
    assert "weapon_type" in verdict.field_mask


def test_5_a_school_used_as_a_centre_for_displaced_people_is_of_the_severest_class() -> None:
    school = record(SiteType.EDU_SCHOOL, in_use_as=InUseAs.COLLECTIVE)
    verdict = shown(school, world(hours=31 * DAYS, k=plenty(SiteType.EDU_SCHOOL)))
    assert verdict.sensitivity is SensitivityClass.S4
    assert (verdict.geometry_level, verdict.time_level) == (GeometryLevel.ADM1, TimeLevel.MONTH)
    assert Reason.RAISED in verdict.reasons


def test_6_a_bomb_shelter_among_three_in_its_region_is_suppressed() -> None:
    verdict = shown(record(SiteType.SHE_BOMB), world(hours=40 * DAYS, k=plenty(SiteType.SHE_BOMB, n=3)))
    assert (verdict.decision, verdict.geometry_level) == (Decision.SUPPRESS, GeometryLevel.NONE)


def test_7_a_hospital_in_an_earthquake_is_a_point_with_name_and_function() -> None:
    verdict = shown(record(SiteType.HEA_HOSP), world(ContextMode.DISASTER, hours=13, k={}))
    assert (verdict.decision, verdict.geometry_level) == (Decision.PUBLISH, GeometryLevel.POINT)
    assert not {"site_name", "functional_status", "lat", "lon", "site_type"} & verdict.field_mask


def test_8_the_same_hospital_where_conflict_and_disaster_meet_follows_the_rule_of_conflict() -> None:
    hospital, places = record(SiteType.HEA_HOSP), plenty(SiteType.HEA_HOSP)
    mixed = shown(hospital, world(ContextMode.MIXED, hours=15 * DAYS, k=places))
    conflict = shown(hospital, world(CONFLICT, hours=15 * DAYS, k=places))
    assert mixed == conflict
    assert shown(hospital, world(ContextMode.MIXED, hours=13 * DAYS, k=places)).decision is Decision.HOLD_UNTIL


def test_9_a_context_that_expired_yesterday_counts_as_active_conflict() -> None:
    expired = world(ContextMode.DISASTER, hours=61)
    yesterday = (AreaMode(mode=ContextMode.DISASTER, from_at=STRUCK_AT, until_at=expired.now - timedelta(days=1)),)
    verdict = shown(record(), replace(expired, contexts=yesterday))
    assert verdict.geometry_level is GeometryLevel.H3_8
    assert Reason.CONTEXT_EXPIRED in verdict.reasons


def test_9_a_context_holds_30_days_at_most_whatever_was_typed() -> None:
    year = world(None, hours=31 * DAYS, contexts=(said(ContextMode.DISASTER, days=365),), k=plenty(SiteType.HEA_HOSP))
    assert shown(record(SiteType.HEA_HOSP), year).geometry_level is GeometryLevel.ADM2


@pytest.mark.parametrize("certainty", [Certainty.RUMOUR, Certainty.POSSIBLE, Certainty.REFUTED])
@pytest.mark.parametrize("mode", list(ContextMode))
def test_10_a_rumour_is_never_public(certainty: Certainty, mode: ContextMode) -> None:
    verdict = shown(record(certainty=certainty), world(mode, hours=9_000))
    assert (verdict.decision, verdict.geometry_level) == (Decision.SUPPRESS, GeometryLevel.NONE)


def test_11_a_photo_of_a_place_shown_as_a_cell_is_left_out() -> None:
    verdict = shown(record(has_photos=True), world(hours=61))
    assert verdict.geometry_level is GeometryLevel.H3_8
    assert (verdict.media_level, "photo" in verdict.field_mask) == (MediaLevel.NONE, True)
    assert Reason.PHOTO_LEFT_OUT in verdict.reasons


def test_12_a_point_after_a_cell_is_allowed_after_the_conflict_and_a_cell_after_a_point_stays_flagged() -> None:
    school = record(SiteType.EDU_SCHOOL)
    cell = Disclosure(
        level=GeometryLevel.H3_8, cell=h3.cell_to_parent(school.place.h3_r9, 8), pcodes=("PL14", "PL1465", None)
    )
    finer = shown(school, world(ContextMode.POST_CONFLICT, hours=60, disclosed=(cell,)))
    assert (finer.geometry_level, Reason.REFINED in finer.reasons) == (GeometryLevel.POINT, True)
    point = Disclosure(level=GeometryLevel.POINT, cell=school.place.h3_r9, pcodes=school.place.pcodes)
    coarser = shown(school, world(CONFLICT, hours=90, disclosed=(point,), k=plenty(SiteType.EDU_SCHOOL)))
    assert (coarser.geometry_level, coarser.already_disclosed) == (GeometryLevel.H3_7, GeometryLevel.POINT)
    assert Reason.ALREADY_DISCLOSED in coarser.reasons


@pytest.mark.parametrize("words", ["call 067 123 45 67 at once", "+380 (67) 123-45-67", "ring 00380671234567"])
def test_13_words_with_a_telephone_number_do_not_pass_the_gate(words: str) -> None:
    assert "phone" in findings(words)


def test_14_a_record_whose_only_report_was_taken_back_is_not_shown() -> None:
    withdrawn = record(workflow=WorkflowState.WITHDRAWN, certainty=Certainty.RUMOUR)
    assert shown(withdrawn, world(hours=9_000)).decision is Decision.SUPPRESS


def test_15_the_date_is_that_of_the_place_and_not_of_greenwich() -> None:
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    verdict = shown(record(event_earliest=late, event_latest=late), world(hours=90))
    assert (verdict.date_start, verdict.date_end) == (date(2026, 3, 2), date(2026, 3, 2))
    morning = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    west = shown(record(event_earliest=morning, event_latest=morning, time_zone="Pacific/Honolulu"), world(hours=90))
    assert west.date_start == date(2026, 2, 28)


def test_16_where_a_municipality_and_a_cell_share_a_sliver_with_one_place_the_municipality_is_blank() -> None:
    sliver = {**plenty(SiteType.EDU_SCHOOL), ("S2", "H3_7&ADM3"): 1}
    verdict = shown(record(SiteType.EDU_SCHOOL), world(hours=90, k=sliver))
    assert (verdict.geometry_level, verdict.area_depth) == (GeometryLevel.H3_7, 2)
    assert "adm3_pcode" in verdict.field_mask
    assert "adm2_pcode" not in verdict.field_mask
    assert Reason.AREA_LEFT_OUT in verdict.reasons


# ── The rulings on time bombs ────────────────────────────────────────────────────────────────────────────────────────


def test_a_strike_dated_last_month_and_reported_today_is_not_published_tonight() -> None:
    long_ago = STRUCK_AT - timedelta(days=30)
    told_today = record(event_earliest=long_ago, event_latest=long_ago, evidence_received_at={"values": STRUCK_AT})
    assert shown(told_today, world(hours=11)).decision is Decision.HOLD_UNTIL
    assert shown(told_today, world(hours=61)).decision is Decision.PUBLISH


def test_each_value_waits_for_the_evidence_that_first_carried_it() -> None:
    grade_from_today = record(evidence_received_at={"site_type": STRUCK_AT, "damage": STRUCK_AT + timedelta(days=10)})
    assert shown(grade_from_today, world(hours=11 * DAYS)).decision is Decision.HOLD_UNTIL


def test_a_row_that_is_upgraded_waits_as_long_again_as_a_new_one() -> None:
    """A possible record becomes probable by a report of day 20: what that report carried is as fresh as a strike of day 20."""
    upgraded = record(SiteType.HEA_HOSP, evidence_received_at={"values": STRUCK_AT + timedelta(days=20)})
    places = plenty(SiteType.HEA_HOSP)
    assert shown(upgraded, world(hours=33 * DAYS, k=places)).decision is Decision.HOLD_UNTIL
    assert shown(upgraded, world(hours=42 * DAYS, k=places)).decision is Decision.PUBLISH


@pytest.mark.parametrize(
    ("site_type", "days"),
    [(SiteType.HEA_HOSP, range(23, 30)), (SiteType.RES_CAMP, range(1, 29))],
    ids=["week", "month"],
)
def test_all_strikes_of_one_week_or_month_end_their_wait_at_one_moment(site_type: SiteType, days: range) -> None:
    moments = [
        datetime(2026, 2, 1, hour, 15, tzinfo=UTC) + timedelta(days=day - 1) for day in days for hour in (0, 13, 22)
    ]
    waits = {
        shown(
            record(site_type, event_earliest=at, event_latest=at, evidence_received_at={"values": at}),
            world(hours=9, k=plenty(site_type)),
        ).hold_until
        for at in moments
        if at < datetime(2026, 2, 28, 23, tzinfo=UTC) or site_type is SiteType.HEA_HOSP
    }
    assert len(waits) == 1


def test_in_a_conflict_the_day_of_appearing_does_not_tell_the_hour() -> None:
    hours = [datetime(2026, 3, 3, hour, 0, tzinfo=UTC) for hour in range(23)]
    at_hours = [record(event_earliest=at, event_latest=at, evidence_received_at={"values": at}) for at in hours]
    assert len({shown(made, world(hours=60)).hold_until for made in at_hours}) == 1


def test_in_a_disaster_nothing_waits_in_secret_and_the_record_may_appear_at_any_hour() -> None:
    verdict = shown(record(SiteType.HEA_HOSP), world(ContextMode.DISASTER, hours=0.1))
    assert (verdict.decision, verdict.hold_until, verdict.hourly) == (Decision.PUBLISH, STRUCK_AT, True)
    assert shown(record(), world(ContextMode.MIXED, hours=90)).hourly is False


@pytest.mark.parametrize(
    ("site_type", "mode", "approval"),
    [
        (SiteType.RES_APT, CONFLICT, Approval.STANDING), (SiteType.HEA_HOSP, CONFLICT, Approval.SIGNATURES),
        (SiteType.RES_CAMP, ContextMode.CONFLICT_LOW, Approval.SIGNATURES),
        (SiteType.HEA_HOSP, ContextMode.DISASTER, Approval.NONE), (SiteType.HEA_HOSP, ContextMode.MIXED, Approval.SIGNATURES),
    ],
)  # fmt: skip
def test_who_must_agree_follows_the_stricter_of_context_and_class(
    site_type: SiteType, mode: ContextMode, approval: Approval
) -> None:
    assert shown(record(site_type), world(mode, hours=900)).approval is approval


def test_the_verdict_says_when_the_clock_alone_could_change_it() -> None:
    soon = STRUCK_AT + timedelta(hours=20)
    ends = (AreaMode(mode=CONFLICT, from_at=STRUCK_AT - timedelta(days=1), until_at=soon),)
    assert shown(record(), world(hours=1, contexts=ends)).due_at == soon
    verdict = shown(record(), world(None, hours=1))
    assert verdict.due_at == verdict.hold_until
    assert shown(record(), world(None, hours=90)).due_at is None


def test_an_event_without_a_time_waits_from_the_receipt_of_its_evidence() -> None:
    timeless = record(event_earliest=None, event_latest=None)
    verdict = shown(timeless, world(hours=61))
    assert (verdict.decision, verdict.date_start, verdict.date_end) == (Decision.PUBLISH, None, None)
    assert shown(timeless, world(hours=47)).decision is Decision.HOLD_UNTIL


def test_a_record_with_neither_time_nor_evidence_waits_for_a_person() -> None:
    verdict = shown(record(event_earliest=None, event_latest=None, evidence_received_at={}), world(hours=9_000))
    assert (verdict.decision, verdict.hold_until) == (Decision.HOLD_UNTIL, None)


def test_the_secret_wait_is_always_the_same_for_a_record_and_differs_between_records() -> None:
    first, again = (shown(record(), world(hours=1)).hold_until for _ in range(2))
    others = {shown(record(id=UUID(int=n)), world(hours=1)).hold_until for n in range(40)}
    assert first == again
    assert len(others) == 40
    midnight = STRUCK_AT + timedelta(minutes=30)
    assert all(timedelta(hours=48) <= until - midnight <= timedelta(hours=60) for until in others if until)


def test_without_the_key_the_secret_wait_is_another() -> None:
    assert shown(record(), world()).hold_until != shown(record(), world(holdback_key=b"somebody else's key")).hold_until


def test_an_embargo_holds_a_record_that_would_be_due() -> None:
    until = STRUCK_AT + timedelta(days=9)
    verdict = shown(record(embargo_until=until), world(hours=61))
    assert (verdict.decision, verdict.hold_until) == (Decision.HOLD_UNTIL, until)
    assert Reason.EMBARGO in verdict.reasons


def test_a_record_under_review_waits_however_old_it_is() -> None:
    verdict = shown(record(workflow=WorkflowState.REOPENED), world(hours=9_000))
    assert (verdict.decision, verdict.reasons[0]) == (Decision.HOLD_UNTIL, Reason.UNDECIDED)


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("flag", ["is_military", "is_quarantined", "is_withdrawn", "is_killed"])
@pytest.mark.parametrize("tier", [Tier.PUBLIC, Tier.PARTNER, Tier.COORD])
def test_what_is_military_quarantined_taken_back_or_killed_is_shown_to_no_audience(flag: str, tier: Tier) -> None:
    assert shown(record(**{flag: True}), world(hours=9_000), tier=tier).decision is Decision.SUPPRESS


def test_a_military_place_is_refused_before_anything_else_is_asked() -> None:
    assert shown(record(site_type="MIL"), world(hours=9_000)).reasons == (Reason.MILITARY,)


def test_where_nothing_is_said_of_the_area_it_counts_as_active_conflict() -> None:
    unknown, active = (shown(record(), world(mode, hours=61)) for mode in (None, CONFLICT))
    assert unknown.geometry_level is active.geometry_level is GeometryLevel.H3_8
    assert Reason.CONTEXT_UNKNOWN in unknown.reasons


def test_a_place_of_unknown_kind_is_treated_as_moderately_sensitive() -> None:
    assert shown(record(SiteType.UNK), world(hours=90)).sensitivity is SensitivityClass.S2


def test_what_nobody_counted_counts_as_nothing() -> None:
    verdict = shown(record(), world(hours=61, k={}))
    assert (verdict.decision, verdict.cell_or_pcode) == (Decision.AGGREGATE_ONLY, None)


# ── Places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_use_as_a_clinic_never_makes_a_home_easier_to_find() -> None:
    home, clinic = record(), record(in_use_as=InUseAs.HEALTH)
    quake = world(ContextMode.DISASTER, hours=61)
    assert shown(home, quake).geometry_level is GeometryLevel.H3_9
    assert shown(clinic, quake).geometry_level >= GeometryLevel.H3_9


def test_two_contexts_at_once_are_as_strict_as_the_stricter() -> None:
    both = world(hours=61, contexts=(said(ContextMode.POST_CONFLICT), said(CONFLICT)))
    assert shown(record(), both).geometry_level is GeometryLevel.H3_8


def test_a_district_disclosed_before_narrows_the_cell_shown_now() -> None:
    before = Disclosure(level=GeometryLevel.ADM2, pcodes=("PL14", "PL1465", None))
    edge = {**plenty(), ("S1", "H3_8&ADM2"): 2}
    verdict = shown(record(), world(hours=61, k=edge, disclosed=(before,)))
    assert verdict.geometry_level is GeometryLevel.H3_7
    assert shown(record(), world(hours=61, k=edge)).geometry_level is GeometryLevel.H3_8


def test_a_record_moved_over_the_edge_of_its_cell_is_shown_only_where_old_and_new_place_agree() -> None:
    here = record().place.h3_r9
    old = h3.cell_to_parent(here, 8)
    elsewhere = next(cell for cell in h3.grid_ring(here, 4) if h3.cell_to_parent(cell, 8) != old)
    moved = record(place=Whereabouts(h3_r9=elsewhere, pcodes=record().place.pcodes))
    before = Disclosure(level=GeometryLevel.H3_8, cell=old, pcodes=(None, None, None))
    level = shown(moved, world(hours=61, disclosed=(before,))).geometry_level
    assert level > GeometryLevel.H3_8
    if level < GeometryLevel.ADM2:
        resolution = int(level.value.removeprefix("H3_"))
        assert h3.cell_to_parent(elsewhere, resolution) == h3.cell_to_parent(old, resolution)


def test_a_record_moved_to_another_region_is_not_shown_beside_its_old_row() -> None:
    far = record(place=Whereabouts(h3_r9=h3.latlng_to_cell(LAT + 3, LON, 9), pcodes=("PL22", "PL2261", "PL226101")))
    before = Disclosure(level=GeometryLevel.H3_8, cell=h3.latlng_to_cell(LAT, LON, 8), pcodes=("PL14", "PL1465", None))
    assert shown(far, world(hours=61, disclosed=(before,))).decision is Decision.AGGREGATE_ONLY


def around(*kinds: tuple[SiteType, int], area: str = "ADM2", **more: int) -> dict[tuple[str, str], int]:
    """So many places of some types in one area, and plenty of their classes."""
    return {**plenty(), **{(kind.value, area): n for kind, n in kinds}, **{(kind, area): n for kind, n in more.items()}}


KIND = {"site_type", "site_group", "sector"}


def blank(candidate: Candidate, k: dict[tuple[str, str], int], **changes: Any) -> set[str]:
    return KIND & shown(candidate, world(hours=15 * DAYS, k=k, **changes)).field_mask


def test_the_kind_of_place_is_widened_then_left_out_where_few_of_the_kind_exist() -> None:
    hospital = record(SiteType.HEA_HOSP)
    assert blank(hospital, around((SiteType.HEA_HOSP, 3))) == set()
    assert blank(hospital, around((SiteType.HEA_HOSP, 1), (SiteType.HEA_CLINIC, 2))) == {"site_type"}
    few = around((SiteType.HEA_HOSP, 1), (SiteType.ENE_SUB, 2), (SiteType.COM_MAST, 9))
    assert blank(hospital, few) == KIND
    assert Reason.KIND_COARSENED in shown(hospital, world(hours=15 * DAYS, k=few)).reasons


def test_a_group_is_named_only_where_k_places_of_that_very_class_are_in_it() -> None:
    few = around((SiteType.HEA_CLINIC, 1), (SiteType.HEA_PHARM, 20), (SiteType.ENE_SUB, 2), HEA=21)
    assert blank(record(SiteType.HEA_CLINIC), few) == KIND, "the week says that it is no pharmacy"
    bridge = around((SiteType.TRA_BRIDGE, 1), (SiteType.TRA_ROAD, 900), (SiteType.ENE_SUB, 2), TRA=901)
    assert blank(record(SiteType.TRA_BRIDGE), bridge) == KIND


def test_the_common_kind_is_told_no_more_exactly_than_the_rare_one_that_hides_beside_it() -> None:
    two = around((SiteType.HEA_BLOOD, 1), (SiteType.HEA_HOSP, 6), (SiteType.ENE_SUB, 5))
    assert blank(record(SiteType.HEA_BLOOD), two) == blank(record(SiteType.HEA_HOSP), two) == {"site_type"}
    assert blank(record(SiteType.ENE_SUB), two) == set()
    alone = around((SiteType.WSH_TREAT, 1), (SiteType.HEA_HOSP, 6), (SiteType.ENE_SUB, 5))
    assert blank(record(SiteType.WSH_TREAT), alone) == blank(record(SiteType.ENE_SUB), alone) == KIND
    assert blank(record(SiteType.HEA_HOSP), alone) == set()


def test_a_sector_does_not_tell_the_type_that_is_blank() -> None:
    homes = {**plenty(SiteType.RES_CAMP, 9), ("RES.CAMP", "ADM1"): 9, ("RES.INSTITUTION", "ADM1"): 9, ("S4", "ADM1"): 18}
    told = shown(record(SiteType.RES_INSTITUTION), world(hours=90 * DAYS, k=homes))
    assert {"site_type", "sector"} == KIND & told.field_mask


def test_in_the_grid_a_rare_kind_needs_a_larger_area_and_the_common_ones_keep_theirs() -> None:
    cell = around((SiteType.EDU_OTH, 1), (SiteType.RES_APT, 40), area="H3_8")
    five = {("EDU.OTH", area): 5 for area in ("H3_7", *(f"H3_7&ADM{depth}" for depth in (1, 2, 3)))}
    library = shown(record(SiteType.EDU_OTH), world(hours=90, k={**cell, **five}))
    assert (library.geometry_level, KIND & library.field_mask) == (GeometryLevel.H3_7, set())
    home = shown(record(), world(hours=90, k=cell))
    assert (home.geometry_level, KIND & home.field_mask) == (GeometryLevel.H3_8, set())


def test_a_region_hides_only_where_its_sparse_districts_together_do() -> None:
    sparse = {**plenty(SiteType.HEA_HOSP), ("S3", "ADM2"): 1}
    assert shown(record(SiteType.HEA_HOSP), world(hours=15 * DAYS, k=sparse)).geometry_level is GeometryLevel.ADM1
    alone = {**sparse, ("S3", "ADM1-ADM2:S3<3"): 1}
    assert shown(record(SiteType.HEA_HOSP), world(hours=15 * DAYS, k=alone)).decision is Decision.AGGREGATE_ONLY


@pytest.mark.parametrize(
    ("metres", "level"), [(30, GeometryLevel.POINT), (150, GeometryLevel.H3_9), (5_000, GeometryLevel.ADM2)]
)
def test_a_place_is_never_shown_more_exactly_than_it_is_known(metres: float, level: GeometryLevel) -> None:
    school = record(SiteType.EDU_SCHOOL, place=replace(record().place, accuracy_m=metres))
    assert shown(school, world(ContextMode.DISASTER, hours=13)).geometry_level is level


def test_a_record_without_a_place_on_the_map_is_shown_by_its_district() -> None:
    nowhere = record(place=Whereabouts(h3_r9=None, pcodes=("PL14", "PL1465", None)), lon=None, lat=None)
    assert shown(nowhere, world(ContextMode.DISASTER, hours=90)).geometry_level is GeometryLevel.ADM2


# ── Fields, time, other audiences ────────────────────────────────────────────────────────────────────────────────────


def test_in_conflict_nothing_tells_whether_it_was_hit_well_or_still_works() -> None:
    mask = shown(record(SiteType.TRA_ROAD), world(hours=61)).field_mask
    assert {
        "functional_status",
        "weapon_type",
        "effect",
        "hazards",
        "access_constraints",
        "report_count",
        "time_of_day",
    } <= mask


def test_the_reporters_words_are_never_shown() -> None:
    assert Reason.WORDS_LEFT_OUT in shown(record(has_words=True), world(ContextMode.DISASTER, hours=61)).reasons


def test_a_photo_with_children_is_never_shown_even_where_the_point_is() -> None:
    school = record(SiteType.EDU_SCHOOL, has_photos=True)
    quake = world(ContextMode.DISASTER, hours=13)
    assert shown(school, quake).media_level is MediaLevel.REDACTED_DERIVATIVE
    assert shown(replace(school, shows_minors=True), quake).media_level is MediaLevel.NONE


def test_under_martial_law_a_hospital_has_no_name_even_after_a_disaster() -> None:
    law = world(ContextMode.DISASTER, hours=61, legal_profile=LegalProfile.UKR_ML)
    assert "site_name" in shown(record(SiteType.HEA_HOSP), law).field_mask
    assert "functional_status" in shown(record(SiteType.ENE_SUB), law).field_mask


def test_the_law_sets_a_floor_under_a_delay_of_nothing() -> None:
    road = record(SiteType.TRA_ROAD)
    law = shown(road, world(ContextMode.DISASTER, legal_profile=LegalProfile.UKR_ML))
    free = shown(road, world(ContextMode.DISASTER))
    assert law.hold_until is not None
    assert free.hold_until is not None
    assert law.hold_until - free.hold_until == timedelta(hours=3)


def test_weeks_run_from_monday_and_months_from_the_first() -> None:
    hospital = shown(record(SiteType.HEA_HOSP), world(hours=400, k=plenty(SiteType.HEA_HOSP)))
    assert (hospital.date_start, hospital.date_end) == (date(2026, 2, 23), date(2026, 3, 1))
    camp = shown(record(SiteType.RES_CAMP), world(hours=800, k=plenty(SiteType.RES_CAMP)))
    assert (camp.date_start, camp.date_end) == (date(2026, 3, 1), date(2026, 3, 31))


def test_a_partner_sees_a_possible_record_at_once_but_a_hospital_only_as_a_cell() -> None:
    possible = record(SiteType.HEA_HOSP, certainty=Certainty.POSSIBLE, workflow=WorkflowState.NEW)
    verdict = shown(possible, world(hours=0.1), tier=Tier.PARTNER)
    assert (verdict.decision, verdict.geometry_level) == (Decision.PUBLISH, GeometryLevel.H3_8)


def test_a_coordinator_sees_a_shelter_as_a_point_only_with_the_protection_role() -> None:
    shelter = record(SiteType.SHE_BOMB)
    plain = shown(shelter, world(hours=1), tier=Tier.COORD)
    role = shown(shelter, world(hours=1, has_protection_role=True), tier=Tier.COORD)
    assert (plain.geometry_level, role.geometry_level) == (GeometryLevel.ADM2, GeometryLevel.POINT)
