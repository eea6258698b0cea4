"""A response with a streaming replica: what is read from it, and what never is. Two real servers stand behind."""

from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from server.app import create_app
from server.core import database, tiles
from server.core import replica as replicas
from server.core.database import public_session, session, settled
from server.core.settings import settings
from server.keeping import watching
from server.worker import load_jobs, take_events
from tests.machine.servers import a_place, until

pytestmark = [pytest.mark.committed, pytest.mark.slow]

BODY = {"site_type": "RES.APT", "damage": "D3", "point": {"type": "Point", "coordinates": [30.5, 50.4]}}


class Response:
    """One installation over two servers."""

    def __init__(self, primary, replica):
        self.primary, self.replica = primary, replica
        self.before = [dict(scope.session_factory.kw) for scope in (session, public_session)]
        self.settings = replace(
            settings(), database_url=primary.url(), public_database_url=primary.url("tessera_public"), replica_lag_s=1_000,
            replica_database_url=replica.url(), public_replica_database_url=replica.url("tessera_public"), testing=True,
        )  # fmt: skip
        self.app = create_app(self.settings)

    def sign_in(self, name):
        from server.accounts import sessions
        from server.accounts.models import Person

        with settled():
            key = sessions.begin(session.query(Person).filter_by(alias=name.capitalize()).one())
        browser = self.app.test_client()
        browser.set_cookie(sessions.COOKIE, key)
        return browser

    def report(self):
        """A report from a stranger, and what follows from it."""
        from server.core import jobs

        assert self.app.test_client().put(f"/api/v1/reports/{uuid4()}", json=BODY).status_code == 201
        while todo := self._taken():
            for name, arguments in todo:
                jobs.JOBS[name](**arguments)
                session.remove()
        self.primary.commit()

    def _taken(self):
        with settled():
            return take_events()

    def hold_still(self):
        """The replica receives, and shows nothing of it."""
        self.replica.ask("SELECT pg_wal_replay_pause()")
        until(lambda: self.replica.ask("SELECT pg_get_wal_replay_pause_state()") == "paused")

    def go_on(self):
        self.replica.ask("SELECT pg_wal_replay_resume()")
        self.catch_up()

    def catch_up(self):
        place = self.primary.commit()
        until(lambda: self.replica.ask("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", place))
        self.look_again()

    def look_again(self):
        """Measure anew at the next request, and forget what was kept for seconds."""
        replicas.this_replica()._measured.until = 0
        tiles.forget_all()

    def close(self):
        replicas.close()
        for scope, was in zip((session, public_session), self.before, strict=True):
            scope.remove()
            scope.session_factory.kw["bind"].dispose()
            scope.session_factory.kw.clear()
            scope.session_factory.kw.update(was)


@pytest.fixture(scope="module")
def servers(app):
    from tests.machine.servers import Server

    with a_place() as place:
        primary = Server(place, "main").make()
        yield primary, primary.copy("one")


@pytest.fixture(scope="module")
def house(servers):
    from server.accounts.service import ensure_roles
    from server.reports.keys import ensure_key
    from tests.people import settle_in

    load_jobs()
    made = Response(*servers)
    with settled():
        ensure_roles()
    with settled():
        settle_in(made.app)
    with settled():
        ensure_key()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _level(house):
    """Every test begins with a replica that holds everything."""
    for server in (house.primary, house.replica):
        if not server.is_up():
            server.start()
    house.catch_up()


def total(browser):
    answer = browser.get("/api/v1/desk/summary")
    assert answer.status_code == 200
    return answer.get_json()["total"], "Replica-Lag" in answer.headers


def test_the_desk_and_the_public_side_are_read_from_the_replica_and_say_how_far_it_is_behind(house):
    house.report()
    house.catch_up()
    coordinator, stranger = house.sign_in("chipo"), house.app.test_client()
    for browser, addresses in (
        (coordinator, ("/desk", "/desk/list", "/api/v1/desk/map/3/4/2", "/api/v1/desk/summary")),
        (stranger, ("/map", "/data", "/api/v1/public/incidents", "/api/v1/public/incidents.csv", "/ogc")),
    ):
        for address in addresses:
            house.catch_up()
            answer = browser.get(address)
            assert (address, answer.status_code, answer.headers.get("Replica-Lag")) == (address, 200, "0.0")
    assert "Replica-Lag" not in coordinator.get("/desk/reports").headers


def test_what_was_just_written_elsewhere_is_not_there_yet_and_that_is_what_the_header_says(house):
    reader = house.sign_in("berta")
    house.catch_up()
    before, is_there = total(reader)
    assert is_there
    house.hold_still()
    house.report()
    house.look_again()
    assert total(reader) == (before, True)
    house.go_on()
    assert total(reader)[1]


