"""The ``flask`` commands: each reads its arguments, calls one service function and says in a sentence what came of it."""

from importlib import import_module

import click
from flask import Flask
from flask.cli import AppGroup

from server.core.database import session, settled

COMMANDS = (
    "server.accounts.commands",
    "server.places.commands",
    "server.places.baseline_commands",
    "server.reports.commands",
    "server.intake.spreadsheet_commands",
    "server.intake.rescue_commands",
    "server.matching.commands",
    "server.verification.commands",
    "server.coordination.erasing",
    "server.publication.commands",
    "server.publication.release_commands",
    "server.keeping.commands",
    "server.exercise.commands",
    "server.response.commands",
    "server.documents.commands",
)

jobs_group = AppGroup("jobs", help="Look at the queue and do its work by hand.")


def init_app(app: Flask) -> None:
    """Add every room's commands."""
    app.cli.add_command(set_up)
    app.cli.add_command(jobs_group)
    for room in COMMANDS:
        import_module(room).init_app(app)


@click.command("setup")
def set_up() -> None:
    """Load what every installation needs: roles, the key for sealed reports, the gazetteer. Doing it twice changes nothing."""
    from sqlalchemy import text

    from server.accounts.service import ensure_roles
    from server.core.database import assert_durable
    from server.places.service import load_gazetteer
    from server.reports.keys import ensure_key

    with settled():
        assert_durable(session.connection())
        session.execute(text("SET LOCAL statement_timeout = 0"))
        ensure_roles()
        ensure_key()
        loaded = load_gazetteer()
    click.echo(f"Ready. The gazetteer holds {loaded} places." if loaded else "Ready.")


@jobs_group.command("work")
def work() -> None:
    """Do all waiting work now, in this process, and stop."""
    from server import worker

    while worker.pump(worker.queue_app()):
        pass
    worker.queue_app(works=True).run_worker(
        wait=False, install_signal_handlers=False, listen_notify=False, delete_jobs="successful"
    )


@jobs_group.command("again")
def again() -> None:
    """Put the work that failed for good back into the queue. What the clock asks for is only forgotten: it is asked for again anyway."""
    from server import worker

    with settled():
        click.echo(f"Back in the queue: {worker.take_up_again(worker.queue_app())}.")


@jobs_group.command("list")
def list_jobs() -> None:
    """Count waiting, running and failed jobs by name."""
    from sqlalchemy import text

    for row in session.execute(
        text("SELECT task_name, status, count(*) FROM procrastinate_jobs GROUP BY 1, 2 ORDER BY 1, 2")
    ):
        click.echo(f"{row[0]:45} {row[1]:10} {row[2]}")
