"""The number of a report: made by whoever sends it, and all that makes sending twice harmless."""

import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from uuid import uuid4

import pytest
from sqlalchemy import NullPool, create_engine, text

GOOD = {"site_type": "EDU.SCHOOL", "damage": "D3", "point": {"type": "Point", "coordinates": [-56.1645, -34.9011]}}
COPIES = 50


def put(client, number, body, **headers):
    return client.put(
        f"/api/v1/reports/{number}", data=json.dumps(body), content_type="application/json", headers=headers
    )


PLAIN = "3f0a5d1c-8b62-4e7f-9a41-c05d2be7f916"  # fixed, for every process of a run must find the same tests


@pytest.mark.parametrize(
    "word",
    [
        "00000000-0000-0000-0000-000000000000", PLAIN.upper(), f"{{{PLAIN}}}", f"urn:uuid:{PLAIN}", PLAIN[:-1], f"{PLAIN}0",
        PLAIN.replace("-", ""), "1", "x' OR 1=1 --", "%00", f"{PLAIN}%20", "..%2f..%2fetc",
    ],
)  # fmt: skip
def test_a_number_that_is_no_plain_uuid_is_refused(client, database, word):
    answer = put(client, word, GOOD)
    assert answer.status_code in (400, 404)
    assert answer.mimetype == "application/problem+json"
    database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
    assert database.scalar(text("SELECT count(*) FROM reports")) == 0


def test_another_account_learns_nothing_from_a_number_it_guesses(client, as_):
    number = uuid4()
    put(as_("amal"), number, {**GOOD, "text": "our own words"})
    answer = put(client, number, GOOD)
    assert answer.status_code == 409
    assert "our own words" not in answer.text
    assert "Relief" not in answer.text


def test_a_report_that_was_taken_back_stays_taken_back(client, database):
    from server.accounts.policy import SYSTEM
    from server.core.database import session
    from server.reports.service import withdraw

    number = uuid4()
    put(client, number, GOOD)
    withdraw(number, actor=SYSTEM)
    session.commit()
    for body in (GOOD, {**GOOD, "damage": "D1"}):
        answer = put(client, number, body)
        assert (answer.status_code, answer.json["code"]) == (410, "report_withdrawn")


def test_the_first_of_two_bodies_stays_as_it_was(client, database):
    number = uuid4()
    put(client, number, GOOD)
    assert put(client, number, {**GOOD, "damage": "D0"}).status_code == 409
    database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
    assert database.scalar(text("SELECT damage FROM reports")) == "D3"
    assert put(client, number, GOOD).status_code == 200


@pytest.fixture
def served(live_database):
    """A real server of several threads on a database of its own; gives its port and the database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = live_database.render_as_string(hide_password=False)
    environment = {**os.environ, "DATABASE_URL": address, "PUBLIC_DATABASE_URL": address}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "run", "--port", str(port), "--with-threads"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _wait_for(port)
        yield port, live_database
        process.terminate()  # a run in the background ignores SIGINT, and so would the child
        process.wait(timeout=10)


def _wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the server did not start")


def _count(address, table):
    engine = create_engine(address, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
        return connection.scalar(text(f"SELECT count(*) FROM {table}"))


def _at_once(send):
    """The answers to fifty copies that leave at the same moment."""
    with ThreadPoolExecutor(COPIES) as crowd:
        return [one.result() for one in [crowd.submit(send) for _ in range(COPIES)]]


@pytest.mark.committed
@pytest.mark.slow
def test_fifty_copies_at_the_same_moment_are_one_report_and_fifty_equal_receipts(served):
    port, address = served
    number, body = uuid4(), json.dumps(GOOD)

    def send():
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("PUT", f"/api/v1/reports/{number}", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()

    answers = _at_once(send)
    assert sorted(status for status, _body in answers) == [200] * (COPIES - 1) + [201]
    assert len({body for _status, body in answers}) == 1
    counts = {
        table: _count(address, table)
        for table in ("reports", "vault.report_secrets", "ledger", "outbox", "vault.copies_aside")
    }
    assert counts == {"reports": 1, "vault.report_secrets": 1, "ledger": 1, "outbox": 1, "vault.copies_aside": 0}


@pytest.mark.committed
@pytest.mark.slow
def test_fifty_copies_of_a_form_show_fifty_times_the_same_code(served):
    port, address = served
    form = f"id={uuid4()}&site_type=EDU.SCHOOL&damage=D3&place_text=-34.9011%2C+-56.1645&when=NOW"

    def send():
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", "/report", form, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        return answer.status, answer.read()

    answers = _at_once(send)
    assert {status for status, _page in answers} == {200}
    assert len({page for _status, page in answers}) == 1
    assert _count(address, "reports") == 1
