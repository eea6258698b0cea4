"""How long each migration since a revision holds up a live response of a million reports: ``make bench ARGS=migrations``.

``FROM=0009`` names the revision of the release before. While the migrations run as at an update, another connection keeps taking in a
report and reading a list, as the old release would; its longest wait is what people would have felt.
"""

import os
import subprocess
import sys
import threading
from time import monotonic

import psycopg

from tests.bench import ground

FROM = os.environ.get("FROM", "0009")
NAME = f"tessera_bench_update_{ground.ROWS}"
UPGRADE = "import sys; from alembic import command; from alembic.config import Config; command.upgrade(Config(toml_file='pyproject.toml'), sys.argv[1])"
REVISIONS = (
    "from alembic.script import ScriptDirectory; print(*[s.revision for s in ScriptDirectory('migrations').walk_revisions()][::-1])"
)
PROBE = """
BEGIN;
SELECT set_config('tessera.scope', 'all', true);
INSERT INTO reports (id, site_type, channel, payload_sha256) VALUES (gen_random_uuid(), 'RES.APT', 'API', sha256('x'));
INSERT INTO outbox (event, subject_id) VALUES ('health.checked', gen_random_uuid());
SELECT id FROM incidents ORDER BY changed_at DESC LIMIT 50;
ROLLBACK;
"""


class Probe(threading.Thread):
    """Somebody who keeps reporting and reading meanwhile; `longest` is the longest wait in seconds since it was last asked."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.longest, self.refused, self.done = 0.0, 0, False

    def run(self) -> None:
        with ground.connect(NAME) as connection:
            while not self.done:
                began = monotonic()
                try:
                    connection.execute(PROBE)
                except psycopg.Error:
                    self.refused += 1
                    connection.execute("ROLLBACK")
                self.longest = max(self.longest, monotonic() - began)

    def take(self) -> float:
        longest, self.longest = self.longest, 0.0
        return longest


def run() -> None:
    """Print, for each migration: how long it took, and the longest that anybody waited."""
    _make()
    revisions = subprocess.run([sys.executable, "-c", REVISIONS], cwd=ground.ROOT, capture_output=True, text=True, check=True).stdout.split()
    probe = Probe()
    probe.start()
    try:
        for revision in revisions[revisions.index(FROM) + 1 :]:
            probe.take()
            began = monotonic()
            _upgrade(revision)
            print(f"{revision}: {monotonic() - began:6.1f} s, longest wait of a report {probe.take():.2f} s", flush=True)
        print(f"Reports refused meanwhile: {probe.refused}")
    finally:
        probe.done = True
        probe.join()
        with ground.connect("tessera") as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')


def _make() -> None:
    """A database of the release before, with a million rows."""
    print(f"Making {ground.ROWS:,} damage records as of {FROM}; this takes some minutes.", flush=True)
    with ground.connect("tessera") as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{NAME}" TEMPLATE template_tessera')
    _upgrade(FROM)
    with ground.connect(NAME) as filling:
        for statement in (ground.ROOT / "tests/bench/fill.sql").read_text().replace(":rows", str(ground.ROWS)).split(";\n"):
            if statement.strip():
                filling.execute(statement)


def _upgrade(revision: str) -> None:
    making = {name: url.replace(f"/{ground.NAME}?", f"/{NAME}?") for name, url in ground.cluster().items()}
    subprocess.run([sys.executable, "-c", UPGRADE, revision], cwd=ground.ROOT, env={**ground.environment(), **making}, check=True)
