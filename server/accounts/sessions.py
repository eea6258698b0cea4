"""Sessions kept on the server: the cookie holds a random key, the table its hash. Deleting a row signs out at once.

Strangers get no session and no cookie. Nothing about a machine is kept. One query per request yields both session and actor.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from flask import Flask, Request, Response, g
from flask.sessions import SecureCookieSession, SessionInterface
from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import String

from server.accounts.models import Person, PersonRole, SignIn, person_roles
from server.accounts.policy import ANONYMOUS, Actor
from server.core.clock import now
from server.core.database import session as database
from server.core.settings import settings
from server.vocabulary import Role

COOKIE = "tessera"
IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)
TOUCH = timedelta(minutes=5)

_ROLES = (
    select(func.array_agg(PersonRole.name, type_=ARRAY(String)))
    .join(person_roles, person_roles.c.role_id == PersonRole.id)
    .where(person_roles.c.person_id == Person.id)
    .scalar_subquery()
)
_FOUND = select(
    SignIn.contents, SignIn.begun_at, SignIn.used_at, Person.id, Person.alias, Person.organisation_id, Person.active,
    Person.fs_uniquifier, Person.areas, Person.sectors, _ROLES.label("roles"),
).outerjoin(Person, Person.id == SignIn.person_id)  # fmt: skip


class ServerSession(SecureCookieSession):
    """The session of one request: a dict that knows its key."""

    key: str = ""
    used_at: datetime | None = None
    came_as: str | None = None


class DatabaseSessions(SessionInterface):
    """Opens the session of a request. It is kept by ``_keep`` before the request settles, so both are kept or neither."""

    def open_session(self, app: Flask, request: Request) -> ServerSession:
        """The session the cookie names, or an empty one."""
        g.actor = ANONYMOUS
        key = request.cookies.get(COOKIE, "")
        if not 32 <= len(key) <= 64:
            return ServerSession()
        row = database.execute(_FOUND.where(SignIn.key_hash == hash_key(key))).one_or_none()
        if row is None or not _is_alive(row):
            return ServerSession()
        opened = ServerSession(row.contents)
        opened.key, opened.used_at, opened.modified = key, row.used_at, False
        opened.came_as = row.contents.get("_user_id")
        if row.active and row.contents.get("_user_id") == row.fs_uniquifier:
            g.actor = actor_of(row)
        return opened

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Nothing is left to do: ``_keep`` ran before the request was settled."""


def _is_alive(row: Any) -> bool:
    return now() - row.used_at < IDLE and now() - row.begun_at < LONGEST


def actor_of(row: Any) -> Actor:
    """The actor of a person's row (id, organisation_id, alias, roles as names, areas, sectors)."""
    return Actor(
        person_id=row.id, organisation_id=row.organisation_id, roles=frozenset(Role(name) for name in row.roles or ()),
        alias=row.alias, areas=frozenset(row.areas), sectors=frozenset(row.sectors),
    )  # fmt: skip


def hash_key(key: str) -> bytes:
    """What is stored of a session key."""
    return hashlib.sha256(key.encode()).digest()


def init_app(app: Flask) -> None:
    """Install the sessions. Must come after the database, so that a session is written before the request settles."""
    app.session_interface = DatabaseSessions()
    app.after_request(_keep)


def _keep(response: Response) -> Response:
    from flask import session

    opened = session._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001
    if not isinstance(opened, ServerSession):
        return response
    if opened.modified:
        _store(opened, response)
    elif opened.key and opened.used_at and now() - opened.used_at > TOUCH and not g.get("by_itself"):
        database.execute(update(SignIn).where(SignIn.key_hash == hash_key(opened.key)).values(used_at=now()))
    return response


def _store(session: ServerSession, response: Response) -> None:
    """Write a changed session. Who signs in gets a new key: a key planted before is worth nothing after.

    Otherwise the key stays: a request that is refused after all is rolled back, and the browser would hold a key that never was.
    """
    person_id = database.scalar(select(Person.id).where(Person.fs_uniquifier == session.get("_user_id", "")))
    if session.key and session and session.get("_user_id") == session.came_as:
        changed = update(SignIn).where(SignIn.key_hash == hash_key(session.key))
        database.execute(changed.values(contents=dict(session), used_at=now()))
        return
    if session.key:
        database.execute(delete(SignIn).where(SignIn.key_hash == hash_key(session.key)))
    if not session or (person_id is None and not _is_needed(session)):
        if session.key:
            response.delete_cookie(COOKIE)
        return
    key = secrets.token_urlsafe(32)
    database.execute(
        insert(SignIn).values(key_hash=hash_key(key), person_id=person_id, contents=dict(session), used_at=now())
    )
    response.set_cookie(
        COOKIE,
        key,
        max_age=int(LONGEST.total_seconds()),
        httponly=True,
        secure=settings().secure_cookies,
        samesite="Lax",
        path="/",
    )


def _is_needed(session: ServerSession) -> bool:
    """Whether a session without a person holds something that matters: the second step of signing in does."""
    return any(name.startswith("tf_") for name in session)


def begin(person: Person) -> str:
    """A new session of ``person``; returns the key for the cookie. For sign-in by other doors and for tests."""
    key = secrets.token_urlsafe(32)
    contents = {"_user_id": person.fs_uniquifier, "_fresh": True, "fs_cc": "set", "fs_paa": now().timestamp()}
    database.add(SignIn(key_hash=hash_key(key), person_id=person.id, contents=contents, used_at=now()))
    database.flush()
    return key


def of(person_id: UUID) -> list[SignIn]:
    """A person's sessions that are alive, last used first."""
    alive = (SignIn.person_id == person_id, SignIn.used_at > now() - IDLE, SignIn.begun_at > now() - LONGEST)
    return list(database.scalars(select(SignIn).where(*alive).order_by(SignIn.used_at.desc())))


def end(person_id: UUID, key_hash: bytes) -> None:
    """End one session of a person; another person's is not touched."""
    database.execute(delete(SignIn).where(SignIn.person_id == person_id, SignIn.key_hash == key_hash))


def end_others(person_id: UUID, key_hash: bytes) -> None:
    """End all sessions of a person but the one with this hash."""
    database.execute(delete(SignIn).where(SignIn.person_id == person_id, SignIn.key_hash != key_hash))


def end_everybody(*, but: UUID | None) -> None:
    """Sign everybody out but one person (None: everybody), who declares the response live or closes it."""
    database.execute(delete(SignIn).where(SignIn.person_id.is_distinct_from(but)))


def end_all(person: Person) -> None:
    """Sign a person out everywhere."""
    database.execute(delete(SignIn).where(SignIn.person_id == person.id))


def sweep() -> int:
    """Delete sessions that have ended; returns how many."""
    ended = delete(SignIn).where((SignIn.used_at < now() - IDLE) | (SignIn.begun_at < now() - LONGEST))
    return cast("CursorResult[Any]", database.execute(ended)).rowcount
