"""Bring the database up to date with the code, in one process because each start of the application costs seconds.

Migrations, then `flask setup`, then with --demo the small exercise, which is loaded only where there is no data yet.
Runs inside the virtual environment, called by scripts/prepare.
"""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from click import ClickException
from flask.cli import ScriptInfo
from sqlalchemy import NullPool, create_engine

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from server.core.revision import refuse_newer
from server.core.settings import settings


def main(words: list[str]) -> int:
    """Do it; the exit code is that of the command that refused."""
    refuse_newer(_standing())
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


def _standing() -> str | None:
    """At which revision the database stands; None before the first."""
    engine = create_engine(settings().database_url, poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
