"""After receipt the worker cleans each photo: a print is kept, the original goes, what does not fit is flagged."""

import uuid
from datetime import UTC, datetime

import pytest
from flask_babel import gettext
from PIL import Image

from server.accounts.policy import SYSTEM
from server.core import ledger
from server.core.database import session
from server.core.problems import PROBLEMS
from server.core.storage import store
from server.evidence import custody, darkroom, service
from server.evidence.inspection import MAX_BYTES, Refusal
from server.reports import access
from tests.evidence.conftest import Phone
from tests.evidence.pictures import RED, close, corners, encoded, exif, four_corners, opened, png
from tests.evidence.test_hostile_files import REFUSED

JPEG = encoded(four_corners())
KYIV, LVIV = (30.5, 50.4), (24.03, 49.84)


def scene(turn=0):
    """A picture with enough in it to be known again."""
    noise = Image.effect_noise((8, 6), 120).resize((640, 480), Image.Resampling.BICUBIC)
    return Image.merge("RGB", (noise, noise.rotate(180), four_corners((640, 480)).convert("L"))).rotate(turn)


def test_a_received_photo_becomes_a_clean_print_and_its_original_is_gone(phone, work, row, kept):
    data = encoded(four_corners((3000, 1500)), exif=exif(t315="planted-artist", lon=30.5, lat=50.4))
    _, photo_id = phone.send(data)
    waiting = row(photo_id).incoming_ref
    assert "evidence.clean_photo" in work()
    clean = row(photo_id)
    assert (clean.state, clean.width, clean.height) == ("CLEAN", 2048, 1024)
    assert clean.incoming_ref is None
    assert clean.wrapped_key is None
    assert waiting not in kept("incoming")
    assert b"planted" not in store().get(clean.clean_sha256, "photos")
    assert opened(store().get(clean.thumbnail_sha256, "thumbnails")).size == (320, 160)
    assert close(corners(opened(store().get(clean.clean_sha256, "photos")))[:1], [RED])


def test_cleaning_is_written_in_the_ledger(phone, work, row):
    report_id, photo_id = phone.send()
    work()
    cleaned = [entry.details for entry in ledger.history(uuid.UUID(photo_id)) if entry.event == "media.cleaned"]
    assert cleaned == [{"report": report_id, "sha256": row(photo_id).clean_sha256, "flags": []}]


def test_cleaning_twice_is_as_once(phone, work, row, monkeypatch):
    _, photo_id = phone.send()
    work()
    before = row(photo_id).clean_sha256
    monkeypatch.setattr(darkroom, "_ask_child", None)
    custody.clean_photo(uuid.UUID(photo_id))
    assert row(photo_id).clean_sha256 == before


def test_the_sender_of_a_cleaned_photo_still_gets_the_receipt(phone, work):
    report_id, photo_id = phone.send()
    first = phone.answer.get_json()
    work()
    again = phone.photo(report_id, photo_id, JPEG)
    assert again.status_code == 200
    assert again.get_json() == first | {"state": "CLEAN"}


def test_a_photo_only_the_decoder_can_refuse_is_refused_in_words_and_the_report_stays(phone, work, row, kept):
    garbage = png(40, 30, 8, 2, [b"\0" * 5])
    report_id, photo_id = phone.send(garbage)
    assert phone.answer.status_code == 201
    waiting = row(photo_id).incoming_ref
    work()
    assert row(photo_id).state == "REFUSED"
    assert row(photo_id).refusal in {"UNREADABLE", "CUT_SHORT"}
    assert waiting not in kept("incoming")
    again = phone.photo(report_id, photo_id, garbage)
    assert (again.status_code, again.get_json()["code"]) == (422, "unreadable_photo")
    access.enter(SYSTEM)
    assert service.completeness(uuid.UUID(report_id)).is_complete


@pytest.mark.parametrize("lang", ["en", "uk", "ar", "fr", "es", "ru"])
def test_the_reason_is_given_in_the_language_of_the_person(phone, app, lang):
    data = b"%PDF-1.7 " + bytes(90)
    report_id, (photo_id,) = phone.report(data)
    refused = phone.photo(report_id, photo_id, data, headers={"Accept-Language": lang}).get_json()
    with app.test_request_context(headers={"Accept-Language": lang}):
        assert refused["detail"] == gettext(Refusal.NOT_A_PHOTO.label)
        assert (refused["title"] == PROBLEMS["unsupported_type"][1]) == (lang == "en")


def test_an_original_that_was_damaged_while_it_waited_is_noted_not_retried_for_ever(phone, work, row):
    _, photo_id = phone.send()
    store().delete(row(photo_id).incoming_ref, "incoming")
    work()
    assert (row(photo_id).state, row(photo_id).refusal) == ("REFUSED", "LOST")


def test_a_darkroom_that_cannot_work_costs_no_photo(phone, work, row, kept, monkeypatch):
    _, photo_id = phone.send()
    with monkeypatch.context() as patched:
        patched.setattr(darkroom, "PROGRAM", "/nowhere/developing.py")
        with pytest.raises(darkroom.DarkroomOutOfOrder):
            custody.clean_photo(uuid.UUID(photo_id))
    assert row(photo_id).state == "RECEIVED"
    assert row(photo_id).incoming_ref in kept("incoming")
    custody.clean_photo(uuid.UUID(photo_id))
    assert row(photo_id).state == "CLEAN"


