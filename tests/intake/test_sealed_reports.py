"""Reports that a phone sealed while they waited: opened, read like the page's own post, never refused for what they say."""

import json
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from sqlalchemy import text

from server.accounts.policy import SYSTEM
from server.core import ledger
from server.core.database import see_as, session
from server.reports import access, keys, sealing
from server.reports.models import Report
from tests.intake.sealing import SCHOOL, SealingPhone, sha256


@pytest.fixture
def key(database):
    assert keys.ensure_key()
    session.commit()


@pytest.fixture
def phone(client, key):
    return SealingPhone(client)


def report(number):
    see_as("all")
    session.expire_all()
    return session.get_one(Report, number)


def words(number):
    return access.private_words(SYSTEM, report(number))


def refused(answer, status, code):
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert answer.json["code"] == code


# ── Opened and read ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sealed_report_is_received_like_the_page_s_own_post(phone, client):
    number, answer = phone.send()
    assert answer.status_code == 201
    sealed = report(number)
    client.post("/report", data={"id": (other := str(uuid4())), **dict(SCHOOL), "needs": ["REPAIR_LIGHT", "SHELTER"]}, content_type="multipart/form-data")
    posted = report(other)
    for name in ("site_type", "damage", "damage_min", "pin_method", "pin_accuracy_m", "event_precision", "needs", "lang", "channel", "flags"):
        assert getattr(sealed, name) == getattr(posted, name), name
    assert words(number).text == words(other).text == "The roof of school 17 fell in."
    assert sealed.needs == ["REPAIR_LIGHT", "SHELTER"]


def test_the_receipt_names_the_raw_bytes_and_is_the_same_when_they_are_sent_again(phone, database):
    number = uuid4()
    envelope = phone.envelope(number)
    first, again = phone.put(number, envelope), phone.put(number, envelope)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert first.json["sha256"] == sha256(envelope)


def test_other_bytes_under_the_same_number_are_kept_aside(phone, database):
    number, _answer = phone.send()
    refused(phone.put(number, phone.envelope(number, [["text", "Something else."]])), 409, "conflicting_copy")
    assert words(number).text == "The roof of school 17 fell in."
    assert database.scalar(text("SELECT count(*) FROM vault.copies_aside")) == 1


def test_nothing_of_a_sealed_report_says_more_than_a_power_of_two_of_its_size(phone):
    sizes = {len(phone.envelope(uuid4(), [["text", "x" * length]])) for length in (1, 50, 400)}
    assert sizes == {sealing.SMALLEST_PAD + sealing.OVERHEAD_BYTES}


def test_days_count_from_when_it_was_written_not_from_when_it_came(phone):
    written = datetime.now(UTC) - timedelta(days=12)
    number, _answer = phone.send(written_at=written.isoformat().replace("+00:00", "Z"))
    assert report(number).event_earliest.date() == written.date()
    assert report(number).event_latest <= written
    assert words(number).unread["written_at"].startswith(str(written.date()))


