"""The pages of doubtful pairs and look-alike reports, without scripts: what each reader sees, answers and takes back."""

import re
from uuid import UUID

import pytest
from sqlalchemy import text

from server.core.database import session
from server.matching import service
from server.matching.models import Campaign, CampaignReport
from server.reports import access
from tests.matching.pairs import doubtful, told
from tests.people import actor

SECRET = "The caretaker hid in the cellar of number 12"


@pytest.fixture
def pair(app, work, people):
    """Two reports of residents that a person must compare."""
    numbers = doubtful(1)
    session.commit()
    work()
    return numbers


def asked(page):
    return re.search(r'data-pair="([0-9a-f-]{36})"', page).group(1)


def test_a_pair_is_shown_with_both_records_what_differs_and_why_it_is_asked(as_, pair):
    page = as_("chipo").get("/desk/review").text
    for number in pair:
        assert service.incident_of(number).public_id in page
    assert page.count("Missile hit apartment block") == 2
    assert "What speaks for and against" in page
    assert 'class="fall"' in page


@pytest.mark.parametrize(("answer", "said"), [("same", "laid together"), ("apart", "different damage"), ("second_strike", "later strike")])
def test_an_answer_shows_what_was_done_and_the_way_back(answer, said, as_, pair):
    chipo = as_("chipo")
    number = asked(chipo.get("/desk/review").text)
    answered = chipo.post(f"/desk/review/{number}", data={"answer": answer})
    assert answered.status_code == 303
    page = chipo.get(answered.location).text
    assert said in page
    undo = re.search(r'action="(/desk/review/changes/[^"]+/undo)"', page).group(1)
    assert chipo.post(undo).status_code == 303
    assert asked(chipo.get("/desk/review").text) == number


def test_a_pair_before_one_person_is_not_given_to_another(as_, pair):
    number = asked(as_("chipo").get("/desk/review").text)
    berta = as_("berta")
    assert "data-pair" not in berta.get("/desk/review").text
    assert berta.get("/desk/review/pair").status_code == 204
    assert berta.post(f"/desk/review/{number}", data={"answer": "same"}).status_code == 412
    assert as_("chipo").post(f"/desk/review/{number}", data={"answer": "skip"}).status_code == 303
    assert asked(berta.get("/desk/review").text) == number


@pytest.mark.parametrize("name", ["amal", "sana"])
def test_who_answers_no_pairs_is_shown_none(name, as_, pair):
    browser = as_(name)
    assert "data-pair" not in browser.get("/desk/review").text
    assert browser.get("/desk/review/pair").status_code == 403


def test_of_another_organisation_s_report_a_reviewer_sees_cell_day_kind_and_grade(as_, people, work):
    told(text=SECRET, place="Soborna street 12", actor=actor(people["amal"]))
    told(east=30, text="Missile hit apartment block", place="Soborna street", actor=actor(people["dario"]))
    session.commit()
    work()
    assert "hid in the cellar" in as_("chipo").get("/desk/review").text, "a coordinator reads both"
    session.execute(text("UPDATE suggestions SET claimed_by = NULL"))
    session.commit()
    masked = as_("berta").get("/desk/review").text
    assert "data-pair" in masked
    assert "hid in the cellar" not in masked
    assert "A report of another organisation" in masked
    assert "Apartment block" in masked
    assert "Severe damage" in masked
    session.execute(text("UPDATE suggestions SET claimed_by = NULL"))
    session.commit()
    partner = as_("dario").get("/desk/review").text
    assert "data-pair" in partner
    assert "hid in the cellar" not in partner


def test_why_a_pair_is_asked_tells_no_more_of_another_organisation_s_report_than_it_may(as_, people, work):
    """Metres, hours, numbers and likeness would tell what the report says; nor is a pair shown by its number to who has no part in it."""
    told(text="Missile hit apartment block", actor=actor(people["amal"]))
    told(east=35, text="Missile hit apartment block", actor=actor(people["dario"]))
    session.commit()
    work()
    chipo, berta, dario = (as_(name) for name in ("chipo", "berta", "dario"))
    page = chipo.get("/desk/review").text
    number = asked(page)
    telling = ("m apart", "h apart", "telling words", "wording is")
    assert [word for word in telling if word in page], "a coordinator reads both"
    for browser in (berta, dario):
        session.execute(text("UPDATE suggestions SET claimed_by = NULL"))
        session.commit()
        masked = browser.get("/desk/review").text
        assert "everything else together" in masked
        assert "same type of place" in masked
        assert not [word for word in telling if word in masked]
    session.execute(text("UPDATE suggestions SET claimed_by = NULL"))
    access.see_as("all")
    both = {"one": people["amal"].organisation_id, "other": people["dario"].organisation_id}
    session.execute(text("UPDATE reports SET organisation_id = :one WHERE organisation_id = :other"), both)
    session.commit()
    stranger = dario.get(f"/desk/review?pair={number}").text
    assert "data-pair" not in stranger
    assert "<span data-waiting>0</span>" in stranger


def test_one_of_two_organisations_only_proposes(as_, people, work):
    first = told(text="Missile hit apartment block", actor=actor(people["amal"]))
    second = told(east=35, text="Missile hit apartment block", actor=actor(people["dario"]))
    session.commit()
    work()
    bohdan = as_("bohdan")
    number = asked(bohdan.get("/desk/review").text)
    answered = bohdan.post(f"/desk/review/{number}", data={"answer": "same"}, headers={"Accept": "application/json"})
    assert answered.json["undo"] == ""
    assert "must agree" in answered.json["said"]
    assert service.incident_of(first).id != service.incident_of(second).id
    page = as_("chipo").get("/desk/review").text
    assert "Proposed by" in page
    assert as_("chipo").post(f"/desk/review/{number}", data={"answer": "same"}).status_code == 303
    assert service.incident_of(first).id == service.incident_of(second).id


def test_a_batch_of_look_alikes_is_decided_at_once_and_taken_back(as_, people, work):
    numbers = [told(north=9000 * step, text="House hit") for step in range(3)]
    campaign = Campaign(kind="words")
    session.add(campaign)
    session.flush()
    session.add_all(CampaignReport(report_id=number, campaign_id=campaign.id) for number in numbers)
    session.commit()
    known: UUID = campaign.id
    work()
    chipo = as_("chipo")
    assert "1 batch of look-alike reports waits" in chipo.get("/desk/review").text
    page = chipo.get(f"/desk/review/batches/{known}").text
    assert "3 reports" in page
    assert chipo.post(f"/desk/review/batches/{known}", data={"outcome": "fake"}).status_code == 303
    work()
    assert [service.incident_of(number) for number in numbers] == [None] * 3
    assert "Set aside as made up" in chipo.get(f"/desk/review/batches/{known}").text
    assert chipo.post(f"/desk/review/batches/{known}", data={"outcome": "reopen"}).status_code == 303
    work()
    assert None not in [service.incident_of(number) for number in numbers]
    assert as_("amal").get("/desk/review/batches").status_code == 403


def test_the_page_of_a_record_tells_what_holds_and_who_says_otherwise(as_, people, work, client):
    first = told(text="Block hit", place="Soborna street 12")
    session.commit()
    work()
    number = service.incident_of(first).public_id
    told(east=3, text="Block hit", place="Soborna street 12", same_damage_as=number, damage="D1", damage_min=1, damage_max=1)
    session.commit()
    work()
    page = as_("chipo").get(f"/desk/incidents/{number}").text
    assert "What the reports say together" in page
    assert "independent witness" in page
