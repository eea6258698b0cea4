"""Counting without remembering whom: numbers that several server processes share, in memory alone, for minutes.

The memory is made before the processes part (``scripts/gunicorn.conf.py``), so all of them count together; nothing of it is
ever written to a disk, a database or a log, and it ends with the server. Who is counted is a keyed hash, and the key is
thrown away every day: nobody can tell tomorrow who was counted today. Only the standard library is imported here, because the
process that makes the memory must load nothing else.
"""

import fcntl
import hashlib
import hmac
import mmap
import os
import secrets
import struct
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

SLOTS, PROBES = 65_536, 8
_HEADER, _SLOT = struct.Struct("<q32s"), struct.Struct("<8sdq")


class Tally:
    """Counters in memory that forked processes share. Every call is exact, whichever process makes it."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _HEADER.size + SLOTS * _SLOT.size)
        # A lock of the kernel's is let go when its holder is killed; one in memory would stop all for ever.
        with tempfile.TemporaryFile() as file:
            self._lock_file = os.dup(file.fileno())  # a number, not a file: it lives as long as the process, and nobody need close it
        self._thread_lock = threading.Lock()
        self._pepper = secrets.token_bytes(32)

    def hit(self, name: str, *, window_s: float, amount: int = 1) -> int:
        """Count ``amount`` under ``name`` and return the sum of the window, which begins with its first hit."""
        with self._held():
            at, expires, count = self._find(name)
            if expires <= time.time():
                expires, count = time.time() + window_s, 0
            self._write(at, name, expires, count + amount)
            return count + amount

    def look(self, name: str) -> int:
        """The sum of the present window."""
        with self._held():
            _at, expires, count = self._find(name)
            return count if expires > time.time() else 0

    def ends_at(self, name: str) -> float:
        """When the present window of ``name`` ends, in seconds since 1970; now, where there is none."""
        with self._held():
            _at, expires, _count = self._find(name)
            return max(expires, time.time())

    def forget(self, name: str) -> None:
        """Begin a new window for ``name``."""
        with self._held():
            at, _expires, _count = self._find(name)
            self._write(at, name, 0.0, 0)

    def forget_all(self) -> None:
        """Begin anew with everything, the key of the day included."""
        with self._held():
            self._memory[:] = bytes(len(self._memory))

    def pseudonym(self, word: str) -> str:
        """``word`` (a network) as 24 hex digits that mean nothing tomorrow: its HMAC under the key of the day."""
        return hmac.new(self._key_of_today(), word.encode(), hashlib.sha256).hexdigest()[:24]

    def _key_of_today(self) -> bytes:
        today = int(time.time() // 86_400)
        with self._held():
            day, key = _HEADER.unpack_from(self._memory)
            if day != today:
                key = secrets.token_bytes(32)
                _HEADER.pack_into(self._memory, 0, today, key)
            return bytes(key)

    def close(self) -> None:
        """Give the memory back."""
        self._memory.close()
        os.close(self._lock_file)

    @contextmanager
    def _held(self) -> Iterator[None]:
        with self._thread_lock:
            fcntl.lockf(self._lock_file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._lock_file, fcntl.LOCK_UN)

    def _find(self, name: str) -> tuple[int, float, int]:
        """(offset, end of the window, count) of ``name``; where it is new, of the slot that it may have."""
        mark, free, soonest = self._mark(name), -1, float("inf")
        begin = int.from_bytes(mark, "little")
        for step in range(PROBES):
            at = _HEADER.size + (begin + step) % SLOTS * _SLOT.size
            found, expires, count = _SLOT.unpack_from(self._memory, at)
            if found == mark:
                return at, expires, count
            if expires < soonest:
                free, soonest = at, expires
        return free, 0.0, 0

    def _write(self, at: int, name: str, expires: float, count: int) -> None:
        _SLOT.pack_into(self._memory, at, self._mark(name), expires, count)

    def _mark(self, name: str) -> bytes:
        """Eight bytes that stand for a name."""
        return hashlib.blake2b(name.encode(), digest_size=8, key=self._pepper).digest()


TALLY = Tally()
"""The one of this server. Made when this module is first imported: by the parent of all processes, or by a process alone."""
