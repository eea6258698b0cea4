"""Backups on a machine that fails: cut off in the middle, two at once, a bit flipped in the folder, a clock that stands in 1970."""

import errno
import os
import shutil
from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import text

from server.core.storage import store
from server.keeping import backups, manifest, restoring, sealing
from server.keeping.errors import NotKept

PHOTO = b"bytes of a photo" * 400


@pytest.fixture
def holder(tmp_path):
    """A holder's keys: the file with the secret one, and the public one as it is sealed to."""
    secret, public = sealing.new_identity()
    (tmp_path / "key.txt").write_text(secret)
    return tmp_path / "key.txt", sealing.recipients([public])


def kept(folder, moment, **files):
    """A finished backup of that moment with these sealed files, as far as throwing away looks at one."""
    made = folder / moment
    made.mkdir(parents=True)
    listed = []
    for digit, data in files.items():
        file = manifest.KeptFile(f"photos/{digit * 64}", len(data), "")
        backups.sealed_path(folder, file.name).parent.mkdir(parents=True, exist_ok=True)
        backups.sealed_path(folder, file.name).write_bytes(data)
        listed.append(file)
    told = {"count": len(listed), "sha256": manifest.write_files(made, listed)}
    manifest.write(made, manifest.Manifest(made_at="", response="", revision="", secret_check="", rows={}, database={}, files=told))
    return made


def photos(folder):
    return sorted(path.stem[0] for path in folder.glob("files/photos/??/*.age"))


@pytest.mark.pure
def test_a_backup_made_by_a_clock_that_stands_in_1970_is_not_thrown_away_by_its_own_throwing_away(tmp_path):
    kept(tmp_path, "2026-11-21T02-17-00Z", a=b"old")
    with time_machine.travel(datetime(1970, 1, 1, 0, 5, tzinfo=UTC)):
        made = kept(tmp_path, "1970-01-01T00-05-00Z", a=b"old", b=b"new")
        assert backups.prune(tmp_path, days=30, keep=made) == 0
    assert (backups.all_of(tmp_path)[0], photos(tmp_path)) == (made, ["a", "b"])
    with time_machine.travel(datetime(2026, 11, 22, tzinfo=UTC)):
        newest = kept(tmp_path, "2026-11-22T02-17-00Z", a=b"old")
        assert backups.prune(tmp_path, days=30, keep=newest) == 1
    assert photos(tmp_path) == ["a"]
    assert not any(tmp_path.glob(f"{backups.UNFINISHED}*"))


@pytest.mark.pure
def test_as_long_as_one_list_cannot_be_read_no_file_that_it_may_name_is_thrown_away(tmp_path):
    damaged = kept(tmp_path, "2026-11-20T02-17-00Z", a=b"one")
    kept(tmp_path, "2026-11-21T02-17-00Z", b=b"two")
    (damaged / manifest.FILES).write_text((damaged / manifest.FILES).read_text().replace("a", "c"))
    backups.prune(tmp_path, days=3_650)
    assert photos(tmp_path) == ["a", "b"]
    shutil.rmtree(damaged)
    backups.prune(tmp_path, days=3_650)
    assert photos(tmp_path) == ["b"]


@pytest.mark.pure
def test_what_a_backup_that_was_cut_off_left_behind_is_gone_with_the_next_and_two_never_work_in_one_folder(tmp_path):
    made = kept(tmp_path, "2026-11-21T02-17-00Z", a=b"one")
    half = tmp_path / f"{backups.UNFINISHED}-2026-11-22T02-17-00Z"
    half.mkdir()
    (half / manifest.DATABASE).write_bytes(b"half a dump")
    piece = backups.sealed_path(tmp_path, f"photos/{'b' * 64}").with_suffix(backups.UNFINISHED)
    piece.parent.mkdir(parents=True)
    piece.write_bytes(b"half a photo")
    with backups.alone(tmp_path):
        assert [path.exists() for path in (half, piece, made)] == [False, False, True]
        with pytest.raises(NotKept, match="Another backup is being made"), backups.alone(tmp_path):
            pass
    with backups.alone(tmp_path):
        assert photos(tmp_path) == ["a"]


def test_a_disk_that_is_full_is_told_in_a_sentence_and_leaves_what_was_there(app, database, tmp_path, holder, monkeypatch):
    made = kept(tmp_path, "2026-11-21T02-17-00Z", a=b"one")

    def no_room(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/srv/backups/database.age")

    monkeypatch.setattr(backups, "dump", no_room)
    done = app.test_cli_runner().invoke(args=["backup", "--to", str(tmp_path), "--key", str(holder[1][0])])
    assert (done.exit_code, done.output.splitlines()[-1]) == (1, "Error: The backup broke off: No space left on device (/srv/backups/database.age).")
    assert (backups.all_of(tmp_path), list(tmp_path.glob(f"{backups.UNFINISHED}*"))) == ([made], [])
    assert database.scalar(text("SELECT went_well FROM upkeep WHERE kind = 'BACKUP'")) is False


def test_a_file_that_was_damaged_in_the_folder_of_backups_is_sealed_anew_from_the_store(app, tmp_path, holder):
    key, holders = holder
    name = f"photos/{store().put(PHOTO, 'photos')}"
    before = {file.name: file for file in backups._copy_files(tmp_path, {}, holders)}
    path = backups.sealed_path(tmp_path, name)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    after = {file.name: file for file in backups._copy_files(tmp_path, before, holders)}
    assert {changed for changed in after if after[changed] != before[changed]} == {name}, "what is whole is not written again"
    assert backups._hash_of(path) == after[name].sha256
    restoring._try_to_open(tmp_path / "any", [after[name]], sealing.identities(key))
    store().delete(name.partition("/")[2], "photos")
