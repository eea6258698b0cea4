"""Backups by the operator's commands: made, read again, brought back, and refused when they are not what they were."""

import io
import os
import shutil
import zlib

import pytest
from sqlalchemy import NullPool, create_engine, text

from server.core.storage import FolderStore
from server.keeping import backups, restoring, sealing
from server.keeping.errors import NotKept
from tests import orders
from tests.conftest import MAIN, NAME, _admin, clone, drop

PHOTO = b"not a picture, but bytes that must come back" * 500
SECRET = os.environ["SECRET_KEY"]
NAMES = (f"{NAME}_kept", f"{NAME}_again")

pytestmark = [pytest.mark.committed, pytest.mark.slow]


class House:
    """One installation: a database, a folder of files, and its commands."""

    def __init__(self, name, folder):
        self.url = MAIN.set(database=name).render_as_string(hide_password=False)
        self.store = FolderStore(folder / "storage")
        self.settings = {
            "DATABASE_URL": self.url, "PUBLIC_DATABASE_URL": "", "SECRET_KEY": SECRET, "STORAGE_URL": (folder / "storage").as_uri(),
            "BACKUP_FOLDER": str(folder / "backups"), "BACKUP_KEYS": "",
        }  # fmt: skip

    def flask(self, *words, **settings):
        """Run a command; (exit code, what was said)."""
        return orders.flask(*words, settings={**self.settings, **settings})

    def tell(self, sql):
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.begin() as connection:
            answer = connection.execute(text(sql))
            return answer.scalar() if answer.returns_rows else None


def empty(name):
    with _admin() as admin:
        drop(admin, name)
        admin.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template_tessera'))


@pytest.fixture(scope="module")
def names():
    yield NAMES
    with _admin() as admin:
        for name in NAMES:
            drop(admin, name)


@pytest.fixture(scope="module")
def saved(names, tmp_path_factory):
    """A house with reports and a photo, backed up: (house, its one backup, the file with the holder's key)."""
    folder = tmp_path_factory.mktemp("house")
    clone(names[0])
    house = House(names[0], folder)
    table = folder / "reports.csv"
    table.write_text("key,lat,lon,date,what,text\n" + "".join(
        f"{row},{-34.9 - row / 1000},-56.16,2026-11-0{row},EDU.SCHOOL,The roof of school {row} fell in\n" for row in range(1, 8)
    ))  # fmt: skip
    code, said = house.flask("import", table, "--commit")
    assert code == 0, said
    house.store.put(PHOTO, "photos")
    _code, pair = house.flask("backup-key")
    key = folder / "key.txt"
    key.write_text(pair)
    public = pair.strip().splitlines()[-1].removeprefix("# ")
    code, said = house.flask("backup", BACKUP_KEYS=public)
    assert code == 0, said
    assert "Only one key opens it" in said
    (made,) = (folder / "backups").glob("20*Z")
    return house, made, key


@pytest.fixture
def elsewhere(names, tmp_path):
    """An empty place to bring a backup back into."""
    empty(names[1])
    return House(names[1], tmp_path)


def test_a_backup_brought_back_into_an_empty_place_holds_every_row_and_photo(saved, elsewhere):
    house, made, key = saved
    code, said = elsewhere.flask("restore", made, "--key-file", key)
    assert code == 0, said
    assert restoring.count(elsewhere.url) == {**restoring.count(house.url), "public.upkeep": 0}
    assert restoring.count(elsewhere.url)["public.reports"] == 7
    assert [path.read_bytes() for path in (elsewhere.store.root / "photos").glob("??/*")] == [PHOTO]
    reports = "SELECT md5(string_agg(reports::text, '' ORDER BY id)) FROM reports"
    see = "SET LOCAL tessera.scope = 'all'; "
    assert elsewhere.tell(see + reports) == house.tell(see + reports)


def test_the_copy_goes_on_where_the_lost_house_stood(saved, elsewhere):
    """Row-level security, the append-only ledger and the map's counts came back with the rows."""
    _house, made, key = saved
    assert elsewhere.flask("restore", made, "--key-file", key)[0] == 0
    assert elsewhere.tell("SELECT count(*) FROM reports") == 0
    with pytest.raises(Exception, match="append-only"):
        elsewhere.tell("DELETE FROM ledger")
    code, said = elsewhere.flask("jobs", "list")
    assert code == 0, said


def altered(made, tmp_path, change):
    """A copy of the backups' folder in which ``change`` was done to the copy of ``made``."""
    folder = tmp_path / "altered"
    shutil.copytree(made.parent, folder)
    change(folder / made.name)
    return folder / made.name


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda made: flip(made / "database.age"), id="a flipped bit in the database"),
        pytest.param(lambda made: cut(made / "database.age"), id="a database cut short"),
        pytest.param(lambda made: flip(made / "manifest.json"), id="a flipped bit in the manifest"),
        pytest.param(lambda made: flip(made / "files.tsv"), id="a flipped bit in the list of files"),
        pytest.param(lambda made: flip(next(made.parent.glob("files/photos/??/*.age"))), id="a flipped bit in a photo"),
        pytest.param(
            lambda made: next(made.parent.glob("files/photos/??/*.age")).unlink(), id="a photo that is missing"
        ),
        pytest.param(lambda made: (made / "manifest.json").unlink(), id="a manifest that is missing"),
    ],
)
def test_a_backup_that_is_not_as_it_was_written_is_refused_and_the_place_stays_empty(
    saved, elsewhere, tmp_path, change
):
    _house, made, key = saved
    broken = altered(made, tmp_path, change)
    with pytest.raises(NotKept):
        restoring.restore(broken, identity=key, url=elsewhere.url, store=elsewhere.store)
    assert not any(elsewhere.store.root.glob("*/??/*"))
    assert elsewhere.tell("SELECT to_regclass('reports') IS NULL")
    with pytest.raises(NotKept):
        backups.check(broken)


