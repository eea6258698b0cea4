"""Writing so that a power cut takes nothing that was called done, and by one at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from server.keeping.errors import NotKept


def write(path: Path, data: bytes) -> None:
    """Write a file through to the disk."""
    with path.open("wb") as file:
        file.write(data)
        sync(file)


def sync(file: IO[bytes]) -> None:
    """Have what was written so far on the disk, not in a cache, on return."""
    file.flush()
    os.fsync(file.fileno())


def give_name(unfinished: Path, name: Path) -> Path:
    """Give what is finished its name, so that the name too survives a power cut; the name."""
    unfinished.replace(name)
    folder = os.open(name.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return name


@contextmanager
def alone(lock: Path, *, otherwise: str) -> Iterator[None]:
    """Hold ``lock``, a file of no other use, which the kernel lets go when its holder dies; NotKept, saying ``otherwise``, when it is held."""
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotKept(otherwise) from None
        except OSError:
            pass  # a file system that knows no locks
        yield
