"""What every benchmark stands on: a database of its own with a million of everything, and the real server before it."""

import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from uuid import UUID

import psycopg

ROOT = Path(__file__).resolve().parents[2]
ROWS = int(os.environ.get("ROWS", "1000000"))
NAME = f"tessera_bench_{ROWS}"
SECRET = "a key for benchmarks only, of enough length"


def cluster() -> dict[str, str]:
    """The addresses of this checkout's private cluster, for the bench database."""
    lines = subprocess.run([ROOT / "scripts/cluster", "env"], capture_output=True, text=True, check=True).stdout.split()
    found = dict(line.split("=", 1) for line in lines)
    return {name: url.replace("/tessera?", f"/{NAME}?") for name, url in found.items()}


def environment() -> dict[str, str]:
    """The settings under which the server runs here."""
    return {
        **os.environ, **cluster(), "SECRET_KEY": SECRET, "SECURE_COOKIES": "false", "DEMO": "false", "EXERCISE": "false",
        "PUBLIC_REPORTS_PER_MINUTE": "1000000",
        "STORAGE_URL": (ROOT / "var" / "bench-storage").as_uri(),
    }  # fmt: skip


def connect(database: str = NAME, *, autocommit: bool = True) -> psycopg.Connection:
    """A plain connection to the bench database, or to another of the same cluster."""
    url = (
        cluster()["DATABASE_URL"]
        .replace("postgresql+psycopg://", "postgresql://")
        .replace(f"/{NAME}?", f"/{database}?")
    )
    return psycopg.connect(url, autocommit=autocommit)


def prepare() -> None:
    """Build and fill the bench database once; later runs find it."""
    with connect("tessera") as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,)).fetchone():
            upgrade(environment())  # the program refuses a database that stands elsewhere
            return
        print(f"Making {ROWS:,} damage records; this takes some minutes the first time.", flush=True)
        admin.execute(f'DROP DATABASE IF EXISTS "{NAME}_making" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{NAME}_making" TEMPLATE template_tessera')
    making = {name: url.replace(f"/{NAME}?", f"/{NAME}_making?") for name, url in cluster().items()}
    upgrade({**environment(), **making})
    with connect(f"{NAME}_making") as filling:
        for statement in (ROOT / "tests/bench/fill.sql").read_text().replace(":rows", str(ROWS)).split(";\n"):
            if statement.strip():
                filling.execute(statement)
    with connect("tessera") as admin:
        admin.execute(f'ALTER DATABASE "{NAME}_making" RENAME TO "{NAME}"')


def upgrade(known: dict[str, str]) -> None:
    """Bring a database, by its settings, to the newest migration."""
    order = "from alembic import command; from alembic.config import Config; command.upgrade(Config(toml_file='pyproject.toml'), 'head')"
    subprocess.run([sys.executable, "-c", order], cwd=ROOT, env=known, check=True)


WHAT = ("Missile hit", "Shell struck", "Drone hit", "Fire in", "Explosion at", "Debris fell on")
WHERE = ("apartment block", "the house", "school", "clinic", "shop", "the yard", "garages", "the roof", "kindergarten", "workshop")
AFTER = ("windows broken", "roof gone", "upper floor burned", "people came out alive", "stairs blocked", "no water", "walls cracked", "two cars burned")


def words(dice: random.Random) -> str:
    """What a person might write, with a house number now and then."""
    number = f" No. {dice.randrange(1, 160)}" if dice.random() < 0.3 else ""
    return f"{dice.choice(WHAT)} {dice.choice(WHERE)}{number}, {dice.choice(AFTER)}, {dice.choice(AFTER)}"


def with_words() -> None:
    """Give every stored report sealed words and its damage record, once: what the online and the rebuild benchmark stand on."""
    with connect() as known:
        known.execute("SELECT set_config('tessera.scope', 'all', false)")
        if known.execute("SELECT 1 FROM attachments LIMIT 1").fetchone():
            return
        print("Sealing the words of every report; this takes some minutes the first time.", flush=True)
        known.execute("SET synchronous_commit = off")
        known.execute(
            "INSERT INTO attachments (id, report_id, incident_id) SELECT gen_random_uuid(), r.id, i.id "
            "FROM reports r JOIN incidents i ON sha256(i.public_id::bytea) = r.payload_sha256 ON CONFLICT DO NOTHING"
        )
        _seal(known, [row[0] for row in known.execute("SELECT id FROM reports r WHERE NOT EXISTS (SELECT FROM vault.report_secrets s WHERE s.report_id = r.id)")])
        known.execute("VACUUM ANALYZE attachments")
        known.execute("VACUUM ANALYZE vault.report_secrets")


def _seal(known: psycopg.Connection, numbers: list[UUID]) -> None:
    """By a table of its own: COPY does not go where rows are guarded."""
    from server.reports import vault

    dice = random.Random(31)
    known.execute("CREATE TEMP TABLE sealed_words (report_id uuid, wrapped_key bytea, sealed bytea)")
    with known.cursor().copy("COPY sealed_words FROM STDIN") as copy:
        for number in numbers:
            key, wrapped = vault.new_key(number)
            copy.write_row((number, wrapped, vault.seal_words(vault.PrivateWords(text=words(dice)), key, number)))
    known.execute("INSERT INTO vault.report_secrets SELECT * FROM sealed_words")


@contextmanager
def server(**settings: str) -> Iterator[tuple[str, int]]:
    """The real server, as ``make run`` starts it, on a free port, with further settings; stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "-c", "scripts/gunicorn.conf.py", "wsgi:app"]
    running = subprocess.Popen(command, cwd=ROOT, env={**environment(), **settings, "PORT": str(port)})
    try:
        _wait_for(port)
        yield "127.0.0.1", port
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=40)


def _wait_for(port: int) -> None:
    until = monotonic() + 60
    while monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                sleep(1)
                return
        sleep(0.2)
    raise SystemExit("the server did not start")


def median(values: list[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def line(what: str, value: str, goal: str = "") -> None:
    """One printed figure, and its goal where there is one."""
    print(f"  {what:66} {value:>16}  {goal}", flush=True)


def keep(name: str, figures: dict[str, float]) -> None:
    """Keep figures in var/bench.json, beside those of other benchmarks."""
    path = ROOT / "var" / "bench.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**known, name: figures}, indent=2) + "\n")
