"""What people ruled and undid, when something came between: a withdrawal, a newcomer, an edit, a rebuild, a row sent again."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from server.accounts.policy import ANONYMOUS, SYSTEM
from server.coordination import edits
from server.core.database import session
from server.core.problems import Problem
from server.matching import acts, links, rebuilding, service
from server.matching.acts import Manner
from server.matching.models import Incident, IncidentChange
from server.matching.weights import default_weights
from server.reports import access, batches
from server.reports.service import supersede, withdraw
from server.vocabulary import SiteType, WorkflowState
from tests.matching.pairs import LAST_NIGHT, told

HIT = "Missile hit apartment block"


@pytest.fixture
def chipo(staff):
    return staff["chipo"]


@pytest.fixture
def street(app, work):
    """Two houses of one street, two reports each: four numbers."""
    numbers = [told(east=east, text=HIT, place=f"Soborna street {house}") for east, house in ((0, 12), (5, 12), (32, 14), (36, 14))]
    session.commit()
    work()
    assert here(numbers[0]) == here(numbers[1]) != here(numbers[2]) == here(numbers[3])
    return numbers


def here(number):
    session.expire_all()
    return service.incident_of(number).id


def record(number):
    return session.get(Incident, number, populate_existing=True)


def change_of(kind, number):
    return session.scalar(select(IncidentChange).where(IncidentChange.kind == kind, IncidentChange.incident_id == number))


def taken_back(number, work):
    withdraw(number, actor=ANONYMOUS)
    session.commit()
    work()


def sent_again(number, work, **given):
    """A sender's row comes again with changes: the number of its new version."""
    new = told(**given)
    access.see_as("all")
    supersede(number, new, actor=SYSTEM)
    session.commit()
    work()
    return new


def test_a_merge_is_undone_though_one_of_its_reports_was_taken_back_since(street, work, chipo):
    a, b, c, d = street
    one, other = here(a), here(c)
    merged = service.merge(one, other, actor=chipo, reason="").id
    session.commit()
    taken_back(c, work)
    service.undo(merged, actor=chipo)
    session.commit()
    assert (here(a), here(b), here(d)) == (one, one, other)
    assert service.incident_of(c) is None, "what was taken back stays away"
    assert record(other).report_count == 1


def test_a_record_that_gets_none_of_its_reports_back_is_withdrawn_and_not_an_empty_row(street, work, chipo):
    a, _, c, d = street
    one, other = here(a), here(c)
    merged = service.merge(one, other, actor=chipo, reason="").id
    session.commit()
    for number in (c, d):
        taken_back(number, work)
    service.undo(merged, actor=chipo)
    session.commit()
    assert (record(other).workflow, record(other).on_map) == (WorkflowState.WITHDRAWN, False)
    assert record(one).report_count == 2


def test_a_report_that_comes_back_to_an_empty_record_is_on_the_map_again(street, work, chipo):
    a, b, c, _ = street
    one = here(a)
    moved = service.attach(b, here(c), actor=chipo, reason="").id
    session.commit()
    taken_back(a, work)
    assert not record(one).on_map
    service.undo(moved, actor=chipo)
    session.commit()
    assert (here(b), record(one).report_count, record(one).on_map) == (one, 1, True)


def test_what_came_to_a_split_record_goes_along_when_the_split_is_undone(street, work, chipo):
    a, b, *_ = street
    one = here(a)
    parted = service.split(one, [b], actor=chipo, reason="")
    number, apart, new = parted.id, parted.other_id, record(parted.other_id).public_id
    session.commit()
    late = told(east=5, text=HIT, same_damage_as=new)
    session.commit()
    work()
    newcomer_lay = here(late)
    service.undo(number, actor=chipo)
    session.commit()
    assert here(b) == one
    assert newcomer_lay == apart
    assert here(late) == one
    assert record(one).report_count == 3


def test_what_somebody_ruled_apart_does_not_go_along(street, work, chipo):
    a, b, *_ = street
    one = here(a)
    parted = service.split(one, [b], actor=chipo, reason="")
    number, new = parted.id, parted.other_id
    session.commit()
    late = told(east=5, text=HIT, same_damage_as=record(new).public_id)
    session.commit()
    work()
    ruled = service.keep_apart(one, new, actor=chipo, reason="")
    with pytest.raises(Problem, match="changed_meanwhile"):
        service.undo(number, actor=chipo)
    service.undo(ruled.id, actor=chipo)
    service.undo(number, actor=chipo)
    session.commit()
    assert here(late) == one


