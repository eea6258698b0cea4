"""The night somebody carries the server away: a thousand anonymous reports came in, and nothing that lies there says who sent them.

Real gunicorn behind a proxy's headers, a real worker, a database server of its own whose very files and log are searched, the store,
both processes' logs, the metrics, the status page and a backup. What is sealed lies there as noise; its keys are not on the disk.
"""

import base64
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

import pytest

from server.app import create_app
from server.core.database import public_session, session, settled
from server.core.settings import settings
from tests import orders
from tests.conftest import ROOT
from tests.evidence.pictures import encoded, exif, four_corners
from tests.machine.servers import Server, a_place, until

pytestmark = [pytest.mark.committed, pytest.mark.slow]

REPORTS, PHOTOS = 1_000, 20
WORD, NETWORK = "qzxvogel", "2001:db8:ca5e"  # a word that no place of the gazetteer has


def in_base64(word):
    """How a word looks inside a longer text in base64, for each of the three ways in which it may fall."""
    for before in range(3):
        text = base64.b64encode(b"." * before + word)
        yield text[(0, 2, 3)[before] : (None, -3, -2)[(before + len(word)) % 3]]


SEARCHED = (
    WORD.encode(), WORD.encode().hex().encode(), WORD.encode("utf-16-le"), *in_base64(WORD.encode()),
    NETWORK.encode(), bytes.fromhex("20010db8ca5e"), b"20010db8ca5e",
)  # fmt: skip


