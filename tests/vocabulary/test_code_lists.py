"""The code lists are complete, stable and carry their words."""

import itertools
import re

import pytest

from server.core.choices import Choice, OrderedChoice
from server.vocabulary import (
    CITIZEN_HAZARDS,
    CITIZEN_NEEDS,
    CITIZEN_SITES,
    NEVER_FROM_CITIZENS,
    REFUSED_SITES,
    AffectedBand,
    Audience,
    CasualtyBand,
    CauseGroup,
    Certainty,
    CitizenCause,
    DamageGrade,
    Hazard,
    InUseAs,
    LaunchMethod,
    NeedType,
    OrganisationType,
    Role,
    Sector,
    SensitivityClass,
    SiteGroup,
    SiteType,
    Tier,
    WeaponType,
    code_lists,
    sites_by_group,
)

pytestmark = pytest.mark.pure

CODE = re.compile(r"[A-Z0-9][A-Z0-9_.-]*")


def every_member() -> list[Choice]:
    return [member for kind in code_lists() for member in kind]


def test_every_code_is_short_upper_case_ascii_and_every_member_has_words():
    for member in every_member():
        assert CODE.fullmatch(member.value), member
        assert len(member.value) <= 20, member
        assert member.label.strip() == member.label != "", member


def test_a_member_is_its_code_wherever_text_is_expected():
    assert f"{SiteType.RES_APT}" == "RES.APT" == SiteType.RES_APT
    assert SiteType("RES.APT") is SiteType.RES_APT
    assert SiteType.codes()[0] == "RES.APT"


def test_no_two_words_of_one_list_are_the_same():
    for kind in code_lists():
        labels = [member.label for member in kind]
        assert len(set(labels)) == len(labels), kind.__name__


def test_a_military_place_is_recognised_only_to_be_refused():
    assert "MIL" in REFUSED_SITES
    with pytest.raises(ValueError, match="MIL"):
        SiteType("MIL")


@pytest.mark.parametrize(
    ("code", "group", "sector", "sensitivity", "osm"),
    [
        ("RES.APT", "RES", "SHL", "S1", "building=apartments"),
        ("RES.CAMP", "RES", "CCM", "S4", "amenity=refugee_site"),
        ("SHE.BOMB", "SHE", "PRO", "S4", "amenity=shelter+shelter_type=bomb_shelter"),
        ("HEA.HOSP", "HEA", "HEA", "S3", "amenity=hospital"),
        ("HEA.PHARM", "HEA", "HEA", "S2", "amenity=pharmacy"),
        ("EDU.SCHOOL", "EDU", "EDU", "S2", "amenity=school"),
        ("WSH.TREAT", "WSH", "WSH", "S3", "man_made=water_works"),
        ("ENE.SUB", "ENE", "ERY", "S3", "power=substation"),
        ("TRA.ROAD", "TRA", "LOG", "S0", "highway=*"),
        ("COM.MAST", "COM", "TEL", "S3", "man_made=mast"),
        ("FOO.FARM", "FOO", "FSC", "S0", "landuse=farmland"),
        ("GOV.PRISON", "GOV", "PRO", "S4", "amenity=prison"),
        ("HUM.OFFICE", "HUM", "LOG", "S4", "office=ngo"),
        ("SOC.CHILD", "SOC", "PRO-CPN", "S1", "leisure=playground"),
        ("MEDIA", "MEDIA", "PRO", "S4", "amenity=studio"),
    ],
)
def test_a_kind_of_place_carries_its_facts(code, group, sector, sensitivity, osm):
    site = SiteType(code)
    assert (site.group, site.sector, site.sensitivity) == (group, sector, sensitivity)
    assert osm in site.osm


def test_there_are_58_kinds_of_place_and_unknown_is_one_more():
    assert len(SiteType) == 59
    assert len(SiteType.codes()) == len(set(SiteType.codes()))


def test_a_place_of_unknown_kind_is_never_open():
    assert SiteType.UNK.sensitivity is SiteType.OTH.sensitivity is SensitivityClass.S2


def test_every_group_has_places_and_every_place_is_under_one_group():
    grouped = sites_by_group()
    assert set(grouped) == set(SiteGroup)
    assert all(grouped.values())
    assert [site for sites in grouped.values() for site in sites] == list(SiteType)


def test_an_osm_tag_is_a_key_and_a_value():
    for site in SiteType:
        for tag in site.osm:
            assert all(re.fullmatch(r"[a-z:_]+=[a-z_*]+", part) for part in tag.split("+")), tag


def test_a_resident_sees_few_kinds_each_with_its_own_pictogram():
    icons = [site.icon for site in CITIZEN_SITES]
    assert 12 <= len(CITIZEN_SITES) <= 16
    assert len(set(icons)) == len(icons)
    assert not NEVER_FROM_CITIZENS & set(CITIZEN_SITES)


