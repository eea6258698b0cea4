"""The database session, and the one place where work is kept or dropped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import get_ident
from typing import Any, Literal
from uuid import UUID

from flask import Flask, Response, g, has_app_context
from flask.globals import app_ctx
from psycopg import OperationalError as PsycopgOperationalError
from psycopg.errors import IdleInTransactionSessionTimeout
from sqlalchemy import Connection, DateTime, Engine, MetaData, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, scoped_session, sessionmaker

from server.core.settings import Settings, settings

# Data that must survive a power cut is only as safe as these; a server that says otherwise is refused at start.
DURABLE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": ("on", "remote_apply", "remote_write"),
    "data_checksums": "on",
}


Scope = Literal["all", "own", "none"]


class Base(DeclarativeBase):
    """Every table of the house. Constraints are named by convention so that migrations can name them too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True)}


def _scope() -> int:
    """One session per application context (a request, a command), else per thread."""
    return id(app_ctx._get_current_object()) if has_app_context() else get_ident()  # type: ignore[attr-defined]


class OwnSession(Session):
    """The application's session. ``elsewhere`` may name another server to read from at this moment: ``core/replica.py`` says when."""

    elsewhere: Callable[[], Engine | None] = staticmethod(lambda: None)

    def get_bind(self, *asked: Any, **named: Any) -> Engine | Connection:
        """The server to ask: that other one, or the one the session is bound to."""
        return self.elsewhere() or super().get_bind(*asked, **named)


class PublicSession(OwnSession):
    """The session of the public side."""


session = scoped_session(sessionmaker(class_=OwnSession), scopefunc=_scope)
public_session = scoped_session(sessionmaker(class_=PublicSession), scopefunc=_scope)


def init_app(app: Flask, chosen: Settings) -> None:
    """Bind both sessions and settle every request in one place."""
    bind(chosen)
    app.after_request(_settle)
    app.teardown_appcontext(_forget)


def bind(chosen: Settings) -> None:
    """Bind the application's session and the public one, which reads schema ``pub`` and nothing else."""
    session.configure(bind=make_engine(chosen.database_url, pool_size=20))
    public_url = chosen.public_database_url or chosen.database_url
    public_session.configure(bind=make_engine(public_url, pool_size=10, read_only=True))


def make_engine(url: str, *, pool_size: int, read_only: bool = False, patience_s: int = 5) -> Engine:
    """An engine that never logs bound values and never lets a statement hang a worker; ``patience_s`` is for connecting."""
    options = "-c statement_timeout=10000 -c idle_in_transaction_session_timeout=15000 -c lock_timeout=8000"
    if read_only:
        options += " -c default_transaction_read_only=on"
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=False,
        pool_size=pool_size,
        max_overflow=20,
        pool_timeout=10,
        connect_args={"options": options, "connect_timeout": patience_s, "autocommit": True},
    )
    event.listen(engine, "begin", _begin_anonymously if read_only else _begin)
    return engine


def _begin(connection: Connection) -> None:
    """Begin a transaction and say who looks, in one trip (the driver's own BEGIN would take a trip of its own)."""
    _say(connection, "BEGIN" + scope_sql(session().info.get("scope")))


def _begin_anonymously(connection: Connection) -> None:
    _say(connection, "BEGIN")


def _say(connection: Connection, statement: str) -> None:
    """Run a statement of fixed words. When the server has gone, every connection that waits in the pool is let go with this one."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
    except (PsycopgOperationalError, IdleInTransactionSessionTimeout) as gone:
        connection.invalidate(gone)
        connection.engine.dispose()
        raise OperationalError("BEGIN", None, gone, hide_parameters=True, connection_invalidated=True) from None
    finally:
        cursor.close()


def _settle(response: Response) -> Response:
    """Keep the work of a request that succeeded (or was asked to be kept); drop all of one that did not."""
    if response.status_code < 400 or g.get("keep_work", False):
        session.commit()
    else:
        session.rollback()
    return response


def _forget(_exception: BaseException | None) -> None:
    session.remove()
    public_session.remove()


@contextmanager
def settled() -> Iterator[None]:
    """Keep or drop the work of a job or a command, as ``_settle`` does for a request."""
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.remove()


def see_as(scope: Scope, *, organisation: UUID | None = None) -> None:
    """Tell row-level security who looks: ``all``, ``own`` (with an organisation) or ``none``, until the work is settled."""
    session.info["scope"] = (scope, organisation)
    if session().in_transaction():
        session.connection().exec_driver_sql(scope_sql((scope, organisation)).removeprefix("; "))


def scope_sql(said: tuple[Scope, UUID | None] | None) -> str:
    """The statement that tells; made of fixed words and a UUID, nothing else."""
    if said is None:
        return ""
    scope, organisation = said
    return (
        f"; SELECT set_config('tessera.scope', '{scope}', true), "
        f"set_config('tessera.organisation', '{organisation or ''}', true)"
    )


@event.listens_for(Session, "after_begin")
def _remember_who_looks(opened: Session, _transaction: Any, connection: Connection) -> None:
    """A savepoint or a borrowed connection (in tests) does not pass through ``_begin``: say it again."""
    said = opened.info.get("scope")
    if said and connection.info.get("borrowed"):
        connection.exec_driver_sql(scope_sql(said).removeprefix("; "))


def assert_durable(connection: Connection) -> None:
    """Refuse to start on a server that could lose an acknowledged report."""
    for name, wanted in DURABLE.items():
        found = connection.scalar(text("SELECT current_setting(:name)"), {"name": name})
        if found not in (wanted if isinstance(wanted, tuple) else (wanted,)):
            raise SystemExit(
                f"PostgreSQL runs with {name}={found}. Tessera needs {name}=on, or acknowledged reports could be lost."
            )


def raw_url() -> str:
    """The application's database address as libpq writes it (for COPY, Procrastinate and Alembic)."""
    return settings().database_url.replace("postgresql+psycopg://", "postgresql://", 1)