def test_who_has_just_changed_something_sees_the_change_at_once(house):
    house.report()
    house.catch_up()
    with settled():
        public_id, version = session.execute(text("SELECT public_id, version FROM incidents WHERE workflow = 'NEW' LIMIT 1")).one()
    writer, reader = house.sign_in("chipo"), house.sign_in("berta")
    house.catch_up()
    asked = "/api/v1/desk/summary?workflow=TRIAGE"
    before = writer.get(asked).get_json()["total"]
    house.hold_still()
    assert writer.post(f"/desk/incidents/{public_id}/workflow", data={"to": "TRIAGE", "version": version}).status_code in (302, 303)
    assert writer.get_cookie(replicas.COOKIE) is not None
    seen = writer.get(asked)
    assert (seen.get_json()["total"], "Replica-Lag" in seen.headers) == (before + 1, False)
    others = reader.get(asked)
    assert (others.get_json()["total"], "Replica-Lag" in others.headers) == (before, True)
    house.go_on()
    assert "Replica-Lag" in writer.get(asked).headers


def test_a_replica_too_far_behind_is_not_read_and_the_desk_is_told(house, monkeypatch):
    reader = house.sign_in("chipo")
    house.catch_up()
    assert total(reader)[1]
    house.hold_still()
    house.report()
    house.look_again()
    with monkeypatch.context() as strict:
        strict.setattr(replicas.this_replica(), "limit_s", 0)
        strict.setattr(watching, "settings", lambda: replace(house.settings, replica_lag_s=0))
        assert not total(reader)[1]
        with house.app.app_context():
            assert {finding.code: finding.state for finding in watching.look()}["replica"] is watching.State.WATCH
    house.go_on()
    assert total(reader)[1]


def test_a_program_with_a_key_reads_what_it_has_just_written(house):
    house.catch_up()
    answer = house.app.test_client().get("/api/v1/public/incidents", headers={"Authorization": "Bearer nonsense"})
    assert "Replica-Lag" not in answer.headers


def test_the_public_role_reads_the_public_copy_of_the_replica_and_nothing_else(house):
    engine = create_engine(house.settings.public_replica_database_url)
    with engine.connect() as stranger:
        assert stranger.scalar(text("SELECT count(*) >= 0 FROM pub.incidents"))
        for sneaky in ("SELECT * FROM reports", "SELECT * FROM people", "INSERT INTO pub.batches DEFAULT VALUES"):
            with pytest.raises(DBAPIError, match=r"permission denied|read-only"):
                stranger.execute(text(sneaky))
            stranger.rollback()
    engine.dispose()


def test_row_level_security_holds_on_the_replica(house):
    house.report()
    house.catch_up()
    engine = create_engine(house.settings.replica_database_url)
    with engine.connect() as raw:
        assert raw.scalar(text("SELECT count(*) FROM reports")) == 0
        raw.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
        assert raw.scalar(text("SELECT count(*) FROM reports")) > 0
    engine.dispose()


def test_when_the_replica_dies_everything_is_read_from_the_main_database_and_when_it_is_back_it_is_used_again(house, monkeypatch):
    monkeypatch.setattr(watching, "settings", lambda: house.settings)
    reader, stranger = house.sign_in("chipo"), house.app.test_client()
    house.catch_up()
    assert total(reader)[1]
    house.replica.kill()
    assert not total(reader)[1]
    assert stranger.get("/api/v1/public/incidents").status_code == 200
    assert "The replica does not answer" in house.sign_in("ada").get("/desk/status").text
    house.replica.start()
    house.catch_up()
    assert total(reader)[1]


def test_the_public_side_is_still_read_when_the_main_database_is_away(house):
    stranger = house.app.test_client()
    house.catch_up()
    house.primary.stop("immediate")
    try:
        house.look_again()
        assert stranger.get("/api/v1/public/incidents").status_code == 200
        assert stranger.get("/map").status_code == 200
        refused = stranger.put(f"/api/v1/reports/{uuid4()}", json=BODY)
        assert (refused.status_code, refused.get_json()["code"]) == (503, "unavailable")
        until(lambda: stranger.get("/health/ready").status_code == 503)
    finally:
        house.primary.start()
    until(lambda: stranger.get("/health/ready").status_code == 200)


def test_commands_of_the_operator_read_what_they_have_just_written(house):
    with house.app.app_context():
        assert database.session().get_bind().url.query["host"] == str(house.primary.sockets)
