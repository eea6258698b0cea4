"""Bytes kept under their own SHA-256, so a name can never point at something else.

The store is a folder (`STORAGE_URL=file:///absolute/path`) or a bucket of any store that speaks S3 (`storage_s3.py`). Everything a
room may ask of it is on one small class, so that no room notices which.
"""

import hashlib
import os
import re
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.core.settings import settings

NAMESPACES = frozenset({"incoming", "photos", "thumbnails", "evidence", "files", "releases", "imports"})
CHUNK_BYTES = 256 * 1024
NONCE_BYTES = 12
UNFINISHED = ".unfinished"
# Every file carries the same date: when a photo came is told by its row alone, to those who may read the row.
CONSTANT_TIME_NS = 946_684_800 * 10**9

_NAME = re.compile(r"[0-9a-f]{64}")


class NothingStored(LookupError):
    """No bytes are kept under this name."""


class StorageDamaged(ValueError):
    """The bytes kept under this name are no longer the bytes that were put there."""


class StoreAway(OSError):
    """The store does not answer, or refuses us; nothing is known of what it keeps, and asking again later may help."""


def store() -> "Store":
    """The store that STORAGE_URL names; ValueError for an address that is neither a local folder nor an S3 bucket."""
    return opened(settings().storage_url)


@cache
def opened(url: str) -> "Store":
    """The store at ``url``: ``file:///an/absolute/folder``, or ``s3://bucket/prefix?endpoint=https://…``."""
    parts = urlsplit(url)
    if parts.scheme == "s3":
        from server.core.storage_s3 import BucketStore  # whoever has no bucket does not pay for its client

        return BucketStore.at(url)
    path = Path(unquote(parts.path))
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"} or not path.is_absolute():
        raise ValueError("STORAGE_URL must be file:///an/absolute/folder, or s3://bucket/prefix?endpoint=https://…")
    return FolderStore(path)


