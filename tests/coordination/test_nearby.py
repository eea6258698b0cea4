"""What is known nearby, before a report is sent: for whoever is of the response, within their rights; asked, it is kept nowhere."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.evidence.conftest import Phone
from tests.evidence.pictures import encoded, four_corners

HERE = {"lon": 10.2, "lat": 59.12}
SCHOOL = {"site_type": "EDU.SCHOOL", "damage": "D3", "event_earliest": "2026-11-20T01:00:00Z", "event_latest": "2026-11-20T03:00:00Z", "event_precision": "HOUR"}


def near(browser, **where):
    return browser.get("/api/v1/nearby", query_string={**HERE, **where})


@pytest.fixture
def school(as_, work):
    """A school that Amal reported with a photo, 30 m from here, and a house two kilometres away."""
    Phone(as_("amal")).send(encoded(four_corners()), lon=10.2005, lat=59.12, **SCHOOL)
    Phone(as_("amal")).report(lon=10.24, lat=59.12)
    work()


def test_a_worker_sees_how_far_how_old_how_bad_and_how_sure(school, as_):
    answer = near(as_("amal"))
    assert answer.status_code == 200
    [known] = answer.json["items"]
    assert answer.json["off"] is False
    assert known["about"].startswith("INC-")
    assert (known["site_type"], known["damage"], known["day"], known["reports"]) == ("EDU.SCHOOL", "D3", "2026-11-20", 1)
    assert 20 <= known["metres"] <= 40
    assert known["certainty"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_photo_is_one_that_whoever_asks_may_open(school, as_):
    for who, sees in (("amal", True), ("chipo", True), ("dario", False)):
        [known] = near(as_(who)).json["items"]
        assert (known["photo"] is not None) == sees, who
        if sees:
            assert as_(who).get(known["photo"]).status_code == 200


def test_strangers_and_accounts_without_a_role_are_told_nothing(school, client, as_):
    assert near(client).status_code == 401
    for who in ("eve", "ada"):
        assert near(as_(who)).status_code == 403


def test_a_report_that_was_taken_back_is_not_known_nearby(as_, client, work):
    import hashlib

    from server.reports import vault

    key = hashlib.sha256(vault.normal_code("ABCD").encode()).hexdigest()
    client.put(f"/api/v1/reports/{uuid4()}", json={**SCHOOL, "point": {"type": "Point", "coordinates": [10.2, 59.12]}, "receipt_key": key})
    work()
    assert len(near(as_("amal")).json["items"]) == 1
    client.post("/receipt", data={"code": "ABCD", "act": "withdraw", "sure": "yes"})
    work()
    assert near(as_("amal")).json["items"] == []


@pytest.mark.parametrize("where", [{"lon": 181}, {"lat": "x"}, {"lon": "nan"}, {"lat": ""}])
def test_a_place_that_is_none_is_refused(as_, where):
    assert near(as_("amal"), **where).status_code == 422


def test_at_the_end_of_the_world_there_is_an_answer(as_):
    for lon, lat in ((180, 0), (-180, 0), (0, 90), (0, -90)):
        assert near(as_("amal"), lon=lon, lat=lat).json["items"] == []


def test_what_was_asked_is_kept_nowhere(school, as_, database, caplog):
    before = database.scalar(text("SELECT count(*) FROM ledger"))
    caplog.set_level("DEBUG")
    near(as_("amal"), lon=10.2004321, lat=59.1204321)
    assert database.scalar(text("SELECT count(*) FROM ledger")) == before
    assert "10.2004321" not in caplog.text
    assert "59.1204321" not in caplog.text


def test_a_stranger_s_phone_is_told_whether_a_hint_may_be_shown_at_all(client):
    answer = client.get("/api/v1/public/nearby", query_string=HERE)
    assert answer.json["off"] is True, "a place nobody said anything of counts as active conflict"
