"""Bring the database up to date with the code, in one process because each start of the application costs seconds.

What the migrations to come will hold up is said first; with ``look`` that is all. Then the migrations, then `flask setup`, then with
--demo the small exercise, which is loaded only where there is no data yet.
Runs inside the virtual environment, called by scripts/prepare.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from click import ClickException
from flask.cli import ScriptInfo
from sqlalchemy import Connection, NullPool, create_engine, text

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from server.core.revision import pending, refuse_newer
from server.core.settings import settings

# Revisions that write a table of millions of rows anew, and the seconds for a million of them on a small machine (`make bench ARGS=migrations`).
# Everybody waits meanwhile. A test fails for a revision that does so and is not named here.
HOLDS_UP = {"0014": ("incidents", 100)}
NOTHING_TO_DO = "The database is up to date: no migration is to come."
TO_COME = "Migrations to come: {}."
WAITS = (
    "{revision} writes the table {table} anew. While it does, for about {seconds} seconds with the {rows} rows of yours, no report is received "
    "(phones keep them and send them again) and the desk stands still. Choose a quiet hour."
)


def main(words: list[str]) -> int:
    """Do it; the exit code is that of the command that refused."""
    standing = _standing()
    refuse_newer(standing)
    for sentence in announce(standing) if standing or "look" in words else ():
        print(sentence, flush=True)
    if "look" in words:
        return 0
    command.upgrade(Config(toml_file=CHECKOUT / "pyproject.toml"), "head")
    from wsgi import app

    orders = [["setup"], ["demo", "--small"]] if "--demo" in words else [["setup"]]
    for order in orders:
        try:
            with app.app_context():
                app.cli.main(args=order, obj=ScriptInfo(create_app=lambda: app), standalone_mode=False)
        except ClickException as refusal:
            refusal.show()
            return refusal.exit_code
    return 0


def announce(standing: str | None) -> list[str]:
    """What is to come after the revision ``standing`` (None: an empty database), and who waits for it, a sentence each."""
    to_come = pending(standing)
    if not to_come:
        return [NOTHING_TO_DO]
    held_up = [(revision, *HOLDS_UP[revision]) for revision in to_come if standing and revision in HOLDS_UP]
    counted = {table: _rows(table) for _revision, table, _seconds in held_up}
    return [TO_COME.format(", ".join(to_come))] + [
        WAITS.format(revision=revision, table=table, rows=f"{counted[table]:,}", seconds=1 + seconds * counted[table] // 1_000_000)
        for revision, table, seconds in held_up
    ]


def _rows(table: str) -> int:
    """About how many rows a table has, as the database's own statistics say."""
    asked = text("SELECT reltuples FROM pg_class WHERE oid = to_regclass(:table)")
    return max(0, int(_ask(lambda connection: connection.scalar(asked, {"table": table})) or 0))


def _standing() -> str | None:
    """At which revision the database stands; None before the first."""
    return _ask(lambda connection: MigrationContext.configure(connection).get_current_revision())


def _ask(question: Callable[[Connection], Any]) -> Any:
    engine = create_engine(settings().database_url, poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        return question(connection)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
