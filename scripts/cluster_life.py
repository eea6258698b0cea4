"""Make, start, check and stop the private PostgreSQL cluster.

Local authentication is `trust`: the only way in is a socket in a folder with mode 0700 that belongs to the cluster's
user, so whoever can connect could as well read the data files. Root, who runs the cluster as `postgres`, passes too.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from subprocess import CompletedProcess

from cluster_places import Places, make_private, make_sockets, make_var, note
from cluster_settings import DURABILITY, settings_file
from postgres import ClusterError, Owner, Programs

PATIENCE_S = 60
MUST_BE_ON = (*DURABILITY, "data_checksums")

ROLES = """
SELECT 'CREATE ROLE tessera LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tessera') \\gexec
SELECT 'CREATE ROLE tessera_public LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tessera_public') \\gexec
"""
TEMPLATE = """
SELECT 'CREATE DATABASE template_tessera OWNER tessera TEMPLATE template0 ENCODING ''UTF8'''
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'template_tessera') \\gexec
\\connect template_tessera
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
UPDATE pg_database SET datistemplate = true WHERE datname = 'template_tessera';
\\connect postgres
"""
DATABASE = """
SELECT 'CREATE DATABASE tessera OWNER tessera TEMPLATE template_tessera'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'tessera') \\gexec
REVOKE TEMPORARY ON DATABASE tessera FROM PUBLIC;
"""
IS_WHOLE = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'tessera')"


class Cluster:
    """One private cluster: who owns it, which programs serve it, where it lies."""

    def __init__(self, owner: Owner, *, programs: Programs, places: Places) -> None:
        self.owner = owner
        self.programs = programs
        self.places = places
        self.data = Path(places.data)

    def start(self) -> None:
        """Bring it up, made first when missing; nothing happens when it already answers."""
        make_var()
        if not self.places.exists:
            self._make()
        if not self.is_up():
            self._launch()
        if self._ask(IS_WHOLE) != "t":
            self._tell(ROLES + TEMPLATE + DATABASE)
        self._assert_durable()
        note(self.places)

    def stop(self) -> bool:
        """Take it down in good order; False when it was not up."""
        if not self.is_up() and not self._postmaster():
            return False
        self._control("stop", "--mode=fast")
        return True

    def is_up(self) -> bool:
        """Whether it answers a query through its socket."""
        return self.places.exists and self._psql("SELECT 1").returncode == 0

    def _make(self) -> None:
        """Initialise beside the final name and rename at the end, so that a broken attempt leaves nothing half made."""
        unfinished = self.data.with_name("postgres.unfinished")
        make_private(unfinished, self.owner)
        self._run(
            "initdb", "--pgdata", str(unfinished), "--username=postgres", "--auth-local=trust", "--auth-host=reject",
            "--data-checksums", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions",
        )  # fmt: skip
        main = unfinished / "postgresql.conf"
        self._write(main, main.read_text() + "\ninclude 'tessera.conf'\n")
        unfinished.rename(self.data)

    def _launch(self) -> None:
        make_sockets(self.places, self.owner)
        self._write(self.data / "tessera.conf", settings_file(self.places.sockets))
        self._forget_dead_postmaster()
        deadline = time.monotonic() + PATIENCE_S
        while not (self.is_up() if self._postmaster() else self._started()):
            if time.monotonic() > deadline:
                raise ClusterError(f"The database did not start: {self._last_words()}")
            time.sleep(0.5)

    def _started(self) -> bool:
        """One attempt; False while the orphans of a killed server still hold its memory, which passes by itself."""
        try:
            self._control("start", f"--log={self.data / 'start.log'}")
        except ClusterError:
            if "shared memory block" in self._last_words():
                return False
            raise ClusterError(f"The database did not start: {self._last_words()}") from None
        return True

    def _forget_dead_postmaster(self) -> None:
        """Remove lock files whose process number now belongs to some other program, which PostgreSQL cannot tell."""
        if self._postmaster():
            return
        for lock in (self.data / "postmaster.pid", *Path(self.places.sockets).glob(".s.PGSQL.*")):
            lock.unlink(missing_ok=True)

    def _postmaster(self) -> int | None:
        """The process number of the server on this data folder, if one really runs."""
        try:
            number = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            words = Path(f"/proc/{number}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return number if b"postgres" in words and os.fsencode(self.data) in words else None

    def _assert_durable(self) -> None:
        """A database that may lose what it confirmed is not started for people."""
        for name in MUST_BE_ON:
            if self._ask(f"SHOW {name}") != "on":
                self.stop()
                raise ClusterError(f"The database has {name} switched off and was stopped: reports could be lost.")

    def _last_words(self) -> str:
        """The last line of the log of the last attempt that says what was wrong."""
        logs = [self.data / "start.log", *sorted((self.data / "log").glob("*.log"), key=os.path.getmtime)]
        lines = [line for log in logs if log.exists() for line in log.read_text(errors="replace").splitlines()]
        said = [line for line in lines if re.search(r"FATAL|PANIC|could not", line)]
        return said[-1] if said else f"see {self.data / 'start.log'}"

    def _control(self, order: str, *more: str) -> None:
        self._run("pg_ctl", order, f"--pgdata={self.data}", "--wait", f"--timeout={PATIENCE_S}", "--silent", *more)

    def _run(self, program: str, *words: str) -> None:
        done = self.owner.run([self.programs.path(program), *words])
        if done.returncode:
            raise ClusterError(f"{program} failed: {' '.join((done.stderr or done.stdout).split())}")

    def _ask(self, query: str) -> str:
        answer = self._psql(query)
        if answer.returncode:
            raise ClusterError(f"The database refused a question: {' '.join(answer.stderr.split())}")
        return answer.stdout.strip()

    def _tell(self, script: str) -> None:
        answer = self._psql(script)
        if answer.returncode:
            raise ClusterError(f"The database could not be prepared: {' '.join(answer.stderr.split())}")

    def _psql(self, script: str) -> CompletedProcess[str]:
        psql = [self.programs.path("psql"), "-XqAt", "--set=ON_ERROR_STOP=1", "--no-password"]
        return self.owner.run([*psql, f"--host={self.places.sockets}", "--username=postgres", "postgres"], text=script)

    def _write(self, path: Path, text: str) -> None:
        """Write a file that belongs to the cluster's user and to nobody else."""
        path.write_text(text)
        path.chmod(0o600)
        if os.geteuid() == 0:
            os.chown(path, self.owner.uid, self.owner.gid)
