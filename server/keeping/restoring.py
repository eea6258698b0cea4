"""Bringing a backup back, into an empty place only: everything is opened and compared before the first row is written."""

import hashlib
import io
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, text

from server.core import ledger
from server.core.database import assert_durable, scope_sql, see_as, session
from server.core.storage import NothingStored, StorageDamaged, Store
from server.keeping import backups, dumps, manifest, sealing
from server.keeping.errors import NotKept
from server.keeping.manifest import KeptFile, Manifest

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
    keys = sealing.identities(identity)
    told = backups.check(backup)
    if told.secret_check != manifest.secret_check() and not other_secret:
        raise NotKept(OTHER_KEY_THAN_THEN)
    must_be_empty(url)
    if not store.is_empty():
        raise NotKept("The store of STORAGE_URL holds files already. A backup is brought back into an empty one only; nothing was changed.")
    say("Every byte is as it was written. Opening it with your key…")
    files = manifest.read_files(backup)
    _open_everything(backup, files, keys)
    say("Bringing the database back…")
    bring_back(backup, url=url, keys=keys)
    _compare_rows(url, told)
    say(f"Bringing {len(files)} files back…")
    for file in files:
        _put_back(backup, file, keys=keys, store=store)
    return told


def mend(backup: Path, *, identity: Path, store: Store) -> int:
    """Put back every file of ``backup`` that photos in use need and the store has lost or holds changed; how many.

    Each photo that is whole again loses its mark. Raises NotKept, with nothing put back, for a damaged backup or a wrong key.
    """
    keys = sealing.identities(identity)
    backups.check(backup)
    see_as("all")
    needed = set(session.execute(_NEEDED).scalars())
    lost = [file for file in manifest.read_files(backup) if file.name in needed and not _is_whole(file.name, store)]
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


def _open_everything(backup: Path, files: list[KeptFile], keys: list[sealing.Identity]) -> None:
    """Try the key on every part before anything is written anywhere."""
    with (backup / manifest.DATABASE).open("rb") as sealed:
        sealing.unseal(sealed, None, keys)
    for file in files:
        with backups.sealed_path(backup.parent, file.name).open("rb") as sealed:
            if sealing.unseal(sealed, None, keys).sha256 != file.name.partition("/")[2]:
                raise NotKept(f"{file.name} is not the file it was.")


def _compare_rows(url: str, told: Manifest) -> None:
    found = count(url)
    differ = sorted(table for table in {*found, *told.rows} if found.get(table) != told.rows.get(table))
    if differ:
        raise NotKept(f"The rows of {', '.join(differ)} are not as many as were saved. Do not use this database.")


def _put_back(backup: Path, file: KeptFile, *, keys: list[sealing.Identity], store: Store) -> None:
    namespace, _, digest = file.name.partition("/")
    opened = io.BytesIO()
    with backups.sealed_path(backup.parent, file.name).open("rb") as sealed:
        sealing.unseal(sealed, opened, keys)
    if hashlib.sha256(opened.getvalue()).hexdigest() != digest:
        raise NotKept(f"{file.name} is not the file it was.")
    opened.seek(0)
    store.put(opened, namespace)
