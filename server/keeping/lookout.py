"""The web looks after the worker: every other alarm is raised by the worker, but one that stands still cannot say so."""

from threading import Event

from flask import Flask

from server.core.database import settled
from server.keeping import alarms, watching

EVERY_S = 60.0


def keep_watch(app: Flask, stop: Event) -> None:
    """Look once a minute until ``stop`` is set; each web process does as long as it serves (scripts/gunicorn.conf.py), and one of them tells."""
    while not stop.wait(EVERY_S):
        look_once(app)


def look_once(app: Flask) -> list[str]:
    """Tell the operator when the worker stands still, and when it works again. Nothing that goes wrong here harms the web."""
    try:
        with app.app_context(), settled():
            return alarms.raise_what_is_due(watching.WORKER_ALONE)
    except Exception:
        app.logger.exception("The worker could not be looked after.")
        return []