class Store(ABC):
    """What a room may ask of the store. A namespace is one of NAMESPACES, a name the SHA-256 (hex) that ``put`` gave.

    ``place`` is the folder of this machine that has to have room: the store itself, or where bytes wait until they are whole.
    Any call may raise StoreAway.
    """

    place: Path

    @abstractmethod
    def put(self, data: bytes | IO[bytes], namespace: str = "files") -> str:
        """Keep the bytes and give their SHA-256 in hex; they are kept for good on return."""

    @abstractmethod
    def open(self, name: str, namespace: str = "files") -> IO[bytes]:
        """A readable, seekable file for streaming, unchecked; NothingStored when absent."""

    @abstractmethod
    def exists(self, name: str, namespace: str = "files") -> bool:
        """True when bytes are kept under this name."""

    @abstractmethod
    def delete(self, name: str, namespace: str = "files") -> None:
        """Remove the content for good; nothing happens when it is already gone."""

    @abstractmethod
    def names_older_than(self, seconds: float, namespace: str) -> Iterator[str]:
        """The names that were given this long ago or longer (with 0 all), for finding what nothing refers to any more."""

    @abstractmethod
    def private_folder(self, name: str) -> Path:
        """A folder on this machine for bytes that are not whole yet, made when it is not there."""

    def get(self, name: str, namespace: str = "files") -> bytes:
        """The whole content; NothingStored when absent, StorageDamaged when a bit has changed."""
        with self.open(name, namespace) as file:
            data = file.read()
        if hashlib.sha256(data).hexdigest() != name:
            raise StorageDamaged(namespace)
        return data

    def is_empty(self) -> bool:
        """True when nothing is kept in any namespace."""
        return not any(next(self.names_older_than(0, namespace), None) for namespace in NAMESPACES)

    def put_sealed(self, data: bytes, namespace: str, *, key: bytes, bound_to: bytes = b"") -> str:
        """Keep the bytes encrypted (AES-256-GCM) and give the name of the sealed file.

        Two seals of one content have two names, so deleting one never takes the other away. `bound_to` is
        remembered in the seal: the file opens only for the same words (an id), not in another's place.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        return self.put(nonce + AESGCM(key).encrypt(nonce, data, bound_to), namespace)

    def get_sealed(self, name: str, namespace: str, *, key: bytes, bound_to: bytes = b"") -> bytes:
        """The content of a sealed file; StorageDamaged when key or binding are not those it was sealed with."""
        sealed = self.get(name, namespace)
        try:
            return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
        except InvalidTag:
            raise StorageDamaged(namespace) from None


def checked(name: str, namespace: str) -> str:
    """``namespace/aa/name`` as a path; ValueError for what no store gave out."""
    if namespace not in NAMESPACES or not _NAME.fullmatch(name):
        raise ValueError("not a name this store gave out")
    return f"{namespace}/{name[:2]}/{name}"


class FolderStore(Store):
    """Files in one folder: `<namespace>/<first two hex digits>/<sha256>`."""

    def __init__(self, root: Path) -> None:
        self.root = self.place = root

    def put(self, data: bytes | IO[bytes], namespace: str = "files") -> str:
        """Keep the bytes and give their SHA-256 in hex; they are on the disk, not in a cache, on return."""
        unfinished = self._folder(UNFINISHED) / secrets.token_hex(16)
        try:
            name = _write(unfinished, data)
            self._place(unfinished, self._path(name, namespace))
        finally:
            unfinished.unlink(missing_ok=True)
        return name

    def open(self, name: str, namespace: str = "files") -> IO[bytes]:
        """A readable file for streaming, unchecked; NothingStored when absent."""
        try:
            return self._path(name, namespace).open("rb")
        except FileNotFoundError:
            raise NothingStored(namespace) from None

    def exists(self, name: str, namespace: str = "files") -> bool:
        """True when bytes are kept under this name."""
        return self._path(name, namespace).is_file()

    def delete(self, name: str, namespace: str = "files") -> None:
        """Remove the content for good; nothing happens when it is already gone."""
        path = self._path(name, namespace)
        if path.exists():
            path.unlink(missing_ok=True)
            _sync_folder(path.parent)

    def private_folder(self, name: str) -> Path:
        """A folder of the store for bytes that are not whole yet, made when it is not there."""
        return self._folder(name)

    def names_older_than(self, seconds: float, namespace: str) -> Iterator[str]:
        """The names that were given this long ago or longer, for finding what nothing refers to any more."""
        latest = time.time() - seconds
        for path in (self.root / namespace).glob("??/*"):
            # The time of the last change of the name is the file system's own; the constant date above is not it.
            if path.stat().st_ctime <= latest:
                yield path.name

    def _path(self, name: str, namespace: str) -> Path:
        return self.root / checked(name, namespace)

    def _folder(self, *parts: str) -> Path:
        """A private folder inside the store, its name safe on the disk."""
        folder = self.root
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in parts:
            folder = folder / part
            if not folder.is_dir():
                folder.mkdir(mode=0o700, exist_ok=True)
                _sync_folder(folder.parent)
        return folder

    def _place(self, unfinished: Path, path: Path) -> None:
        """Give a finished file its name, and make the name itself survive a power cut."""
        self._folder(path.parent.parent.name, path.parent.name)
        unfinished.replace(path)
        _sync_folder(path.parent)


def _write(path: Path, data: bytes | IO[bytes]) -> str:
    """Write a new private file through to the disk; gives the SHA-256 of what was written."""
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in chunks(data):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.utime(file.fileno(), ns=(CONSTANT_TIME_NS, CONSTANT_TIME_NS))
        os.fsync(file.fileno())
    return digest.hexdigest()


def chunks(data: bytes | IO[bytes]) -> Iterator[bytes]:
    """The content piece by piece, CHUNK_BYTES at most where it is a stream."""
    if isinstance(data, bytes):
        yield data
        return
    while chunk := data.read(CHUNK_BYTES):
        yield chunk


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
