"""An exercise beside a live response: another database, another store, another secret, and nothing that goes out."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import NullPool, create_engine, text

from server.core.settings import settings
from server.response import beside
from tests.conftest import _admin, clone, drop

pytestmark = [pytest.mark.committed, pytest.mark.slow]


@pytest.fixture
def live(live_database, monkeypatch):
    """A live response on a database of its own, whose settings send mail and keep backups."""
    chosen = replace(
        settings(), database_url=live_database.render_as_string(hide_password=False), backup_folder="/srv/backups", mail_url="smtp://mail.example.org"
    )
    monkeypatch.setattr(beside, "settings", lambda: chosen)
    _make_as_before(live_database.set(database=f"{live_database.database}_exercise"))
    yield live_database
    with _admin() as admin:
        drop(admin, f"{live_database.database}_exercise")


def _make_as_before(url):
    """The exercise as the first run left it: migrating anew and loading the gazetteer take minutes on a busy machine."""
    clone(url.database)
    made = create_engine(url, poolclass=NullPool)
    with made.begin() as connection:
        connection.execute(text("INSERT INTO gazetteer_places (id, name, country, point) VALUES (1, 'Testwick', 'NO', 'SRID=4326;POINT(10 59)')"))
    made.dispose()


def told(file):
    return dict(re.findall(r'^(\w+)="(.*)"$', file.read_text(), re.MULTILINE))


def test_an_exercise_is_made_beside_a_live_response_and_shares_nothing_with_it(live, tmp_path):
    (tmp_path / "exercise").mkdir()
    (tmp_path / "exercise" / "env").write_text('SECRET_KEY="the secret of the exercise that was here before"\n')
    file = beside.prepare(tmp_path / "exercise", filled=False)
    found = told(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert found["DATABASE_URL"].rpartition("/")[2].startswith(f"{live.database}_exercise")
    assert {name: found[name] for name in beside.SILENT} == dict.fromkeys(beside.SILENT, "")
    assert {"REPLICA_DATABASE_URL", "PUBLIC_REPLICA_DATABASE_URL", "MAIL_URL", "HDX_KEY"} <= set(beside.SILENT), "nothing leads to the live one"
    assert (found["EXERCISE"], found["DEMO"], found["MAIL_URL"], found["BACKUP_FOLDER"]) == ("true", "true", "", "")
    assert found["SECRET_KEY"] == "the secret of the exercise that was here before", "what phones sealed to it stays readable"
    made = create_engine(found["DATABASE_URL"], poolclass=NullPool)
    with made.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM roles")) > 5
    made.dispose()


def test_a_new_exercise_gets_a_secret_and_a_store_of_its_own(live, tmp_path):
    made = beside.settings_of(live.set(database="another"), tmp_path)
    assert len(made["SECRET_KEY"]) >= 48
    assert made["SECRET_KEY"] != settings().secret_key
    assert made["STORAGE_URL"] == f"file://{tmp_path}/storage"
