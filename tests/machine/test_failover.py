"""The drill of the worst night: a standby dies, then the main database, while reports come in. Three real servers, real HTTP.

What was acknowledged is on two machines, so nothing that a phone was told it may forget is lost; what was not acknowledged is sent again.
"""

import time

import pytest

from server.keeping import watching
from tests.machine.phones import Phones, before_phones
from tests.machine.servers import Server, a_place, until

pytestmark = [pytest.mark.committed, pytest.mark.slow]

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
    """The application, told of both machines that may be the main one, before real HTTP: (application, port)."""
    main, one, _two = servers
    with before_phones(f"?host={main.sockets},{one.sockets}&target_session_attrs=primary") as made:
        yield made


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
