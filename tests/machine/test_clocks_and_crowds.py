"""Clocks that are wrong, and more people than there are connections: nothing is lost, and nobody is told what is not so."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import text

from server import worker
from server.app import create_app
from server.core import clock, health
from server.core.clock import now
from server.core.database import make_engine, public_session, session
from server.core.settings import settings
from server.keeping import steadiness, watching

BODY = {"site_type": "RES.APT", "damage": "D3", "point": {"type": "Point", "coordinates": [30.5, 50.4]}}


@pytest.mark.parametrize("wrong_by", [timedelta(hours=3), timedelta(days=-3650), timedelta(0)], ids=["ahead", "ten years back", "right"])
def test_a_report_of_a_phone_with_a_wrong_clock_is_received_and_dated_by_the_server(client, wrong_by):
    said = (now() + wrong_by).isoformat()
    answer = client.put(f"/api/v1/reports/{uuid4()}", json={**BODY, "event_earliest": said, "event_latest": said})
    assert answer.status_code == 201
    received = clock.datetime.fromisoformat(answer.get_json()["received_at"])
    assert abs(received - now()) < timedelta(minutes=5)


@pytest.mark.parametrize("jump", [timedelta(minutes=5), timedelta(minutes=-50)], ids=["forward", "back"])
def test_a_clock_of_the_server_that_jumps_signs_nobody_out(as_, monkeypatch, jump):
    coordinator = as_("chipo")
    assert coordinator.get("/desk/list").status_code == 200
    monkeypatch.setattr("server.accounts.sessions.now", lambda: now() + jump)
    assert coordinator.get("/desk/list").status_code == 200


def test_a_clock_that_jumps_ahead_erases_and_publishes_nothing_for_a_day(client, database):
    tasks = worker.queue_app().tasks

    def by_the_clock(name):
        tasks[f"{name}.by_clock"].func(timestamp=0)

    body = {**BODY, "contact": "+47 99 88 77 66", "consents": ["KEEP_CONTACT"]}
    assert client.put(f"/api/v1/reports/{uuid4()}", json=body).status_code == 201
    by_the_clock("keeping.raise_urgent_alarms")
    batches = database.scalar(text("SELECT count(*) FROM pub.batches"))
    proofs = text("SELECT count(*) FROM erasure_proofs WHERE kind = 'contacts' AND erased > 0")
    with time_machine.travel(now() + timedelta(days=400), tick=True):
        for name in ("reports.erase_old_contacts", "publication.publish_batch"):
            by_the_clock(name)
        assert (database.scalar(proofs), database.scalar(text("SELECT count(*) FROM pub.batches"))) == (0, batches)
        assert "clock" in {finding.code for finding in watching.look()}
    by_the_clock("keeping.raise_urgent_alarms")
    assert steadiness.jumped(), "set right, it has jumped again"
    with time_machine.travel(now() + timedelta(days=2), tick=True):
        by_the_clock("reports.erase_old_contacts")
        assert not steadiness.jumped()
    day = now() + timedelta(days=3)
    for later in range(0, 100, 2):  # the days go by, as they do
        with time_machine.travel(day + timedelta(days=later), tick=True):
            by_the_clock("keeping.raise_urgent_alarms")
    with time_machine.travel(day + timedelta(days=99), tick=True):
        by_the_clock("reports.erase_old_contacts")
    assert database.scalar(proofs) == 1


@pytest.fixture
def crowded(live_database):
    """An application in which every connection to the database is taken; call the second to let them go."""
    before = [dict(scope.session_factory.kw) for scope in (session, public_session)]
    url = live_database.render_as_string(hide_password=False)
    made = create_app(replace(settings(), database_url=url, public_database_url="", testing=True))
    made.config.update(PROPAGATE_EXCEPTIONS=False, PROPAGATE_BUGS=False)  # as in life
    engine = make_engine(url, pool_size=1)
    engine.pool._timeout, engine.pool._max_overflow = 0.05, 0  # nobody waits for ten seconds in a test
    session.configure(bind=engine)
    taken = [engine.connect()]

    def let_go():
        while taken:
            taken.pop().close()

    yield made.test_client(), let_go
    let_go()
    for scope, was in zip((session, public_session), before, strict=True):
        scope.remove()
        scope.session_factory.kw["bind"].dispose()
        scope.session_factory.kw.clear()
        scope.session_factory.kw.update(was)


@pytest.mark.committed
@pytest.mark.slow
def test_more_people_than_connections_are_asked_to_come_again_and_then_taken_in(crowded):
    phone, let_go = crowded
    number = uuid4()
    refused = phone.put(f"/api/v1/reports/{number}", json=BODY)
    assert (refused.status_code, refused.get_json()["code"]) == (503, "unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert phone.get("/health/live").status_code == 200
    health.look_again()
    assert phone.get("/health/ready").status_code == 503
    let_go()
    health.look_again()
    assert phone.put(f"/api/v1/reports/{number}", json=BODY).status_code == 201
    assert phone.get("/health/ready").status_code == 200
