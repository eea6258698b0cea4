"""The bytes of uploads under way: one private file each, appended under a lock, on the disk before anybody is told.

How far an upload has come is the length of its file, nothing else, so the answer is true after every crash.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import UUID

from werkzeug.exceptions import ClientDisconnected

from server.core.problems import Problem
from server.core.storage import store

CHUNK_BYTES = 4096  # what a dying line loses at most of what had arrived
FOLDER = "uploads"


class Piece:
    """The file of one upload, open and locked. Give it bytes only through ``pour``."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    @property
    def size(self) -> int:
        """How many bytes have come."""
        return os.fstat(self.file.fileno()).st_size

    def pour(self, read: Callable[[int], bytes], *, checksum: bytes | None) -> None:
        """Append all that ``read`` gives and put it on the disk. What came before a line broke stays.

        ``checksum`` is the SHA-256 of all that was meant to come: Problem ``upload_differs`` and nothing appended when it is another.
        """
        begin, digest = self.size, hashlib.sha256()
        self.file.seek(begin)
        is_whole = self._copy(read, digest.update)
        if is_whole and checksum is not None and digest.digest() != checksum:
            self.cut(begin)
            raise Problem("upload_differs")
        self._sync()

    def _copy(self, read: Callable[[int], bytes], note: Callable[[bytes], None]) -> bool:
        """Write until the end; False when the line broke before."""
        try:
            while chunk := read(CHUNK_BYTES):
                self.file.write(chunk)
                note(chunk)
        except (ClientDisconnected, TimeoutError, ConnectionError):
            return False
        return True

    def cut(self, length: int) -> None:
        """Throw away what lies beyond ``length``."""
        self.file.flush()
        self.file.truncate(length)
        self._sync()

    def contents(self) -> bytes:
        """All that has come."""
        self.file.seek(0)
        return self.file.read()

    def _sync(self) -> None:
        self.file.flush()
        os.fsync(self.file.fileno())


@contextmanager
def locked(media_id: UUID, part: str) -> Iterator[Piece]:
    """The file of an upload for one writer, made when it is not there; Problem ``upload_busy`` while another has it."""
    path = path_of(media_id, part)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem("upload_busy", retry_after=5) from None
        yield Piece(file)


def size_of(media_id: UUID, part: str) -> int:
    """How far an upload has come, in bytes."""
    try:
        return path_of(media_id, part).stat().st_size
    except FileNotFoundError:
        return 0


def remove(media_id: UUID, part: str) -> None:
    """Remove the file of an upload."""
    path_of(media_id, part).unlink(missing_ok=True)


def names() -> Iterator[tuple[UUID, str]]:
    """Every file there is, as ``(photo number, part)``."""
    for path in _folder().iterdir():
        yield UUID(path.name.partition(".")[0]), path.name.partition(".")[2]


def path_of(media_id: UUID, part: str) -> Path:
    """Where the bytes of an upload lie."""
    return _folder() / f"{media_id}.{part}"


def _folder() -> Path:
    return store().private_folder(FOLDER)