def test_a_photo_swapped_for_anothers_sealed_file_does_not_open(phone, work, row):
    _, mine = phone.send()
    _, other = phone.send(encoded(four_corners((100, 80))))
    row(mine).incoming_ref = row(other).incoming_ref
    row(mine).wrapped_key = row(other).wrapped_key
    session.commit()
    custody.clean_photo(uuid.UUID(mine))
    assert (row(mine).state, row(mine).refusal) == ("REFUSED", "LOST")


# ─── what does not fit ────────────────────────────────────────────────────────────────────────────────────────────────


def flags_after(phone, work, row, data, **words):
    _, photo_id = phone.send(data, **words)
    work()
    return row(photo_id).flags


@pytest.mark.parametrize(
    ("lon", "lat", "accuracy_m", "flags"),
    [
        (30.5, 50.4, None, []),
        (30.504, 50.4, None, []),  # 284 m
        (30.508, 50.4, None, ["photo_far_from_pin"]),  # 567 m
        (30.508, 50.4, 100, []),  # the pin may be 100 m off
        (24.03, 49.84, 100, ["photo_far_from_pin"]),
    ],
)
def test_a_photo_taken_far_from_the_pin_is_flagged_not_refused(phone, work, row, lon, lat, accuracy_m, flags):
    words = {} if accuracy_m is None else {"pin_accuracy_m": accuracy_m}
    data = encoded(four_corners(), exif=exif(lon=lon, lat=lat))
    assert flags_after(phone, work, row, data, **words) == flags


@pytest.mark.parametrize(
    ("taken", "zone", "flags"),
    [
        ("2026:11:20 10:00:00", "+00:00", []),
        ("2026:11:21 11:30:00", "+00:00", []),  # 23.5 h after the last moment
        ("2026:11:21 13:00:00", "+00:00", ["photo_time_differs"]),
        ("2026:11:21 13:00:00", None, []),  # it may have been 23:00 the day before, somewhere
        ("2024:03:01 13:00:00", None, ["photo_time_differs"]),
    ],
)
def test_a_photo_taken_at_another_time_is_flagged_not_refused(phone, work, row, taken, zone, flags):
    claim = {
        "event_earliest": "2026-11-20T08:00:00Z", "event_latest": "2026-11-20T12:00:00Z", "event_precision": "HOUR"
    }  # fmt: skip
    data = encoded(four_corners(), exif=exif(taken=taken, zone=zone))
    assert flags_after(phone, work, row, data, **claim) == flags


def test_place_and_time_by_the_camera_are_kept_for_few_eyes(phone, work, row):
    _, photo_id = phone.send(encoded(four_corners(), exif=exif(lon=30.5, lat=50.4, taken="2026:11:20 10:00:00")))
    work()
    from geoalchemy2.shape import to_shape

    from server.evidence.models import Photo
    from server.vocabulary import Audience

    assert to_shape(row(photo_id).taken_point).coords[0] == pytest.approx((30.5, 50.4), abs=1e-5)
    assert row(photo_id).taken_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    columns = Photo.__table__.columns
    assert {columns[name].info["audience"] for name in ("taken_at", "taken_point")} == {Audience.INTERNAL}


def test_a_photo_seen_elsewhere_before_is_flagged_as_recycled(phone, work, row):
    data = encoded(scene())
    assert flags_after(phone, work, row, data, lon=KYIV[0], lat=KYIV[1]) == []
    assert flags_after(phone, work, row, data, lon=LVIV[0], lat=LVIV[1]) == ["recycled_media"]


def test_a_recycled_photo_is_known_although_it_was_shrunk_and_compressed(phone, work, row):
    picture = scene()
    flags_after(phone, work, row, encoded(picture, quality=95), lon=KYIV[0], lat=KYIV[1])
    again = encoded(picture.resize((500, 375)), "WEBP", quality=40)
    assert flags_after(phone, work, row, again, lon=LVIV[0], lat=LVIV[1]) == ["recycled_media"]


def test_a_photo_of_another_time_is_recycled_though_the_place_is_the_same(phone, work, row):
    data = encoded(scene())
    old = {"event_earliest": "2026-03-01T08:00:00Z", "event_latest": "2026-03-01T09:00:00Z"}
    new = {"event_earliest": "2026-11-20T08:00:00Z", "event_latest": "2026-11-20T09:00:00Z"}
    flags_after(phone, work, row, data, **old)
    assert flags_after(phone, work, row, data, **new) == ["recycled_media"]


def test_neighbours_who_send_the_same_picture_of_one_strike_are_not_suspected(phone, work, row):
    data = encoded(scene())
    flags_after(phone, work, row, data)
    assert flags_after(phone, work, row, data, lon=KYIV[0] + 0.002) == []


