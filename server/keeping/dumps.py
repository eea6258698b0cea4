"""PostgreSQL's own programs: a dump as a stream, and a stream brought back into an empty database."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from psycopg.conninfo import conninfo_to_dict

from server.core.database import raw_url
from server.keeping.errors import NotKept

# The words of libpq that travel in the environment, so that no password stands in the list of processes.
_NAMES = {
    "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD",
    "dbname": "PGDATABASE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY", "target_session_attrs": "PGTARGETSESSIONATTRS", "passfile": "PGPASSFILE", "service": "PGSERVICE",
}  # fmt: skip
PLAIN = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/"}
READ_BACK = 8_192  # bytes of what a program said last
# The tables' owner is bound by row-level security too: the dump looks as one who may see everything.
_SEES_ALL = "-c tessera.scope=all -c statement_timeout=0 -c idle_in_transaction_session_timeout=0"


def libpq(url: str) -> str:
    """A database address as PostgreSQL's own programs take it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


@contextmanager
def dump(snapshot: str) -> Iterator[IO[bytes]]:
    """The whole database as it was at ``snapshot``, in pg_dump's custom format; NotKept when it did not end well.

    Extensions are left out: they belong to the place it is brought back into.
    """
    words = [
        _program("pg_dump"), "--format=custom", "--compress=6", "--no-owner", "--enable-row-security", "--extension=plpgsql",
        f"--snapshot={snapshot}",
    ]  # fmt: skip
    with _running(words, raw_url(), stdout=subprocess.PIPE) as process:
        yield cast("IO[bytes]", process.stdout)


@contextmanager
def bring_back(url: str) -> Iterator[IO[bytes]]:
    """Where to write a dump to, to bring it back into the empty database of ``url``: all of it, or nothing."""
    words = [_program("pg_restore"), "--dbname=", "--no-owner", "--single-transaction", "--exit-on-error"]
    with _running(words, url, stdin=subprocess.PIPE) as process:
        writer = cast("IO[bytes]", process.stdin)
        yield writer
        writer.close()
        process.stdin = None  # nobody tries to flush it again


@contextmanager
def output_of(program: str, url: str, *words: str) -> Iterator[IO[bytes]]:
    """What a program of PostgreSQL's writes, as a stream; NotKept when it did not end well."""
    with _running([_program(program), *words], url, stdout=subprocess.PIPE) as process:
        yield cast("IO[bytes]", process.stdout)


def start(program: str, url: str, *words: str, said: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a program of PostgreSQL's on the server of ``url``; ``said`` is the file for what it says, however much that is."""
    return subprocess.Popen([_program(program), *words], env=_environment(url), stderr=said)


def last_words(said: IO[bytes]) -> str:
    """Of what a program that has ended said, the line that tells what was wrong."""
    said.seek(max(0, said.seek(0, 2) - READ_BACK))
    return _last_line(said.read().decode(errors="replace"))


@contextmanager
def _running(words: list[str], url: str, **pipes: Any) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(words, env=_environment(url), stderr=subprocess.PIPE, **pipes)
    try:
        yield process
    except OSError:
        if process.poll() is None or not process.returncode:
            process.kill()
            process.wait()
            raise  # the fault is ours or the disk's
    except BaseException:
        process.kill()
        process.wait()
        raise
    said = process.communicate()[1].decode(errors="replace")
    if process.returncode:
        raise NotKept(f"{words[0].rsplit('/', 1)[-1]} broke off: {_last_line(said)}")


def _environment(url: str) -> dict[str, str]:
    told = {name: str(value) for name, value in conninfo_to_dict(libpq(url)).items() if value is not None}
    ours = {_NAMES[name]: value for name, value in told.items() if name in _NAMES}
    return PLAIN | ours | {"PGOPTIONS": f"{told.get('options', '')} {_SEES_ALL}".strip(), "PGCONNECT_TIMEOUT": "10"}


def _program(name: str) -> str:
    found = shutil.which(name)
    if not found:
        raise NotKept(f"{name} is not installed; on Debian: apt-get install postgresql-client-15")
    return found


def _last_line(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    return next((line for line in lines if "error:" in line), lines[-1] if lines else "it gave no reason")
