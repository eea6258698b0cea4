"""Questions to the reporter through the receipt: asked at the desk, answered once, never sending anybody back to look."""

import hashlib
from uuid import uuid4

import pytest
from sqlalchemy import text

from server.accounts.policy import ANONYMOUS
from server.core import ledger
from server.core.database import see_as, session
from server.core.problems import Problem
from server.reports import access, asking, service, vault
from server.reports.models import Report
from server.vocabulary import HandlingState, ReplyChoice, ReporterQuestion
from tests.people import actor

CODE = "lion-olive-ocean-lamp-able-above-acorn-river"
OWN = ReporterQuestion.OWN_WORDS


@pytest.fixture
def report_id(client):
    number = uuid4()
    body = {"site_type": "WSH.STORE", "damage": "D2", "text": "The tank leaks.", "receipt_key": hashlib.sha256(vault.normal_code(CODE).encode()).hexdigest()}
    assert client.put(f"/api/v1/reports/{number}", json=body).status_code == 201
    return number


@pytest.fixture
def ask(as_, report_id):
    """``ask("chipo", question="WATER_OFF")``: put a question at the desk."""
    return lambda who, **form: as_(who).post(f"/desk/reports/{report_id}/questions", data=form, headers={"Sec-Fetch-Site": "same-origin"})


def report(number):
    see_as("all")
    return session.get_one(Report, number, populate_existing=True)


def by_code():
    return access.by_receipt(CODE)


def test_a_fixed_question_reaches_the_receipt_and_its_answer_the_desk(ask, as_, report_id):
    assert ask("chipo", question="WATER_OFF").status_code == 303
    [one] = asking.asked(by_code())
    assert (one.question, one.words, one.answered_at) == (ReporterQuestion.WATER_OFF, "", None)
    assert report(report_id).handling is HandlingState.QUESTION
    asking.answer(by_code(), one.id, choice=ReplyChoice.YES, words="Since Monday, in the whole street.")
    session.commit()
    page = as_("chipo").get(f"/desk/reports/{report_id}").text
    assert "Is the water still off where you are?" in page
    assert "Since Monday, in the whole street." in page


def test_an_answered_report_waits_to_be_read_again_until_somebody_does(ask, as_, report_id):
    ask("chipo", question="WATER_OFF")
    asking.answer(by_code(), asking.asked(by_code())[0].id, choice=ReplyChoice.NO)
    session.commit()
    assert report(report_id).handling is HandlingState.RECEIVED
    assert str(report_id) in as_("chipo").get("/desk/reports?why=flagged").text
    as_("chipo").post(f"/desk/reports/{report_id}/handling", data={"state": "READ"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert str(report_id) not in as_("chipo").get("/desk/reports?why=flagged").text


def test_own_words_need_the_promise_that_nobody_has_to_go_and_look(ask, report_id):
    refused = ask("chipo", question=OWN.value, words="Which side of the tank leaks?")
    assert refused.status_code == 422
    assert "without going anywhere" in refused.text
    assert "Which side of the tank leaks?" in refused.text, "what was typed stays"
    assert ask("chipo", question=OWN.value, words="  ", answerable_here="1").status_code == 422
    assert asking.asked(by_code()) == []
    assert ask("chipo", question=OWN.value, words="Which side of the tank leaks?", answerable_here="1").status_code == 303
    assert [one.words for one in asking.asked(by_code())] == ["Which side of the tank leaks?"]


def test_words_beside_a_fixed_question_are_not_sent(ask):
    ask("chipo", question="POWER_OFF", words="Go and look!")
    assert [one.words for one in asking.asked(by_code())] == [""]


def test_no_fixed_question_sends_anybody_back(report_id):
    for question in ReporterQuestion:
        label = question.label.lower()
        assert not any(word in label for word in ("go ", "go?", "look", "check", "visit", "return", "photo", "picture", "measure", "ask around"))


@pytest.mark.parametrize("who", ["amal", "dario", "sana", "pilar", "ada", "eve"])
def test_who_does_not_handle_reports_asks_nothing(ask, people, report_id, who):
    assert ask(who, question="WATER_OFF").status_code == 403
    with pytest.raises(Problem, match="not_allowed"):
        asking.ask(report(report_id), question=ReporterQuestion.WATER_OFF, actor=actor(people[who]))


def test_a_stranger_asks_nothing(client, report_id):
    assert client.post(f"/desk/reports/{report_id}/questions", data={"question": "WATER_OFF"}).status_code in (302, 401, 403)


@pytest.mark.parametrize("question", ["", "GO_AND_LOOK", "water_off"])
def test_a_question_that_is_not_on_the_list_is_refused(ask, question):
    assert ask("chipo", question=question).status_code == 422


def test_three_questions_may_wait_and_no_fourth(ask):
    answers = [ask("chipo", question=name).status_code for name in ("WATER_OFF", "POWER_OFF", "HELP_CAME", "HIT_BEFORE")]
    assert answers == [303, 303, 303, 422]


def test_nobody_is_asked_who_has_no_receipt(client, people):
    number = uuid4()
    client.put(f"/api/v1/reports/{number}", json={"site_type": "WSH.STORE", "text": "Leaks."})
    with pytest.raises(Problem, match="invalid_input"):
        asking.ask(report(number), question=ReporterQuestion.WATER_OFF, actor=actor(people["chipo"]))


def test_an_answer_is_given_once_to_a_question_of_this_report(ask, client, report_id):
    ask("chipo", question="WATER_OFF")
    [one] = asking.asked(by_code())
    with pytest.raises(Problem, match="invalid_input"):
        asking.answer(by_code(), one.id, words="  ")
    asking.answer(by_code(), one.id, words="Yes, all day.")
    with pytest.raises(Problem, match="already_done"):
        asking.answer(by_code(), one.id, choice=ReplyChoice.NO)
    other = uuid4()
    client.put(f"/api/v1/reports/{other}", json={"site_type": "WSH.STORE", "text": "Leaks too."})
    for wrong in (one.id, uuid4()):
        with pytest.raises(Problem, match="already_done"):
            asking.answer(report(other), wrong, choice=ReplyChoice.NO)
    assert asking.asked(by_code())[0].answer_words == "Yes, all day."


def test_words_asked_and_answered_lie_sealed_and_go_with_the_report(ask, database, report_id):
    ask("chipo", question=OWN.value, words="Canary one?", answerable_here="1")
    asking.answer(by_code(), asking.asked(by_code())[0].id, words="Canary two.")
    session.commit()
    row = database.execute(text("SELECT sealed, sealed_answer FROM vault.questions")).one()
    assert b"anary" not in bytes(row.sealed) + bytes(row.sealed_answer)
    service.withdraw(report_id, actor=ANONYMOUS)
    session.commit()
    assert asking.asked(report(report_id)) == []
    assert tuple(database.execute(text("SELECT sealed, sealed_answer FROM vault.questions")).one()) == (b"", None)



def test_asking_and_answering_are_in_the_ledger_without_a_word(ask, report_id):
    ask("chipo", question=OWN.value, words="Canary one?", answerable_here="1")
    asking.answer(by_code(), asking.asked(by_code())[0].id, words="Canary two.")
    told = [(entry.event, entry.details) for entry in ledger.history(report_id)]
    assert {"report.asked", "report.answered"} <= {event for event, _details in told}
    assert "anary" not in str(told)
