"""A server that is told to stop: it says so first, finishes what is under way, and ends well. Real gunicorn, real worker."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from server import worker
from tests.machine.servers import until

ROOT = Path(__file__).resolve().parents[2]
BODY = json.dumps({"site_type": "RES.APT", "damage": "D3", "point": {"type": "Point", "coordinates": [30.5, 50.4]}}).encode()

pytestmark = pytest.mark.slow


def settings_of(live_database, storage_folder):
    url = live_database.render_as_string(hide_password=False)
    return {**os.environ, "DATABASE_URL": url, "PUBLIC_DATABASE_URL": "", "STORAGE_URL": storage_folder.as_uri()}


@pytest.fixture
def web(live_database, storage_folder):
    """A running server: (its process, its port)."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**settings_of(live_database, storage_folder), "HOST": "127.0.0.1", "PORT": str(port), "WEB_WORKERS": "2", "DRAIN_S": "2"}
    running = subprocess.Popen([ROOT / ".venv/bin/gunicorn", "--config", "scripts/gunicorn.conf.py", "wsgi:app"], cwd=ROOT, env=environment)
    deadline = time.monotonic() + 90
    while ready(port) != (200, "ready"):
        assert running.poll() is None, "gunicorn ended"
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield running, port
    running.kill()
    running.wait()


def ready(port):
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        line.request("GET", "/health/ready")
        answer = line.getresponse()
        return answer.status, json.loads(answer.read())["status"]
    except OSError:
        return None, "closed"
    finally:
        line.close()


def begin(port):
    """A report of which half has been sent; the socket."""
    phone = socket.create_connection(("127.0.0.1", port), timeout=60)
    head = f"PUT /api/v1/reports/{uuid4()} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    phone.sendall(head.encode() + BODY[:20])
    return phone


@pytest.mark.committed
def test_a_server_that_stops_says_so_first_and_takes_in_what_is_under_way(web):
    running, port = web
    phones = [begin(port) for _ in range(20)]
    running.send_signal(signal.SIGTERM)
    said = ready(port)
    while said == (200, "ready"):
        said = ready(port)
    assert said == (503, "stopping"), "no door closes before it was announced"
    while ready(port)[0] is not None:
        pass  # until nobody new is let in
    for phone in phones:
        phone.sendall(BODY[20:])
    statuses = [phone.recv(4096).split(b" ", 2)[1] for phone in phones]
    assert statuses == [b"201"] * 20
    assert running.wait(30) == 0
    for phone in phones:
        phone.close()


WORKER = """
import sys, time
from pathlib import Path
from server.core import jobs
from server import worker
folder = Path(sys.argv[1])

@jobs.job("test.take_long")
def take_long(subject):
    (folder / "begun").touch()
    while not (folder / "go on").exists():
        time.sleep(0.02)
    (folder / "finished").touch()

worker.REACTIONS["test.asked"] = ("test.take_long",)
worker.main()
"""


@pytest.fixture
def asked(live_database, storage_folder, tmp_path):
    """Long work is asked for: ``start()`` starts a worker that does it, and waits until it is at it. Gives that and a connection."""
    environment, started = settings_of(live_database, storage_folder), []

    def start():
        started.append(subprocess.Popen([sys.executable, "-c", WORKER, tmp_path], cwd=ROOT, env=environment))
        deadline = time.monotonic() + 90
        while not (tmp_path / "begun").exists():
            assert started[-1].poll() is None, "the worker ended"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return started[-1]

    with psycopg.connect(environment["DATABASE_URL"].replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("INSERT INTO outbox (event, subject_id) VALUES ('test.asked', gen_random_uuid())")
        yield start, connection
    for running in started:
        running.kill()
        running.wait()


@pytest.mark.committed
def test_a_worker_that_is_told_to_stop_finishes_its_job(asked, tmp_path):
    start, _connection = asked
    running = start()
    running.send_signal(signal.SIGTERM)
    (tmp_path / "go on").touch()
    assert running.wait(60) == 0
    assert (tmp_path / "finished").exists()


@pytest.mark.committed
def test_what_a_worker_was_at_when_it_was_killed_is_done_by_the_next(asked, tmp_path):
    start, connection = asked
    running = start()
    running.kill()
    running.wait()
    assert connection.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing' AND task_name = 'test.take_long'").fetchone() == (1,)
    connection.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")  # as long as nobody came to mend it
    (tmp_path / "begun").unlink()
    (tmp_path / "go on").touch()
    again = start()
    until(lambda: (tmp_path / "finished").exists())
    again.send_signal(signal.SIGTERM)
    assert again.wait(60) == 0
    assert connection.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'test.take_long'").fetchone() == (0,)


def test_what_kills_every_worker_fails_for_good_in_the_end_and_what_the_clock_asks_for_twice_is_done_once(database):
    database.execute(text("""
      INSERT INTO procrastinate_jobs (queue_name, task_name, status, attempts, queueing_lock) VALUES
      ('default', 'a', 'doing', 11, NULL), ('default', 'b', 'doing', 0, 'b'), ('default', 'b', 'doing', 0, 'b'), ('default', 'c', 'doing', 0, 'c'), ('default', 'c', 'todo', 0, 'c')
    """))  # fmt: skip
    database.execute(text("WITH one AS (INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id) "
                          "INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id) SELECT 'default', 'd', 'doing', id FROM one"))  # fmt: skip
    assert worker.take_up_left() == 2
    found = database.execute(text("SELECT task_name, status::text FROM procrastinate_jobs ORDER BY 1, 2")).all()
    assert found == [("a", "failed"), ("b", "todo"), ("c", "todo"), ("d", "doing")]