def test_a_photo_that_a_later_backup_sealed_anew_is_no_reason_to_refuse_the_one_before(saved, elsewhere, tmp_path):
    _house, made, key = saved

    def seal_anew(copied):
        public = key.read_text().strip().splitlines()[-1].removeprefix("# ")
        with next(copied.parent.glob("files/photos/??/*.age")).open("wb") as out:
            sealing.seal(io.BytesIO(PHOTO), out, sealing.recipients([public]))

    restoring.restore(altered(made, tmp_path, seal_anew), identity=key, url=elsewhere.url, store=elsewhere.store)
    assert [path.read_bytes() for path in (elsewhere.store.root / "photos").glob("??/*")] == [PHOTO]


def test_another_holders_key_does_not_open_it(saved, elsewhere, tmp_path):
    _house, made, _key = saved
    other = tmp_path / "other.txt"
    other.write_text(sealing.new_identity()[0])
    with pytest.raises(NotKept, match="sealed to others"):
        restoring.restore(made, identity=other, url=elsewhere.url, store=elsewhere.store)
    assert elsewhere.tell("SELECT to_regclass('reports') IS NULL")


def test_a_place_in_use_is_never_overwritten(saved):
    house, made, key = saved
    before = restoring.count(house.url)
    code, said = house.flask("restore", made, "--key-file", key)
    assert (code, "not empty" in said) == (1, True)
    assert restoring.count(house.url) == before


def test_another_secret_is_told_before_anything_is_brought_back(saved, elsewhere):
    _house, made, key = saved
    other = {"SECRET_KEY": "another secret, which opens none of the words"}
    code, said = elsewhere.flask("restore", made, "--key-file", key, **other)
    assert (code, "SECRET_KEY is not the one" in said) == (1, True)
    assert elsewhere.tell("SELECT to_regclass('reports') IS NULL")


def test_without_a_key_to_seal_to_nothing_is_written(saved, tmp_path):
    house, _made, _key = saved
    code, said = house.flask("backup", "--to", tmp_path / "none")
    assert (code, "names no key" in said) == (1, True)
    assert not (tmp_path / "none").exists()


def test_nothing_in_the_backup_can_be_read_without_the_key(saved):
    _house, made, _key = saved
    everything = b"".join(path.read_bytes() for path in made.parent.rglob("*") if path.is_file())
    assert PHOTO[:40] not in everything
    assert b"The roof of school" not in everything
    assert b"EDU.SCHOOL" not in everything


def test_the_restore_is_tried_out_and_how_it_went_is_written_down(saved):
    house, _made, _key = saved
    left = f"tessera_drill_{zlib.crc32(NAMES[0].encode()):08x}_cut"  # of a drill in which the power went
    empty(left)
    code, said = house.flask("drill")
    assert code == 0, said
    assert house.tell("SELECT went_well FROM upkeep WHERE kind = 'DRILL' ORDER BY ended_at DESC LIMIT 1") is True
    with _admin() as admin:
        assert admin.scalar(text("SELECT count(*) FROM pg_database WHERE starts_with(datname, :ours)"), {"ours": left.removesuffix("cut")}) == 0


def test_a_database_named_for_the_drill_is_emptied_of_drills_alone(saved, elsewhere):
    house, _made, _key = saved
    named = {"DRILL_DATABASE_URL": elsewhere.url}
    elsewhere.tell("CREATE SCHEMA tessera_drill; CREATE TABLE left_by_a_drill (id int)")
    code, said = house.flask("drill", **named)
    assert (code, "The restore holds" in said) == (0, True), said
    assert elsewhere.tell("SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'vault', 'pub') AND tablename <> 'spatial_ref_sys'") == 0
    elsewhere.tell("CREATE TABLE of_somebody (id int)")
    code, said = house.flask("drill", **named)
    assert (code, "not empty" in said) == (1, True), said
    assert elsewhere.tell("SELECT to_regclass('of_somebody') IS NOT NULL")


def test_what_was_taken_back_is_gone_from_the_backups_after_their_days(saved):
    """The file no longer belongs to the house; with the last backup that named it, its sealed copy goes."""
    house, made, key = saved
    public = key.read_text().strip().splitlines()[-1].removeprefix("# ")
    (digest,) = (path.name for path in (house.store.root / "photos").glob("??/*"))
    house.store.delete(digest, "photos")
    code, said = house.flask("backup", BACKUP_KEYS=public, BACKUP_DAYS="0")
    assert code == 0, said
    assert [found.name for found in made.parent.glob("20*Z")] != [made.name]
    assert not made.exists()
    assert not any(made.parent.glob("files/photos/??/*.age"))
