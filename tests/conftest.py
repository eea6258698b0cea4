"""What every test stands on: a real PostGIS built by the migrations, one outer transaction per test that is rolled back."""

import hashlib
import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

ROOT = Path(__file__).resolve().parents[1]


def _cluster_url() -> str:
    """TEST_DATABASE_URL, or the private cluster of this checkout (``make test`` starts it)."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        return given
    lines = subprocess.run(
        [ROOT / "scripts/cluster", "env"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return next(line.split("=", 1)[1] for line in lines if line.startswith("DATABASE_URL="))


def _public(url) -> str:
    return url.set(username="tessera_public").render_as_string(hide_password=False)


MAIN = make_url(_cluster_url())
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "one")
NAME = f"tessera_test_{os.environ.get('TEST_SUFFIX', 'all')}_{WORKER}"
URL = MAIN.set(database=NAME)

os.environ.update(
    DATABASE_URL=URL.render_as_string(hide_password=False),
    PUBLIC_DATABASE_URL=_public(URL),
    SECRET_KEY="a key for tests only, of enough length",
    SECURE_COOKIES="false",
    EXERCISE="false",
    DEMO="true",
    TIME_ZONE="UTC",
    OPERATING_AREA="",
    LANGUAGES="en,uk,ar,fr,es,ru",
    PUBLIC_REPORTS_PER_MINUTE="1000000",  # tests of the lanes lower it: all others come from one network, and by the hundred
)


def _migration_stamp() -> str:
    digest = hashlib.sha256()
    for path in sorted((ROOT / "migrations").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


@contextmanager
def _admin():
    """A connection to the cluster outside any transaction, closed for good afterwards."""
    made = create_engine(MAIN, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with made.connect() as connection:
        yield connection


def drop(admin, name: str) -> None:
    """Drop a database with whoever is still in it. The cluster's own vacuum cannot be sent away: it is waited for."""
    for patience in range(40, 0, -1):
        try:
            admin.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        except DBAPIError:
            if patience == 1:
                raise
            time.sleep(0.25)
        else:
            return


def migrate(url) -> None:
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", url.render_as_string(hide_password=False).replace("%", "%%"))
    command.upgrade(config, "head")


def _migrated_template() -> str:
    """A database built by running the migrations, made once for each state of the migrations and cloned from then on."""
    name = f"tessera_test_migrated_{_migration_stamp()}"
    with _admin() as admin:
        admin.execute(text("SELECT pg_advisory_lock(7275)"))
        if not admin.scalar(text("SELECT 1 FROM pg_database WHERE datname = :n"), {"n": name}):
            drop(admin, f"{name}_making")
            admin.execute(text(f'CREATE DATABASE "{name}_making" TEMPLATE template_tessera'))
            migrate(MAIN.set(database=f"{name}_making"))
            admin.execute(text(f'ALTER DATABASE "{name}_making" RENAME TO "{name}"'))
        admin.execute(text("SELECT pg_advisory_unlock(7275)"))
    return name


def clone(name: str) -> None:
    """A fresh database ``name``, migrated and empty."""
    template = _migrated_template()
    with _admin() as admin:
        admin.execute(text("SELECT pg_advisory_lock(7275)"))
        drop(admin, name)
        admin.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        admin.execute(text("SELECT pg_advisory_unlock(7275)"))


@pytest.fixture(scope="session")
def storage_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("storage")


@pytest.fixture(scope="session")
def app(storage_folder):
    os.environ["STORAGE_URL"] = storage_folder.as_uri()
    clone(NAME)
    from dataclasses import replace

    from server.app import create_app
    from server.core.settings import Settings, settings

    settings.cache_clear()
    made = create_app(replace(Settings.from_env(), testing=True))
    from server.core.database import public_session, session
    from server.worker import load_jobs

    load_jobs()
    yield made
    for scoped in (session, public_session):
        scoped.remove()
        scoped.session_factory.kw["bind"].dispose()


@pytest.fixture(scope="session")
def engine(app):
    made = create_engine(URL, hide_parameters=True, poolclass=NullPool)
    from server.accounts.service import ensure_roles
    from server.core.database import session, settled

    with settled():
        ensure_roles()
    session.remove()
    yield made
    made.dispose()


@pytest.fixture(autouse=True)
def database(request):
    """Run each test inside one outer transaction that is always rolled back. Tests marked ``pure`` or ``committed`` do without."""
    if request.node.get_closest_marker("pure") or request.node.get_closest_marker("committed"):
        yield None
        return
    engine = request.getfixturevalue("engine")
    from server.core import response, tiles
    from server.core.database import public_session, session
    from server.core.requests import limiter

    tiles.forget_all()  # what the map of the test before kept would outlive its rows
    response.forget()
    with engine.connect() as connection:
        outer = connection.begin()
        connection.info["borrowed"] = True
        before = dict(session.session_factory.kw), dict(public_session.session_factory.kw)
        session.remove()
        public_session.remove()
        session.configure(bind=connection, join_transaction_mode="create_savepoint")
        # It only reads. A savepoint of its own would lie in one of the session's and be gone when that is released.
        public_session.configure(bind=connection, join_transaction_mode="rollback_only")
        limiter.reset()
        yield connection
        session.remove()
        public_session.remove()
        outer.rollback()
        for scoped, was in zip((session, public_session), before, strict=True):
            scoped.session_factory.kw.clear()
            scoped.session_factory.kw.update(was)


@pytest.fixture
def client(app):
    """A stranger's browser."""
    return app.test_client()


@pytest.fixture(scope="session")
def chromium():
    """Debian's chromium, one for all tests of a process: Playwright bears no second beside it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def work(app):
    """Do what follows from everything that has happened: the outbox and its jobs, until nothing is left. Returns the jobs done."""
    from server import worker
    from server.core import jobs
    from server.core.database import session

    def run():
        done = []
        while todo := worker.take_events():
            session.commit()
            for name, arguments in todo:
                jobs.JOBS[name](**arguments)
                done.append(name)
        session.commit()
        return done

    return run


@pytest.fixture
def people(app, database):
    """Everybody named in tests/people.py, with an account."""
    from tests.people import settle_in

    return settle_in(app)


@pytest.fixture
def as_(app, people):
    """``as_("chipo")``: a browser in which that person is signed in."""
    from server.accounts import sessions
    from server.core.database import session

    def sign_in(name):
        browser = app.test_client()
        key = sessions.begin(people[name])
        session.commit()
        browser.set_cookie(sessions.COOKIE, key)
        return browser

    return sign_in


@pytest.fixture
def live_database(app):
    """For tests marked ``committed``: a database of their own that other connections and processes see. Gives its URL."""
    name = f"{NAME}_live"
    clone(name)
    yield URL.set(database=name)
    with _admin() as admin:
        drop(admin, name)


__all__ = ["Session", "clone", "migrate"]
