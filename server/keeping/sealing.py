"""Sealing with age (https://age-encryption.org/v1): whoever holds a backup without the key holds nothing.

The server knows public keys only. Each backup is sealed to all of them, so that any one of the holders can open it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyrage
from pyrage.x25519 import Identity, Recipient

from server.keeping.errors import NotKept

DAMAGED = "The backup is damaged: its bytes are not those that were written."


@dataclass(frozen=True)
class Sealed:
    """What was written: its size in bytes and the SHA-256 (hex) of the sealed bytes, by which it is checked without the key."""

    size: int
    sha256: str


class _Counted:
    """A writer that counts and hashes what passes."""

    def __init__(self, writer: IO[bytes] | None) -> None:
        self._writer = writer
        self.size, self.digest = 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        data = bytes(data)
        self.size += len(data)
        self.digest.update(data)
        if self._writer is not None:
            self._writer.write(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""


def new_identity() -> tuple[str, str]:
    """A new pair: the secret key for a holder's safe, and the public key for ``BACKUP_KEYS``."""
    identity = Identity.generate()
    return str(identity), str(identity.to_public())


def recipients(keys: Sequence[str]) -> list[Recipient]:
    """The public keys as age takes them; NotKept for a word that is none."""
    try:
        return [Recipient.from_str(key.strip()) for key in keys]
    except pyrage.RecipientError:
        raise NotKept("BACKUP_KEYS holds a word that is no age public key (they begin with age1).") from None


def identities(file: Path) -> list[Identity]:
    """The secret keys of a key file, one a line, remarks after ``#``; NotKept when there is none."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    try:
        found = [Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise NotKept(f"{file} holds no age secret key (they begin with AGE-SECRET-KEY-1).")
    return found


def seal(reader: IO[bytes], writer: IO[bytes], keys: Sequence[Recipient]) -> Sealed:
    """Seal everything that ``reader`` gives, as a stream."""
    counted = _Counted(writer)
    pyrage.encrypt_io(reader, counted, list(keys))
    return Sealed(counted.size, counted.digest.hexdigest())


def unseal(reader: IO[bytes], writer: IO[bytes] | None, keys: Sequence[Identity]) -> Sealed:
    """Open a sealed stream into ``writer`` (or nowhere, to try it); size and SHA-256 of what was inside.

    Raises NotKept for a wrong key, a changed bit, or a file that ends too early.
    """
    counted = _Counted(writer)
    try:
        pyrage.decrypt_io(reader, counted, list(keys))
    except pyrage.DecryptError as refused:
        raise NotKept(_why(str(refused))) from None
    except OSError as broken:
        if "decryption" not in str(broken):  # the disk or the program that reads, not the seal
            raise
        raise NotKept(DAMAGED) from None
    return Sealed(counted.size, counted.digest.hexdigest())


def _why(said: str) -> str:
    if "No matching keys" in said:
        return "This key does not open the backup: it was sealed to others."
    return DAMAGED
