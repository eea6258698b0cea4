"""The real server for the faults of the field: gunicorn as `make run` starts it, on a real PostGIS, killed and started again at will."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import NullPool, create_engine, text

from tests.conftest import ROOT, _public, clone

PATIENCE_S = 90
SETUP = (
    "from server.app import create_app; from server.core.database import settled; from server.reports import keys\n"
    "app = create_app()\n"
    "with app.app_context(), settled(): keys.ensure_key()"
)


class House:
    """The server at `address`. What it holds is asked of the database beside it."""

    def __init__(self, url, storage, **settings):
        clone(url.database)
        self.url, self.port, self.running = url, _free_port(), None
        self.environment = {
            **os.environ, "DATABASE_URL": url.render_as_string(hide_password=False), "PUBLIC_DATABASE_URL": _public(url),
            "STORAGE_URL": storage.as_uri(), "PORT": str(self.port), "HOST": "127.0.0.1", "WEB_WORKERS": "2",
            "PUBLIC_REPORTS_PER_MINUTE": "100000", **settings,
        }  # fmt: skip
        subprocess.run([sys.executable, "-c", SETUP], cwd=ROOT, env=self.environment, check=True)
        self.engine = create_engine(url, hide_parameters=True, poolclass=NullPool)

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        command = [sys.executable, "-m", "gunicorn", "-c", "scripts/gunicorn.conf.py", "wsgi:app"]
        self.running = subprocess.Popen(command, cwd=ROOT, env=self.environment, stderr=subprocess.DEVNULL, process_group=0)
        wait_until(self._answers, patience_s=240)
        return self

    def run(self, *words):
        """What a command says, whatever came of it."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *map(str, words)]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def is_down(self):
        return self.running is None or self.running.poll() is not None

    def _answers(self):
        with socket.socket() as probe:
            probe.settimeout(2)
            if probe.connect_ex(("127.0.0.1", self.port)):
                return False
            probe.sendall(b"GET /health/live HTTP/1.0\r\n\r\n")
            try:
                return b" 200 " in probe.recv(64)
            except OSError:
                return False

    def kill(self):
        """The whole server at once, as when the power goes (but for what the kernel still writes)."""
        os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait()

    def kill_a_worker(self, nth=0):
        """One web process; gunicorn starts another. False when none of them answers at this moment: it is left alone until one does."""
        workers = children(self.running.pid)
        if not workers or not self._answers():
            return False
        with suppress(ProcessLookupError):
            os.kill(workers[nth % len(workers)], signal.SIGKILL)
        return True

    def stop(self):
        if self.running and self.running.poll() is None:
            self.running.send_signal(signal.SIGTERM)
            self.running.wait(timeout=40)

    def ask(self, query, **values):
        """All rows of a question to the database, as its owner."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
            return connection.execute(text(query), values).all()

    def holds(self, number):
        """How many reports there are of this number: 0 or 1, whatever happened."""
        return self.ask("SELECT count(*) FROM reports WHERE id = :id", id=number)[0][0]

    def received(self):
        """The numbers of all reports received, as words."""
        return sorted(str(row[0]) for row in self.ask("SELECT id FROM reports"))


def wait_until(holds, patience_s=PATIENCE_S):
    """What `holds()` gives once that is true; a failure when it never is."""
    until = time.monotonic() + patience_s
    while not (found := holds()):
        assert time.monotonic() < until, "this never came about"
        time.sleep(0.05)
    return found


def children(pid):
    """The numbers of a process's own children."""
    with suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
