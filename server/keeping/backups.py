"""A backup: the database at one moment and every file of the store, sealed to keys that are not on the server.

    FOLDER/files/<namespace>/<aa>/<sha256>.age    each file once, shared by all backups, never written again
    FOLDER/<moment>/database.age                  PostgreSQL's dump, sealed
    FOLDER/<moment>/files.tsv, manifest.json      what belongs to it, with sizes and hashes

Files are copied before the database and once more after it, so that a photo the database names is in the copy. A backup has
its final name only when it is whole and was read again.
"""

import hashlib
import shutil
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import text

from server.core import clock, storage
from server.core.database import see_as, session
from server.core.response import this_response
from server.keeping import disk, dumps, manifest, sealing
from server.keeping.errors import NotKept
from server.keeping.manifest import KeptFile, Manifest

MOMENT = "%Y-%m-%dT%H-%M-%SZ"
UNFINISHED = ".unfinished"
SCHEMAS = ("public", "vault", "pub")
NO_KEY = "BACKUP_KEYS names no key to seal to. `flask --app wsgi backup-key` makes one."
ANOTHER = "Another backup is being made in this folder. Wait until it is done."
Said = Callable[[str], None]


def make(folder: Path, *, keys: tuple[str, ...], say: Said = lambda _: None) -> Path:
    """Make a backup in ``folder`` and read it once more; where it lies. NotKept, and nothing left, when it did not end well."""
    if not keys:
        raise NotKept(NO_KEY)
    holders = sealing.recipients(keys)
    moment = clock.now()
    unfinished = folder / f"{UNFINISHED}-{moment.strftime(MOMENT)}"
    unfinished.mkdir(mode=0o700, parents=True)
    try:
        known = _known(folder)
        files = {file.name: file for file in _copy_files(folder, known, holders)}
        say(f"{len(files)} files")
        with (unfinished / manifest.DATABASE).open("wb") as out:
            rows, revision, database = dump(out, holders)
            disk.sync(out)
        say(f"{sum(rows.values())} rows in {len(rows)} tables")
        files |= {file.name: file for file in _copy_files(folder, {}, holders, but=files)}
        listed = manifest.write_files(unfinished, sorted(files.values(), key=lambda file: file.name))
        manifest.write(unfinished, Manifest(
            made_at=moment.isoformat(), response=this_response().name, revision=revision, secret_check=manifest.secret_check(), rows=rows,
            database={"bytes": database.size, "sha256": database.sha256}, files={"count": len(files), "sha256": listed},
        ))  # fmt: skip
        check(unfinished, but={name for name, file in files.items() if known.get(name) == file})  # those were read just now
        return disk.give_name(unfinished, unfinished.with_name(moment.strftime(MOMENT)))
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else makes or throws away backups in ``folder`` meanwhile; what one that was cut off left there is gone. NotKept otherwise."""
    with disk.alone(folder / ".lock", otherwise=ANOTHER):
        for left in folder.glob(f"{UNFINISHED}-*"):
            shutil.rmtree(left)
        for left in (folder / "files").glob(f"*/??/*{UNFINISHED}"):
            left.unlink()
        yield


def check(backup: Path, *, but: Container[str] = ()) -> Manifest:
    """Read every byte of a backup again, files named in ``but`` apart, and compare it with its manifest; needs no key. NotKept says what is wrong."""
    told = manifest.read(backup)
    _compare(backup / manifest.DATABASE, told.database["sha256"])
    for file in manifest.read_files(backup):
        if file.name not in but:
            _compare(sealed_path(backup.parent, file.name), file.sha256)
    return told


def all_of(folder: Path) -> list[Path]:
    """Every finished backup, oldest first."""
    return sorted(found for found in folder.glob("[0-9]*Z") if (found / manifest.MANIFEST).exists())


def prune(folder: Path, *, days: int, keep: Path | None = None) -> int:
    """Throw away backups older than ``days`` and files that no other names; how many went. The newest stays, and ``keep``, however old it seems.

    Erasing reaches into backups only this way: what was taken back is gone from all of them after ``days``.
    """
    oldest = (clock.now() - timedelta(days=days)).strftime(MOMENT)
    gone = [backup for backup in all_of(folder)[:-1] if backup.name < oldest and backup != keep]
    for backup in gone:  # first its name, so that one that is half gone is none
        shutil.rmtree(backup.rename(folder / f"{UNFINISHED}-{backup.name}"))
    _drop_unnamed(folder)
    return len(gone)


def _drop_unnamed(folder: Path) -> None:
    """Throw away the files that no backup names; none as long as what one of them names cannot be read."""
    try:
        named = {file.name for backup in all_of(folder) for file in manifest.read_files(backup)}
    except NotKept:
        return
    for path in (folder / "files").glob("*/??/*.age"):
        if f"{path.parts[-3]}/{path.stem}" not in named:
            path.unlink()


def made_at(backup: Path) -> datetime:
    """When a backup was made."""
    return datetime.fromisoformat(manifest.read(backup).made_at)


def sealed_path(folder: Path, name: str) -> Path:
    """Where the file ``namespace/sha256`` of the store lies in a folder of backups."""
    namespace, _, digest = name.partition("/")
    return folder / "files" / namespace / digest[:2] / f"{digest}.age"


def _known(folder: Path) -> dict[str, KeptFile]:
    """The files of every backup that can tell of them, as the newest does."""
    known: dict[str, KeptFile] = {}
    for backup in all_of(folder):
        with suppress(NotKept):
            known |= {file.name: file for file in manifest.read_files(backup)}
    return known


def _copy_files(folder: Path, known: dict[str, KeptFile], holders: list[sealing.Recipient], *, but: Container[str] = ()) -> Iterator[KeptFile]:
    """Every file of the store, sealed, those named in ``but`` apart; what is known and still as it was written is not written again."""
    for namespace in sorted(storage.NAMESPACES):
        for digest in storage.store().names_older_than(0, namespace):
            name = f"{namespace}/{digest}"
            path = sealed_path(folder, name)
            if name in but:
                continue
            if name in known and _hash_of(path) == known[name].sha256:
                yield known[name]
                continue
            try:
                yield _copy(name, path, holders)
            except storage.NothingStored:
                continue  # erased while we copied, as its reporter asked
            except storage.StorageDamaged:
                continue  # the nightly reading of the store tells of it; a damaged copy would only hide the loss


def _copy(name: str, path: Path, holders: list[sealing.Recipient]) -> KeptFile:
    namespace, _, digest = name.partition("/")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(UNFINISHED)
    try:
        with storage.store().open(digest, namespace) as reader, unfinished.open("wb") as out:
            hashed = _Hashed(reader)
            sealed = sealing.seal(hashed, out, holders)  # type: ignore[arg-type]
            disk.sync(out)
        if hashed.digest.hexdigest() != digest:
            raise storage.StorageDamaged(namespace)
        disk.give_name(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return KeptFile(name, sealed.size, sealed.sha256)


class _Hashed:
    """A reader that hashes what passes."""

    def __init__(self, reader: IO[bytes]) -> None:
        self._reader, self.digest = reader, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._reader.read(size)
        self.digest.update(data)
        return data


def dump(out: object, holders: list[sealing.Recipient]) -> tuple[dict[str, int], str, sealing.Sealed]:
    """Rows by table, state of the tables, and the sealed dump, all of one and the same moment."""
    session.rollback()
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    see_as("all")
    session.execute(text("SET LOCAL statement_timeout = 0"))
    session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    try:
        rows = count_rows(session)
        revision = session.scalar(text("SELECT version_num FROM alembic_version"))
        snapshot = session.scalar(text("SELECT pg_export_snapshot()"))
        with dumps.dump(str(snapshot)) as stream:
            return rows, str(revision), sealing.seal(stream, out, holders)  # type: ignore[arg-type]
    finally:
        session.rollback()


def count_rows(reader: object) -> dict[str, int]:
    """The rows of every table of ours and of the queue, seen by one who may see all."""
    run = reader.execute  # type: ignore[attr-defined]
    tables = run(text(
        "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = ANY(:schemas) AND tablename <> 'spatial_ref_sys' ORDER BY 1"
    ), {"schemas": list(SCHEMAS)}).scalars().all()  # fmt: skip
    return {table: run(text(f"SELECT count(*) FROM {table}")).scalar() for table in tables}  # noqa: S608 - names from the catalogue


def _compare(path: Path, wanted: object) -> None:
    found = _hash_of(path)
    if not found:
        raise NotKept(f"{path.name} is missing from the backup.")
    if found != wanted:
        raise NotKept(f"{path.name} is damaged: its bytes are not those that were written.")


def _hash_of(path: Path) -> str:
    """The SHA-256 (hex) of a file; "" where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
