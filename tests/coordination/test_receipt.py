"""The receipt: whoever holds the code sees how far one report is, adds to it, takes it back; and learns nothing else."""

import hashlib
import json
from uuid import uuid4

import pytest
from sqlalchemy import text

from server.reports import vault

CODE = "7K3M-9QXA-2B4C-6D8E-0FGH"
SECRET = "The stairs of house 5 fell on the blue door."
BODY = {
    "site_type": "RES.HOUSE", "damage": "D3", "text": SECRET, "lang": "en",
    "point": {"type": "Point", "coordinates": [-56.16, -34.9]},
    "receipt_key": hashlib.sha256(vault.normal_code(CODE).encode()).hexdigest(),
}  # fmt: skip


@pytest.fixture
def report_id(client):
    number = uuid4()
    answer = client.put(f"/api/v1/reports/{number}", data=json.dumps(BODY), content_type="application/json")
    assert answer.status_code == 201
    return number


def show(client, code=CODE, **more):
    return client.post("/receipt", data={"code": code, **more})


def secret_of(database, report_id):
    return database.execute(
        text("SELECT wrapped_key, sealed FROM vault.report_secrets WHERE report_id = :id"), {"id": report_id}
    ).one()


def test_the_code_shows_how_far_the_report_is_however_it_is_typed(client, report_id):
    for typed in (CODE, CODE.lower(), CODE.replace("-", " "), CODE.replace("0", "O")):
        page = show(client, typed)
        assert page.status_code == 200
        assert "Handling" in page.text
        assert SECRET not in page.text


def test_a_wrong_code_is_refused_and_does_not_tell_whether_it_was_nearly_right(client, report_id):
    nearly, far = show(client, CODE[:-1] + "J"), show(client, "AAAA")
    assert nearly.status_code == far.status_code == 404
    assert "No report belongs to this code" in nearly.text
    assert "Handling" not in nearly.text


def test_words_are_added_beside_the_report_and_read_at_the_desk_alone(client, as_, report_id):
    page = show(client, act="add", words="The school next to it too.")
    assert "Your words were added" in page.text
    assert "The school next to it too." not in show(client).text
    assert "The school next to it too." in as_("chipo").get(f"/desk/reports/{report_id}").text


def test_taking_back_asks_first_and_then_destroys_the_key_of_the_words(client, as_, database, work, report_id):
    work()
    assert SECRET in as_("chipo").get(f"/desk/reports/{report_id}").text
    show(client, act="withdraw")
    assert secret_of(database, report_id).wrapped_key is not None
    page = show(client, act="withdraw", sure="yes")
    assert "taken back" in page.text
    assert secret_of(database, report_id) == (None, b"")
    work()
    assert SECRET not in as_("chipo").get(f"/desk/reports/{report_id}").text


def test_a_report_that_was_taken_back_is_not_received_again(client, report_id):
    show(client, act="withdraw", sure="yes")
    again = client.put(f"/api/v1/reports/{report_id}", data=json.dumps(BODY), content_type="application/json")
    assert again.status_code == 410
