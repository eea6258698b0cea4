"""What stops a backup or a restore: one sentence for the operator."""

from collections.abc import Iterator
from contextlib import contextmanager

import click


class NotKept(click.ClickException):
    """The work was refused or broke off; what was there before is untouched."""


@contextmanager
def in_a_sentence(work: str) -> Iterator[None]:
    """NotKept instead of what the machine says: a disk that is full, a folder that may not be written, a stick that was pulled out."""
    try:
        yield
    except OSError as fault:
        where = f" ({fault.filename})" if fault.filename else ""
        raise NotKept(f"{work} broke off: {fault.strerror or fault}{where}.") from fault
