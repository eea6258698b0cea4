"""Who may read a report may see its photos: the clean copy, as a picture and nothing else."""

import uuid

import pytest

from server.core.storage import store
from server.evidence import service
from server.reports import access
from tests.evidence.pictures import encoded, four_corners, opened
from tests.people import actor

JPEG = encoded(four_corners((2000, 1000)), comment=b"planted-comment")
DESK = ("bohdan", "berta", "chipo", "sana", "pilar")


@pytest.fixture
def photo(phone, work):
    """The number of a clean photo in a stranger's report."""
    _, photo_id = phone.send(JPEG)
    work()
    return photo_id


@pytest.mark.parametrize("name", DESK)
@pytest.mark.parametrize(("size", "pixels"), [("", (2000, 1000)), ("/thumbnail", (320, 160))])
def test_the_desk_sees_the_clean_copy(as_, photo, name, size, pixels):
    answer = as_(name).get(f"/desk/photos/{photo}{size}")
    assert answer.status_code == 200
    assert opened(answer.data).size == pixels
    assert b"planted" not in answer.data


@pytest.mark.parametrize("name", ["amal", "dario", "ada", "eve"])
@pytest.mark.parametrize("size", ["", "/thumbnail"])
def test_whoever_may_not_read_the_report_sees_no_photo_of_it(as_, photo, name, size):
    assert as_(name).get(f"/desk/photos/{photo}{size}").status_code in {403, 404}


@pytest.mark.parametrize("size", ["", "/thumbnail"])
def test_a_stranger_sees_no_photo(client, photo, size):
    assert client.get(f"/desk/photos/{photo}{size}").status_code in {302, 401}


def test_people_of_an_organisation_see_the_photos_of_their_own_reports(phone_of, as_, work):
    _, photo_id = phone_of("amal").send(JPEG)
    work()
    assert as_("amal").get(f"/desk/photos/{photo_id}").status_code == 200
    assert as_("dario").get(f"/desk/photos/{photo_id}").status_code == 404


def test_a_photo_that_does_not_exist_and_one_of_others_look_the_same(as_, photo):
    headers = {"Accept": "application/json"}
    browser = as_("dario")
    other = browser.get(f"/desk/photos/{photo}", headers=headers)
    missing = browser.get(f"/desk/photos/{uuid.uuid4()}", headers=headers)
    assert (other.status_code, other.data) == (missing.status_code, missing.data)


def test_a_photo_is_nothing_but_a_picture_to_a_browser(as_, photo):
    headers = as_("chipo").get(f"/desk/photos/{photo}").headers
    assert headers["Content-Type"] == "image/jpeg"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"] == f'inline; filename="photo-{photo[:8]}.jpg"'
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "no-store" in headers["Cache-Control"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_photo_that_is_not_clean_yet_or_was_refused_is_not_shown(phone, as_, work):
    _, waiting = phone.send(JPEG)
    assert as_("chipo").get(f"/desk/photos/{waiting}").status_code == 404
    _, refused = phone.send(b"%PDF-1.7 " + bytes(90))
    work()
    assert as_("chipo").get(f"/desk/photos/{refused}").status_code == 404


def test_a_photo_damaged_on_disk_is_a_sentence_and_not_a_broken_page(as_, photo, row):
    name = row(photo).clean_sha256
    path = store().root / "photos" / name[:2] / name
    path.write_bytes(b"garbage")
    answer = as_("chipo").get(f"/desk/photos/{photo}", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["code"]) == (404, "photo_damaged")


def test_the_desk_knows_of_every_photo_whatever_became_of_it(phone, work, people):
    broken = b"%PDF-1.7 " + bytes(90)
    report_id, ids = phone.report(JPEG, broken, JPEG)
    phone.photo(report_id, ids[0], JPEG)
    phone.photo(report_id, ids[1], broken)
    work()
    assert [photo.state for photo in seen_by(people["chipo"], report_id)] == ["CLEAN", "REFUSED", "EXPECTED"]
    assert seen_by(people["dario"], report_id) == []


def seen_by(person, report_id):
    access.enter(actor(person))
    return service.photos_of(uuid.UUID(report_id))
