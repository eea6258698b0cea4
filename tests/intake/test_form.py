"""/report: the page a resident fills in, without scripts, in one post."""

import hashlib
import io
import re
from datetime import UTC, datetime
from html import unescape
from uuid import uuid4

import pytest
import time_machine
from PIL import Image
from sqlalchemy import text

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

SCHOOL = {
    "site_type": "EDU.SCHOOL",
    "damage": "D3",
    "place_text": "-34.9011, -56.1645",
    "exactness": "BUILDING",
    "when": "YESTERDAY",
    "day_part": "EVENING",
    "needs": ["WATER", "FOOD"],
    "hazards": ["HZ.FIRE"],
    "text": "The roof fell in.\r\nNobody is inside.",
}


def send(client, answers=SCHOOL, number=None, photos=(), **headers):
    data = {"id": str(number or uuid4()), "contact": "", "same_damage_as": "", "cause": "", **answers}
    data["photos"] = [(io.BytesIO(content), name) for name, content in photos] or (io.BytesIO(b""), "")
    return client.post("/report", data=data, content_type="multipart/form-data", headers=headers)


def page(answer):
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def code_of(answer):
    found = re.search(r'<ol class="receipt-code"[^>]*>(.*?)</ol>', answer.text, re.DOTALL)
    return "-".join(re.findall(r"<li>(\w+)</li>", found[1])) if found else ""


def number_on(answer):
    return re.search(r'name="id" value="([^"]+)"', answer.text)[1]


def errors_on(answer):
    return re.findall(r'<li><a href="#(\w+)">', answer.text)


def photo(colour="red"):
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def reports(database):
    def find(columns="*", where="true"):
        database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
        return database.execute(text(f"SELECT {columns} FROM reports WHERE {where} ORDER BY received_at")).all()

    return find


def words_of(report_id):
    from server.reports.access import words_of as open_words

    return open_words([report_id])[report_id]


@pytest.fixture
def towns(database):
    """Two places of one name and one of another, in the gazetteer."""
    rows = [
        (1, "Hallenberg", 40_000, -56.1, -34.8),
        (2, "Hallenberg", 900, -57.9, -31.3),
        (3, "Springfield", 120_000, -55.0, -33.0),
    ]
    for number, name, population, lon, lat in rows:
        database.execute(
            text(
                "INSERT INTO gazetteer_places (id, name, names, country, admin1, population, point) VALUES "
                "(:id, CAST(:name AS text), '{}', 'UY', '', :population, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
            ),
            {"id": number, "name": name, "population": population, "lon": lon, "lat": lat},
        )
        database.execute(
            text("INSERT INTO gazetteer_names (place_id, folded) VALUES (:id, :name)"),
            {"id": number, "name": name.lower()},
        )


def test_the_page_asks_in_the_persons_language_and_carries_a_number_of_its_own(client):
    first, second = client.get("/report"), client.get("/report?lang=ar")
    assert first.status_code == 200
    assert number_on(first) != number_on(second)
    assert 'dir="rtl"' in second.text
    assert first.headers["Cache-Control"] == "no-store"


@time_machine.travel(NOON, tick=False)
def test_one_post_brings_everything_in_and_shows_the_receipt_code_once(client, reports):
    answer = send(client)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r"(?:[a-z]{4,6}-){7}[a-z]{4,6}", code_of(answer))
    row = reports("*, ST_X(point) AS lon, ST_Y(point) AS lat")[0]
    assert (row.site_type, row.damage, row.damage_min, row.channel, row.lang) == ("EDU.SCHOOL", "D3", 3, "WEB", "en")
    assert (row.lon, row.lat, row.pin_accuracy_m, row.pin_method) == (-56.1645, -34.9011, 15, "COORDINATES")
    assert (row.needs, row.hazards) == (["WATER", "FOOD"], ["HZ.FIRE"])
    assert f"{row.event_earliest:%d %H:%M}–{row.event_latest:%d %H:%M}" == "19 18:00–19 23:59"
    assert row.event_precision == "DAYPART"
    assert words_of(row.id).text == "The roof fell in.\nNobody is inside."


