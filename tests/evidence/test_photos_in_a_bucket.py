"""Photos on an installation that keeps them in a bucket: sent by HTTP, developed, looked at, erased. A real S3 server stands behind."""

from dataclasses import replace
from uuid import UUID

import pytest

from server.core import settings as settings_module
from server.evidence import custody
from tests.bucket import a_bucket
from tests.evidence.pictures import encoded, four_corners

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with a_bucket(tmp_path_factory.mktemp("unfinished")) as made:
        yield made


@pytest.fixture
def bucket(served, monkeypatch):
    chosen = replace(settings_module.settings(), storage_url=served.url)
    monkeypatch.setattr("server.core.storage.settings", lambda: chosen)
    return served


def test_a_photo_goes_through_the_bucket_and_is_gone_from_it_when_its_report_is_taken_back(bucket, phone, work, as_, row):
    report_id, photo_id = phone.send()
    assert phone.answer.status_code == 201
    waiting = row(photo_id).incoming_ref
    (place,) = [key for key in bucket.keys("incoming") if key.endswith(waiting)]
    assert b"\xff\xd8\xff" not in bucket.read(place)
    work()
    assert row(photo_id).state == "CLEAN"
    assert place not in bucket.keys("incoming")
    assert row(photo_id).clean_sha256 in " ".join(bucket.keys("photos"))
    assert row(photo_id).thumbnail_sha256 in " ".join(bucket.keys("thumbnails"))
    verifier = as_("bohdan")
    for address in (f"/desk/photos/{photo_id}", f"/desk/photos/{photo_id}/thumbnail"):
        shown = verifier.get(address)
        assert (shown.status_code, shown.data[:3]) == (200, b"\xff\xd8\xff")
    kept = row(photo_id).clean_sha256
    custody.erase_photos(UUID(report_id))
    assert kept not in " ".join(bucket.keys("photos"))


def test_a_bucket_that_is_away_stops_photos_and_no_report(phone, row, monkeypatch, tmp_path):
    nowhere = f"s3://tessera/response?endpoint=http://127.0.0.1:9&unfinished={tmp_path}"
    chosen = replace(settings_module.settings(), storage_url=nowhere)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with monkeypatch.context() as away:
        away.setattr("server.core.storage.settings", lambda: chosen)
        data = encoded(four_corners())
        report_id, (photo_id,) = phone.report(data)
        assert phone.answer.status_code == 201
        answer = phone.photo(report_id, photo_id, data)
        assert (answer.status_code, answer.get_json()["code"]) == (507, "storage_full")
        assert int(answer.headers["Retry-After"]) > 0
    assert row(photo_id).state == "EXPECTED"
    assert phone.photo(report_id, photo_id, data).status_code == 201
