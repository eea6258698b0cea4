"""The drill of the worst night: a standby dies, then the main database, while reports come in. Three real servers, real HTTP.

What was acknowledged is on two machines, so nothing that a phone was told it may forget is lost; what was not acknowledged is sent again.
"""

import http.client
import json
import threading
import time
from dataclasses import replace
from uuid import uuid4

import pytest
from werkzeug.serving import make_server

from server.app import create_app
from server.core import replica as replicas
from server.core.database import public_session, session, settled
from server.core.settings import settings
from server.keeping import watching
from tests.machine.servers import Server, a_place, until

pytestmark = [pytest.mark.committed, pytest.mark.slow]

PHONES = 4
BODY = json.dumps({"site_type": "RES.APT", "damage": "D3", "point": {"type": "Point", "coordinates": [30.5, 50.4]}})


class Phones:
    """Phones that send one report after the other, each until it is acknowledged; `acknowledged` holds the numbers they may forget."""

    def __init__(self, port):
        self.port, self.acknowledged, self.refused, self.done = port, [], set(), threading.Event()
        self.threads = [threading.Thread(target=self._send_on) for _ in range(PHONES)]
        for thread in self.threads:
            thread.start()

    def _send_on(self):
        while not self.done.is_set():
            number = str(uuid4())
            while not self.done.is_set() and not self._is_received(number):
                time.sleep(0.05)

    def _is_received(self, number):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request("PUT", f"/api/v1/reports/{number}", body=BODY, headers={"Content-Type": "application/json"})
            answer = line.getresponse()
            told = json.loads(answer.read())
        finally:
            line.close()
        if answer.status in (200, 201):
            assert told["id"] == number
            self.acknowledged.append(number)
            return True
        self.refused.add(answer.status)
        return False

    def until_more(self, count):
        wanted = len(self.acknowledged) + count
        until(lambda: len(self.acknowledged) >= wanted)

    def stop(self):
        self.done.set()
        for thread in self.threads:
            thread.join(60)


@pytest.fixture
def servers(app):
    with a_place() as place:
        main = Server(place, "main").make()
        one, two = main.copy("one"), main.copy("two")
        main.ask("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (one, two)'")
        main.ask("ALTER SYSTEM SET fsync = on")
        main.ask("SELECT pg_reload_conf()")
        until(lambda: main.ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'quorum'") == 2)
        yield main, one, two


@pytest.fixture
def response(servers):
    """The application, told of both machines that may be the main one, before real HTTP."""
    from server.accounts.service import ensure_roles

    main, one, _two = servers
    before = [dict(scope.session_factory.kw) for scope in (session, public_session)]
    hosts = f"?host={main.sockets},{one.sockets}&target_session_attrs=primary"
    made = create_app(replace(
        settings(), testing=True, database_url=f"postgresql+psycopg://tessera@/tessera{hosts}",
        public_database_url=f"postgresql+psycopg://tessera_public@/tessera{hosts}",
    ))  # fmt: skip
    made.config.update(PROPAGATE_EXCEPTIONS=False, PROPAGATE_BUGS=False)  # as in life
    with settled():
        ensure_roles()
    server = make_server("127.0.0.1", 0, made, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made, server.server_port
    server.shutdown()
    server.server_close()
    replicas.close()
    for scope, was in zip((session, public_session), before, strict=True):
        scope.remove()
        scope.session_factory.kw["bind"].dispose()
        scope.session_factory.kw.clear()
        scope.session_factory.kw.update(was)


def standbys(app):
    with app.app_context():
        return {finding.code: finding.state for finding in watching.look(watching.URGENT)}.get("standbys")


def test_no_acknowledged_report_is_lost_when_a_standby_and_then_the_main_database_die(servers, response, record_property):
    main, one, two = servers
    app, port = response
    assert standbys(app) is watching.State.GOOD
    phones = Phones(port)
    try:
        phones.until_more(20)
        two.kill()
        phones.until_more(20)
        until(lambda: standbys(app) is watching.State.BAD)
        assert phones.refused == set(), "one standby of two is enough to go on"
        died = time.monotonic()
        main.kill()
        one.promote()
        promoted = time.monotonic()
        phones.until_more(1)
        first = time.monotonic()
        phones.until_more(20)
    finally:
        phones.stop()
    kept = one.ask("SELECT count(*) FROM reports WHERE id = ANY(%s::uuid[])", phones.acknowledged)
    assert kept == len(phones.acknowledged) == len(set(phones.acknowledged)) >= 61
    assert phones.refused <= {503}, "while no database answers, phones are asked to try again, in the words of a refusal"
    figures = {"acknowledged": kept, "lost": 0, "promoted_s": round(promoted - died, 2), "first_write_s": round(first - died, 2)}
    record_property("figures", figures)
    print(figures)
