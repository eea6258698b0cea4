"""The queue of doubtful pairs: the costliest first, one person to a pair, both organisations where two are concerned."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from server.accounts.models import Organisation
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching import questions, service
from server.matching.models import Incident, IncidentChange, PairRuling, Suggestion
from server.matching.questions import Answer
from server.matching.worth import Stakes, worth
from server.vocabulary import Certainty, DamageGrade, HintAnswer, NeedType, OrganisationType, SiteType
from tests.matching.pairs import LAST_NIGHT, doubtful, told


@pytest.fixture
def relief(staff):
    """Two organisations that exist: ``(of bohdan and amal, of dario)``, and their people as actors."""
    houses = [Organisation(name=name, kind=OrganisationType.INTL_NGO) for name in ("Relief Works", "Open Hands")]
    session.add_all(houses)
    session.commit()
    one, other = (house.id for house in houses)
    belongs = {"bohdan": one, "amal": one, "chipo": one, "dario": other}
    return {name: replace(staff[name], organisation_id=belongs[name]) for name in belongs}


def pair_of(*reports):
    laid = [service.incident_of(number).id for number in reports]
    return session.scalar(select(Suggestion).where(Suggestion.incident_id.in_(laid), Suggestion.other_id.in_(laid)))


def test_what_hangs_on_it_decides_what_is_asked_first(app, work, staff):
    quiet, urgent = doubtful(1), doubtful(2, people_trapped=True, needs=[NeedType.codes()[0]])
    work()
    first = questions.take(staff["chipo"])
    assert first.suggestion.id == pair_of(*urgent).id
    assert questions.take(staff["chipo"], past=[first.suggestion.id]).suggestion.id == pair_of(*quiet).id


def test_a_doubt_is_worth_more_than_a_near_certainty_and_stakes_multiply_it():
    rumour, public = Stakes(certainty=Certainty.RUMOUR), Stakes(certainty=Certainty.CONFIRMED, reports=8)
    trapped = Stakes(certainty=Certainty.RUMOUR, people_trapped=True)
    assert worth(0.0, rumour, rumour) > worth(5.0, rumour, rumour)
    assert worth(0.0, rumour, trapped) > worth(0.0, rumour, public) > worth(0.0, rumour, rumour)
    assert worth(9.0, trapped, public) > worth(9.0, rumour, rumour) > 0


def test_a_record_that_becomes_urgent_moves_its_questions_forward(app, work, staff):
    quiet, other = doubtful(1), doubtful(2)
    work()
    before = pair_of(*quiet).worth
    told(north=3000, east=1, text="Missile hit apartment block", people_trapped=True, same_damage_as=service.incident_of(quiet[0]).public_id)
    work()
    session.expire_all()
    assert pair_of(*quiet).worth > before == pair_of(*other).worth


def test_two_people_get_two_pairs_and_a_pair_left_lying_comes_back(app, work, staff):
    doubtful(1), doubtful(2)
    work()
    hers, his = questions.take(staff["chipo"]), questions.take(staff["bohdan"])
    assert hers.suggestion.id != his.suggestion.id
    assert questions.take(staff["berta"]) is None
    with pytest.raises(Problem, match="changed_meanwhile"):
        questions.settle(staff["berta"], hers.suggestion.id, Answer(word="same"))
    hers.suggestion.claimed_until = now() - timedelta(seconds=1)
    session.commit()
    assert questions.take(staff["berta"]).suggestion.id == hers.suggestion.id


def test_a_skipped_pair_comes_last_for_whoever_skipped_it(app, work, staff):
    one, other = doubtful(1), doubtful(2)
    work()
    first = questions.take(staff["chipo"]).suggestion.id
    questions.skip(staff["chipo"], first)
    second = questions.take(staff["chipo"]).suggestion.id
    assert {first, second} == {pair_of(*one).id, pair_of(*other).id}
    assert questions.take(staff["chipo"], past=[second]).suggestion.id == first
    assert len(set(session.get(Suggestion, first).skipped_by)) == 1


def test_an_answer_is_given_once(app, work, staff):
    pair = doubtful(1)
    work()
    asked = pair_of(*pair).id
    questions.settle(staff["chipo"], asked, Answer(word="apart"))
    with pytest.raises(Problem, match="already_done"):
        questions.settle(staff["bohdan"], asked, Answer(word="same"))
    with pytest.raises(Problem, match="invalid_input"):
        questions.settle(staff["bohdan"], asked, Answer(word="perhaps"))


@pytest.mark.parametrize("name", ["eve", "amal", "sana", "ada"])
def test_who_may_not_answer_gets_no_pair(name, app, work, staff):
    pair = doubtful(1)
    work()
    with pytest.raises(Problem, match="not_allowed"):
        questions.take(staff[name])
    with pytest.raises(Problem, match="not_allowed"):
        questions.settle(staff[name], pair_of(*pair).id, Answer(word="same"))


def test_a_merge_field_by_field_holds_what_was_chosen_and_undo_brings_all_back(app, work, staff):
    pair = doubtful(1)
    work()
    one, other = (service.incident_of(number) for number in pair)
    other.damage_min = other.damage_max = other.damage_best = 1
    session.commit()
    first = min((one, other), key=lambda incident: (incident.opened_at, incident.id))
    kept, number, wanted = first.id, first.public_id, (other if first.id == one.id else one).damage_best
    change = questions.settle(staff["chipo"], pair_of(*pair).id, Answer(word="same", chosen={"damage": "other"})).id
    session.commit()
    assert session.get(Incident, kept).damage_best == wanted
    assert "damage_best" in session.get(Incident, kept).fixed_fields
    told(north=3000, text="Missile hit apartment block", damage=DamageGrade.D4, same_damage_as=number)
    work()
    assert session.get(Incident, kept).damage_best == wanted, "a later report does not move what a person chose"
    service.undo(change, actor=staff["chipo"])
    session.commit()
    assert session.get(Incident, kept).fixed_fields == []


def test_a_field_that_does_not_exist_cannot_be_chosen(app, work, staff):
    pair = doubtful(1)
    work()
    with pytest.raises(Problem, match="invalid_input"):
        questions.settle(staff["chipo"], pair_of(*pair).id, Answer(word="same", chosen={"public_id": "other"}))


def test_one_key_lays_a_group_together_and_one_takes_it_apart_again(app, work, staff, monkeypatch):
    monkeypatch.setattr(questions, "OBVIOUS", -99.0)
    numbers = [told(east=34 * step, text="Missile hit apartment block") for step in range(4)]
    work()
    before = {number: service.incident_of(number).id for number in numbers}
    assert len(set(before.values())) == 4
    pair = questions.take(staff["chipo"])
    assert len(questions.group_of(staff["chipo"], pair)) == 4
    session.get(Incident, before[numbers[3]]).adm2_pcode = "XE0202"
    assert len(questions.group_of(replace(staff["chipo"], areas=frozenset({"XE01"})), pair)) == 3, "what lies elsewhere is others'"
    batch, count = questions.settle_group(staff["chipo"], pair.suggestion.id)
    session.commit()
    assert count == 3
    assert len({service.incident_of(number).id for number in numbers}) == 1
    assert service.undo_batch(batch, actor=staff["chipo"]) == 3
    session.commit()
    assert {number: service.incident_of(number).id for number in numbers} == before


def test_a_merge_binds_until_it_is_undone_and_a_later_split_overrules_it(app, work, staff):
    pair = doubtful(1)
    work()
    change = questions.settle(staff["chipo"], pair_of(*pair).id, Answer(word="same"))
    session.commit()
    assert list(session.scalars(standing())) == ["must"]
    parted = service.detach(pair[1], actor=staff["chipo"], reason="Two houses after all")
    session.commit()
    assert list(session.scalars(standing())) == ["cannot"]
    service.undo(parted.id, actor=staff["chipo"])
    assert list(session.scalars(standing())) == ["must"]
    service.undo(change.id, actor=staff["chipo"])
    assert list(session.scalars(standing())) == []


def standing():
    return select(PairRuling.ruling).where(PairRuling.ended_at.is_(None))


def test_two_organisations_reports_are_laid_together_by_both_or_by_a_coordinator(app, work, relief):
    """Bohdan may settle duplicates, yet not lay another organisation's report on his own alone."""
    one = told(text="Missile hit apartment block", actor=relief["amal"])
    other = told(east=35, text="Missile hit apartment block", actor=relief["dario"])
    work()
    asked = pair_of(one, other).id
    with pytest.raises(Problem, match="both_needed"):
        service.merge(service.incident_of(one).id, service.incident_of(other).id, actor=relief["bohdan"], reason="")
    assert questions.settle(relief["bohdan"], asked, Answer(word="same")) is None
    session.commit()
    assert questions.take(relief["bohdan"]) is None, "his word is said; it waits for others"
    assert service.incident_of(one).id != service.incident_of(other).id
    assert questions.take(relief["dario"]).suggestion.id == asked
    change = questions.settle(relief["dario"], asked, Answer(word="same"))
    session.commit()
    assert change.person_id == relief["dario"].person_id
    assert service.incident_of(one).id == service.incident_of(other).id


