"""The judgement on pairs, as a table of cases and as laws that hold for any two accounts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.matching.accounts import Account
from server.matching.reasons import REASON_WORDS
from server.matching.scoring import Band, Relation, score, score_each
from server.matching.verdicts import Said, decide
from server.matching.weights import UnusableWeights, default_weights, load_weights

pytestmark = pytest.mark.pure

WEIGHTS = default_weights()
NIGHT = datetime(2024, 3, 1, 2, 10, tzinfo=UTC)
METRE = 1 / 111_195
PHOTO = 0xFF00FF00FF00FF00
HOUSE = Account(
    id="a", lon=30.0, lat=0.0, accuracy_m=10, earliest=NIGHT, latest=NIGHT, kind="RES.APT", damage_min=3, damage_max=3,
    text="Missile hit apartment block, upper floors destroyed",
)  # fmt: skip
OTHER = replace(HOUSE, id="b")


def east(metres):
    return 30.0 + metres * METRE


def numbered(account, place_text, **more):
    return replace(account, place_text=place_text, **more)


def graded(account, grade):
    return replace(account, damage_min=grade, damage_max=grade)


def later(account, *, lon=30.0, **by):
    return replace(account, lon=lon, earliest=NIGHT + timedelta(**by), latest=NIGHT + timedelta(**by))


@pytest.mark.parametrize(
    ("case", "a", "b", "band"),
    [
        ("the same account twice", HOUSE, replace(OTHER, lon=east(4)), Band.ATTACH),
        ("one numbered house", numbered(HOUSE, "Soborna 12"), numbered(OTHER, "вул. Соборна 12", lon=east(40)), Band.ATTACH),
        ("one photo", replace(HOUSE, photos=(PHOTO,)), replace(OTHER, lon=east(45), photos=(PHOTO ^ 1,), text=""), Band.ATTACH),
        ("numbers 12 and 14", numbered(HOUSE, "Soborna 12"), numbered(OTHER, "Soborna 14", lon=east(4)), Band.SUGGEST),
        ("a house and a bridge", HOUSE, replace(OTHER, lon=east(4), kind="TRA.BRIDGE"), Band.SUGGEST),
        ("next door, no words", replace(HOUSE, text=""), replace(OTHER, lon=east(60), text=""), Band.SUGGEST),
        ("untouched and destroyed", graded(HOUSE, 0), graded(OTHER, 4), Band.SUGGEST),
        ("another quarter", HOUSE, replace(OTHER, lon=east(390), text="Windows are broken"), Band.APART),
        ("two weeks later elsewhere", HOUSE, later(OTHER, days=13, lon=east(200)), Band.APART),
        ("two rows of one curated list", replace(HOUSE, source="list"), replace(OTHER, source="list"), Band.SUGGEST),
    ],
)  # fmt: skip
def test_a_pair_falls_into_the_band_that_people_expect(case, a, b, band):
    assert score(a, b, WEIGHTS).band is band


def test_distance_alone_never_attaches():
    bare = Account(id="a", lon=30.0, lat=0.0, accuracy_m=3, earliest=NIGHT, latest=NIGHT)
    assert score(bare, replace(bare, id="b"), WEIGHTS).band is not Band.ATTACH


def test_a_viral_photo_from_another_town_does_not_attach():
    shared = replace(HOUSE, photos=(0xABCDEF0123456789,))
    assert score(shared, replace(shared, id="b", lon=east(2500)), WEIGHTS).band is not Band.ATTACH


def test_one_place_at_times_too_far_apart_is_a_second_strike():
    found = score(HOUSE, later(OTHER, days=8), WEIGHTS)
    assert found.relation is Relation.SECOND_STRIKE
    assert found.band is Band.SUGGEST
    assert {reason.code: reason.contribution for reason in found.reasons}["hours"] == 0, "said, and not held against it"
    assert found.base + sum(reason.contribution for reason in found.reasons) == pytest.approx(found.total, abs=0.1)


def test_reasons_say_what_was_seen():
    found = score(
        replace(HOUSE, accuracy_m=10, place_text="Soborna 12"),
        numbered(later(OTHER, hours=2, lon=east(38)), "Soborna 14"),
        WEIGHTS,
    )
    reasons = {reason.code: reason.params for reason in found.reasons}
    assert reasons["distance_stated"] == {"metres": 38, "stated": 20}
    assert reasons["hours"] == {"hours": 2.0}
    assert reasons["numbers_differ"] == {"left": "12", "right": "14"}
    assert all(REASON_WORDS[code] % params for code, params in reasons.items())


def test_crowding_turns_a_sure_match_into_a_question():
    twelve, fourteen = numbered(OTHER, "Soborna 12"), numbered(OTHER, "Soborna 14", id="c")
    alone = decide(HOUSE, {"one": [twelve]}, WEIGHTS)
    why = alone.attach.reasons
    assert (why[0].code, round(sum(reason.contribution for reason in why), 1)) == ("start", pytest.approx(alone.attach.total, abs=0.1))
    crowded = decide(HOUSE, {"one": [twelve], "two": [fourteen]}, WEIGHTS)
    assert alone.attach.incident == "one"
    assert crowded.attach is None
    assert {finding.incident for finding in crowded.ask} == {"one", "two"}


def test_a_record_a_person_ruled_out_is_neither_attached_nor_asked_about():
    verdict = decide(HOUSE, {"one": [OTHER]}, WEIGHTS, said=Said(apart_from=frozenset({"one"})))
    assert verdict.attach is None
    assert verdict.ask == ()


def test_a_record_most_of_whose_accounts_contradict_is_asked_about():
    bridge = replace(OTHER, kind="TRA.BRIDGE", text="")
    verdict = decide(HOUSE, {"one": [OTHER, replace(bridge, id="c"), replace(bridge, id="d")]}, WEIGHTS)
    assert verdict.attach is None
    assert [finding.incident for finding in verdict.ask] == ["one"]


@pytest.mark.parametrize("broken", ["", "[]", "{}", '{"version": 1}', "\x00", '{"version":"1","prior":0,"evidence":{"smell":{}}}'])
def test_a_broken_weights_file_is_refused_in_a_sentence(tmp_path, broken):
    path = tmp_path / "weights.json"
    path.write_text(broken)
    with pytest.raises(UnusableWeights, match="not a usable weights file"):
        load_weights(path)


moments = st.datetimes(datetime(2024, 1, 1), datetime(2024, 1, 20), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone
words = st.sampled_from(["", "School No. 17", "школа №17 зруйновано", "Soborna 12", "قصف مدرسة رقم 17", "12 killed at 5 pm", "\x00☃ 7"])
maybe = lambda strategy: st.none() | strategy  # noqa: E731 - a word for a strategy


@st.composite
def accounts(draw, number="a"):
    first, last = sorted((draw(moments), draw(moments)))
    low, high = sorted((draw(st.integers(0, 4)), draw(st.integers(0, 4))))
    return Account(
        id=number,
        lon=draw(st.floats(30, 30.01)), lat=draw(st.floats(50, 50.01)), accuracy_m=draw(maybe(st.floats(0, 5000))),
        earliest=draw(maybe(st.just(first))), latest=draw(maybe(st.just(last))),
        kind=draw(st.sampled_from(["", "EDU.SCHOOL", "RES.APT", "UNK", "OTH", "market", "what is this"])),
        damage_min=draw(maybe(st.just(low))), damage_max=draw(maybe(st.just(high))), text=draw(words), place_text=draw(words),
        photos=tuple(draw(st.lists(st.integers(0, 2**64 - 1), max_size=3))), source=draw(st.sampled_from(["", "x", "y"])),
    )  # fmt: skip


@given(accounts("a"), accounts("b"), st.integers(0, 50))
@settings(max_examples=150, deadline=None)
def test_it_does_not_matter_which_report_comes_first(a, b, crowd):
    one, other = score(a, b, WEIGHTS, crowd=crowd), score(b, a, WEIGHTS, crowd=crowd)
    assert (one.total, one.band, one.relation) == (other.total, other.band, other.relation)
    assert isfinite(one.total)
    assert {(reason.code, reason.contribution) for reason in one.reasons} == {(r.code, r.contribution) for r in other.reasons}


@given(st.lists(accounts("b"), max_size=6), accounts("a"), st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_verdict_does_not_depend_on_the_order_of_the_candidates(others, account, random):
    others = [replace(other, id=str(index)) for index, other in enumerate(others)]
    groups = {f"i{index % 3}": [] for index in range(len(others))}
    for index, other in enumerate(others):
        groups[f"i{index % 3}"].append(other)
    shuffled = {name: random.sample(members, len(members)) for name, members in random.sample(sorted(groups.items()), len(groups))}
    assert decide(account, groups, WEIGHTS) == decide(account, shuffled, WEIGHTS)


@given(st.lists(accounts("b"), min_size=1, max_size=6), accounts("a"))
@settings(max_examples=60, deadline=None)
def test_many_at_once_is_the_same_as_one_by_one(others, account):
    together = score_each(account, others, WEIGHTS, crowd=3)
    for found, alone in zip(together, (score(account, other, WEIGHTS, crowd=3) for other in others), strict=True):
        assert found.total == pytest.approx(alone.total, abs=0.002)  # sums of floats differ in their last digit, and so in rounding
        assert replace(found, total=alone.total) == alone
        assert {reason.code: reason.params for reason in found.reasons} == {reason.code: reason.params for reason in alone.reasons}