def test_the_code_opens_the_report_and_is_stored_nowhere(client, reports):
    from server.reports.access import by_receipt

    code = code_of(send(client))
    assert by_receipt(code.upper().replace("-", " ")).id == reports("id")[0].id
    assert code.encode() not in reports("receipt_hash")[0].receipt_hash


def test_the_same_form_sent_twice_is_one_report_with_one_code(client, reports):
    number = uuid4()
    with time_machine.travel(NOON, tick=False):
        first = send(client, {**SCHOOL, "when": "NOW"}, number, photos=[("a.jpg", photo())])
    with time_machine.travel(NOON.replace(hour=15), tick=False):
        second = send(client, {**SCHOOL, "when": "NOW"}, number, photos=[("a.jpg", photo())])
    assert (first.status_code, second.status_code) == (200, 200)
    assert code_of(first) == code_of(second) != ""
    assert page(first) == page(second)
    assert len(reports()) == 1
    assert reports("payload_sha256")[0].payload_sha256 != hashlib.sha256(b"").digest()


def test_going_back_and_changing_an_answer_is_another_report_under_a_number_of_its_own(client, reports, database):
    number = uuid4()
    send(client, SCHOOL, number)
    changed = send(client, {**SCHOOL, "damage": "D1"}, number)
    assert changed.status_code == 409
    assert "stays as it was" in page(changed)
    assert number_on(changed) != str(number)
    assert 'value="D1" checked' in changed.text
    assert [row.damage for row in reports("damage")] == ["D3"]
    assert database.scalar(text("SELECT count(*) FROM vault.copies_aside")) == 1
    assert send(client, {**SCHOOL, "damage": "D1"}, number_on(changed)).status_code == 200
    assert [row.damage for row in reports("damage")] == ["D3", "D1"]


def test_a_report_that_was_taken_back_does_not_rise_again(client, reports):
    from server.accounts.policy import SYSTEM
    from server.core.database import session
    from server.reports.service import withdraw

    number = uuid4()
    send(client, SCHOOL, number)
    withdraw(number, actor=SYSTEM)
    session.commit()
    assert send(client, SCHOOL, number).status_code == 410


@pytest.mark.parametrize(
    "word", ["", "no-number", "{00000000-0000-0000-0000-000000000001}", "00000000-0000-0000-0000-000000000000"]
)
def test_a_page_without_a_whole_number_comes_back_with_a_new_one_and_every_answer(client, reports, word):
    answer = client.post("/report", data={**SCHOOL, "id": word})
    assert answer.status_code == 422
    assert len(number_on(answer)) == 36
    assert "The roof fell in." in answer.text
    assert reports() == []


# what is missing


def test_what_is_missing_is_said_beside_its_question_and_all_answers_stay(client, reports):
    answer = send(
        client,
        {"needs": ["WATER"], "contact": "+598 99 000 111", "consents": ["KEEP_CONTACT"], "when": "DATE"},
        photos=[("a.jpg", photo())],
    )
    assert answer.status_code == 422
    assert errors_on(answer) == ["site_type", "place_text", "event_precision", "photos"]
    assert 'value="WATER" checked' in answer.text
    assert 'value="+598 99 000 111"' in answer.text
    assert "the browser does not keep them" in page(answer)
    assert reports() == []


def test_a_refusal_speaks_the_persons_language(client):
    answer = send(client, {}, **{"Accept-Language": "uk"})
    assert "Say where it is" not in answer.text
    assert re.search("[а-яіїє]{4}", re.search(r'class="error-summary".*?</div>', answer.text, re.DOTALL)[0])


def test_words_alone_are_enough(client, reports):
    assert send(client, {"text": "The pharmacy by the market burnt down"}).status_code == 200
    assert "no_point" in reports("flags")[0].flags


def test_answers_that_the_page_never_offered_are_refused(client, reports):
    answer = send(client, {**SCHOOL, "damage": "D9", "needs": ["GOLD"]})
    assert answer.status_code == 422
    assert set(errors_on(answer)) == {"damage", "needs"}


def test_a_field_of_600_kb_or_a_thousand_parts_is_too_large(client, reports):
    assert client.post("/report", data={**SCHOOL, "id": str(uuid4()), "text": "x" * 600_000}).status_code == 413
    assert send(client, {**SCHOOL, "needs": ["WATER"] * 1_001}).status_code == 413
    assert send(client, {**SCHOOL, "text": "x" * 2_001}).status_code == 422
    assert reports() == []


