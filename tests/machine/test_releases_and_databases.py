"""Updates: a program starts on the database of its own release and on no other, and says so in one sentence."""

import os
import re
import subprocess
import sys

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from server.core.revision import pending
from tests import orders
from tests.conftest import ROOT
from tests.house.databases import catalogue, connected, fresh_database, upgrade

sys.path.insert(0, str(ROOT / "scripts"))
from bring_up_to_date import HOLDS_UP

pytestmark = [pytest.mark.committed, pytest.mark.slow]


def stand_at(url, revision):
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        was = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    return was


def start(url, *words, **settings):
    """(exit code, what was said) of a command of this release."""
    settings = {"DATABASE_URL": url.render_as_string(hide_password=False), "PUBLIC_DATABASE_URL": "", **settings}
    if words[0] != "-m":
        return orders.python(*words, settings=settings)
    environment = {**os.environ, **settings}
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


BEFORE = ("0009", "0018")  # where releases stand that people run until they update
REWRITTEN = "SELECT oid::regclass::text, pg_relation_filenode(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('public', 'vault', 'pub')"


def test_the_update_says_before_it_begins_for_which_migrations_everybody_waits(app):
    """`HOLDS_UP` is what it says of: exactly the revisions that write a table anew. On a million rows that takes a minute and more."""
    with fresh_database("rewritten") as url:
        upgrade(url, "0009")
        code, said = start(url, "scripts/bring_up_to_date.py", "look")
        assert (code, "Migrations to come: 0010" in said, "0014 writes the table incidents anew" in said) == (0, True, True), said
        found, was = {}, files_of(url)
        for revision in pending("0009"):
            upgrade(url, revision)
            now = files_of(url)
            for table in [name for name in now if now[name] != was.get(name, now[name])]:
                found[revision] = table
            was = now
        assert found == {revision: table for revision, (table, _seconds) in HOLDS_UP.items()}
        assert start(url, "scripts/bring_up_to_date.py", "look") == (0, "The database is up to date: no migration is to come.\n")


def files_of(url):
    """{table: the file its rows lie in}; a table that is written anew gets another."""
    with connected(url) as connection:
        return dict(connection.execute(text(REWRITTEN)).all())


@pytest.mark.parametrize("before", BEFORE)
def test_the_release_before_goes_on_working_while_and_after_the_newest_migrations_run(app, before):
    """What it reads is there, what it writes is taken: nothing is gone, renamed, or asked for that it does not know of."""
    with fresh_database("survived") as url:
        upgrade(url, before)
        was = catalogue(url)
        upgrade(url)
        now = catalogue(url)
    tables = {name.rpartition(".")[0] for name in was["columns"]}
    assert {name: told for name, told in was["columns"].items() if not still_serves(told, now["columns"].get(name))} == {}
    new = {name: told for name, told in now["columns"].items() if name not in was["columns"] and name.rpartition(".")[0] in tables}
    assert [name for name, (_type, needed, identity, generated, default) in new.items() if needed and not (identity or generated or default)] == []
    assert {name for kind in ("triggers", "functions", "schemas", "policies") for name in was[kind] - now[kind]} == set()
    added = {name.rpartition(".")[2] for name in new}
    for name, (rule,) in now["constraints"].items():
        held = was["constraints"].get(name, (None,))[0]
        if name.rpartition(".")[0] in tables and rule != held:
            assert is_wider(rule, held) if held else any(column in rule for column in added), f"{name} binds the release before: {rule}"


def still_serves(before, now):
    """Whether a column that was is there, of its kind, and not needed where it was not."""
    return now is not None and now[0] == before[0] and (before[1] or not now[1])


def is_wider(rule, before):
    """Whether a rule lets everything through that it let through: its list of codes has grown."""
    return set(re.findall(r"'([^']*)'", rule)) >= set(re.findall(r"'([^']*)'", before))
