"""Attacks and disasters that gather damage records, and the course of one place through strikes, repairs and service."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from server.coordination.site_course import Moment, course
from server.vocabulary import FunctionalStatus
from tests.coordination.test_aid import house, ledger, norway, school, send

__all__ = ["norway", "school"]
NIGHT = {"name": "Night of the twentieth", "cause_group": "CONFLICT", "began_at": "2026-11-20T00:00", "ended_at": "2026-11-20T06:00"}


@pytest.fixture
def night(as_, school):
    """The address of an attack that Chipo named."""
    return as_("chipo").post("/desk/events", data=NIGHT).location.partition("?")[0]


def grouped(database):
    return database.scalar(text("SELECT count(*) FROM incidents WHERE event_id IS NOT NULL"))


def test_records_of_the_night_are_found_and_put_with_it_in_one_go_and_taken_out_again(as_, night, school, work, database):
    send(as_("dario"), east=0.02, text="Another one.")
    send(as_("dario"), east=0.05, text="A day later.", event_earliest="2026-11-21T01:00:00Z", event_latest="2026-11-21T02:00:00Z")
    work()
    chipo = as_("chipo")
    page = chipo.get(f"{night}?candidates=1").text
    assert "2 records of its time are with no event yet." in page
    numbers = database.scalars(text("SELECT public_id FROM incidents WHERE event_latest < '2026-11-21'")).all()
    assert chipo.post(f"{night}/incidents", data={"incident": numbers}).status_code == 303
    assert grouped(database) == 2
    page = as_("dario").get(night).text
    assert all(number in page for number in numbers)
    assert "not met yet: 2" in page
    assert chipo.post(f"{night}/incidents", data={"incident": numbers[:1], "act": "out"}).status_code == 303
    assert grouped(database) == 1
    assert ledger(database, "incident.grouped") == 3


def test_a_record_that_is_with_another_event_is_not_moved_unawares(as_, night, school, database):
    chipo = as_("chipo")
    chipo.post(f"{night}/incidents", data={"numbers": school})
    other = chipo.post("/desk/events", data={**NIGHT, "name": "Another night"}).location
    assert "put=0" in chipo.post(f"{other}/incidents", data={"numbers": school}).location
    assert school in chipo.get(night).text


@pytest.mark.parametrize(("name", "status"), [("dario", 403), ("amal", 403), ("bohdan", 403), ("eve", 403)])
def test_only_coordinators_name_and_gather(as_, night, school, name, status):
    browser = as_(name)
    assert browser.post("/desk/events", data=NIGHT).status_code == status
    assert browser.post(f"{night}/incidents", data={"numbers": school}).status_code == status


def test_an_event_that_ends_before_it_begins_is_refused_and_what_was_typed_stays(as_, school):
    answer = as_("chipo").post("/desk/events", data={**NIGHT, "ended_at": "2026-11-19T00:00"})
    assert answer.status_code == 422
    assert "It cannot end before it begins." in answer.text
    assert "Night of the twentieth" in answer.text


@pytest.fixture
def place(as_, school):
    """The address of the place that Bohdan made of the school."""
    return as_("bohdan").post(f"/desk/sites/incidents/{school}", data={"name": "School 17 on Soborna"}).location


def test_a_place_shows_strike_repair_and_second_strike_with_what_each_left(as_, place, school, work, database):
    dario = as_("dario")
    assert dario.post(f"{place}/notes", data={"seen_on": "2026-11-21", "is_repair": "true", "functional_status": "F4"}).status_code == 303
    send(as_("amal"), text="Hit again.", damage="D4", event_earliest="2026-11-22T01:00:00Z", event_latest="2026-11-22T02:00:00Z")
    work()
    again = database.scalar(text("SELECT public_id FROM incidents WHERE public_id <> :one"), {"one": school})
    assert as_("bohdan").post(f"/desk/sites/incidents/{again}", data={"site": place.rpartition("/")[2]}).status_code == 303
    page = dario.get(place).text
    assert page.index("Struck again") < page.index("Repaired") < page.index("Struck<")
    assert "Destroyed" in page
    assert "Drinking water" in page


def test_the_name_of_a_place_is_as_exact_as_its_point(as_, place, school, database):
    assert "School 17 on Soborna" in as_("chipo").get(place).text
    dario = as_("dario")
    assert "School 17 on Soborna" not in dario.get(place).text
    as_("chipo").post(f"/desk/aid/incidents/{school}/assignments", data={"organisation": house(database, "Open Hands"), "days": 7})
    dario.post(f"/desk/aid/assignments/{database.scalar(text('SELECT id FROM assignments'))}", data={"answer": "accept"})
    assert "School 17 on Soborna" in dario.get(place).text


def test_a_visit_must_say_whether_it_works_and_partners_make_no_places(as_, place, school):
    assert as_("dario").post(f"{place}/notes", data={"seen_on": "2026-11-21"}).status_code == 422
    assert as_("dario").post(f"/desk/sites/incidents/{school}", data={"name": "x"}).status_code == 403
    assert as_("eve").get(place).status_code == 403


DAY = datetime(2026, 11, 1, tzinfo=UTC)
MOMENTS = st.builds(
    lambda day, kind, grade, service: Moment(at=DAY + timedelta(days=day), kind=kind, name=f"{day}{kind}", grade=grade, service=service),
    st.integers(0, 30), st.sampled_from(["strike", "repair", "visit"]), st.none() | st.integers(0, 4),
    st.none() | st.sampled_from(list(FunctionalStatus)),
)  # fmt: skip


@pytest.mark.pure
@settings(deadline=None)
@given(st.lists(MOMENTS, max_size=12))
def test_damage_adds_up_until_a_repair_whatever_the_order_they_were_entered_in(moments):
    steps = course(reversed(moments))
    assert [step.moment.at for step in steps] == sorted(moment.at for moment in moments)
    for before, step in pairwise(steps):
        if step.moment.kind == "repair":
            assert step.grade == (step.moment.grade or 0)
        elif before.grade is not None:
            assert step.grade >= before.grade
    strikes = [step for step in steps if step.moment.kind == "strike"]
    assert [step.is_again for step in strikes] == [False, True, *[True] * 10][: len(strikes)]
