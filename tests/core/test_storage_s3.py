"""The store in a bucket keeps the same promises as the one in a folder; a real S3 server stands behind these tests."""

import hashlib
import io
import os

import pytest

from server.core.storage import NothingStored, StorageDamaged, StoreAway, opened
from tests.bucket import a_bucket

pytestmark = [pytest.mark.pure, pytest.mark.slow]

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    with a_bucket(tmp_path_factory.mktemp("unfinished")) as made:
        yield made


@pytest.fixture
def store(bucket):
    return opened(bucket.url)


def test_bytes_come_back_under_their_own_hash(store):
    data = os.urandom(700_000)
    name = store.put(io.BytesIO(data), "photos")
    assert name == hashlib.sha256(data).hexdigest()
    assert store.get(name, "photos") == data
    assert store.exists(name, "photos")
    assert not store.exists(name, "thumbnails")


def test_a_file_can_be_read_from_its_middle(store):
    name = store.put(b"0123456789", "releases")
    with store.open(name, "releases") as file:
        file.seek(4)
        assert file.read(3) == b"456"
        file.seek(-2, io.SEEK_END)
        assert file.read() == b"89"
        file.seek(0)
        assert file.read() == b"0123456789"


def test_what_is_deleted_is_gone_and_deleting_again_does_no_harm(store):
    name = store.put(b"x", "photos")
    store.delete(name, "photos")
    store.delete(name, "photos")
    assert not store.exists(name, "photos")
    with pytest.raises(NothingStored):
        store.get(name, "photos")


def test_what_nothing_refers_to_can_be_found_and_only_when_it_is_old_enough(store):
    name = store.put(b"left over", "imports")
    assert list(store.names_older_than(0, "imports")) == [name]
    assert list(store.names_older_than(3600, "imports")) == []


def test_bytes_that_were_changed_in_the_bucket_are_noticed(store, bucket):
    name = store.put(b"evidence", "photos")
    bucket.client.put_object(Bucket="tessera", Key=f"response/photos/{name[:2]}/{name}", Body=b"evidencf")
    with pytest.raises(StorageDamaged):
        store.get(name, "photos")


def test_a_sealed_file_is_unreadable_in_the_bucket_and_opens_with_its_key(store, bucket):
    name = store.put_sealed(b"where she stood", "incoming", key=KEY, bound_to=b"photo 1")
    assert b"where she stood" not in bucket.read(f"response/incoming/{name[:2]}/{name}")
    assert store.get_sealed(name, "incoming", key=KEY, bound_to=b"photo 1") == b"where she stood"
    with pytest.raises(StorageDamaged):
        store.get_sealed(name, "incoming", key=KEY, bound_to=b"photo 2")


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63])
def test_only_hashes_are_names(store, name):
    with pytest.raises(ValueError, match="not a name"):
        store.get(name, "photos")


def test_an_empty_bucket_is_known_as_empty(bucket):
    elsewhere = opened(bucket.url.replace("/response", "/another"))
    assert elsewhere.is_empty()
    elsewhere.put(b"x", "evidence")
    assert not elsewhere.is_empty()


def test_a_bucket_that_does_not_answer_is_away_and_never_empty():
    away = opened("s3://tessera/response?endpoint=http://127.0.0.1:9")
    away._client.meta.config.retries["total_max_attempts"] = 1
    for ask in (lambda: away.get("0" * 64, "photos"), lambda: away.put(b"x", "photos"), away.is_empty):
        with pytest.raises(StoreAway):
            ask()
