"""How the house is: told to those who keep it, in words at the desk, in numbers to machines, by mail when it turns bad."""

import queue
import runpy
import socketserver
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from sqlalchemy import text

from server import worker
from server.core import health, letters
from server.core import settings as settings_module
from server.core.database import public_session, session
from server.keeping import alarms, lookout, metrics, service, watching
from tests.conftest import ROOT


class Usage(NamedTuple):
    """What the system tells of a disk."""

    total: int
    used: int
    free: int


@pytest.fixture
def told(monkeypatch):
    """Settings of a kept house; call with more."""

    def tell(**more):
        chosen = replace(settings_module.settings(), **more)
        for module in (service, watching, alarms, letters, metrics, __import__("server.keeping.pages", fromlist=["pages"])):
            if hasattr(module, "settings"):
                monkeypatch.setattr(module, "settings", lambda: chosen)

    return tell


def work(database, kind, *, hours_ago, well=True):
    ended = datetime.now(UTC) - timedelta(hours=hours_ago)
    database.execute(
        text(
            "INSERT INTO upkeep (id, kind, began_at, ended_at, went_well) VALUES (gen_random_uuid(), :kind, :ended, :ended, :well)"
        ),
        {"kind": kind, "ended": ended, "well": well},
    )


def states():
    return {finding.code: finding.state.value for finding in watching.look()}


@pytest.mark.parametrize("name", ["eve", "amal", "dario"])
def test_who_does_not_keep_the_house_does_not_see_how_it_is(as_, name):
    assert as_(name).get("/desk/status").status_code == 403


def test_a_stranger_is_asked_to_sign_in(client):
    assert client.get("/desk/status").status_code == 401


def test_the_administrator_reads_that_nothing_is_backed_up(as_):
    page = as_("ada").get("/desk/status").text
    assert "Nothing is backed up" in page
    assert "Needs you now" in page


def test_days_and_commands_are_written_for_people_who_read_from_right_to_left(database, as_):
    database.execute(text("INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('default', 'keeping.make_backup', 'failed')"))
    database.execute(text("INSERT INTO pub.batches (release_id, published_on, policy_version, rows_total) VALUES ('x', '2026-11-20', '1', 0)"))
    page = as_("ada").get("/desk/status?lang=ar").text
    assert '<code dir="ltr">flask --app wsgi jobs list</code>' in page
    assert ("2026-11-20" in page, "20 نوفمبر 2026" in page) == (False, True)


@pytest.mark.parametrize(("hours", "state"), [(3, "good"), (25, "good"), (27, "bad"), (400, "bad")])
def test_a_backup_older_than_a_day_needs_somebody(database, app, told, hours, state):
    told(backup_folder="/srv/backups", backup_keys=("age1…",))
    work(database, "BACKUP", hours_ago=hours)
    with app.app_context():
        assert states()["backup"] == state


def test_a_backup_that_broke_off_is_none_and_is_named_on_the_page(database, as_, told):
    told(backup_folder="/srv/backups", backup_keys=("age1…",))
    work(database, "BACKUP", hours_ago=1, well=False)
    page = as_("ada").get("/desk/status").text
    assert "No backup has been made yet" in page
    assert "What did not go well in the last week" in page


def test_a_restore_never_tried_out_needs_somebody(app, database, told):
    told(backup_folder="/srv/backups", backup_keys=("age1…",))
    with app.app_context():
        assert states()["drill"] == "bad"
        work(database, "DRILL", hours_ago=24 * 7)
        assert states()["drill"] == "good"


def test_a_worker_that_stands_still_is_told(app, database):
    with app.app_context():
        assert states()["worker"] == "bad"
        database.execute(text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())"))
        assert states()["worker"] == "good"


def test_an_entry_of_the_ledger_that_was_changed_is_told(app, database):
    from server.core import ledger

    with app.app_context():
        assert states()["ledger"] == "good"
        database.execute(
            text("INSERT INTO ledger_seals (entry_ids, root) VALUES ('[999999]', decode(repeat('00', 32), 'hex'))")
        )
        assert ledger.broken_seals()
        assert states()["ledger"] == "bad"


@pytest.mark.parametrize(("free_mb", "state"), [(50_000, "good"), (14_000, "watch"), (500, "bad"), (100, "bad")])
def test_a_disk_that_fills_is_told_before_reports_are_lost(app, monkeypatch, free_mb, state):
    full_to(monkeypatch, free_mb)
    with app.app_context():
        assert states()["disk"] == state


def full_to(monkeypatch, free_mb):
    """A disk of 100 GB with this much left."""
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _folder: Usage(10**11, 10**11 - free_mb * 10**6, free_mb * 10**6))


