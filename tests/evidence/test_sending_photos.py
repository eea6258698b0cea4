"""A photo arrives whole or not at all, once however often it is sent, and never costs the report."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.accounts.policy import SYSTEM
from server.core import ledger
from server.core.storage import store
from server.evidence import service
from server.evidence.inspection import MAX_BYTES, Refusal
from server.reports import access
from tests.evidence.conftest import Phone, sha256
from tests.evidence.pictures import encoded, four_corners, moving

JPEG = encoded(four_corners())
NUMBER = "6a1f7e9c-52d1-4c1e-9e0b-3f5a1c2d4e6f"
OTHER = encoded(four_corners((200, 100)))


def how_complete(report_id):
    access.enter(SYSTEM)
    return service.completeness(uuid.UUID(report_id))


def test_a_photo_is_received_with_a_receipt_that_names_its_hash(phone):
    report_id, (photo_id,) = phone.report(JPEG)
    assert phone.answer.get_json()["media"] == [{"id": photo_id, "state": "EXPECTED"}]
    answer = phone.photo(report_id, photo_id, JPEG)
    assert answer.status_code == 201
    assert answer.get_json() == {
        "id": photo_id,
        "sha256": sha256(JPEG),
        "received_at": answer.get_json()["received_at"],
        "state": "RECEIVED",
    }


def test_the_same_photo_again_gets_the_same_receipt(phone, kept):
    report_id, photo_id = phone.send()
    first, before = phone.answer.get_json(), kept("incoming")
    again = phone.photo(report_id, photo_id, JPEG)
    assert again.status_code == 200
    assert again.get_json() == first
    assert kept("incoming") == before


def test_a_repeat_of_the_report_tells_which_photos_have_come(phone):
    report_id, ids = phone.report(JPEG, OTHER)
    phone.photo(report_id, ids[1], OTHER)
    phone.report(JPEG, OTHER, report_id=report_id, ids=ids)
    assert phone.answer.status_code == 200
    assert [photo["state"] for photo in phone.answer.get_json()["media"]] == ["EXPECTED", "RECEIVED"]


def test_one_photo_announced_twice_in_a_report_comes_twice(phone):
    report_id, ids = phone.report(JPEG, JPEG)
    assert [phone.photo(report_id, number, JPEG).status_code for number in ids] == [201, 201]
    assert how_complete(report_id).is_complete


def test_a_report_is_complete_only_when_every_photo_has_come(phone):
    report_id, ids = phone.report(JPEG, OTHER)
    assert how_complete(report_id) == service.Completeness(received=0, expected=2)
    phone.photo(report_id, ids[0], JPEG)
    assert not how_complete(report_id).is_complete
    phone.photo(report_id, ids[1], OTHER)
    assert how_complete(report_id).is_complete


@pytest.mark.parametrize("sent", [JPEG[:-1], JPEG + b"\0", bytes(len(JPEG)), OTHER])
def test_bytes_that_were_not_announced_are_not_received(phone, row, sent):
    report_id, (photo_id,) = phone.report(JPEG)
    answer = phone.photo(report_id, photo_id, sent)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "photo_differs")
    assert row(photo_id).state == "EXPECTED"
    assert phone.photo(report_id, photo_id, JPEG).status_code == 201


def test_other_bytes_under_a_number_that_has_its_photo_are_refused(phone, row):
    report_id, photo_id = phone.send()
    answer = phone.photo(report_id, photo_id, OTHER)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "conflicting_photo")
    assert row(photo_id).original_sha256.hex() == sha256(JPEG)


def test_a_stranger_learns_nothing_about_the_photos_of_others(phone):
    report_id, photo_id = phone.send()
    other_report, (other_photo,) = phone.report(JPEG)
    answers = [
        phone.photo(other_report, photo_id, JPEG),
        phone.photo(report_id, other_photo, JPEG),
        phone.photo(report_id, uuid.uuid4(), JPEG),
        phone.photo(uuid.uuid4(), photo_id, JPEG),
        phone.photo(uuid.uuid4(), uuid.uuid4(), JPEG),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.data for answer in answers}) == 1


def test_announcing_anothers_photo_does_not_take_it_over(phone, row):
    report_id, photo_id = phone.send()
    thief, _ = phone.report(OTHER, ids=[photo_id])
    assert phone.answer.status_code == 201
    assert phone.answer.get_json()["media"] == []
    assert phone.photo(thief, photo_id, OTHER).status_code == 404
    assert str(row(photo_id).report_id) == report_id


def test_no_more_than_eight_photos_are_announced(phone):
    phone.report(*[JPEG] * 8)
    assert phone.answer.status_code == 201
    phone.report(*[JPEG] * 9)
    assert phone.answer.status_code == 422


def test_a_photo_of_more_than_fifteen_megabytes_is_refused_before_it_is_read(phone):
    report_id, (photo_id,) = phone.report(JPEG)
    answer = phone.photo(report_id, photo_id, b"", environ_overrides={"CONTENT_LENGTH": str(10**9)})
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too_large")


def test_what_may_be_announced_may_be_sent():
    from server.reports.schemas import PHOTO_BYTES

    assert MAX_BYTES == PHOTO_BYTES


def test_a_body_without_a_length_is_refused(phone):
    report_id, (photo_id,) = phone.report(JPEG)
    answer = phone.photo(
        report_id, photo_id, b"", headers={"Transfer-Encoding": "chunked"}, environ_overrides={"CONTENT_LENGTH": ""}
    )
    assert (answer.status_code, answer.get_json()["code"]) == (411, "length_required")


def test_a_body_that_ends_too_early_is_not_received(phone, row):
    """It said 1 GB and sent 1 KB, or the line broke: either way the phone is told to send again."""
    report_id, (photo_id,) = phone.report(JPEG)
    answer = phone.photo(report_id, photo_id, JPEG[:300], environ_overrides={"CONTENT_LENGTH": str(len(JPEG))})
    assert answer.status_code == 400
    assert row(photo_id).state == "EXPECTED"


def test_an_empty_body_is_never_a_success(phone):
    report_id, (photo_id,) = phone.report(JPEG)
    answer = phone.photo(report_id, photo_id, b"", environ_overrides={"CONTENT_LENGTH": "0"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "empty_body")


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
def test_what_a_form_on_another_site_could_send_is_refused(phone, kind):
    report_id, (photo_id,) = phone.report(JPEG)
    assert phone.photo(report_id, photo_id, JPEG, content_type=kind).status_code == 415


@pytest.mark.parametrize("kind", ["image/heic", "application/octet-stream", "", "image/svg+xml", "video/mp4"])
def test_what_the_sender_calls_the_file_does_not_matter(phone, kind):
    report_id, (photo_id,) = phone.report(JPEG)
    assert phone.photo(report_id, photo_id, JPEG, content_type=kind).status_code == 201


def test_a_packed_body_is_refused(phone):
    report_id, (photo_id,) = phone.report(JPEG)
    assert phone.photo(report_id, photo_id, JPEG, headers={"Content-Encoding": "gzip"}).status_code == 415


@pytest.mark.parametrize("number", ["1", "../x", f"{{{NUMBER}}}", f"{NUMBER}x", "x" * 36, "%00"])
def test_a_number_that_is_no_number_leads_nowhere(phone, number):
    report_id, _ = phone.report(JPEG)
    assert phone.photo(report_id, number, JPEG).status_code in {400, 404}


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", 415, "not_a_photo"),
        (b"%PDF-1.7 " + bytes(90), 415, "not_a_photo"),
        (moving("WEBP"), 415, "moving"),
        (JPEG[:300], 422, "cut_short"),
        (bytes(5000), 415, "not_a_photo"),
    ],
    ids=["svg", "pdf", "animation", "cut short", "zeros"],
)
def test_a_file_that_is_no_photo_is_refused_in_words_and_the_report_stays(phone, row, data, status, code):
    report_id, photo_id = phone.send(data)
    refusal = phone.answer.get_json()
    assert (phone.answer.status_code, refusal["errors"][0]["code"]) == (status, code)
    assert refusal["detail"] == refusal["errors"][0]["message"] != ""
    assert (row(photo_id).state, row(photo_id).refusal) == ("REFUSED", code.upper())
    assert phone.photo(report_id, photo_id, data).get_json() == refusal
    assert how_complete(report_id).is_complete


def test_the_original_waits_sealed_under_a_key_of_its_own(phone, row):
    data = encoded(four_corners(), comment=b"planted-identity")
    _, photo_id = phone.send(data)
    waiting = row(photo_id)
    on_disk = store().get(waiting.incoming_ref, "incoming")
    assert b"planted-identity" not in on_disk
    assert data[:2000] not in on_disk
    assert waiting.wrapped_key is not None


def test_receiving_is_written_in_the_ledger_once(phone):
    report_id, photo_id = phone.send()
    phone.photo(report_id, photo_id, JPEG)
    events = [(entry.event, entry.details) for entry in ledger.history(uuid.UUID(photo_id))]
    assert events == [("media.received", {"report": report_id, "sha256": sha256(JPEG)})]


def test_no_room_for_photos_costs_no_report(phone, row, monkeypatch):
    report_id, (photo_id,) = phone.report(JPEG)

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("server.core.storage._write", full)
        answer = phone.photo(report_id, photo_id, JPEG)
    assert (answer.status_code, answer.get_json()["code"]) == (507, "storage_full")
    assert int(answer.headers["Retry-After"]) > 0
    assert row(photo_id).state == "EXPECTED"
    assert phone.photo(report_id, photo_id, JPEG).status_code == 201


def test_photos_that_came_with_the_form_have_the_same_numbers_when_the_form_is_sent_again():
    report_id = uuid.uuid4()
    first = service.announce(report_id, [JPEG, JPEG, OTHER])
    assert first == service.announce(report_id, [JPEG, JPEG, OTHER])
    assert len({item.id for item in first}) == 3
    assert {item.id for item in first}.isdisjoint(item.id for item in service.announce(uuid.uuid4(), [JPEG]))


def test_photos_in_one_post_with_their_report_are_each_kept_or_refused(phone, row):
    report_id, _ = phone.report()
    files = [JPEG, b"%PDF-1.7 " + bytes(90), b"", JPEG]
    manifest = service.announce(uuid.UUID(report_id), files)
    outcome = service.receive_together(uuid.UUID(report_id), manifest, files)
    assert outcome == [None, Refusal.NOT_A_PHOTO, Refusal.EMPTY, None]
    assert [row(item.id).state for item in manifest] == ["RECEIVED", "REFUSED", "REFUSED", "RECEIVED"]
    assert service.receive_together(uuid.UUID(report_id), manifest, files) == outcome


@pytest.mark.committed
def test_twenty_copies_at_one_moment_are_one_photo(live_app, kept):
    phone = Phone(live_app.test_client())
    report_id, (photo_id,) = phone.report(JPEG)
    before = kept("incoming")

    def send(_):
        return Phone(live_app.test_client()).photo(report_id, photo_id, JPEG)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.data for answer in answers}) == 1
    assert len(kept("incoming") - before) == 1