@pytest.mark.parametrize("written", ["2016-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "yesterday", "2026-01-01T00:00:00", 17])
def test_a_phone_whose_clock_stands_wrong_loses_nothing_and_is_flagged(phone, written):
    number, answer = phone.send(written_at=written)
    assert answer.status_code == 201
    assert "phone_clock" in report(number).flags
    assert report(number).event_latest <= datetime.now(UTC)


def test_the_hint_and_the_answer_to_it_are_noted(phone):
    number, _answer = phone.send(hint_seen=True, answer={"kind": "NEW_STRIKE", "about": "INC-7Q2M4XKD"})
    found = report(number)
    assert (found.hint_seen, found.answer_kind, found.answer_about, found.same_damage_as) == (True, "NEW_STRIKE", "INC-7Q2M4XKD", None)
    number, _answer = phone.send()
    assert (report(number).hint_seen, report(number).answer_kind) == (False, None)


def test_same_damage_is_one_fact_whichever_way_it_is_told(phone):
    number, _answer = phone.send(answer={"kind": "SAME_DAMAGE", "about": "INC-7Q2M4XKD"})
    other, _answer = phone.send([*SCHOOL, ["same_damage_as", "INC-7Q2M4XKD"]])
    for found in (report(number), report(other)):
        assert (found.answer_kind, found.answer_about, found.same_damage_as) == ("SAME_DAMAGE", "INC-7Q2M4XKD", "INC-7Q2M4XKD")


def test_photos_are_announced_and_what_announces_none_is_kept_unread(phone):
    good = {"id": str(uuid4()), "bytes": 9, "sha256": "0" * 64, "kind": "shrunk"}
    number, answer = phone.send(media=[good, {"id": "x"}, "odd"])
    assert answer.json["media"] == [{"id": good["id"], "state": "EXPECTED"}]
    assert words(number).unread["media"] == [{"id": "x"}, "odd"]
    assert "not_understood" in report(number).flags


# ── Never refused for what it says ───────────────────────────────────────────────────────────────────────────────────

ODD = {
    "a code of a newer page": ([*SCHOOL, ["hazards", "HZ.NEW"], ["hazards", "HZ.GAS"]], {}),
    "a day that is none": ([["text", "Roof gone."], ["when", "DATE"], ["when_date", "2026-02-31"]], {}),
    "a day to come": ([["text", "Roof gone."], ["when", "DATE"], ["when_date", "2099-02-01"]], {}),
    "no answers at all": ([], {}),
    "answers that are no list": ("text", {}),
    "pairs that are none": ([["text"], ["a", "b", "c"], 7, None, ["text", 7], ["text", "Roof gone."]], {}),
    "a word too long": ([["text", "wall " * 900]], {}),
    "an answer without kind": (SCHOOL, {"answer": {"about": "X" * 400}}),
    "a receipt key that is none": (SCHOOL, {"receipt_key": "abc"}),
    "a language that is none": (SCHOOL, {"lang": "a very long language"}),
    "times like kettles": (SCHOOL, {"written_at": {"at": 7}, "media": {"id": 7}, "hint_seen": "perhaps"}),
    "controls and surrogates": ([["text", "Roof\x01 gone."], ["place_text", "\x7f"]], {}),
}


@pytest.mark.parametrize("odd", ODD)
def test_nothing_it_says_gets_a_sealed_report_refused_and_a_person_looks_at_it(phone, as_, odd):
    fields, members = ODD[odd]
    number, answer = phone.send(fields, **members)
    assert answer.status_code == 201, answer.text
    if odd not in ("no answers at all", "controls and surrogates", "a word too long"):
        assert "not_understood" in report(number).flags
        assert str(number) in as_("chipo").get("/desk/reports?why=flagged").text


def test_codes_of_a_newer_page_are_kept_beside_those_that_are_known(phone):
    number, _answer = phone.send(ODD["a code of a newer page"][0])
    assert report(number).hazards == ["HZ.GAS"]
    assert words(number).unread["hazards"] == ["HZ.NEW"]


def test_words_too_long_are_read_in_part_and_kept_whole(phone):
    number, _answer = phone.send(ODD["a word too long"][0])
    assert len(words(number).text) == 2000
    assert words(number).unread["fields"] == [["text", "wall " * 900]]


@pytest.mark.parametrize("body", [b"{", b"[1]", b'{"a":1,"a":2}', b'{"x":NaN}', b"\xff\xfe", b"", b'{"text":"\\ud800"}', b"[" * 5000])
def test_what_is_no_json_inside_is_kept_unread_and_flagged(phone, body):
    number = uuid4()
    assert phone.put(number, phone.seal(number, body)).status_code == 201
    assert "not_understood" in report(number).flags
    assert words(number).unread["body"] == body.decode("utf-8", "replace").strip()


def test_members_of_a_newer_phone_are_kept_unread(phone):
    number, _answer = phone.send([*SCHOOL, ["colour", "red"]], mood={"a": [1, 2]}, certainty="CONFIRMED")
    assert words(number).unread == {"mood": {"a": [1, 2]}, "certainty": "CONFIRMED", "fields": [["colour", "red"]]}
    assert "not_understood" not in report(number).flags


def test_nothing_that_leads_to_a_child_is_kept_even_unread(phone):
    canary = "+380501112233"
    number, _answer = phone.send([*SCHOOL, ["contact", canary], ["consents", "KEEP_CONTACT"], ["is_minor", "1"], ["when_date", "x"], ["when", "DATE"]])
    assert canary not in json.dumps([words(number).contact, words(number).unread])
    assert report(number).consents == []


# ── Refused, because it does not open ────────────────────────────────────────────────────────────────────────────────


def test_an_envelope_opens_for_its_own_number_only(phone, database):
    envelope = phone.envelope(uuid4())
    refused(phone.put(uuid4(), envelope), 422, "unreadable_envelope")
    assert database.scalar(text("SELECT set_config('tessera.scope', 'all', true)")) == "all"
    assert database.scalar(text("SELECT count(*) FROM reports")) == 0


def test_no_bit_of_an_envelope_can_be_changed(phone):
    number = uuid4()
    envelope = phone.envelope(number)
    for place in (0, 13, 40, 80, 200, len(envelope) - 1):
        changed = bytearray(envelope)
        changed[place] ^= 1
        answer = phone.put(number, bytes(changed))
        assert (answer.status_code, answer.json["code"]) == (422, "unreadable_envelope"), place
    assert phone.put(number, envelope).status_code == 201


@pytest.mark.parametrize("length", [1, 4, 12, 40, 92, 93, 94, 600])
def test_a_piece_of_an_envelope_is_refused_and_the_whole_taken_afterwards(phone, length):
    number = uuid4()
    envelope = phone.envelope(number)
    refused(phone.put(number, envelope[:length]), 422, "unreadable_envelope")
    assert phone.put(number, envelope).status_code == 201


def test_a_key_that_is_not_ours_is_called_so(phone):
    number, stranger = uuid4(), sealing.public_bytes(sealing.new_pair())
    refused(phone.put(number, sealing.seal(b"{}", public=stranger, bound_to=number)), 422, "unknown_key")


def test_an_envelope_too_large_is_refused(phone):
    number = uuid4()
    refused(phone.put(number, phone.seal(number, b" " * 70_000)), 413, "too_large")
    assert phone.put(number, phone.seal(number, sealing.pad(b"x" * 40_000))).status_code == 201


# ── The life of a key ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_set_up_makes_one_key_and_no_second(key):
    first = keys.current()
    assert not keys.ensure_key()
    assert keys.current() == first


def test_without_a_key_the_door_says_so(client, database):
    refused(client.get("/api/v1/reporting-key"), 503, "unavailable")


def test_a_new_key_is_told_and_the_old_one_still_opens(app, phone):
    before = keys.current()
    said = app.test_cli_runner().invoke(args=["keys", "rotate-reporting"]).output
    after = keys.current()
    assert after["key_id"] != before["key_id"]
    assert after["key_id"] in said
    assert phone.send()[1].status_code == 201
    assert SealingPhone(phone.browser).send()[1].status_code == 201


def test_ninety_days_after_it_was_replaced_a_key_opens_nothing_and_is_destroyed(phone, database):
    keys.rotate(actor=SYSTEM)
    session.commit()
    later = datetime.now(UTC) + timedelta(days=91)
    with patch("server.reports.keys.now", lambda: later):
        refused(phone.send()[1], 422, "unknown_key")
        assert keys.destroy_retired() == 1
        assert keys.destroy_retired() == 0
    kept = database.scalar(text("SELECT count(wrapped_private) FROM vault.reporting_keys"))
    assert kept == 1
    refused(phone.send()[1], 422, "unknown_key")
    assert SealingPhone(phone.browser).send()[1].status_code == 201


def test_a_dump_of_the_keys_opens_nothing_without_the_installation_s_secret(key, database):
    rows = database.execute(text("SELECT wrapped_private FROM vault.reporting_keys")).all()
    number = uuid4()
    envelope = sealing.seal(b"canary", public=keys.present_key().public_key, bound_to=number)
    for row in rows:
        stolen = sealing.private_key(bytes(row.wrapped_private)[-32:])
        with pytest.raises(sealing.Unopened):
            sealing.unseal(envelope, key=stolen, bound_to=number)


def test_making_and_destroying_keys_is_in_the_ledger(key):
    made = keys.present_key()
    keys.rotate(actor=SYSTEM)
    assert [entry.event for entry in ledger.history(made.id)] == ["reporting_key.made"]