def test_the_metrics_are_there_for_who_holds_the_key_and_for_nobody_else(client, told):
    assert client.get("/health/metrics").status_code == 404
    told(metrics_key="a key for the watcher")
    assert client.get("/health/metrics").status_code == 404
    assert client.get("/health/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    answer = client.get("/health/metrics", headers={"Authorization": "Bearer a key for the watcher"})
    assert answer.status_code == 200
    assert 'tessera_check_ok{check="backup"} 0.0' in answer.text
    assert 'tessera_reports_received_total{channel="WEB"} 0.0' in answer.text


def test_every_label_of_the_metrics_comes_from_a_closed_set(app, database):
    from server.vocabulary import Channel

    with app.app_context():
        lines = [line for line in metrics.text().decode().splitlines() if "{" in line]
    labels = {line.split("{")[1].split("}")[0] for line in lines}
    allowed = {f'channel="{channel}"' for channel in Channel} | {f'check="{finding}"' for finding in metrics._GAUGES}
    allowed |= {f'status="{status}"' for status in ("todo", "doing", "failed")}
    assert labels <= allowed
    assert len(labels) > 10


class Postman(socketserver.StreamRequestHandler):
    """A mail server that keeps what it is given."""

    def handle(self):
        self.wfile.write(b"220 post\r\n")
        letter = False
        for line in self.rfile:
            if letter:
                letter = line != b".\r\n"
                self.server.letters[-1] += line.decode()
                if not letter:
                    self.wfile.write(b"250 kept\r\n")
                continue
            word = line.split(b" ")[0].strip().upper()
            if word == b"DATA":
                self.server.letters.append("")
                letter = True
            self.wfile.write({b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}.get(word, b"250 ok\r\n"))


@pytest.fixture
def post():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postman) as server:
        server.daemon_threads, server.letters = True, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_an_alarm_goes_out_once_when_something_turns_bad_and_once_when_it_is_good_again(app, database, told, post):
    told(
        backup_folder="/srv/backups", backup_keys=("age1…",), mail_url=f"smtp://127.0.0.1:{post.server_address[1]}",
        mail_from="tessera@example.org", alarm_to=("night@example.org",),
    )  # fmt: skip
    with app.app_context():
        work(database, "DRILL", hours_ago=1)
        database.execute(text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())"))
        assert alarms.raise_what_is_due() == ["backup"]
        assert alarms.raise_what_is_due() == []
        work(database, "BACKUP", hours_ago=1)
        assert alarms.raise_what_is_due() == ["backup"]
    assert len(post.letters) == 2
    assert "[BAD] Backup: No backup has been made yet." in post.letters[0]
    assert "[GOOD] Backup" in post.letters[1]


def test_the_web_tells_of_a_worker_that_stands_still_which_cannot_say_so_itself(app, database, told, post):
    told(mail_url=f"smtp://127.0.0.1:{post.server_address[1]}", mail_from="tessera@example.org", alarm_to=("night@example.org",))
    rounds = iter([False, False, True])
    lookout.keep_watch(app, SimpleNamespace(wait=lambda _seconds: next(rounds)))
    assert len(post.letters) == 1
    assert "[BAD] Worker: The worker stands still. Reports are still received" in post.letters[0]
    database.execute(text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())"))
    assert lookout.look_once(app) == ["worker"]
    assert "[GOOD] Worker" in post.letters[1]


def test_every_process_of_the_web_looks_after_the_worker(app, monkeypatch):
    watched = queue.SimpleQueue()
    monkeypatch.setattr(lookout, "keep_watch", lambda watched_app, _stop: watched.put(watched_app))
    runpy.run_path(str(ROOT / "scripts/gunicorn.conf.py"))["post_worker_init"](SimpleNamespace(wsgi=app))
    assert watched.get(timeout=60) is app


def test_an_alarm_can_be_raised_again_and_again_because_no_work_leaves_a_session_open(database):
    """The database breaks off what stays open in a transaction; the next look of the same thread would fail for good."""
    tasks = worker.queue_app().tasks
    for name, words in (("keeping.raise_alarms.by_clock", {"timestamp": 0}), ("keeping.raise_alarms", {})):
        tasks[name].func(**words)
        assert (session.registry.has(), public_session.registry.has()) == (False, False), name


def test_work_that_failed_for_good_is_put_back_by_command_and_no_longer_told(app, database):
    for name, words in (("matching.match_report", '{"subject": "11111111-1111-4111-8111-111111111111"}'), ("keeping.raise_alarms.by_clock", "{}")):
        database.execute(
            text("INSERT INTO procrastinate_jobs (queue_name, task_name, args, status) VALUES ('default', :name, CAST(:words AS jsonb), 'failed')"),
            {"name": name, "words": words},
        )
    failed = next(finding for finding in watching.look() if finding.code == "queue")
    assert (failed.values, failed.state.value) == ({"count": 2}, "watch")
    done = app.test_cli_runner().invoke(args=["jobs", "again"])
    assert (done.exit_code, done.output) == (0, "Back in the queue: 1.\n")
    assert database.execute(text("SELECT task_name, status::text FROM procrastinate_jobs")).all() == [("matching.match_report", "todo")]
    assert next(finding for finding in watching.look() if finding.code == "queue").state.value == "good"
