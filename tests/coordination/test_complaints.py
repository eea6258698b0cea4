"""A way to complain and be answered: without an account, under a code, read only by those it concerns, erased after a year."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from server.coordination import complaints
from server.core.clock import now
from server.core.database import session
from server.core.jobs import JOBS
from server.core.tally import TALLY

CANARY = "Zebrafink-4711"


@pytest.fixture(autouse=True)
def _calm():
    TALLY.forget("complaint")
    yield
    TALLY.forget("complaint")


def complain(client, kind="WRONG_INFO", words=f"My house is shown wrong. {CANARY}", **more):
    """Complain as a stranger would; the code, or None, and the answer."""
    page = client.get("/complaint").text
    number = re.search(r'name="id" value="([^"]+)"', page)[1]
    answer = client.post("/complaint", data={"id": number, "kind": kind, "words": words, **more})
    found = re.search(r'lang="en"><strong>([a-z ]+)<', answer.text)
    return (found and found[1]), answer


def only(database):
    return database.execute(text("SELECT * FROM vault.complaints")).one()


def test_a_stranger_complains_somebody_answers_and_the_code_shows_it(client, as_, database):
    code, answer = complain(client)
    assert answer.status_code == 200
    assert len(code.split()) == 8
    assert "Waits to be read" in client.post("/complaint/answer", data={"code": code}).text
    chipo = as_("chipo")
    number = only(database).id
    assert CANARY in chipo.get(f"/desk/complaints/{number}").text
    assert "Being looked into" in client.post("/complaint/answer", data={"code": code}).text
    chipo.post(f"/desk/complaints/{number}", data={"answer": "It is put right. <b>Sorry.</b>"})
    shown = client.post("/complaint/answer", data={"code": code.replace(" ", "-").upper()}).text
    assert "It is put right. &lt;b&gt;Sorry.&lt;/b&gt;" in shown
    assert "Answered" in shown


def test_no_word_of_a_complaint_lies_open_anywhere(client, as_, database):
    code, _answer = complain(client)
    row = only(database)
    assert CANARY.encode() not in row.sealed
    told = database.scalar(text("SELECT string_agg(details::text || event, ' ') FROM ledger"))
    assert "complaint.received" in told
    assert CANARY not in told
    assert code.split()[0].encode() not in row.code_hash


def test_what_is_said_of_people_who_work_here_is_read_by_the_protection_focal_point_alone(client, as_, database):
    complain(client, "CONDUCT")
    number = only(database).id
    chipo, pilar = as_("chipo"), as_("pilar")
    assert str(number) not in chipo.get("/desk/complaints").text
    assert "1 complaint about people who work here waits" in chipo.get("/desk/complaints").text
    assert chipo.get(f"/desk/complaints/{number}").status_code == 404
    assert chipo.post(f"/desk/complaints/{number}", data={"answer": "No."}).status_code == 404
    assert CANARY in pilar.get(f"/desk/complaints/{number}").text
    assert only(database).sealed_answer is None


def test_who_reads_the_number_of_a_complaint_in_the_ledger_gets_no_code_for_it(client, as_, database):
    code, _answer = complain(client, kind="ABUSE")
    number = only(database).id
    as_("pilar").post(f"/desk/complaints/{number}", data={"answer": f"We spoke to Chipo. {CANARY}"})
    assert str(number) in as_("chipo").get("/desk/ledger?event=complaint").text
    for kind in ("ABUSE", "OTHER"):
        answer = client.post("/complaint", data={"id": number, "kind": kind, "words": "x"})
        found = re.search(r'lang="en"><strong>([a-z ]+)<', answer.text)
        assert found is None or found[1] != code
        assert CANARY not in client.post("/complaint/answer", data={"code": found[1] if found else ""}).text


@pytest.mark.parametrize(("name", "status"), [("amal", 403), ("bohdan", 403), ("dario", 403), ("sana", 403), ("ada", 403), ("pilar", 200)])
def test_only_those_who_answer_see_complaints(client, as_, name, status):
    complain(client)
    assert as_(name).get("/desk/complaints").status_code == status
    assert client.get("/desk/complaints").status_code == 401


def test_sent_twice_it_is_kept_once_and_shows_the_same_code(client, database):
    form = {"id": str(uuid4()), "kind": "OTHER", "words": "Twice."}
    pages = [client.post("/complaint", data=form).text for _ in range(2)]
    assert pages[0] == pages[1]
    assert only(database).kind == "OTHER"


@pytest.mark.parametrize("form", [{"kind": "OTHER", "words": "  "}, {"kind": "GOSSIP", "words": "x"}, {"words": "x"}, {"kind": "OTHER", "words": "y" * 5000}])
def test_what_is_missing_is_told_and_what_was_typed_stays(client, database, form):
    answer = client.post("/complaint", data=form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert form["words"].strip() in answer.text
    assert database.scalar(text("SELECT count(*) FROM vault.complaints")) == 0


def test_a_wrong_code_tells_nothing_and_a_program_that_fills_in_everything_leaves_nothing(client, database):
    assert client.post("/complaint/answer", data={"code": "one two three four five six seven eight"}).status_code == 404
    code, answer = complain(client, website="http://spam.example")
    assert (code, answer.status_code) == (None, 200)
    assert database.scalar(text("SELECT count(*) FROM vault.complaints")) == 0


def test_who_floods_waits_with_everything_kept_and_silences_nobody_else(client, app, database, monkeypatch):
    monkeypatch.setattr(complaints, "CALM", 2)
    monkeypatch.setattr(complaints, "FEW", 2)
    for number in range(2):
        complain(client, words=f"One of many: {number}.")
    _code, answer = complain(client, words="The third of many.")
    assert answer.status_code == 503
    assert "The third of many." in answer.text
    other = app.test_client()
    other.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    code, _answer = complain(other, words="Somebody elsewhere has something to say.")
    assert code, "a flood from one network stops nobody in another"
    assert database.scalar(text("SELECT count(*) FROM vault.complaints")) == 3
    assert "198.51" not in str(database.execute(text("SELECT * FROM vault.complaints")).all())


def test_after_a_year_the_words_are_gone_and_proved_gone(client, as_, database):
    code, _answer = complain(client)
    number = only(database).id
    as_("chipo").post(f"/desk/complaints/{number}", data={"answer": "Yes."})
    JOBS["coordination.erase_old_complaints"]()
    assert only(database).wrapped_key is not None
    database.execute(text("UPDATE vault.complaints SET received_at = :old"), {"old": now() - timedelta(days=366)})
    session.commit()
    JOBS["coordination.erase_old_complaints"]()
    row = only(database)
    assert (row.wrapped_key, row.sealed, row.sealed_answer) == (None, b"", None)
    assert "are erased" in client.post("/complaint/answer", data={"code": code}).text
    assert database.execute(text("SELECT kind, erased, \"left\" FROM erasure_proofs WHERE kind = 'complaints'")).one() == ("complaints", 1, 0)
