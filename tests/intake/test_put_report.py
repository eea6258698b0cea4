"""PUT /api/v1/reports/<uuid>: what a phone or a program may rely on."""

import hashlib
import json
from uuid import uuid4

from sqlalchemy import text

SCHOOL = {
    "site_type": "EDU.SCHOOL",
    "damage": "D3",
    "point": {"type": "Point", "coordinates": [-56.1645, -34.9011]},
    "pin_accuracy_m": 20,
    "event_earliest": "2026-11-20T01:00:00Z",
    "event_latest": "2026-11-20T03:00:00Z",
    "event_precision": "HOUR",
    "text": "The roof of school 17 fell in.",
}


def put(client, report_id, body, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.put(f"/api/v1/reports/{report_id}", data=raw, content_type="application/json", headers=headers)


def count(database, table="reports"):
    database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
    return database.scalar(text(f"SELECT count(*) FROM {table}"))


def test_a_stranger_sends_a_report_and_gets_a_receipt_that_names_its_bytes(client, database):
    report_id, raw = uuid4(), json.dumps(SCHOOL).encode()
    answer = put(client, report_id, raw)
    assert answer.status_code == 201
    assert answer.json["id"] == str(report_id)
    assert answer.json["sha256"] == hashlib.sha256(raw).hexdigest()
    assert answer.json["media"] == []
    assert count(database) == 1


def test_sending_the_same_report_again_gives_the_same_receipt_and_one_row(client, database):
    report_id = uuid4()
    first, second = put(client, report_id, SCHOOL), put(client, report_id, SCHOOL)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json == second.json
    assert count(database) == 1
    assert count(database, "outbox") == 1


def test_another_body_under_the_same_id_is_refused_and_kept_aside_once(client, database):
    report_id = uuid4()
    put(client, report_id, SCHOOL)
    other = {**SCHOOL, "damage": "D1"}
    for _ in range(2):
        answer = put(client, report_id, other)
        assert answer.status_code == 409
        assert answer.json["code"] == "conflicting_copy"
    assert count(database) == 1
    assert count(database, "vault.copies_aside") == 1


def test_a_child_agrees_to_nothing_by_whichever_door(client, database):
    told = {**SCHOOL, "is_minor": True, "contact": "+380501112233", "consents": ["KEEP_CONTACT", "KEEP_EVIDENCE", "PUBLISH_MEDIA"]}
    assert put(client, uuid4(), told).status_code == 201
    database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
    assert database.execute(text("SELECT is_minor, consents FROM reports")).one() == (True, [])


def test_members_a_newer_phone_sends_are_kept_unread_and_bind_nothing(client, database):
    answer = put(
        client, uuid4(), {**SCHOOL, "certainty": "CONFIRMED", "organisation_id": str(uuid4()), "colour": "red"}
    )
    assert answer.status_code == 201
    row = database.execute(text("SELECT organisation_id, handling FROM reports")).one()
    assert row == (None, "RECEIVED")


def test_a_report_without_any_place_or_words_is_refused_with_the_field_at_fault(client, database):
    answer = put(client, uuid4(), {"damage": "D2"})
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert [error["field"] for error in answer.json["errors"]] == ["place_text"]
    assert count(database) == 0