def test_two_dark_photos_are_not_taken_for_one(phone, work, row):
    dark = Image.new("RGB", (640, 480), (4, 4, 6))
    flags_after(phone, work, row, encoded(dark), lon=KYIV[0], lat=KYIV[1])
    other = Image.new("RGB", (500, 500), (7, 6, 6))
    assert flags_after(phone, work, row, encoded(other), lon=LVIV[0], lat=LVIV[1]) == []


def test_one_picture_said_to_show_many_places_is_flagged_each_time(phone, work, row):
    data = encoded(scene())
    ids = [phone.send(data, lon=KYIV[0] + step / 10, lat=KYIV[1])[1] for step in range(5)]
    work()
    assert [row(number).flags for number in ids] == [[]] + [["recycled_media"]] * 4


# ─── erasing and keeping ──────────────────────────────────────────────────────────────────────────────────────────────


def withdraw(report_id):
    from server.accounts.policy import SYSTEM
    from server.reports import service as reports

    reports.withdraw(uuid.UUID(report_id), actor=SYSTEM)
    session.commit()


def test_a_report_taken_back_takes_its_photos_with_it(phone, work, row, kept):
    report_id, photo_id = phone.send(encoded(scene(90)))
    work()
    clean, small = row(photo_id).clean_sha256, row(photo_id).thumbnail_sha256
    withdraw(report_id)
    work()
    assert row(photo_id) is None
    assert clean not in kept("photos")
    assert small not in kept("thumbnails")


def test_a_photo_that_still_waits_is_erased_with_its_report(phone, work, row, kept):
    report_id, photo_id = phone.send()
    waiting = row(photo_id).incoming_ref
    withdraw(report_id)
    work()
    assert row(photo_id) is None
    assert waiting not in kept("incoming")


def test_erasing_leaves_the_same_picture_of_another_report(phone, work, row):
    data = encoded(scene())
    (mine, my_photo), (_, other_photo) = phone.send(data), phone.send(data)
    work()
    assert row(my_photo).clean_sha256 == row(other_photo).clean_sha256
    withdraw(mine)
    work()
    assert store().get(row(other_photo).clean_sha256, "photos")


def every_night():
    """All the nights of a round, so that each photo has had its turn."""
    from datetime import timedelta
    from unittest.mock import patch

    start = datetime(2026, 11, 22, tzinfo=UTC)
    found = []
    for night in range(custody.ROUND_NIGHTS):
        with patch.object(custody, "now", lambda night=night: start + timedelta(days=night)):
            found.append(custody.verify_photos())
    return found


def test_a_kept_photo_that_changes_on_disk_is_found_within_thirty_nights(phone, work, row):
    _, whole = phone.send(encoded(scene()))
    _, bad = phone.send(encoded(scene(180)))
    work()
    name = row(bad).clean_sha256
    path = store().root / "photos" / name[:2] / name
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    assert sum(every_night()) == 1
    assert sum(every_night()) == 1
    assert row(bad).flags == ["photo_damaged"]
    assert row(whole).flags == []
    damaged = [entry for entry in ledger.history(uuid.UUID(bad)) if entry.event == "media.damaged"]
    assert len(damaged) == 1


def test_files_that_belong_to_no_photo_are_swept_out_and_no_others(phone, work, row, kept, monkeypatch):
    _, photo_id = phone.send()
    work()
    _, waiting = phone.send(encoded(four_corners((90, 70))))
    orphan = store().put(b"a request failed after this was written", "incoming")
    custody.remove_leftovers()
    assert orphan in kept("incoming")
    monkeypatch.setattr(custody, "LEFTOVER_AGE_S", -5)
    assert custody.remove_leftovers() >= 1
    assert orphan not in kept("incoming")
    assert row(waiting).incoming_ref in kept("incoming")
    assert row(photo_id).clean_sha256 in kept("photos")
    assert row(photo_id).thumbnail_sha256 in kept("thumbnails")


@pytest.mark.committed
def test_no_connection_is_held_while_a_picture_is_being_developed(live_app, monkeypatch):
    """A hostile picture may take a minute; the database would end a transaction that idles for fifteen."""
    from server.core.database import session as live

    phone = Phone(live_app.test_client())
    _, photo_id = phone.send()
    seen = []
    develop = custody.develop

    def watched(data):
        seen.append(live.session_factory.kw["bind"].pool.checkedout())
        return develop(data)

    monkeypatch.setattr(custody, "develop", watched)
    custody.clean_photo(uuid.UUID(photo_id))
    assert seen == [0]


@pytest.mark.slow
def test_of_all_hostile_files_none_is_kept_and_no_report_is_lost(phone, work, row, kept):
    hostile = [data for data, _ in REFUSED.values() if 0 < len(data) <= MAX_BYTES]
    before = {namespace: kept(namespace) for namespace in ("incoming", "photos", "thumbnails")}
    sent = [phone.send(data) for data in hostile]
    work()
    assert {row(photo_id).state for _, photo_id in sent} == {"REFUSED"}
    assert {namespace: kept(namespace) for namespace in before} == before
    access.enter(SYSTEM)
    assert all(access.get_report(SYSTEM, uuid.UUID(report_id)) for report_id, _ in sent)
