"""An exercise beside a live response: another database, another store, another secret, and nothing that goes out."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import NullPool, create_engine, text

from server.core.settings import settings
from server.response import beside
from tests.conftest import _admin, drop

pytestmark = [pytest.mark.committed, pytest.mark.slow]


@pytest.fixture
def live(live_database, monkeypatch):
    """A live response on a database of its own, whose settings send mail and keep backups."""
    chosen = replace(
        settings(), database_url=live_database.render_as_string(hide_password=False), backup_folder="/srv/backups", mail_url="smtp://mail.example.org"
    )
    monkeypatch.setattr(beside, "settings", lambda: chosen)
    yield live_database
    with _admin() as admin:
        drop(admin, f"{live_database.database}_exercise")


def told(file):
    return dict(re.findall(r'^(\w+)="(.*)"$', file.read_text(), re.MULTILINE))


def test_an_exercise_is_made_beside_a_live_response_and_shares_nothing_with_it(live, tmp_path):
    file = beside.prepare(tmp_path / "exercise", filled=False)
    found = told(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert found["DATABASE_URL"].rpartition("/")[2].startswith(f"{live.database}_exercise")
    assert (found["EXERCISE"], found["DEMO"], found["MAIL_URL"], found["BACKUP_FOLDER"]) == ("true", "true", "", "")
    assert found["SECRET_KEY"] != settings().secret_key
    assert found["STORAGE_URL"].endswith("/exercise/storage")
    made = create_engine(found["DATABASE_URL"], poolclass=NullPool)
    with made.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM roles")) > 5
    again = told(beside.prepare(tmp_path / "exercise", filled=False))
    assert again["SECRET_KEY"] == found["SECRET_KEY"], "what phones sealed to it stays readable"
