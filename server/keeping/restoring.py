"""Bringing a backup back, into an empty place only: everything is opened and compared before the first row is written."""

import tempfile
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, NullPool, create_engine, text

from server.core import ledger
from server.core.database import assert_durable, scope_sql, see_as, session
from server.core.storage import NothingStored, StorageDamaged, Store
from server.keeping import backups, dumps, manifest, sealing
from server.keeping.errors import NotKept
from server.keeping.manifest import KeptFile, Manifest

HELD_BYTES = 32_000_000  # of a file that is brought back, in memory; the rest of a larger one waits on the disk
OTHER_KEY_THAN_THEN = (
    "SECRET_KEY is not the one this backup was made under: people's words and photos in it could not be opened. "
    "Set the right one, or say --other-secret to bring back what can be read without it."
)


def restore(
    backup: Path,
    *,
    identity: Path,
    url: str,
    store: Store,
    other_secret: bool = False,
    say: backups.Said = lambda _: None,
) -> Manifest:
    """Bring ``backup`` back into the empty database of ``url`` and the empty ``store``; what it held.

    Raises NotKept, with both places as they were, for a damaged or cut file, a wrong key, another secret, or a place in use.
    """
    keys, files = sealing.identities(identity), manifest.read_files(backup)
    told = backups.check(backup, but={file.name for file in files})  # opening them, below, tells more than their seals do
    if told.secret_check != manifest.secret_check() and not other_secret:
        raise NotKept(OTHER_KEY_THAN_THEN)
    must_be_empty(url)
    if not store.is_empty():
        raise NotKept("The store of STORAGE_URL holds files already. A backup is brought back into an empty one only; nothing was changed.")
    say("Opening every part with your key…")
    with (backup / manifest.DATABASE).open("rb") as sealed:
        sealing.unseal(sealed, None, keys)
    _try_to_open(backup, files, keys)
    say("Bringing the database back…")
    bring_back(backup, url=url, keys=keys)
    _compare_rows(url, told)
    say(f"Bringing {len(files)} files back…")
    for file in files:
        _put_back(backup, file, keys=keys, store=store)
    return told


def mend(backup: Path, *, identity: Path, store: Store) -> int:
    """Put back every file of ``backup`` that photos in use need and the store has lost or holds changed; how many.

    Each photo that is whole again loses its mark. Raises NotKept, with nothing put back, for a damaged piece or a wrong key.
    """
    keys = sealing.identities(identity)
    see_as("all")
    needed = set(session.execute(_NEEDED).scalars())
    lost = [file for file in manifest.read_files(backup) if file.name in needed and not _is_whole(file.name, store)]
    _try_to_open(backup, lost, keys)
    for file in lost:
        _put_back(backup, file, keys=keys, store=store)
    for photo in session.execute(_MARKED).all():
        if all(_is_whole(name, store) for name in photo.names if name):
            session.execute(_UNMARK, {"photo": photo.id})
            ledger.record("media.mended", photo.id)
    return len(lost)


_NAMES = "ARRAY['photos/' || clean_sha256, 'thumbnails/' || thumbnail_sha256, 'evidence/' || evidence_ref]"
_NEEDED = text(f"SELECT DISTINCT name FROM photos, unnest({_NAMES}) AS name WHERE name IS NOT NULL")  # noqa: S608 - fixed words
_MARKED = text(f"SELECT id, {_NAMES} AS names FROM photos WHERE 'photo_damaged' = ANY(flags)")  # noqa: S608 - fixed words
_UNMARK = text("UPDATE photos SET flags = array_remove(flags, 'photo_damaged') WHERE id = :photo")


def _is_whole(name: str, store: Store) -> bool:
    namespace, _, digest = name.partition("/")
    try:
        store.get(digest, namespace)
    except (NothingStored, StorageDamaged):
        return False
    return True


def bring_back(backup: Path, *, url: str, keys: list[sealing.Identity]) -> None:
    """The database alone: all of it in one transaction, or nothing."""
    with (backup / manifest.DATABASE).open("rb") as sealed, dumps.bring_back(url) as writer:
        sealing.unseal(sealed, writer, keys)


def count(url: str) -> dict[str, int]:
    """The rows of every table of the database of ``url``."""
    with _connected(url) as connection:
        connection.exec_driver_sql(scope_sql(("all", None)).removeprefix("; "))
        return backups.count_rows(connection)


def must_be_empty(url: str) -> None:
    """NotKept for a database that holds anything, or lacks what the tables stand on."""
    with _connected(url) as connection:
        assert_durable(connection)
        tables = connection.scalar(text(
            "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename <> 'spatial_ref_sys'"
        ))  # fmt: skip
        if tables:
            raise NotKept(
                "The database is not empty. A backup is brought back into an empty one only; nothing was changed."
            )
        if not connection.scalar(text("SELECT count(*) = 2 FROM pg_extension WHERE extname IN ('postgis', 'pg_trgm')")):
            raise NotKept("The database lacks the extensions postgis and pg_trgm; nothing was changed.")


def _connected(url: str) -> Connection:
    options = "-c statement_timeout=0"
    engine = create_engine(
        url, poolclass=NullPool, hide_parameters=True, connect_args={"options": options, "connect_timeout": 5}
    )
    return engine.connect()


def _try_to_open(backup: Path, files: list[KeptFile], keys: list[sealing.Identity]) -> None:
    """Try the key on every file before anything is written anywhere."""
    for file in files:
        _open(backup, file, None, keys)


def _open(backup: Path, file: KeptFile, into: IO[bytes] | None, keys: list[sealing.Identity]) -> None:
    """Open one file of a backup; NotKept when it is missing, or holds anything but what its name says."""
    try:
        with backups.sealed_path(backup.parent, file.name).open("rb") as sealed:
            opened = sealing.unseal(sealed, into, keys)
    except FileNotFoundError:
        raise NotKept(f"{file.name} is missing from the backup.") from None
    if opened.sha256 != file.name.partition("/")[2]:
        raise NotKept(f"{file.name} is not the file it was.")


def _compare_rows(url: str, told: Manifest) -> None:
    found = count(url)
    differ = sorted(table for table in {*found, *told.rows} if found.get(table) != told.rows.get(table))
    if differ:
        raise NotKept(f"The rows of {', '.join(differ)} are not as many as were saved. Do not use this database.")


def _put_back(backup: Path, file: KeptFile, *, keys: list[sealing.Identity], store: Store) -> None:
    with tempfile.SpooledTemporaryFile(max_size=HELD_BYTES) as opened:
        _open(backup, file, opened, keys)
        opened.seek(0)
        store.put(opened, file.name.partition("/")[0])