def test_undoing_one_edit_leaves_a_later_one_and_is_refused_where_the_later_one_built_upon_it(street, work, chipo):
    number = here(street[0])
    change = lambda what, value: edits.change(what, value, record(number), batch_id=uuid4(), actor=chipo)["change"]  # noqa: E731 - a word for a call
    typed = change("site_type", "HEA.HOSP")
    change("need", "+WATER")
    session.commit()
    service.undo(typed, actor=chipo)
    session.commit()
    assert (record(number).site_type, record(number).needs) == (SiteType.RES_APT, ["WATER"])
    told(text=HIT, place="Soborna street 12")
    session.commit()
    work()
    assert record(number).needs == ["WATER"], "a later report does not move what a person set"
    typed, _again = change("site_type", "HEA.HOSP"), change("site_type", "EDU.SCHOOL")
    with pytest.raises(Problem, match="changed_meanwhile"):
        service.undo(typed, actor=chipo)


def test_an_edit_outlives_the_undoing_of_the_merge_before_it(street, work, chipo):
    one, other = here(street[0]), here(street[2])
    merged = service.merge(one, other, actor=chipo, reason="", manner=Manner(chosen={"damage": "other"})).id
    edits.change("need", "+WATER", record(one), batch_id=uuid4(), actor=chipo)
    session.commit()
    service.undo(merged, actor=chipo)
    session.commit()
    assert (record(one).needs, record(one).fixed_fields) == (["WATER"], ["needs"])
    assert here(street[2]) == other


def test_what_a_person_takes_back_of_the_house_s_work_is_not_done_again(street, work, chipo):
    a, b, *_ = street
    by_house = change_of("attach", here(a))
    report = UUID(by_house.before["moved"][0][0])
    service.undo(by_house.id, actor=chipo)
    session.commit()
    assert here(a) != here(b)
    found = change_of("keep_apart", here(a))
    ruling = found.id
    assert found.person_id == chipo.person_id, "it stands in the history, with its own way back"
    made = rebuilding.make_plan(default_weights(), lambda _n: None)
    assert not [step for step in made.steps if {step.home, *step.joins} >= {str(here(a)), str(here(b))}]
    service.reconsider_report(report)
    session.commit()
    assert here(a) != here(b)
    service.undo(ruling, actor=chipo)
    session.commit()
    assert session.scalar(text("SELECT count(*) FROM pair_rulings WHERE ended_at IS NULL")) == 0


def test_ruling_apart_takes_off_that_the_place_was_struck_before_and_undo_puts_it_back(app, work, chipo):
    school = {"text": "School hit", "place": "School No. 17", "site_type": SiteType.EDU_SCHOOL}
    first, again = told(at=LAST_NIGHT - timedelta(days=9), **school), told(east=4, **school)
    session.commit()
    work()
    assert record(here(again)).prior_incident_id == here(first)
    parted = service.keep_apart(here(first), here(again), actor=chipo, reason="Two schools").id
    session.commit()
    assert record(here(again)).prior_incident_id is None
    service.undo(parted, actor=chipo)
    session.commit()
    assert record(here(again)).prior_incident_id == here(first)