def test_a_resident_cannot_say_that_a_site_is_free_of_hazards():
    assert Hazard.HZ_NONE not in CITIZEN_HAZARDS
    assert all(hazard.icon for hazard in CITIZEN_HAZARDS)


def test_every_need_belongs_to_one_sector():
    assert all(isinstance(need.sector, Sector) for need in NeedType)
    assert NeedType.EOD.sector is Sector.PRO_MIN
    assert set(CITIZEN_NEEDS) <= set(NeedType)


def test_a_resident_chooses_among_eight_causes_that_lead_to_detailed_ones():
    assert len(CitizenCause) == 8
    assert CitizenCause.DRONE.cause_group is CauseGroup.CONFLICT
    assert WeaponType.WPN_UAV_OWA in CitizenCause.DRONE.weapon_types
    assert CitizenCause.FIRE.cause_group is CauseGroup.UNK
    assert CitizenCause.UNK.weapon_types == ()


def test_a_cause_group_and_its_detailed_causes_agree():
    for cause in CitizenCause:
        if cause.cause_group is not CauseGroup.UNK:
            assert {weapon.cause_group for weapon in cause.weapon_types} == {cause.cause_group}, cause


def test_a_weapon_carries_its_launch_methods_and_the_terms_of_others():
    cruise = WeaponType.WPN_MSL_CRU
    assert cruise.launch == (LaunchMethod.GROUND, LaunchMethod.AIR, LaunchMethod.SEA)
    assert (cruise.acled, cruise.hrmmu) == ("Shelling/artillery/missile", "missiles")
    assert WeaponType.WPN_BOMB.aoav == "Air-Launched: Plane / Aerial Bomb"
    assert WeaponType.NAT_EQ.launch == ()


def test_nothing_names_who_did_it():
    words = " ".join(member.label for member in every_member()).casefold()
    assert not re.search(r"russia|ukrainian|israel|rebel|enemy|army|militia|target|collateral|surgical", words)


def test_audiences_and_tiers_are_ordered_by_width_and_not_by_alphabet():
    assert Audience.PUBLIC < Audience.PARTNER < Audience.COORD < Audience.INTERNAL
    assert max(Audience.INTERNAL, Audience.PUBLIC) is Audience.INTERNAL
    assert sorted([Tier.INTERNAL, Tier.PUBLIC, Tier.COORD]) == [Tier.PUBLIC, Tier.COORD, Tier.INTERNAL]


@pytest.mark.parametrize("compare", ["__lt__", "__le__", "__gt__", "__ge__"])
def test_an_ordered_code_refuses_to_be_ordered_against_anything_else(compare):
    for stranger in ("PUBLIC", Tier.PUBLIC):
        with pytest.raises(TypeError, match="cannot be ordered"):
            getattr(Audience.PUBLIC, compare)(stranger)


def test_bands_follow_one_another_without_gap_or_overlap():
    for kind in (CasualtyBand, AffectedBand):
        bands = [band for band in kind if band.low is not None]
        for lower, upper in itertools.pairwise(bands):
            assert upper.low == lower.high + 1, upper
        assert bands[-1].high is None


def test_damage_grades_have_a_level_and_wording_for_residents_and_for_trained_people():
    assert [grade.level for grade in DamageGrade] == [0, 1, 2, 3, 4, None]
    assert all(grade.citizen and grade.cue for grade in DamageGrade)
    assert DamageGrade.D0.citizen == "I looked. Nothing is broken."


def test_the_lists_that_others_rely_on_have_their_codes():
    assert Certainty.codes() == ("RUMOUR", "POSSIBLE", "PROBABLE", "CONFIRMED", "REFUTED")
    assert set(Role.codes()) == {
        "REPORTER", "FIELD", "TRIAGE", "VERIFIER", "COORD", "STEWARD", "PROTECTION", "ADMIN", "AUDITOR", "PARTNER", "AUTHORITY",
    }  # fmt: skip
    assert {kind.hdx for kind in OrganisationType} == {"431", "433", "435", "437", "438", "441", "444", "445", "447"}
    assert InUseAs.codes() == ("COLLECTIVE", "SHELTER", "AID", "HEALTH")


def test_code_lists_are_listed_in_the_order_of_the_page_and_leave_none_out():
    names = [kind.__name__ for kind in code_lists()]
    assert names[0] == "DamageGrade"
    assert len(names) == len(set(names))
    declared = {kind.__name__ for base in (Choice, OrderedChoice) for kind in base.__subclasses__()}
    assert declared >= set(names) > {"SiteType", "Role", "SourceRank", "DamageScale"}
