"""What a backup says of itself, so that it can be checked without the key, and brought back whole or not at all."""

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from server.core.settings import settings
from server.keeping import disk
from server.keeping.errors import NotKept
from server.keeping.sealing import DAMAGED

MANIFEST, SEAL = "manifest.json", "manifest.sha256"
DATABASE, FILES = "database.age", "files.tsv"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One backup: when, of what state of the tables, with how many rows; sizes in bytes, hashes in hex."""

    made_at: str
    response: str
    revision: str
    secret_check: str
    rows: dict[str, int]
    database: dict[str, int | str]
    files: dict[str, int | str]


@dataclass(frozen=True)
class KeptFile:
    """One file of the store in the backup: ``namespace/name``, and size and SHA-256 of its sealed form."""

    name: str
    size: int
    sha256: str


def secret_check() -> str:
    """A word that tells whether SECRET_KEY is the one of the backup, and nothing else about it."""
    return hmac.new(settings().secret_key.encode(), b"tessera backup", hashlib.sha256).hexdigest()[:16]


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest and its hash."""
    text = json.dumps(asdict(manifest), indent=1, ensure_ascii=False)
    disk.write(folder / MANIFEST, text.encode())
    disk.write(folder / SEAL, hashlib.sha256(text.encode()).hexdigest().encode() + b"\n")


def read(folder: Path) -> Manifest:
    """The manifest of a backup; NotKept when it is missing or not as it was written."""
    try:
        text, seal = (folder / MANIFEST).read_bytes(), (folder / SEAL).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise NotKept(f"{folder} is no whole backup: its manifest is missing.") from None
    if hashlib.sha256(text).hexdigest() != seal:
        raise NotKept(DAMAGED)
    return Manifest(**json.loads(text))


def write_files(folder: Path, files: Iterable[KeptFile]) -> str:
    """Write the list of files; its SHA-256."""
    text = "".join(f"{file.name}\t{file.size}\t{file.sha256}\n" for file in files)
    disk.write(folder / FILES, text.encode("ascii"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_files(folder: Path) -> list[KeptFile]:
    """The list of files; NotKept when it is missing or not as it was written."""
    wanted = read(folder).files["sha256"]
    try:
        text = (folder / FILES).read_bytes()
    except OSError:
        raise NotKept(f"{folder.name}: the list of files is missing.") from None
    if hashlib.sha256(text).hexdigest() != wanted:
        raise NotKept(f"{folder.name}: the list of files is not as it was written.")
    return [KeptFile(name, int(size), sha256) for name, size, sha256 in (line.split("\t") for line in text.decode("ascii").splitlines())]