@pytest.fixture
def planned(app, work, tmp_path):
    """Two houses of three reports, each report on a record of its own, and a kept plan that joins them: ``(numbers, plan)``."""
    numbers = [told(east=4 * (step % 3) + 1500 * (step // 3), text=HIT, place=f"Soborna street {12 + step // 3}") for step in range(6)]
    session.commit()
    work()
    for number in numbers:
        if service.incident_of(number).report_count > 1:
            service.split(service.incident_of(number).id, [number], actor=SYSTEM, reason="")
            session.commit()
    path = tmp_path / "plan.jsonl"
    rebuilding.keep_plan(rebuilding.make_plan(default_weights(), lambda _n: None), path)
    return numbers, path


@pytest.mark.parametrize("decision", ["certainty", "workflow", "edit"])
def test_a_rebuild_swallows_no_record_that_somebody_decided_about_while_it_was_stopped(decision, planned, chipo):
    numbers, path = planned
    worked_on = [record(here(number)) for number in numbers[:3]]
    for one in worked_on:
        if decision == "edit":
            edits.change("need", "+WATER", one, batch_id=uuid4(), actor=chipo)
        elif decision == "workflow":
            one.workflow = WorkflowState.IN_VERIFICATION
        else:
            one.certainty = "PROBABLE"
    session.commit()
    before = [here(number) for number in numbers[:3]]
    assert rebuilding.apply_plan(path, lambda _n: None)[1:] == (1, 1)
    assert [here(number) for number in numbers[:3]] == before
    assert len({here(number) for number in numbers[3:]}) == 1


def test_a_rebuild_bears_that_people_laid_together_what_contradicts(street, work, chipo):
    a, b, c, _ = street
    service.detach(b, actor=chipo, reason="")
    service.merge(here(a), here(c), actor=chipo, reason="One long house, two numbers")
    session.commit()
    third = told(east=16, text=HIT)
    session.commit()
    work()
    service.attach(third, here(a), actor=chipo, reason="")
    session.commit()
    made = rebuilding.make_plan(default_weights(), lambda _n: None)
    assert not [step for step in made.steps if str(here(a)) in {*step.joins, *(record for record, _reports in step.comes)}]


def test_a_rebuild_is_taken_back_but_for_what_somebody_built_upon(planned, chipo):
    numbers, path = planned
    before = {number: here(number) for number in numbers}
    batch, done, passed = rebuilding.apply_plan(path, lambda _n: None)
    assert (done, passed) == (2, 0)
    service.detach(numbers[0], actor=chipo, reason="")
    session.commit()
    undone, left = rebuilding.take_back(batch, lambda _n: None)
    assert undone >= 2
    assert left >= 1
    assert {number: here(number) for number in numbers[3:]} == {number: before[number] for number in numbers[3:]}


def test_a_record_keeps_its_number_when_its_only_row_is_sent_again_from_elsewhere_and_when_that_is_undone(app, work):
    old = told(text=HIT, place="Soborna street 12")
    session.commit()
    work()
    number = here(old)
    new = sent_again(old, work, north=900, text=HIT, place="Soborna street 12")
    assert (here(new), record(number).report_count, record(number).on_map) == (number, 1, True)
    access.see_as("all")
    withdraw(new, actor=SYSTEM)
    session.execute(text("UPDATE reports SET superseded_by = NULL, withdrawn_at = NULL WHERE id = :old"), {"old": old})
    batches.record_many("report.restored", {old: {}}, actor=SYSTEM)
    session.commit()
    work()
    assert (here(old), record(number).on_map) == (number, True)


def test_a_row_that_is_sent_again_near_others_joins_them_and_its_old_number_leads_there(app, work):
    old, beside = told(north=2000, text=HIT, place="Soborna street 12"), told(text=HIT, place="Ringstrasse 7")
    session.commit()
    work()
    number = record(here(old)).public_id
    new = sent_again(old, work, east=3, text=HIT, place="Ringstrasse 7")
    assert here(new) == here(beside)
    assert links.by_public_id(number) == here(beside)


def test_what_people_ruled_of_a_row_holds_when_it_is_sent_again(street, work, chipo):
    a, b, c, _ = street
    one, other = here(a), here(c)
    service.split(one, [b], actor=chipo, reason="Two entrances")
    session.commit()
    alone = here(b)
    new = sent_again(b, work, east=5, text=HIT, place="Soborna street 12")
    assert here(new) == alone != one, "ruled apart, though all else says they are one"
    with pytest.raises(Problem, match="invalid_input"):
        service.merge(one, alone, actor=chipo, reason="")
    service.merge(other, alone, actor=chipo, reason="")
    session.commit()
    newer = sent_again(new, work, north=700, text="Bridge down", site_type=SiteType.TRA_BRIDGE)
    assert here(newer) == other, "a person laid it there"


def test_a_group_offered_for_one_key_leaves_out_what_was_ruled_apart(app, work, chipo, staff, monkeypatch):
    from server.matching import questions

    monkeypatch.setattr(questions, "OBVIOUS", -99.0)
    numbers = [told(east=34 * step, text=HIT) for step in range(4)]
    session.commit()
    work()
    acts.keep_apart(here(numbers[0]), here(numbers[3]), actor=chipo, reason="")
    session.commit()
    pair = questions.take(chipo)
    assert len(questions.group_of(chipo, pair)) == 3
    assert questions.group_of(staff["dario"], pair) == []
    _batch, count = questions.settle_group(chipo, pair.suggestion.id)
    session.commit()
    assert (count, here(numbers[0]) == here(numbers[3])) == (2, False)
