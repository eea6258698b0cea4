"""Talk through a receipt: the desk asks, whoever holds the code answers from memory, and nobody else learns of it."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine

from server.reports import vault

CODE = "ocean-olive-paper-lemon-candle-window-garden-silver"
BODY = {
    "site_type": "RES.HOUSE", "damage": "D3", "text": "The stairs fell.", "lang": "en",
    "point": {"type": "Point", "coordinates": [-56.16, -34.9]},
    "receipt_key": hashlib.sha256(vault.normal_code(CODE).encode()).hexdigest(),
}  # fmt: skip
OWN = "Which door is blue?"


@pytest.fixture
def report_id(client):
    number = uuid4()
    assert (
        client.put(f"/api/v1/reports/{number}", data=json.dumps(BODY), content_type="application/json").status_code
        == 201
    )
    return number


def ask(as_, report_id, name="chipo", **more):
    return as_(name).post(f"/desk/reports/{report_id}/questions", data={"question": "WATER_OFF", **more})


def show(client, **more):
    return client.post("/receipt", data={"code": CODE, **more})


def question_on(page):
    return page.text.partition('name="question" value="')[2].partition('"')[0]


def tomorrow():
    """What the desk does shows from the next day: a place nobody spoke of counts as active conflict."""
    return time_machine.travel(datetime.now(UTC) + timedelta(days=1), tick=True)


def test_a_question_of_the_desk_is_answered_with_the_code_and_read_at_the_desk_alone(client, as_, report_id):
    assert ask(as_, report_id).status_code == 303
    with tomorrow():
        page = show(client)
        assert "Is the water still off where you are?" in page.text
        assert "Never go back to look" in page.text
        answered = show(client, act="answer", question=question_on(page), choice="YES", words="Since Monday.")
        assert "Your answer was received" in answered.text
    assert "Since Monday." in as_("chipo").get(f"/desk/reports/{report_id}").text
    assert "Since Monday." not in as_("dario").get(f"/desk/reports/{report_id}").text


def test_in_conflict_a_question_shows_from_the_next_day_so_that_no_desk_can_be_watched(client, as_, report_id):
    ask(as_, report_id)
    page = show(client)
    assert "Is the water still off" not in page.text
    assert "There is a question" not in page.text
    with tomorrow():
        assert "There is a question" in show(client).text


def test_an_answer_is_given_once_and_only_to_a_question_of_this_report(client, as_, report_id):
    ask(as_, report_id)
    with tomorrow():
        number = question_on(show(client))
        assert show(client, act="answer", question=str(uuid4()), choice="YES").status_code == 409
        assert show(client, act="answer", question=number).status_code == 422
        assert show(client, act="answer", question=number, choice="NO").status_code == 200
        assert show(client, act="answer", question=number, choice="YES").status_code == 409


def test_words_of_our_own_pass_only_when_nobody_has_to_go_anywhere(as_, report_id):
    refused = ask(as_, report_id, question="OWN_WORDS", words=OWN)
    assert refused.status_code == 422
    assert OWN not in as_("chipo").get(f"/desk/reports/{report_id}").text
    assert ask(as_, report_id, question="OWN_WORDS", words=OWN, answerable_here="yes").status_code == 303
    assert OWN in as_("chipo").get(f"/desk/reports/{report_id}").text


def test_only_people_who_handle_reports_may_ask(as_, report_id):
    assert ask(as_, report_id, name="eve").status_code == 403
    assert ask(as_, report_id, name="dario").status_code == 403
    assert ask(as_, report_id, question="WHERE_ARE_YOU").status_code == 422


def test_what_was_not_right_is_put_right_beside_the_report(client, as_, report_id):
    assert "Your words were added" in show(client, act="correct", words="It was the third floor.").text
    assert "Put right: It was the third floor." in as_("chipo").get(f"/desk/reports/{report_id}").text


def test_the_receipt_gives_advice_for_everybody_and_so_tells_nothing_of_the_report(client, report_id):
    page = show(client).text
    assert "Stay at least 100 metres away" in page
    assert "Smell of gas" in page
