"""A call entered for somebody: kept once, the caller is the witness, the code is spelt, consents are theirs, nothing typed is lost."""

import re
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from server.accounts.policy import SYSTEM
from server.core.database import see_as, session
from server.intake.spelling import spelt
from server.reports import access
from server.reports.models import Report

CALL = {
    "place_text": "-34.9011, -56.1645", "exactness": "STREET", "site_type": "HEA.CLINIC", "damage": "D3", "when": "YESTERDAY",
    "people_trapped": "true", "hazards": ["HZ.GAS"], "needs": ["WATER", "MED"], "text": "The wall to the street is down.",
    "source_type": "SELF_WITNESS", "witness_proximity": "SAW_IT", "lang": "es",
}  # fmt: skip


def enter(browser, **more):
    page = browser.get("/desk/new").text
    number = re.search(r'name="id" value="([^"]+)"', page)[1]
    return UUID(number), browser.post("/desk/new", data={"id": number, **CALL, **more})


def kept(number):
    see_as("all")
    return session.get(Report, number)


def test_a_call_becomes_a_report_of_the_caller_whose_code_opens_it(as_, client, work, people):
    number, answer = enter(as_("chipo"))
    assert answer.status_code == 200
    report = kept(number)
    assert (report.channel, report.source_type, report.lang) == ("PHONE", "SELF_WITNESS", "es")
    assert (report.organisation_id, report.person_id) == (None, people["chipo"].id)
    assert report.people_trapped
    code = re.search(r'class="call-code"[^>]*>([a-z ]+)<', answer.text)[1]
    assert len(code.split()) == 8
    assert spelt(code.split()[0]) in answer.text
    assert "Received" in client.post("/receipt", data={"code": code}).text


def test_two_calls_typed_by_one_person_are_two_witnesses(as_, work, database):
    for _ in range(2):
        enter(as_("chipo"))
    work()
    row = database.execute(text("SELECT report_count, witness_count FROM incidents WHERE merged_into IS NULL")).one()
    assert tuple(row) == (2, 2)


def test_contact_is_kept_only_where_the_caller_agreed_and_is_no_child(as_):
    words = {}
    for name, more in {"no": {}, "yes": {"consents": ["KEEP_CONTACT"]}, "child": {"consents": ["KEEP_CONTACT"], "is_minor": "true"}}.items():
        number, _answer = enter(as_("chipo"), contact="+598 99 123 456", **more)
        words[name] = access.private_words(SYSTEM, kept(number)).contact
    assert words == {"no": "", "yes": "+598 99 123 456", "child": ""}


def test_a_caller_who_claims_an_office_is_flagged_and_a_witness_is_not(as_):
    assert "claimed_source" in kept(enter(as_("chipo"), source_type="AUTH_LOCAL")[0]).flags
    assert "claimed_source" not in kept(enter(as_("chipo"))[0]).flags
    assert kept(enter(as_("chipo"), source_type="SAT_ANALYST")[0]).source_type == "SELF_WITNESS"


def test_what_cannot_be_read_is_told_and_everything_typed_stays(as_, database):
    chipo = as_("chipo")
    _number, answer = enter(chipo, when="DATE", when_date="2999-01-01", text="Keep <these> words.")
    assert answer.status_code == 422
    assert "This moment has not come yet." in answer.text
    assert "Keep &lt;these&gt; words." in answer.text
    assert re.search(r'value="HEA.CLINIC" selected', answer.text)
    see_as("all")
    assert database.scalar(text("SELECT count(*) FROM reports")) == 0


def test_sent_twice_it_is_kept_once_and_another_text_under_one_number_is_told(as_, database):
    chipo, form = as_("chipo"), {"id": str(uuid4()), **CALL}
    assert [chipo.post("/desk/new", data=form).status_code for _ in range(2)] == [200, 200]
    again = chipo.post("/desk/new", data={**form, "text": "Something else."})
    assert again.status_code == 409
    assert "Something else." in again.text
    assert form["id"] not in again.text
    see_as("all")
    assert database.scalar(text("SELECT count(*) FROM reports")) == 1


def test_a_tap_on_the_map_and_the_same_damage_travel_along(as_, database):
    number, _answer = enter(as_("chipo"), pin_method="MAP_TAP", device_accuracy_m="40", exactness="", same_damage_as="INC-ABCDEFGH")
    report = kept(number)
    assert (report.pin_method, report.pin_accuracy_m, report.same_damage_as) == ("MAP_TAP", 40, "INC-ABCDEFGH")
    assert not report.hint_seen


@pytest.mark.parametrize(("name", "status"), [("amal", 403), ("dario", 403), ("sana", 403), ("ada", 403), ("eve", 403), ("berta", 200)])
def test_only_the_desk_enters_for_others(as_, client, name, status):
    assert as_(name).get("/desk/new").status_code == status
    assert as_(name).post("/desk/new", data=CALL).status_code == status
    assert client.post("/desk/new", data=CALL).status_code == 401


def test_a_word_is_spelt_as_on_the_radio():
    assert spelt("oak") == "Oscar Alfa Kilo"
    assert spelt("x-1") == "X-ray - 1"
