"""The disk of the database, then the disk of its log of changes, run really full while phones report. Real disks, small ones.

What was acknowledged is there afterwards, what is refused stays on the phone, and nothing but room is needed to go on.
"""

import http.client
import json
from dataclasses import replace
from uuid import uuid4

import pytest

from server.core import health
from server.core.settings import settings
from tests.machine.phones import BODY, Phones, before_phones
from tests.machine.servers import Server, a_place, a_small_disk, until

pytestmark = [pytest.mark.committed, pytest.mark.slow]

SMALL = {"wal_keep_size": 0, "max_wal_size": "4MB", "min_wal_size": "2MB", "max_wal_senders": 0, "wal_level": "minimal"}


@pytest.fixture
def house(app, monkeypatch):
    """A server whose data and whose log lie on small disks of their own, and the application before it: (server, disks by name, port)."""
    with a_place() as place, a_small_disk(place, "main", megabytes=140) as data, a_small_disk(place, "log", megabytes=12) as log:
        server = Server(place, "main").make(log=log, **SMALL)
        told = replace(settings(), database_folders=(str(data), str(log)))
        monkeypatch.setattr(health, "settings", lambda: told)
        monkeypatch.setattr(health, "FREE_BYTES", 1_000_000)  # of a server whose disks have room for some megabytes
        try:
            with before_phones(f"?host={server.sockets}") as (_app, port):
                yield server, {"data": data, "log": log}, port
        finally:
            if server.is_up():
                server.stop("immediate")


def fill(disk):
    """Take all the room that is left."""
    with (disk / "ballast").open("wb", buffering=0) as file:
        for size in (1_000_000, 4_096):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def ask(port, method, path, body=None):
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        line.request(method, path, body=body, headers={"Content-Type": "application/json", "Accept": "application/json"})
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        line.close()


@pytest.mark.parametrize("which", ["data", "log"])
def test_a_disk_that_runs_full_loses_no_acknowledged_report_and_room_is_all_that_is_needed(house, which):
    server, disks, port = house
    phones = Phones(port)
    try:
        phones.until_more(20)
        until(lambda: ask(port, "GET", "/health/ready")[0] == 200)
        fill(disks[which])
        until(lambda: json.loads(ask(port, "GET", "/health/ready")[2])["checks"]["disk"] is False)
        until(lambda: phones.refused, patience_s=180)
        until(lambda: ask(port, "PUT", f"/api/v1/reports/{uuid4()}", BODY)[0] == 503)
        status, headers, body = ask(port, "PUT", f"/api/v1/reports/{uuid4()}", BODY)
        assert (status, json.loads(body)["code"]) == (503, "unavailable")
        assert int(headers["Retry-After"]) > 0
        if which == "data":
            assert [ask(port, "GET", path)[0] for path in ("/map", "/data", "/api/v1/public/incidents")] == [200] * 3, "reading goes on"
        (disks[which] / "ballast").unlink()
        if not server.is_up():
            server.start()  # as the machine's service manager does
        phones.until_more(20)
        until(lambda: ask(port, "GET", "/health/ready")[0] == 200)
    finally:
        phones.stop()
    kept = server.ask("SELECT count(*) FROM reports WHERE id = ANY(%s::uuid[])", phones.acknowledged)
    assert kept == len(phones.acknowledged) == len(set(phones.acknowledged)) >= 40
    assert phones.refused == {503}, "whoever is refused is asked to keep the report and try again"
