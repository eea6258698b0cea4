"""Updates: a program starts on the database of its own release and on no other, and says so in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from tests.house.databases import fresh_database, upgrade

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.committed, pytest.mark.slow]


def stand_at(url, revision):
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        was = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    return was


def start(url, *words, **settings):
    """(exit code, what was said) of a command of this release."""
    environment = {**os.environ, "DATABASE_URL": url.render_as_string(hide_password=False), "PUBLIC_DATABASE_URL": "", **settings}
    done = subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("words", [("scripts/bring_up_to_date.py",), ("-c", "import wsgi")], ids=["update", "web"])
def test_an_older_release_refuses_the_database_of_a_newer_one_and_changes_nothing(live_database, words):
    stand_at(live_database, "9999")
    code, said = start(live_database, *words)
    assert (code, "brought up to date by a newer release" in said, "Traceback" in said) == (3, True, False), said
    assert stand_at(live_database, "9999") == "9999"


def test_a_newer_release_says_how_to_bring_an_older_database_up_to_date(live_database):
    stand_at(live_database, "0001")
    code, said = start(live_database, "-m", "server.worker")
    assert (code, "Bring it up to date first" in said, "Traceback" in said) == (3, True, False), said


@pytest.mark.parametrize("words", [("-c", "import wsgi"), ("-m", "server.worker")], ids=["web", "worker"])
def test_a_live_response_is_not_started_as_an_exercise(live_database, words):
    engine = create_engine(live_database, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO response_facts (name, value) VALUES ('stage', '\"LIVE\"')"))
    code, said = start(live_database, *words, DEMO="true")
    assert (code, "Take out DEMO, or name another database" in said, "Traceback" in said) == (3, True, False), said
    if words[0] == "-c":
        assert start(live_database, *words, DEMO="false", EXERCISE="false") == (0, "")


def test_a_migration_that_cannot_have_its_lock_gives_up_leaves_nothing_behind_and_works_later(app):
    with fresh_database("locked") as url:
        upgrade(url, "0010")
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as reader:
            reader.execute(text("SELECT count(*) FROM upkeep"))  # an old release in the middle of a long reading
            with pytest.raises(DBAPIError, match="lock timeout"):
                upgrade(url, "0011")
            assert reader.scalar(text("SELECT version_num FROM alembic_version")) == "0010"
            assert reader.scalar(text("SELECT pg_get_constraintdef(oid) NOT LIKE '%BASE%' FROM pg_constraint WHERE conname = 'ck_upkeep_upkeep_kind'"))
        upgrade(url, "0011")
        with engine.connect() as reader:
            assert reader.scalar(text("SELECT version_num FROM alembic_version")) == "0011"
        engine.dispose()
