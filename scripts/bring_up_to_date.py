"""Bring the database up to date with the code, in one process because each start of the application costs seconds.

Migrations, then `flask setup`, then with --demo the small exercise, which is loaded only where there is no data yet.
Runs inside the virtual environment, called by scripts/prepare.
"""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from click import ClickException
from flask.cli import ScriptInfo

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))


def main(words: list[str]) -> int:
    """Do it; the exit code is that of the command that refused."""
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
