"""What several reports say together, who of them is a witness, and what is kept of their disagreement."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.matching.consensus import MEDIAN, RANKED, Said, agree, witnesses
from server.vocabulary import EventPrecision, FunctionalStatus, SiteType, SourceType

pytestmark = pytest.mark.pure

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CITIZEN, NGO, MEDIA = SourceType.SELF_WITNESS, SourceType.FIELD_NGO, SourceType.MEDIA_LOCAL


def said(name, *, after=0, source=CITIZEN, person="", grade=None, others=False, hint=False, photos=(), posts=(), **values):
    if grade is not None:
        values["damage"] = (grade, grade, grade)
    return Said(
        report=name, received_at=NOON + timedelta(hours=after), source=source, values=values, person=person, speaks_for_others=others,
        saw_hint=hint, photos=tuple(photos), posts=frozenset(posts),
    )  # fmt: skip


def names(groups):
    return [[one.report for one in group] for group in groups]


@pytest.mark.parametrize(
    ("rows", "voices"),
    [
        ([said("a"), said("b")], 2),
        ([said("a", person="p"), said("b", person="p")], 1),
        ([said("a", person="operator", others=True), said("b", person="operator", others=True)], 2),
        ([said("a", photos=[0b1111]), said("b", photos=[0b1011])], 1),
        ([said("a", photos=[0]), said("b", photos=[2**40 - 1])], 2),
        ([said("a", posts=[7]), said("b", posts=[7, 8]), said("c", posts=[8])], 1),
        ([said("a"), said("b", after=1, hint=True)], 1),
        ([said("a", hint=True), said("b", after=1)], 2),
        ([said("a"), said("b", after=1), said("c", after=2, hint=True)], 2),
    ],
    ids=["two people", "one device", "a hotline", "one photo", "two photos", "one post", "after the hint", "first of all", "hint after two"],
)
def test_witnesses_are_counted_not_rows(rows, voices):
    assert len(witnesses(rows)) == voices
    assert agree(rows).witnesses == voices


def test_the_better_source_prevails_and_among_equals_the_newer():
    rows = [said("a", source=NGO, grade=3), said("b", after=9, grade=4), said("c", source=NGO, after=2, grade=2)]
    found = agree(rows).fields["damage"]
    assert (found.value, found.rule) == ((2, 2, 2), RANKED)
    assert set(found.otherwise) == {((3, 3, 3), 1), ((4, 4, 4), 1)}


def test_one_loud_voice_does_not_outweigh_two_of_the_same_rank():
    found = agree([said("a", grade=3), said("b", after=1, grade=3), said("c", after=2, grade=0)]).fields["damage"]
    assert (found.value, found.rule, found.is_disputed) == ((3, 3, 3), MEDIAN, True)
    assert found.otherwise == (((0, 0, 0), 1),)


def test_neighbouring_grades_are_no_dispute_and_two_grades_apart_are():
    assert agree([said("a", grade=3), said("b", after=1, grade=4)]).disputed == []
    assert agree([said("a", grade=1), said("b", after=1, grade=4)]).disputed == ["damage"]


def test_the_same_person_twice_is_one_word_the_newer():
    found = agree([said("a", person="p", functional_status=FunctionalStatus.codes()[0]), said("b", person="p", after=1, functional_status="Y")])
    assert found.fields["functional_status"].value == "Y"
    assert found.fields["functional_status"].otherwise == ()


def test_the_kind_that_most_witnesses_name_holds_and_another_group_is_a_dispute():
    rows = [said("a", site_type=SiteType.EDU_SCHOOL), said("b", site_type=SiteType.EDU_SCHOOL), said("c", source=NGO, site_type=SiteType.TRA_BRIDGE)]
    found = agree(rows).fields["site_type"]
    assert (found.value, found.witnesses, found.otherwise, found.is_disputed) == (SiteType.EDU_SCHOOL, 2, ((SiteType.TRA_BRIDGE, 1),), True)


def test_needs_add_up_and_one_voice_that_people_are_trapped_is_enough():
    found = agree([said("a", needs=["WATER"], people_trapped=False), said("b", needs=["FOOD"], people_trapped=True)])
    assert found.value("needs") == ["FOOD", "WATER"]
    assert found.value("people_trapped") is True


def test_times_narrow_and_one_that_contradicts_is_kept_as_dissent():
    def when(start, end):
        return (NOON + timedelta(hours=start), NOON + timedelta(hours=end), EventPrecision.HOUR)

    found = agree([said("a", event=when(0, 10)), said("b", event=when(4, 6)), said("c", event=when(20, 30))]).fields["event"]
    assert found.value[:2] == when(4, 6)[:2]
    assert found.is_disputed
    assert [value for value, _count in found.otherwise] == [when(20, 30)]


def test_what_nobody_says_is_absent():
    assert agree([said("a")]).fields == {}


GRADES = st.lists(st.tuples(st.integers(0, 4), st.sampled_from([CITIZEN, NGO, MEDIA]), st.booleans()), min_size=1, max_size=4)


@settings(deadline=None)
@given(GRADES)
def test_the_order_of_the_reports_does_not_matter(rows):
    given_ = [said(str(n), after=n % 2, source=source, grade=grade, hint=hint) for n, (grade, source, hint) in enumerate(rows)]
    assert len({str(agree(order)) for order in permutations(given_)}) == 1


@settings(deadline=None)
@given(GRADES)
def test_the_grade_lies_within_what_was_said_and_its_interval_holds_it(rows):
    least, best, most = agree([said(str(n), source=source, grade=grade) for n, (grade, source, _) in enumerate(rows)]).value("damage")
    assert least <= best <= most
    assert min(row[0] for row in rows) <= best <= max(row[0] for row in rows)