class Seized:
    """The machine: its settings, its folder, and how to fill it."""

    def __init__(self, server, folder):
        self.server, self.folder, self.logs = server, folder, folder / "logs"
        self.logs.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.environment = {
            **os.environ, "DATABASE_URL": server.url(), "PUBLIC_DATABASE_URL": server.url("tessera_public"), "TRUSTED_PROXIES": "1",
            "STORAGE_URL": (folder / "storage").as_uri(), "HOST": "127.0.0.1", "PORT": str(self.port), "METRICS_KEY": "the watcher's key",
            "DRAIN_S": "0", "WEB_WORKERS": "1",
        }  # fmt: skip

    def run(self, *words):
        """Start a program of the house, its words kept as the machine's journal would."""
        with self._journal().open("wb") as log:
            return subprocess.Popen(words, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def _journal(self):
        return self.logs / f"{len(list(self.logs.iterdir()))}.log"

    def flask(self, *words):
        code, said = orders.flask(*words, settings=self.environment, said=self._journal())
        assert code == 0, said

    def ask(self, line, number, method, path, body, **headers):
        """One request of the reporter with this number, who gives everything away."""
        line.request(method, path, body=body, headers={
            "X-Forwarded-For": f"{NETWORK}:{number:x}::7", "X-Forwarded-Proto": "https", "User-Agent": f"{WORD}Agent/{number}",
            "Referer": f"https://{WORD}.example/{number}", "Cookie": f"{WORD}={number}", "Accept-Language": f"en;x={WORD}", **headers,
        })  # fmt: skip
        answer = line.getresponse()
        answer.read()
        return answer.status

    def report(self, number):
        """Send one report, every fiftieth by the form and with a photo that names its owner and the spot; the status."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        said = {
            "site_type": "RES.APT", "damage": "D3", "text": f"{WORD}{number} saw it, {WORD} Street {number}", "contact": f"{WORD}{number}@example.org",
            "place_text": f"{WORD} yard {number}", "consents": ["KEEP_CONTACT"],
        }  # fmt: skip
        try:
            if number % (REPORTS // PHOTOS):
                point = {"type": "Point", "coordinates": [30 + number / 500, 50.4]}
                body = json.dumps({**said, "point": point, f"{WORD}_member": WORD})
                return self.ask(line, number, "PUT", f"/api/v1/reports/{uuid4()}?{WORD}={number}", body, **{"Content-Type": "application/json"})
            body, headers = form({**said, "id": str(uuid4()), "place_text": f"50.4, {30 + number / 500}"})
            return self.ask(line, number, "POST", "/report", body, **headers)
        finally:
            line.close()

    def nonsense(self, number):
        """A report that is none, at an address that holds what nobody may keep."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            return self.ask(line, number, "PUT", f"/api/v1/reports/{WORD}{number}", f'{{"text": "{WORD}', **{"Content-Type": "application/json"})
        finally:
            line.close()


def form(fields):
    """A body of the form with a photo, and its header; the photo's metadata name its owner."""
    photo = encoded(four_corners(), exif=exif(lon=30.123, lat=50.456, _315=f"{WORD} the owner"))
    mark = uuid4().hex
    parts = [(f'name="{name}"', str(value).encode()) for name, value in fields.items() if name != "consents"]
    parts += [(f'name="photos"; filename="{WORD}.jpg"\r\nContent-Type: image/jpeg', photo)]
    body = b"".join(f"--{mark}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n" for head, data in parts)
    return io.BytesIO(body + f"--{mark}--\r\n".encode()), {"Content-Type": f"multipart/form-data; boundary={mark}", "Content-Length": str(len(body) + len(mark) + 6)}


@pytest.fixture(scope="module")
def seized(app, tmp_path_factory):
    """The machine after that night."""
    with a_place() as place:
        made = Seized(Server(place, "main").make(fsync="on", logging_collector="on", log_directory="log"), tmp_path_factory.mktemp("machine"))
        # One place of the gazetteer is enough for names to be looked up in; with any, the others are not loaded.
        made.server.ask("INSERT INTO gazetteer_places (id, name, country, point) VALUES (1, 'Testwick', 'NO', 'SRID=4326;POINT(10 59)')")
        made.flask("setup")
        web = made.run(ROOT / ".venv/bin/gunicorn", "--config", "scripts/gunicorn.conf.py", "wsgi:app")
        try:
            await_ready(made)
            with ThreadPoolExecutor(8) as phones:
                made.statuses = list(phones.map(made.report, range(REPORTS)))
            made.refused = without_its_database(made)
            until(lambda: b"tessera_check_ok" in read(made, "/health/metrics", Authorization="Bearer the watcher's key"))
            made.metrics = read(made, "/health/metrics", Authorization="Bearer the watcher's key")
        finally:
            web.send_signal(signal.SIGTERM)
            web.wait(60)
        # What follows is the same for each: the worker does it for all photos and for every tenth report.
        made.server.ask("DELETE FROM outbox WHERE event = 'report.received' AND id % 10 <> 0")
        made.flask("jobs", "work")
        yield made


def without_its_database(made):
    """What goes wrong is what a server writes down: reports that come while its database is gone, and nonsense; their statuses."""
    made.server.stop("immediate")
    try:
        return [made.report(number) for number in range(3)] + [made.nonsense(number) for number in range(3)]
    finally:
        made.server.start()


def await_ready(made):
    deadline = time.monotonic() + 90
    while True:
        with suppress(OSError):
            if b"ready" in read(made, "/health/ready"):
                return
        assert time.monotonic() < deadline
        time.sleep(0.1)


def read(made, path, **headers):
    line = http.client.HTTPConnection("127.0.0.1", made.port, timeout=30)
    try:
        line.request("GET", path, headers=headers)
        return line.getresponse().read()
    finally:
        line.close()


def found_in(data):
    return [hidden for hidden in SEARCHED if hidden in data]


def _bytes(path):
    """What a file holds; a running database takes files of its own away between the look and the reading."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def found_below(folder):
    """Every file in which a canary lies, and how many files were searched."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): found for path in paths if (found := found_in(_bytes(path)))}, len(paths)


def test_all_thousand_were_received(seized):
    assert set(seized.statuses) == {200, 201}
    assert seized.server.ask("SELECT count(*) FROM reports") == REPORTS
    assert seized.server.ask("SELECT count(*) FROM photos") == PHOTOS


def test_a_dump_of_every_row_names_nobody(seized):
    dumped = subprocess.run(
        ["pg_dump", f"--host={seized.server.sockets}", "--username=postgres", "--inserts", "tessera"], capture_output=True, check=True
    ).stdout
    assert dumped.count(b"INSERT INTO public.reports ") == REPORTS
    assert found_in(dumped) == []


def test_the_very_files_of_the_database_its_log_of_changes_and_its_journal_name_nobody(seized):
    seized.server.ask("CHECKPOINT")
    found, searched = found_below(seized.server.data)
    assert searched > 500
    assert found == {}


def test_what_went_wrong_was_written_down_and_the_store_and_the_journals_name_nobody(seized):
    written = b"".join(path.read_bytes() for path in seized.logs.iterdir())
    assert (set(seized.refused[:3]), written.count(b'"status": 503') >= 3) == ({503}, True), "else the journals would be empty, and the search proved nothing"
    for folder in (seized.folder / "storage", seized.logs):
        found, searched = found_below(folder)
        assert searched >= 2
        assert found == {}


def test_the_metrics_and_the_status_page_name_nobody(seized):
    assert b"tessera_reports_received_total" in seized.metrics
    assert found_in(seized.metrics) == []
    page = status_page(seized.server)
    assert b"Disk" in page
    assert found_in(page) == []


def status_page(server):
    from server.accounts import sessions
    from server.accounts.service import ensure_roles
    from tests.people import settle_in

    before = [dict(scope.session_factory.kw) for scope in (session, public_session)]
    made = create_app(replace(settings(), database_url=server.url(), public_database_url=server.url("tessera_public"), testing=True))
    try:
        with settled():
            ensure_roles()
        with settled():
            key = sessions.begin(settle_in(made)["ada"])
        browser = made.test_client()
        browser.set_cookie(sessions.COOKIE, key)
        return browser.get("/desk/status").data
    finally:
        for scope, was in zip((session, public_session), before, strict=True):
            scope.remove()
            scope.session_factory.kw["bind"].dispose()
            scope.session_factory.kw.clear()
            scope.session_factory.kw.update(was)


def test_a_backup_names_nobody(seized):
    from server.keeping import sealing

    seized.flask("backup", "--to", str(seized.folder / "backups"), "--key", sealing.new_identity()[1])
    found, searched = found_below(seized.folder / "backups")
    assert searched > 3
    assert found == {}


def test_the_search_finds_a_canary_in_each_of_its_disguises():
    word = WORD.encode()
    for data in (word, b"\\x" + word.hex().encode(), *(base64.b64encode(b"a" * before + word + b" sang") for before in range(3)), b"2001:db8:ca5e:7::7"):
        assert found_in(b"..." + data + b"..."), data
