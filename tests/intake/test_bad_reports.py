"""What a broken or hostile program may PUT, and the one shape in which it is refused."""

import json
import re
import time
from uuid import uuid4

import pytest
from sqlalchemy import text

from server.core.database import session
from server.core.response import say_fact

GOOD = {"site_type": "EDU.SCHOOL", "damage": "D3", "point": {"type": "Point", "coordinates": [-56.1645, -34.9011]}}
JSON = "application/json"
BOW_TIE = [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]
MERCATOR = {"type": "name", "properties": {"name": "EPSG:3857"}}


def put(client, body, content_type=JSON, number=None, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.put(f"/api/v1/reports/{number or uuid4()}", data=raw, content_type=content_type, headers=headers)


@pytest.fixture
def kept(database):
    def count(columns="count(*)", table="reports"):
        database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
        return database.execute(text(f"SELECT {columns} FROM {table}")).one()

    return count


def words_of_the_one(database):
    from server.reports.access import words_of

    database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
    number = database.scalar(text("SELECT id FROM reports"))
    return words_of([number])[number]


def is_the_one_shape(answer):
    body = answer.json
    assert answer.mimetype == "application/problem+json"
    assert set(body) == {"type", "title", "status", "code", "detail", "errors"}
    assert body["status"] == answer.status_code
    assert body["type"] == f"/problems/{body['code']}"
    assert all(set(error) == {"field", "code", "message"} for error in body["errors"])
    assert answer.headers["Cache-Control"] == "no-store"
    return True


# JSON that is none


@pytest.mark.parametrize(
    "raw",
    [
        b'{"text": NaN}', b'{"pin_accuracy_m": Infinity}', b'{"pin_accuracy_m": 1e999}', b'{"pin_accuracy_m": -1e999}',
        b"[" * 60_000, b'{"a":' * 10_000, b'{"a": ' + b"9" * 60_000 + b"}", b'{"damage": "D1", "damage": "D4"}',
        b'{"text": "\\ud800"}', b'{"\\udfff": 1}', b'{"text": "a\\u0000b"}', b'{"x": {"a\\u0000": 1}}',
        b'{"text": "a\x00b"}', b"\xff\xfe{\x00}\x00", b'\xef\xbb\xbf{"text": "x"}', b'{"text": "\xe9"}', b"null", b"[]", b'"text"', b"7",
        b"{", b"{'text': 'x'}", b'{"text": "x",}', b'{"text": "x"} {}',
    ],
)  # fmt: skip
def test_what_is_no_json_object_is_refused_at_once(client, kept, raw):
    begun = time.perf_counter()
    answer = put(client, raw)
    assert time.perf_counter() - begun < 2
    assert (answer.status_code, answer.json["code"]) == (422, "unreadable_json")
    assert is_the_one_shape(answer)
    assert kept() == (0,)


def test_an_empty_body_and_an_empty_object_are_no_report(client, kept):
    address = f"/api/v1/reports/{uuid4()}"
    empty = client.put(address, content_type=JSON, environ_overrides={"CONTENT_LENGTH": "0"})
    assert (empty.status_code, empty.json["code"]) == (400, "empty_body")
    assert is_the_one_shape(empty)
    unmeasured = client.put(address, content_type=JSON, headers={"Transfer-Encoding": "chunked"})
    assert (unmeasured.status_code, unmeasured.json["code"]) == (411, "length_required")
    assert (nothing := put(client, b"{}")).status_code == 422
    assert {error["field"] for error in nothing.json["errors"]} == {"place_text", "site_type"}
    assert kept() == (0,)


def test_ten_megabytes_in_a_field_are_too_large(client, kept):
    answer = put(client, {**GOOD, "text": "x" * 10_000_000})
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")
    assert is_the_one_shape(answer)


def test_words_beyond_the_limit_are_refused_and_words_at_the_limit_are_kept(client, kept):
    assert put(client, {**GOOD, "text": "я" * 2_000}).status_code == 201
    refused = put(client, {**GOOD, "text": "я" * 2_001})
    assert [error["field"] for error in refused.json["errors"]] == ["text"]
    assert kept() == (1,)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "multipart/form-data", ""],
)
def test_a_body_that_does_not_call_itself_json_is_refused(client, kind):
    answer = put(client, GOOD, content_type=kind)
    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_type")
    assert is_the_one_shape(answer)


