"""The application, lent to jobs that write letters and papers: languages and templates need it, and a job has no request."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from flask import Flask, current_app, has_app_context

from server.core.i18n import in_language

_LENT: list[Flask] = []


def lend(app: Flask) -> None:
    """Let the jobs of this process write with ``app``; the one lent last counts."""
    _LENT[:] = [app]


def lent() -> Flask:
    """The application that was lent; RuntimeError where there is none."""
    if not _LENT:
        raise RuntimeError("No application was made in this process.")
    return _LENT[0]


@contextmanager
def speaking(language: str) -> Iterator[Flask]:
    """Write in ``language`` inside the block. The block has database sessions of its own: settle inside it."""
    context = nullcontext() if has_app_context() else lent().app_context()
    with context, in_language(language):
        yield current_app