def test_a_coordinator_needs_nobody_and_a_partner_alone_only_proposes(app, work, relief):
    one = told(text="Missile hit apartment block", actor=relief["amal"])
    other = told(east=35, text="Missile hit apartment block", actor=relief["dario"])
    work()
    asked = pair_of(one, other).id
    assert questions.settle(relief["dario"], asked, Answer(word="same")) is None
    assert session.get(Suggestion, asked).proposed_answer == "same"
    assert questions.settle(relief["chipo"], asked, Answer(word="same")) is not None


def test_a_partner_is_asked_only_about_pairs_of_their_own(app, work, relief):
    mine = told(text="Missile hit apartment block", actor=relief["dario"])
    beside, _strangers = told(east=35, text="Missile hit apartment block"), doubtful(4)
    work()
    assert questions.take(relief["dario"]).suggestion.id == pair_of(mine, beside).id
    with pytest.raises(Problem, match="not_found"):
        questions.settle(relief["dario"], pair_of(*_strangers).id, Answer(word="apart"))


def test_who_works_in_some_areas_and_sectors_is_asked_only_about_pairs_there(app, work, staff):
    told_here, told_there = doubtful(1), doubtful(5, people_trapped=True)
    work()
    near, far = pair_of(*told_here), pair_of(*told_there)
    for pair, area in ((near, "XE0101"), (far, "XE0202")):
        for record in (pair.incident_id, pair.other_id):
            session.get(Incident, record).adm2_pcode = area
    session.commit()
    here, shelter = (replace(staff["chipo"], **limit) for limit in ({"areas": frozenset({"XE01"})}, {"sectors": frozenset({"SHL"})}))
    assert questions.take(here).suggestion.id == near.id
    assert questions.take(here, past=[near.id]) is None
    assert (questions.count_open(here), questions.count_open(shelter), questions.count_open(staff["chipo"])) == (1, 2, 2)
    assert questions.take(replace(staff["bohdan"], sectors=frozenset({"EDU"}))) is None
    assert questions.take(staff["berta"]).suggestion.id == far.id