def test_hostile_words_come_back_as_words(client):
    hostile = "<script>alert(1)</script>{{7*7}}\"' onerror=x \u202e"
    answer = send(client, {"text": "", "place_text": "", "contact": hostile, "same_damage_as": hostile})
    assert "<script>alert" not in answer.text
    assert "{{7*7}}" in answer.text


def test_names_accents_emoji_and_joiners_come_through_exactly(client, reports):
    said = "O'Brien, під'їзд ‌ 👩‍🚒 مدرسة\u200c"
    send(client, {**SCHOOL, "text": said})
    assert words_of(reports("id")[0].id).text == said.strip()


def test_another_sites_page_cannot_send_the_form(client, reports):
    assert send(client, SCHOOL, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert send(client, SCHOOL, Origin="https://evil.example").status_code == 403
    assert reports() == []


# where


@pytest.mark.parametrize(
    ("words", "method"),
    [
        ("geo:-34.9011,-56.1645", "COORDINATES"),
        ("34°54'04\"S 56°09'52\"W", "COORDINATES"),
        ("48Q53RXP+H6", "PLUSCODE"),
        ("21HWB 76336 37790", "MGRS"),
    ],
)
def test_a_place_is_read_in_any_usual_form(client, reports, words, method):
    assert send(client, {**SCHOOL, "place_text": words}).status_code == 200
    row = reports("pin_method, ST_X(point) AS lon, ST_Y(point) AS lat")[0]
    assert row.pin_method == method
    assert (row.lon, row.lat) == (pytest.approx(-56.16, abs=0.01), pytest.approx(-34.9, abs=0.01))


def test_the_position_of_the_device_comes_with_its_accuracy(client, reports):
    send(client, {**SCHOOL, "pin_method": "DEVICE_GPS", "device_accuracy_m": "24"})
    assert tuple(reports("pin_method, pin_accuracy_m")[0]) == ("DEVICE_GPS", 24)


def test_words_that_may_name_several_places_come_back_as_a_choice(client, reports, towns):
    asked = send(client, {**SCHOOL, "place_text": "Hallenberg"})
    assert asked.status_code == 422
    assert 'value="-34.8, -56.1"' in asked.text
    assert 'value="-31.3, -57.9"' in asked.text
    assert 'value="none"' in asked.text
    answer = send(client, {**SCHOOL, "place_text": "Hallenberg", "place_choice": "-34.8, -56.1"}, number_on(asked))
    assert answer.status_code == 200
    row = reports("id, pin_method, pin_accuracy_m, ST_Y(point) AS lat, flags")[0]
    assert (row.pin_method, row.pin_accuracy_m, row.lat) == ("ADDRESS", 5000, -34.8)
    assert "low_precision" in row.flags
    assert words_of(row.id).place_text == "Hallenberg"


def test_a_person_may_keep_their_words_instead(client, reports, towns):
    assert send(client, {**SCHOOL, "place_text": "Hallenberg", "place_choice": "none"}).status_code == 200
    assert "no_point" in reports("flags")[0].flags


@pytest.mark.parametrize("words", ["91.5, 200.5", "https://maps.app.goo.gl/abc", "95, 200"])
def test_coordinates_that_cannot_be_are_told_of_and_may_be_kept_as_words(client, reports, words):
    asked = send(client, {**SCHOOL, "place_text": words})
    assert (asked.status_code, errors_on(asked)) == (422, ["place_text"])
    assert 'value="none"' in asked.text
    assert send(client, {**SCHOOL, "place_text": words, "place_choice": "none"}, number_on(asked)).status_code == 200


# when


@pytest.mark.parametrize(
    ("answers", "interval", "precision"),
    [
        ({"when": "NOW"}, "20 11:00–20 12:00", "HOUR"),
        ({"when": "TODAY"}, "20 00:00–20 12:00", "DAY"),
        ({"when": "TODAY", "day_part": "MORNING"}, "20 06:00–20 11:59", "DAYPART"),
        ({"when": "YESTERDAY"}, "19 00:00–19 23:59", "DAY"),
        ({"when": "DATE", "when_date": "2026-11-03", "day_part": "NIGHT"}, "03 00:00–03 05:59", "DAYPART"),
        ({"when": "", "when_date": "2026-11-03"}, "03 00:00–03 23:59", "DAY"),
    ],
)
@time_machine.travel(NOON, tick=False)
def test_a_day_is_kept_as_an_interval_not_as_a_made_up_minute(client, reports, answers, interval, precision):
    send(client, {**SCHOOL, "day_part": "", **answers})
    row = reports("event_earliest, event_latest, event_precision")[0]
    assert (f"{row.event_earliest:%d %H:%M}–{row.event_latest:%d %H:%M}", row.event_precision) == (interval, precision)


def test_not_sure_is_an_answer(client, reports):
    send(client, {**SCHOOL, "when": "UNK", "day_part": ""})
    assert tuple(reports("event_earliest, event_precision")[0]) == (None, "UNK")


@pytest.mark.parametrize(
    "answers",
    [
        {"when": "DATE", "when_date": "2026-11-21"},
        {"when": "TODAY", "day_part": "EVENING"},
        {"when": "DATE", "when_date": "31.02.2026"},
        {"when": "DATE", "when_date": "9999-12-31"},
    ],
)
@time_machine.travel(NOON, tick=False)
def test_a_day_that_has_not_come_or_never_was_is_asked_again(client, reports, answers):
    answer = send(client, {**SCHOOL, "day_part": "", **answers})
    assert (answer.status_code, errors_on(answer)) == (422, ["event_precision"])


# photos


def test_photos_come_with_the_form_and_a_bad_one_never_loses_the_report(client, reports, database):
    answer = send(
        client, SCHOOL, photos=[("roof.jpg", photo()), ("<b>notes</b>.txt", b"no picture"), ("empty.jpg", b"")]
    )
    assert answer.status_code == 200
    assert "1 photo came with it." in page(answer)
    assert "<b>notes" not in answer.text
    assert "This is not a photo we can take." in page(answer)
    assert "The file is empty." in page(answer)
    assert [row.media_expected for row in reports("media_expected")] == [3]
    assert code_of(answer)


def test_of_too_many_photos_the_first_eight_are_kept(client, reports):
    answer = send(client, SCHOOL, photos=[(f"{n}.jpg", photo((n, n, n))) for n in range(10)])
    assert "8 photos came with it." in page(answer)
    assert page(answer).count("Only the first 8 photos") == 2
    assert reports("media_expected")[0].media_expected == 8


# people


def test_a_program_that_fills_in_the_hidden_field_is_flagged_and_not_refused(client, reports):
    assert send(client, {**SCHOOL, "website": "https://spam.example"}).status_code == 200
    assert "honey" in reports("flags")[0].flags


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({"consents": ["KEEP_CONTACT"]}, "+598 99 000 111"),
        ({}, ""),
        ({"consents": ["KEEP_CONTACT"], "is_minor": "true"}, ""),
    ],
)
def test_a_contact_is_kept_with_consent_only_and_never_of_a_child(client, reports, more, kept):
    send(client, {**SCHOOL, "contact": "+598 99 000 111", **more})
    row = reports("id, consents, is_minor")[0]
    assert words_of(row.id).contact == kept
    assert row.is_minor is ("is_minor" in more)
    assert not (row.is_minor and row.consents)


def test_whoever_reports_a_suspicious_item_is_told_not_to_touch_it(client):
    assert "Do not touch it" in page(send(client, {**SCHOOL, "hazards": ["HZ.UXO"]}))
    assert "Do not touch it" not in page(send(client, SCHOOL))


def test_a_safe_space_is_never_pinned_and_the_person_is_told_why(client, reports):
    answer = send(client, {**SCHOOL, "site_type": "HUM.SAFE"})
    assert "the point of this place was not kept" in page(answer)
    assert tuple(reports("point, pin_method")[0]) == (None, None)
    assert "never shown to the public" in page(send(client, {**SCHOOL, "site_type": "SHE.BOMB"}))


def test_a_signed_in_worker_reports_for_their_organisation(as_, people, reports):
    assert send(as_("amal")).status_code == 200
    assert reports("organisation_id")[0].organisation_id == people["amal"].organisation_id
