"""The store: bytes stand under their own hash, whole, private, and for nobody's eyes when sealed."""

import hashlib
import io
import os
import stat

import pytest

from server.core.storage import CONSTANT_TIME_NS, FolderStore, NothingStored, StorageDamaged, opened

pytestmark = pytest.mark.pure

KEY = bytes(range(32))


@pytest.fixture
def folder(tmp_path):
    return FolderStore(tmp_path / "storage")


def files(folder):
    return [path for path in folder.root.rglob("*") if path.is_file()]


def test_bytes_come_back_under_their_own_hash(folder):
    name = folder.put(b"a stone of a mosaic", "photos")
    assert name == hashlib.sha256(b"a stone of a mosaic").hexdigest()
    assert folder.get(name, "photos") == b"a stone of a mosaic"
    assert folder.exists(name, "photos")


def test_a_stream_is_stored_as_the_same_bytes_would_be(folder):
    data = os.urandom(700_000)
    assert folder.put(io.BytesIO(data), "files") == folder.put(data, "files")
    assert len(files(folder)) == 1


def test_namespaces_are_kept_apart(folder):
    name = folder.put(b"x", "photos")
    assert not folder.exists(name, "thumbnails")
    with pytest.raises(NothingStored):
        folder.get(name, "thumbnails")


def test_what_is_deleted_is_gone_and_deleting_again_does_no_harm(folder):
    name = folder.put(b"x", "photos")
    folder.delete(name, "photos")
    folder.delete(name, "photos")
    assert not folder.exists(name, "photos")
    assert files(folder) == []


def test_files_are_private_and_do_not_tell_when_they_came(folder):
    folder.put(b"x", "photos")
    (path,) = files(folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_mtime_ns == CONSTANT_TIME_NS
    assert {stat.S_IMODE(at.stat().st_mode) for at in folder.root.rglob("*") if at.is_dir()} == {0o700}


def test_one_changed_bit_is_noticed_and_putting_again_mends_it(folder):
    name = folder.put(b"evidence", "photos")
    (path,) = files(folder)
    path.write_bytes(b"evidencf")
    with pytest.raises(StorageDamaged):
        folder.get(name, "photos")
    folder.put(b"evidence", "photos")
    assert folder.get(name, "photos") == b"evidence"


def test_a_write_that_fails_half_way_leaves_nothing(folder):
    class Broken(io.BytesIO):
        def read(self, _size=-1):
            if self.tell():
                raise OSError(28, "No space left on device")
            return super().read(10)

    with pytest.raises(OSError, match="No space left"):
        folder.put(Broken(b"0123456789abcdef"), "photos")
    assert files(folder) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63, "0" * 64 + "/", "0" * 64 + "\n"])
def test_only_hashes_are_names(folder, name):
    with pytest.raises(ValueError, match="not a name"):
        folder.get(name, "photos")


def test_only_known_namespaces_are_folders(folder):
    with pytest.raises(ValueError, match="not a name"):
        folder.get("0" * 64, "../photos")


def test_a_sealed_file_is_unreadable_on_disk_and_opens_with_its_key(folder):
    name = folder.put_sealed(b"where she stood", "incoming", key=KEY, bound_to=b"photo 1")
    assert b"where she stood" not in files(folder)[0].read_bytes()
    assert folder.get_sealed(name, "incoming", key=KEY, bound_to=b"photo 1") == b"where she stood"


@pytest.mark.parametrize(("key", "bound_to"), [(bytes(32), b"photo 1"), (KEY, b"photo 2")])
def test_a_sealed_file_stays_shut_to_another_key_and_in_anothers_place(folder, key, bound_to):
    name = folder.put_sealed(b"where she stood", "incoming", key=KEY, bound_to=b"photo 1")
    with pytest.raises(StorageDamaged):
        folder.get_sealed(name, "incoming", key=key, bound_to=bound_to)


def test_two_seals_of_one_photo_are_two_files(folder):
    first, second = (folder.put_sealed(b"same", "incoming", key=KEY) for _ in range(2))
    folder.delete(first, "incoming")
    assert folder.get_sealed(second, "incoming", key=KEY) == b"same"


@pytest.mark.parametrize("url", ["s3://", "https://x.test/x", "file://host/x", "file:relative", "/plain/path"])
def test_an_address_that_is_no_local_folder_is_refused_in_words(url):
    with pytest.raises(ValueError, match="STORAGE_URL"):
        opened(url)


def test_an_address_with_spaces_and_other_letters_is_a_folder(tmp_path):
    wanted = tmp_path / "запас 1"
    assert opened(wanted.as_uri()).root == wanted
