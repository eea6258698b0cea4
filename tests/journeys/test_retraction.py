"""A resident takes a report back with the receipt: words and photos go, what was known follows, and the public row too."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from server.core.clock import now
from tests.evidence.pictures import encoded, four_corners

SAID = "The roof of school number 4 fell in after the night strike"


@pytest.fixture
def published(by_form, by_phone, work, verify, publish, at_war):
    """A public record that rests on two reports: one by the page with a photo, one by a phone. Gives both, and the code."""
    first, code = by_form(SAID, photos=[("house.jpg", encoded(four_corners()))])
    second = by_phone("School 4, the roof fell in after the strike in the night", north_m=8)
    work()
    verify(first, second)
    publish(now() + timedelta(days=5))
    return first, second, code


def take_back(client, code, sure="yes"):
    return client.post("/receipt", data={"code": code, "act": "withdraw", "sure": sure})


def one(database, query, **values):
    database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
    return database.execute(text(query), values).one()


def kept_files(storage_folder):
    return {path for name in ("photos", "thumbnails", "incoming") for path in (storage_folder / name).glob("??/*")}


def test_the_words_and_the_contact_are_gone_at_once(published, client, as_, database):
    first, _second, code = published
    assert SAID in as_("chipo").get(f"/desk/reports/{first}").text
    answer = take_back(client, code)
    assert answer.status_code == 200
    assert "taken back" in answer.text
    page = as_("chipo").get(f"/desk/reports/{first}").text
    assert SAID not in page
    assert "neighbour@example.org" not in page
    secret = one(database, "SELECT wrapped_key, sealed FROM vault.report_secrets WHERE report_id = :id", id=first)
    assert (secret.wrapped_key, bytes(secret.sealed)) == (None, b"")


def test_the_photos_are_gone_from_the_desk_and_from_the_store(published, client, as_, work, database, storage_folder):
    first, _second, code = published
    photo = one(database, "SELECT id, state, clean_sha256 FROM photos WHERE report_id = :id", id=first)
    assert photo.state == "CLEAN"
    chipo = as_("chipo")
    assert chipo.get(f"/desk/photos/{photo.id}").status_code == 200
    assert [path for path in kept_files(storage_folder) if path.name == photo.clean_sha256]
    take_back(client, code)
    work()
    assert chipo.get(f"/desk/photos/{photo.id}").status_code == 404
    assert [path for path in kept_files(storage_folder) if path.name == photo.clean_sha256] == []


def test_what_was_known_follows_and_is_never_refuted(published, client, work, records):
    _first, _second, code = published
    assert [(record.report_count, record.certainty) for record in records()] == [(2, "PROBABLE")]
    take_back(client, code)
    work()
    assert [(record.report_count, record.certainty) for record in records()] == [(1, "POSSIBLE")]


def test_the_next_batch_takes_the_row_out_and_lists_its_number_without_a_reason(published, client, work, publish):
    [item] = client.get("/api/v1/public/incidents").json["items"]
    take_back(client, published[2])
    work()
    publish(now() + timedelta(days=6))
    assert client.get("/api/v1/public/incidents").json["total"] == 0
    assert client.get(f"/map/{item['incident_id']}").status_code == 404
    newest = client.get("/api/v1/public/batches").json["items"][0]
    assert newest["revoked"] == [item["incident_id"]]
    assert "reason" not in newest


def test_a_report_that_was_taken_back_cannot_be_sent_again(published, client, database):
    first, _second, code = published
    take_back(client, code)
    again = client.put(f"/api/v1/reports/{first}", json={"site_type": "EDU.SCHOOL", "text": SAID})
    assert again.status_code == 410
    assert one(database, "SELECT withdrawn_at FROM reports WHERE id = :id", id=first).withdrawn_at is not None


def test_without_the_word_that_one_is_sure_nothing_is_taken_back(published, client, as_):
    first, _second, code = published
    assert take_back(client, code, sure="").status_code == 200
    assert SAID in as_("chipo").get(f"/desk/reports/{first}").text


def test_a_foreign_code_takes_nothing_back(published, client, as_):
    first, _second, code = published
    wrong = ("0" if code[0] != "0" else "1") + code[1:]
    assert take_back(client, wrong).status_code == 404
    assert SAID in as_("chipo").get(f"/desk/reports/{first}").text


def test_the_ledger_says_that_it_was_taken_back_and_holds_no_word_of_it(published, client, work, database):
    first, _second, code = published
    take_back(client, code)
    work()
    entries = database.execute(text("SELECT event, CAST(details AS text) FROM ledger WHERE subject_id = :id ORDER BY id"), {"id": first}).all()
    assert "report.withdrawn" in {entry.event for entry in entries}
    everything = " ".join(database.scalars(text("SELECT CAST(l.* AS text) FROM ledger AS l")))
    assert SAID[:20] not in everything
    assert code not in everything
