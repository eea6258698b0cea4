"""Judging all reports anew: the fewest acts, what people made is left, and all of it can be taken back."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.core.database import session
from server.matching import rebuilding, service
from server.matching.models import Incident
from server.matching.planning import Step, plan
from server.matching.rebuild_commands import rebuild
from server.matching.weights import default_weights
from server.vocabulary import WorkflowState
from tests.matching.pairs import told


@pytest.mark.pure
def test_a_record_keeps_its_number_where_it_keeps_most_of_its_reports():
    made = plan({"a": "X", "b": "X", "c": "Y", "d": "Z"}, {"a": "1", "b": "1", "c": "1", "d": "2"})
    assert made.steps == [Step(home="X", joins=("Y",))]
    assert (made.records_now, made.records_then, made.joins) == (3, 2, 1)


@pytest.mark.pure
def test_what_falls_apart_opens_one_new_record():
    made = plan({"a": "X", "b": "X", "c": "X"}, {"a": "1", "b": "1", "c": "2"})
    assert made.steps == [Step(home=None, comes=(("X", ("c",)),))]
    assert made.opens == 1


@pytest.mark.pure
def test_what_a_person_worked_on_keeps_its_reports_and_its_number():
    made = plan({"a": "X", "b": "X", "c": "Y"}, {"a": "1", "b": "1", "c": "1"}, protected={"Y"})
    assert made.steps == [Step(home="Y", joins=("X",))]
    both = plan({"a": "X", "c": "Y"}, {"a": "1", "c": "1"}, protected={"X", "Y"})
    assert (both.steps, both.left_to_people) == ([], 1)


LYING = st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.sampled_from("XYZ"), st.sampled_from("123")), min_size=1)


@pytest.mark.pure
@settings(deadline=None)
@given(LYING)
def test_carrying_a_plan_out_leads_to_what_was_wanted(rows):
    now, wanted = {one: row[0] for one, row in rows.items()}, {one: row[1] for one, row in rows.items()}
    for number, step in enumerate(plan(now, wanted).steps):
        home = step.home or f"new {number}"
        moved = {report for _record, reports in step.comes for report in reports}
        now = {one: home if one in moved or (record in step.joins) else record for one, record in now.items()}
    together = {(one, other) for one in now for other in now if now[one] == now[other]}
    assert together == {(one, other) for one in now for other in now if wanted[one] == wanted[other]}


@pytest.fixture
def scattered(app, work, staff):
    """Six reports of two houses, each wrongly on a record of its own, and one record that a person worked on."""
    words = "Missile hit apartment block"
    numbers = [told(east=4 * (step % 3) + 1500 * (step // 3), text=words, place=f"Soborna street {12 + step // 3}") for step in range(6)]
    work()
    for number in random.Random(3).sample(numbers, 6):
        if service.incident_of(number).report_count > 1:
            service.split(service.incident_of(number).id, [number], actor=rebuilding.SYSTEM, reason="")
            session.commit()
    assert len({service.incident_of(number).id for number in numbers}) == 6
    return numbers


def lying(numbers):
    session.expire_all()
    return {number: service.incident_of(number).id for number in numbers}


def test_a_rebuild_is_shown_first_applied_when_confirmed_and_taken_back_whole(app, scattered, tmp_path, monkeypatch):
    monkeypatch.setattr("server.matching.rebuild_commands.FOLDER", tmp_path)
    before, run = lying(scattered), app.test_cli_runner()
    shown = run.invoke(rebuild, [], input="n\n")
    assert "Nothing was changed." in shown.output
    assert lying(scattered) == before
    done = run.invoke(rebuild, ["--yes"])
    assert done.exit_code == 0, done.output
    after = lying(scattered)
    assert len(set(after.values())) == 2
    assert len({after[number] for number in scattered[:3]}) == 1
    taken_back = run.invoke(rebuild, ["--undo", done.output.split("--undo ")[1].split()[0]])
    assert taken_back.exit_code == 0, taken_back.output
    assert lying(scattered) == before


def test_a_stopped_rebuild_goes_on_where_it_stopped_and_passes_over_what_changed(app, scattered, staff, tmp_path):
    made = rebuilding.make_plan(default_weights(), lambda _n: None)
    path = tmp_path / "plan.jsonl"
    rebuilding.keep_plan(made, path)
    service.keep_apart(lying(scattered)[scattered[0]], lying(scattered)[scattered[1]], actor=staff["chipo"], reason="Two houses")
    session.commit()
    seen = []
    _batch, done, passed = rebuilding.apply_plan(path, seen.append)
    assert (done, passed) == (1, 1), "the house a person ruled on is left, the other is brought in line"
    assert rebuilding.apply_plan(path, seen.append)[1:] == (0, 0)
    assert len({lying(scattered)[number] for number in scattered[3:]}) == 1


def test_what_people_made_and_ruled_is_not_planned_away(app, scattered, staff):
    here = lying(scattered)
    service.keep_apart(here[scattered[0]], here[scattered[1]], actor=staff["chipo"], reason="Two houses")
    third = session.get(Incident, here[scattered[2]])
    third.workflow = WorkflowState.IN_VERIFICATION
    session.commit()
    made = rebuilding.make_plan(default_weights(), lambda _n: None)
    apart = {str(here[scattered[0]]), str(here[scattered[1]]), str(here[scattered[2]])}
    for step in made.steps:
        assert len({step.home, *step.joins} & apart) <= 1
        assert not set(step.joins) & apart
