"""A photo that was lost or changed in the store comes back from a backup, and the desk is told that it is whole again."""

from uuid import UUID

import pytest

from server.core.storage import store
from server.evidence import custody
from server.keeping import backups, manifest, restoring, sealing, watching
from server.keeping.errors import NotKept
from tests.evidence.conftest import Phone
from tests.evidence.pictures import encoded, four_corners


@pytest.fixture
def backup(tmp_path):
    """``backup()``: a backup of the store's files as they are, and the file with its key. The database's part is tried elsewhere."""
    secret, public = sealing.new_identity()
    key = tmp_path / "key.txt"
    key.write_text(secret)

    def make():
        made = tmp_path / "backups" / "2026-11-22T00-00-00Z"
        made.mkdir(parents=True)
        files = list(backups._copy_files(made.parent, {}, sealing.recipients([public])))
        listed = {"count": len(files), "sha256": manifest.write_files(made, files)}
        manifest.write(made, manifest.Manifest(made_at="", response="", revision="", secret_check="", rows={}, database={}, files=listed))
        return made, key

    return make


def state():
    return next(finding.state.value for finding in watching.look([watching._photos]))


@pytest.mark.parametrize("harm", ["changed", "lost"])
def test_a_damaged_photo_comes_back_from_a_backup_and_is_shown_again(app, client, as_, work, backup, harm):
    _report_id, photo_id = Phone(client).send(encoded(four_corners((300, 200) if harm == "lost" else (310, 200))))
    work()
    verifier = as_("bohdan")
    whole = verifier.get(f"/desk/photos/{photo_id}").data
    made, key = backup()
    path = next(path for path in (store().root / "photos").glob("??/*") if path.read_bytes() == whole)
    path.write_bytes(whole[:-1] + b"\0") if harm == "changed" else path.unlink()
    custody._flag_damaged([UUID(photo_id)])
    assert state() == "bad"
    assert verifier.get(f"/desk/photos/{photo_id}").status_code != 200
    assert restoring.mend(made, identity=key, store=store()) == 1
    assert verifier.get(f"/desk/photos/{photo_id}").data == whole
    assert state() == "good"
    assert restoring.mend(made, identity=key, store=store()) == 0


def test_another_holders_key_puts_nothing_back(app, database, backup, tmp_path):
    made, _key = backup()
    other = tmp_path / "other.txt"
    other.write_text("not a key")
    with pytest.raises(NotKept):
        restoring.mend(made, identity=other, store=store())
