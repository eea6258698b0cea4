"""Jobs: named work that follows from an event or from the clock, and the queue that carries it.

A room writes ``@job("matching.match_report")`` above a three-line function. ``server/worker.py`` says which event leads to
which jobs, so that no room imports the rooms after it. Procrastinate keeps the queue in PostgreSQL.
"""

from collections.abc import Callable

JOBS: dict[str, Callable[..., None]] = {}


def job(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as the job ``room.verb_noun``. It settles its own work and may be run twice without harm."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        if name in JOBS:
            raise ValueError(f"There are two jobs named {name}.")
        JOBS[name] = function
        return function

    return register
