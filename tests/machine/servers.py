"""Database servers of a test's own: made, copied, killed and promoted as an operator's are, in a folder that is gone afterwards."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from tests.conftest import ROOT, _migration_stamp, migrate

sys.path.insert(0, str(ROOT / "scripts"))
from cluster_life import DATABASE, ROLES, TEMPLATE
from postgres import find_programs, owner
from sqlalchemy import make_url

# The servers are killed, never the machine: what a process has written stays written, synced or not.
SETTINGS = """
listen_addresses = ''
fsync = off
shared_buffers = 64MB
max_connections = 60
wal_keep_size = 512MB
hot_standby_feedback = on
wal_receiver_status_interval = 1
wal_retrieve_retry_interval = 200ms
unix_socket_permissions = 0777
"""
KEPT = "tessera-server-"  # a folder of this name holds a server to copy; it outlives the run, and is thrown away when it is a day old
A_DAY_S = 86_400


class Server:
    """One server: `data`, `sockets`, and what may be done to it."""

    def __init__(self, place, name):
        self.place, self.name = place, name
        self.data, self.sockets = place / name, place / f"{name}.sock"
        self.owner, self._programs = owner(), find_programs()

    def make(self, *, log=None, **settings):
        """A new server with both roles and the migrated, empty database, started; with its log of changes in the folder ``log``."""
        self._run("mkdir", "-p", self.data)
        self._run("chmod", "0700", self.data)
        self._run("cp", "--archive", "--reflink=auto", f"{template()}/.", self.data)
        if log:
            self._run("pg_resetwal", "--wal-segsize=1", self.data)
            self._run("cp", "--archive", f"{self.data}/pg_wal/.", log)
            self._run("rm", "-r", f"{self.data}/pg_wal")
            self._run("ln", "-s", log, f"{self.data}/pg_wal")
        self.settle(**settings)
        self.start()
        return self

    def make_template(self):
        """What ``make`` copies: everything that takes long, done once, and stopped."""
        self._run("initdb", "--pgdata", self.data, "--username=postgres", "--auth-local=trust", "--data-checksums", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        self.settle()
        self.start()
        done = self.owner.run([self._programs.path("psql"), "-XqAt", "--set=ON_ERROR_STOP=1", f"--host={self.sockets}", "--username=postgres", "postgres"], text=ROLES + TEMPLATE + DATABASE)
        assert done.returncode == 0, done.stderr
        migrate(make_url(self.url()))
        self.stop()

    def copy(self, name, **settings):
        """A standby that follows this server, started."""
        made = Server(self.place, name)
        self._run("pg_basebackup", f"--host={self.sockets}", "--username=postgres", "--pgdata", made.data, "--checkpoint=fast", "--no-sync", "--write-recovery-conf")
        made.settle(cluster_name=name, **settings)
        made.start()
        return made

    def start(self):
        self._run("pg_ctl", "start", f"--pgdata={self.data}", f"--log={self.data}/start.log", "--wait", "--silent")

    def stop(self, mode="fast"):
        self._run("pg_ctl", "stop", f"--pgdata={self.data}", f"--mode={mode}", "--wait", "--silent")

    def kill(self):
        """Kill every process of it at once, as when a machine loses its power."""
        postmaster = int((self.data / "postmaster.pid").read_text().split("\n")[0])
        everyone = [postmaster, *_children(postmaster)]
        for number in everyone:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        until(lambda: not any(_lives(number) for number in everyone))
        for lock in (self.data / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*")):
            lock.unlink()  # its number may belong to anybody by now, or to a dead process that nobody buried

    def promote(self):
        self._run("pg_ctl", "promote", f"--pgdata={self.data}", "--wait", "--silent")

    def is_up(self):
        return (self.data / "postmaster.pid").exists()

    def ask(self, sql, *values):
        """One answer, as its superuser."""
        with psycopg.connect(host=str(self.sockets), user="postgres", dbname="tessera", autocommit=True) as connection:
            cursor = connection.execute(sql, values or None)
            return cursor.fetchone()[0] if cursor.description else None

    def commit(self):
        """Commit something that changes nothing, so that the whole log is on the disk; gives the place of its end."""
        self.ask("SELECT txid_current()")
        return self.ask("SELECT pg_current_wal_flush_lsn()::text")

    def url(self, role="tessera"):
        return f"postgresql+psycopg://{role}@/tessera?host={self.sockets}"

    def settle(self, **settings):
        self._run("mkdir", "-p", self.sockets)
        lines = [f"{name} = '{value}'" for name, value in {**settings, "unix_socket_directories": self.sockets}.items()]
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(SETTINGS + "\n".join(lines) + "\n")

    def _run(self, program, *words):
        path = self._programs.path(program) if Path(self._programs.path(program)).exists() else program
        done = self.owner.run([path, *map(str, words)])
        assert done.returncode == 0, done.stdout + done.stderr


def until(is_so, patience_s=60):
    """Wait for what another process does."""
    deadline = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)


def _lives(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _children(parent):
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[1]) == parent:
            yield int(path.parent.name)


def template():
    """The folder of a stopped server to copy, made once for each state of the migrations; whoever comes meanwhile waits."""
    folder = Path(tempfile.gettempdir())
    kept = folder / f"{KEPT}{_migration_stamp()}-{find_programs().major}-{os.getuid()}"
    with (folder / f"{kept.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (kept / "whole").exists():
            for old in folder.glob(f"{KEPT}*"):
                if old == kept or old.stat().st_mtime < time.time() - A_DAY_S:
                    shutil.rmtree(old) if old.is_dir() else old.unlink()
            kept.mkdir()
            _give_away(kept)
            Server(kept, "main").make_template()
            (kept / "whole").touch()
    return kept / "main"


def _give_away(place):
    """Let the servers' user write in a folder of ours."""
    who = owner()
    if os.geteuid() == 0:
        os.chown(place, who.uid, who.gid)
    place.chmod(0o755)


@contextmanager
def a_small_disk(place, name, *, megabytes):
    """A file system of that size for the servers' user, in the folder ``name``; skips where mounting one is not permitted."""
    folder, who = place / name, owner()
    folder.mkdir()
    options = f"size={megabytes}M,mode=0700,uid={who.uid},gid={who.gid}"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tessera", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("A disk that runs full must be a small one, and mounting a file system is not permitted here.")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def a_place():
    """A folder that the servers' user may enter, with a short name; the servers in it are stopped at the end."""
    place = Path(tempfile.mkdtemp(prefix="tessera-servers-", dir="/tmp"))
    _give_away(place)
    try:
        yield place
    finally:
        for pidfile in place.glob("*/postmaster.pid"):
            server = Server(place, pidfile.parent.name)
            if server.is_up():
                server.stop("immediate")
        shutil.rmtree(place, ignore_errors=True)