def test_a_packed_body_is_refused_unopened(client):
    answer = put(client, b"\x1f\x8b\x08", **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_type")


def test_a_parameter_given_twice_is_refused(client):
    answer = client.put(f"/api/v1/reports/{uuid4()}?org=a&org=b", data=json.dumps(GOOD), content_type=JSON)
    assert (answer.status_code, answer.json["code"]) == (400, "repeated_parameter")


def test_another_sites_page_cannot_put_a_report(client, kept):
    assert put(client, GOOD, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert put(client, GOOD, Origin="null").status_code == 403
    assert kept() == (0,)


# values of the wrong kind


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("site_type", "PALACE"), ("site_type", ["EDU.SCHOOL"]), ("site_type", {"a": 1}), ("site_type", 7), ("site_type", "MIL"),
        ("damage", 3), ("damage", "D3 "), ("damage", "destroyed"), ("damage", True), ("damage_min", 5), ("damage_min", "x"),
        ("pin_accuracy_m", -1), ("pin_accuracy_m", "near"), ("pin_accuracy_m", 1e12), ("pin_accuracy_m", [1]),
        ("needs", "WATER"), ("needs", ["GOLD"]), ("needs", [["WATER"]]), ("needs", {"WATER": 1}), ("needs", [None]), ("hazards", ["HZ.UXO"] * 1_000),
        ("text", 7), ("text", ["x"]), ("text", {"$ne": ""}), ("place_text", "x" * 501), ("contact", "x" * 201),
        ("people_trapped", "perhaps"), ("is_minor", 7), ("event_earliest", "yesterday"), ("event_earliest", "9999-12-31T23:59:60+14:00"),
        ("event_earliest", "0000-01-01T00:00:00Z"), ("event_earliest", 1_700_000_000), ("event_precision", "SOON"),
        ("lang", "x" * 9), ("same_damage_as", "x" * 17), ("source_grade", "x" * 65), ("consents", "all"),
        ("media", "photo.jpg"), ("media", [{"id": "x"}]), ("media", [{"id": str(uuid4()), "bytes": 0, "sha256": "0" * 64}]),
        ("media", [{"id": str(uuid4()), "bytes": 2**63, "sha256": "0" * 64}]), ("media", [{"id": str(uuid4()), "bytes": 9, "sha256": "Z" * 64}]),
        ("media", [{"id": str(uuid4()), "bytes": 9, "sha256": "0" * 64} for _ in range(9)]), ("receipt_key", "ABCD-EFGH"),
        ("casualties", "many"), ("casualties", 5), ("casualties", {"injured": "several"}), ("casualties", {"injured": {"min": -1}}),
        ("casualties", {"injured": {"min": 5, "max": 2}}), ("casualties", {"killed": {"min": "10+"}}), ("casualties", [{"min": 1}]),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_refused_with_its_field_and_nothing_is_kept(client, kept, field, value):
    answer = put(client, {**GOOD, field: value})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_report")
    assert {error["field"].partition(".")[0] for error in answer.json["errors"]} == {field}
    assert is_the_one_shape(answer)
    assert kept() == (0,)


@pytest.mark.parametrize("language", ["uk", "ar", "fr", "es", "ru"])
@pytest.mark.parametrize(
    "bad",
    [
        {"site_type": "PALACE"},
        {"text": 7},
        {"text": "x" * 2_001},
        {"point": {"type": "Point", "coordinates": [181, 0]}},
        {"event_earliest": "x"},
        {"needs": "x"},
        {"media": [{}]},
    ],
)
def test_a_refusal_speaks_the_persons_language(client, language, bad):
    english, own = put(client, {**GOOD, **bad}), put(client, {**GOOD, **bad}, **{"Accept-Language": language})
    assert own.json["title"] != english.json["title"]
    assert own.json["code"] == english.json["code"]
    for said, translated in zip(english.json["errors"], own.json["errors"], strict=True):
        assert translated["message"] != said["message"]


def test_an_interval_that_runs_backwards_is_refused(client):
    answer = put(client, {**GOOD, "event_earliest": "2026-11-20T03:00:00Z", "event_latest": "2026-11-20T01:00:00Z"})
    assert [error["field"] for error in answer.json["errors"]] == ["event_latest"]


def test_nothing_that_is_sent_makes_a_report_more_than_a_report(client, database, kept):
    """Ruling 4.1 of the design: unknown members are kept, unread, and bind nothing."""
    more = {
        "status": "verified",
        "org": "other",
        "role": "admin",
        "organisation_id": str(uuid4()),
        "handling": "CLOSED",
        "flags": [],
        "id": str(uuid4()),
        "received_at": "2020-01-01",
    }
    assert put(client, {**GOOD, **more}).status_code == 201
    assert kept("handling, organisation_id, withdrawn_at") == ("RECEIVED", None, None)
    assert words_of_the_one(database).unread == more


# words


@pytest.mark.parametrize(
    "words",
    [
        "O'Brien under the ʼroofʼ",
        "під'їзд №17",
        "👩\u200d🚒 🇺🇦",
        "می\u200cخواهم مدرسة",
        "x\u202ereversed",
        "Z" + "\u0301" * 1_500,
        "=HYPERLINK(1)",
        "'; DROP TABLE reports; --",
        "{{7*7}} ${7*7} <script>alert(1)</script>",
        "%s %(x)s \\u0000 \\",
        "a\r\n\tb",
    ],
)
def test_words_come_through_exactly_as_they_were_given(client, database, words):
    assert put(client, {**GOOD, "text": words, "place_text": words[:500]}).status_code == 201
    assert words_of_the_one(database).text == words


def test_words_that_could_help_to_strike_are_held_back_and_the_damage_still_counts(client, kept):
    assert put(client, {**GOOD, "text": "Наші військові стояли поруч, ППО праворуч"}).status_code == 201
    assert kept("quarantine, damage")[0] == ["military_words"]


def test_a_phone_number_in_the_words_is_flagged(client, kept):
    put(client, {**GOOD, "text": "Call me at +380 50 123 45 67"})
    assert "phone_in_text" in kept("flags")[0]


# places


@pytest.mark.parametrize(
    "point",
    [
        {"type": "Point", "coordinates": [0, 91]}, {"type": "Point", "coordinates": [181, 0]}, {"type": "Point", "coordinates": [1, 2, 3]},
        {"type": "Point", "coordinates": [1]}, {"type": "Point", "coordinates": []}, {"type": "Point", "coordinates": ["1", "2"]},
        {"type": "Point", "coordinates": [True, False]}, {"type": "Point", "coordinates": [[1, 2]]}, {"type": "Point"}, {"coordinates": [1, 2]},
        {"type": "point", "coordinates": [1, 2]}, {"type": "Polygon", "coordinates": []}, {"type": "Polygon", "coordinates": BOW_TIE},
        {"type": "GeometryCollection", "geometries": []}, {"type": "Point", "coordinates": [1, 2], "crs": MERCATOR},
        "POINT(1 2)", [1, 2], "1,2", 7, {"type": "Point", "coordinates": [1e308, 1e308]}, {"type": "Point", "coordinates": {"0": 1, "1": 2}},
    ],
)  # fmt: skip
def test_what_is_no_point_on_this_earth_is_refused(client, kept, point):
    answer = put(client, {**GOOD, "point": point})
    assert (answer.status_code, [error["field"] for error in answer.json["errors"]]) == (422, ["point"])
    assert kept() == (0,)


@pytest.mark.parametrize("size", [200, 2_000])
def test_a_shape_in_place_of_a_point_is_refused_quickly_however_large(client, size):
    ring = [[n % 7, n % 5] for n in range(size)]
    begun = time.perf_counter()
    assert put(client, {**GOOD, "point": {"type": "Polygon", "coordinates": [ring]}}).status_code == 422
    assert time.perf_counter() - begun < 1


def test_a_shape_of_a_hundred_thousand_corners_is_too_large(client):
    assert (
        put(
            client, {**GOOD, "point": {"type": "Polygon", "coordinates": [[[0.123456, 0.123456]] * 100_000]}}
        ).status_code
        == 413
    )


def test_null_island_is_kept_and_flagged(client, kept):
    assert put(client, {**GOOD, "point": {"type": "Point", "coordinates": [0, 0]}}).status_code == 201
    assert "null_island" in kept("flags")[0]


def test_a_pole_is_a_place(client):
    assert put(client, {**GOOD, "point": {"type": "Point", "coordinates": [0, 90]}}).status_code == 201


@pytest.mark.parametrize(
    ("lon", "lat", "flag"), [(-34.9, -56.1, "maybe_swapped"), (35.0, 48.5, "out_of_area"), (-56.1, -34.9, None)]
)
def test_a_place_outside_the_area_is_kept_and_flagged(client, kept, lon, lat, flag):
    say_fact("operating_area", [-59.0, -36.0, -53.0, -30.0], said_by=None)
    session.commit()
    assert put(client, {**GOOD, "point": {"type": "Point", "coordinates": [lon, lat]}}).status_code == 201
    assert set(kept("flags")[0]) & {"maybe_swapped", "out_of_area"} == ({flag} if flag else set())


def test_seventeen_decimals_are_no_channel_for_anything(client, kept):
    put(client, {**GOOD, "point": {"type": "Point", "coordinates": [-56.16451234567890123, -34.90119876543210987]}})
    assert kept("ST_X(point), ST_Y(point)") == (-56.1645123, -34.9011988)


def test_a_vague_place_keeps_its_accuracy_and_is_flagged(client, kept):
    put(client, {**GOOD, "pin_accuracy_m": 5_000})
    assert kept("pin_accuracy_m, flags")[0] == 5_000
    assert "low_precision" in kept("flags")[0]


# times


def test_an_event_of_tomorrow_is_kept_not_later_than_now_and_flagged(client, kept):
    put(client, {**GOOD, "event_earliest": "2999-01-01T00:00:00Z", "event_latest": "2999-01-02T00:00:00+14:00"})
    latest, received, flags = kept("event_latest, received_at, flags")
    assert latest <= received
    assert "future_event" in flags


def test_a_long_gone_event_is_kept_and_flagged(client, kept):
    put(client, {**GOOD, "event_earliest": "1986-04-26T01:23:00+03:00"})
    assert "old_event" in kept("flags")[0]


def test_things_that_hardly_go_together_are_left_to_a_person(client, kept):
    put(client, {**GOOD, "damage": "D4", "functional_status": "F4"})
    assert "destroyed_but_working" in kept("flags")[0]


def test_a_stranger_cannot_declare_a_place_safe(client, as_, kept, database):
    assert put(client, {**GOOD, "hazards": ["HZ.NONE", "HZ.GAS"]}).status_code == 201
    hazards, flags = kept("hazards, flags")
    assert hazards == ["HZ.GAS"]
    assert "claimed_clear" in flags
    database.execute(text("DELETE FROM vault.report_secrets"))
    database.execute(text("DELETE FROM reports"))
    put(as_("amal"), {**GOOD, "hazards": ["HZ.NONE"]})
    assert kept("hazards") == (["HZ.NONE"],)


def test_a_strangers_claim_to_be_an_official_is_flagged(client, kept):
    put(client, {**GOOD, "source_type": "AUTH_LOCAL"})
    assert "claimed_source" in kept("flags")[0]


def test_an_error_tells_nothing_of_the_machine(client):
    answer = put(client, b"{")
    assert not re.search(r"Traceback|line \d+|server/|psycopg|SELECT", answer.text)