def test_who_says_that_the_place_was_struck_anew_is_asked_about_as_a_later_strike_with_that_reason(app, work):
    first = told(text="Missile hit apartment block", place="Soborna street 12")
    work()
    again = told(
        text="Missile hit apartment block", place="Soborna street 12",
        answer_kind=HintAnswer.NEW_STRIKE, answer_about=service.incident_of(first).public_id,
    )  # fmt: skip
    work()
    assert service.incident_of(first).id != service.incident_of(again).id, "without the answer the two are one"
    asked = pair_of(first, again)
    assert asked.relation == "second_strike"
    assert "says_new" in {reason["code"] for reason in asked.reasons}


def test_a_new_event_at_the_same_place_is_kept_apart_for_good(app, work, staff):
    before = told(at=LAST_NIGHT - timedelta(days=2), text="School hit", place="School No. 17", site_type=SiteType.EDU_SCHOOL)
    after = told(east=20, text="School hit again", place="School No. 17", site_type=SiteType.EDU_SCHOOL)
    work()
    assert service.incident_of(after).prior_incident_id == service.incident_of(before).id, "the house linked them, and asks"
    questions.settle(staff["chipo"], pair_of(before, after).id, Answer(word="second_strike"))
    session.commit()
    assert service.incident_of(after).prior_incident_id == service.incident_of(before).id
    with pytest.raises(Problem, match="invalid_input"):
        service.merge(service.incident_of(after).id, service.incident_of(before).id, actor=staff["chipo"], reason="")


def test_every_answer_is_one_change_with_a_way_back(app, work, staff):
    pair = doubtful(1)
    work()
    for word in questions.ANSWERS:
        change = questions.settle(staff["chipo"], pair_of(*pair).id, Answer(word=word))
        session.commit()
        assert isinstance(change, IncidentChange)
        service.undo(change.id, actor=staff["chipo"])
        session.commit()
        assert pair_of(*pair).settled_at is None
    with pytest.raises(Problem, match="not_found"):
        questions.pair_of(uuid4())
