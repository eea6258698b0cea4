"""The restore drill: a backup that was never brought back is a hope. This brings one back each week, and says how it went.

The keys of real backups are not on the server, so the drill makes a backup of its own under a key that lives for its length,
brings it into a scratch database, and compares every table; the newest real backup is read again byte by byte.
"""

import secrets
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from server.core.settings import settings
from server.keeping import backups, manifest, restoring, sealing
from server.keeping.errors import NotKept

MARK = "tessera_drill"  # an empty schema in the named scratch database, as long as a drill uses it
ANOTHER = "Another drill is under way. Wait until it is done."
NO_PLACE = (
    "There is no place for the drill: DRILL_DATABASE_URL is not set, and the database role may not create a database "
    "from template_tessera."
)


def rehearse() -> dict[str, int]:
    """Dump, seal, open, bring back, compare; figures of what was compared. NotKept says what did not hold."""
    secret, public = sealing.new_identity()
    with tempfile.TemporaryDirectory(prefix="tessera-drill-") as folder, _scratch() as url:
        with (Path(folder) / manifest.DATABASE).open("wb") as out:
            rows, _revision, database = backups.dump(out, sealing.recipients([public]))
        key = Path(folder) / "key"
        key.write_text(secret, encoding="ascii")
        restoring.bring_back(Path(folder), url=url, keys=sealing.identities(key))
        found = restoring.count(url)
        differ = sorted(table for table in {*rows, *found} if rows.get(table) != found.get(table))
    if differ:
        raise NotKept(f"After the drill the rows of {', '.join(differ)} were not as many as before.")
    return {"tables": len(rows), "rows": sum(rows.values()), "bytes": database.size, **_newest()}


def _newest() -> dict[str, int]:
    """The newest real backup, read again."""
    made = backups.all_of(Path(settings().backup_folder)) if settings().backup_folder else []
    return {"files": int(backups.check(made[-1]).files["count"])} if made else {}


@contextmanager
def _scratch() -> Iterator[str]:
    """An empty database that is gone afterwards: one of our own making where the role may, else the one that was named."""
    named = settings().drill_database_url
    with _outside(settings().database_url) as admin:
        if not admin.scalar(text("SELECT pg_try_advisory_lock(727213)")):
            raise NotKept(ANOTHER)
        with _named(named) if named else _made(admin) as url:
            yield url


@contextmanager
def _made(admin: Connection) -> Iterator[str]:
    """A database beside ours, made and dropped, with those of drills that were cut off."""
    own = make_url(settings().database_url)
    ours = f"tessera_drill_{zlib.crc32(str(own.database).encode()):08x}_"  # of this response, in a cluster that may serve several
    for left in admin.scalars(text("SELECT datname FROM pg_database WHERE starts_with(datname, :ours)"), {"ours": ours}).all():
        _drop(admin, left)
    name = f"{ours}{secrets.token_hex(4)}"
    try:
        admin.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template_tessera'))
    except DBAPIError:
        raise NotKept(NO_PLACE) from None
    try:
        yield own.set(database=name).render_as_string(hide_password=False)
    finally:
        _drop(admin, name)


@contextmanager
def _named(url: str) -> Iterator[str]:
    """The database that was named, marked as a drill's and empty again afterwards. NotKept when it holds anything without that mark."""
    with _outside(url) as connection:
        if connection.scalar(text("SELECT to_regnamespace(:mark) IS NOT NULL"), {"mark": MARK}):
            _empty(url)  # of a drill that was cut off
        restoring.must_be_empty(url)
        connection.execute(text(f"CREATE SCHEMA {MARK}"))
    try:
        yield url
    finally:
        _empty(url)


@contextmanager
def _outside(url: str) -> Iterator[Connection]:
    """A connection outside any transaction, closed for good afterwards."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        yield connection


def _drop(admin: Connection, name: str) -> None:
    admin.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def _empty(url: str) -> None:
    """Throw away what the drill brought into a named scratch database."""
    with _outside(url) as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS pub, vault CASCADE"))
        connection.execute(text(f"DROP SCHEMA IF EXISTS {MARK}"))
        connection.execute(text("DROP OWNED BY CURRENT_USER CASCADE"))
