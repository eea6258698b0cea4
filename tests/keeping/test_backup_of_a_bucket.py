"""A backup of an installation that keeps its photos in a bucket: read from there, brought back into another."""

import pytest

from server.core.storage import opened
from tests.bucket import a_bucket
from tests.conftest import NAME, _admin, clone, drop
from tests.keeping.test_backups import PHOTO, House, empty

pytestmark = [pytest.mark.committed, pytest.mark.slow]


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Two installations, one empty, over one S3 server."""
    names = [f"{NAME}_bucket", f"{NAME}_bucket_again"]
    folder = tmp_path_factory.mktemp("houses")
    clone(names[0])
    empty(names[1])
    with a_bucket(folder / "unfinished") as bucket:
        houses = [House(name, folder) for name in names]
        houses[0].settings["STORAGE_URL"] = bucket.url
        houses[1].settings["STORAGE_URL"] = bucket.url.replace("/response?", "/again?")
        yield houses
    with _admin() as admin:
        for name in names:
            drop(admin, name)


def test_photos_in_a_bucket_are_in_the_backup_and_come_back_into_another(places, tmp_path):
    house, again = places
    name = opened(house.settings["STORAGE_URL"]).put(PHOTO, "photos")
    _code, pair = house.flask("backup-key")
    key = tmp_path / "key.txt"
    key.write_text(pair)
    public = pair.strip().splitlines()[-1].removeprefix("# ")
    code, said = house.flask("backup", "--to", tmp_path / "backups", "--key", public)
    assert (code, "1 files" in said) == (0, True), said
    (made,) = (tmp_path / "backups").glob("20*Z")
    code, said = again.flask("restore", made, "--key-file", key)
    assert code == 0, said
    assert opened(again.settings["STORAGE_URL"]).get(name, "photos") == PHOTO
    code, said = house.flask("restore", made, "--key-file", key)
    assert (code, "not empty" in said) == (1, True)
