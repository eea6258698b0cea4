"""Who is asking, and the verbs on accounts: invite, rename, close; keys for programs."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from unicodedata import normalize
from uuid import UUID

from flask import g, request
from flask_security.utils import hash_password
from sqlalchemy import select, text

from server.accounts.models import ApiKey, Organisation, Person, PersonRole
from server.accounts.policy import ANONYMOUS, Actor, may
from server.accounts.sessions import end_all
from server.core import ledger
from server.core.choices import N_
from server.core.clock import now
from server.core.database import session
from server.core.i18n import neutral, words
from server.core.problems import Problem
from server.vocabulary import OrganisationType, Role

KEY_DAYS = 365
TAKEN = N_("Somebody here has this name already. Choose another.")


def current_actor() -> Actor:
    """Who makes this request: a person signed in, a program with a key, or nobody known."""
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer ") and "key_actor" not in g:
        g.key_actor = _actor_of_key(header.removeprefix("Bearer ").strip())
    return g.get("key_actor") or g.get("actor", ANONYMOUS)


def _actor_of_key(word: str) -> Actor:
    """The actor of an API key, or Problem ``sign_in_needed``: a key that is wrong is never taken for no key."""
    prefix, _, secret = word.partition(".")
    key = session.scalar(select(ApiKey).where(ApiKey.prefix == prefix[:16]))
    if (
        key is None
        or not hmac.compare_digest(key.key_hash, _key_hash(secret))
        or key.revoked_at
        or (key.expires_at and key.expires_at < now())
    ):
        raise Problem("sign_in_needed")
    return Actor(organisation_id=key.organisation_id, roles=frozenset({Role.FIELD}), alias=key.name)


def _key_hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def must(action: str) -> Actor:
    """The present actor, if they may do ``action``; else Problem ``sign_in_needed`` or ``not_allowed``."""
    actor = current_actor()
    if not may(actor, action):
        raise Problem("not_allowed" if actor.is_known else "sign_in_needed")
    return actor


def requires(action: str, *, by_itself: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a view with the action it needs; the access matrix in the tests reads the mark (``view.needs``).

    What an open page asks ``by_itself``, with nobody's hand on it, does not keep a session alive.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            must(action)
            g.by_itself = by_itself
            return view(*args, **kwargs)

        guarded.needs = action  # type: ignore[attr-defined]
        return guarded

    return decorate


def ensure_roles() -> None:
    """Have a row for every role of the vocabulary."""
    known = set(session.scalars(select(PersonRole.name)))
    session.add_all(PersonRole(name=role.value) for role in Role if role.value not in known)
    session.flush()


def ensure_organisation(
    name: str, *, acronym: str = "", kind: OrganisationType = OrganisationType.INTL_NGO
) -> Organisation:
    """The organisation of that name, made when it is not there."""
    found = session.scalar(select(Organisation).where(Organisation.name == name))
    if found is None:
        found = Organisation(name=name, acronym=acronym, kind=kind)
        session.add(found)
        session.flush()
    return found


def add_person(
    email: str,
    *,
    alias: str,
    password: str,
    roles: set[Role],
    organisation: Organisation | None = None,
    actor: Actor = ANONYMOUS,
) -> Person:
    """A new person who may sign in. The address is stored in lower case; Problem ``invalid_input`` when it, or the name, is taken."""
    address = email.strip().lower()
    if session.scalar(select(Person.id).where(Person.email == address)):
        raise Problem("invalid_input", errors=[{"field": "email", "code": "taken", "message": address}])
    session.execute(text("SELECT pg_advisory_xact_lock(727222)"))
    refuse_taken(alias)
    rows = list(session.scalars(select(PersonRole).where(PersonRole.name.in_([role.value for role in roles]))))
    person = Person(
        email=address, alias=_plain(alias), password=hash_password(password), active=True, roles=rows, organisation=organisation
    )
    session.add(person)
    session.flush()
    ledger.record("person.added", person.id, actor_id=actor.person_id, roles=sorted(role.value for role in roles))
    return person


def refuse_taken(alias: str) -> None:
    """Problem ``invalid_input`` for a name that somebody has or had here: nobody could tell afterwards which of the two did what."""
    if handle(_plain(alias)) in {handle(other) for other in session.scalars(select(Person.alias))}:
        raise Problem("invalid_input", errors=[{"field": "alias", "code": "taken", "message": words(TAKEN)}])


def handle(alias: str) -> str:
    """A name as it is written after @, and as two are compared."""
    return "".join(normalize("NFKC", alias).split()).casefold()


def _plain(alias: str) -> str:
    """A name that can pass for no other: without controls, of which some turn or hide the letters around them."""
    return "".join(letter for letter in " ".join(neutral(alias).split()) if letter >= " " and letter != "\x7f")


def actor_of(email: str) -> Actor:
    """The actor of somebody with an account, for the operator's commands; Problem ``not_found`` for nobody's address."""
    person = session.scalar(select(Person).where(Person.email == email.strip().lower(), Person.active))
    if person is None:
        raise Problem("not_found")
    roles = frozenset(Role(role.name) for role in person.roles)
    return Actor(
        person_id=person.id, organisation_id=person.organisation_id, roles=roles, alias=person.alias, areas=frozenset(person.areas),
        sectors=frozenset(person.sectors),
    )  # fmt: skip


def close_account(person: Person, *, actor: Actor) -> None:
    """End an account: signed out everywhere at once, and never again in."""
    person.active = False
    end_all(person)
    ledger.record("person.closed", person.id, actor_id=actor.person_id)


def add_key(organisation_id: UUID, name: str, *, actor: Actor) -> str:
    """A new API key of an organisation, shown this once: ``prefix.secret``."""
    prefix, secret = f"tsr_{secrets.token_hex(5)}", secrets.token_urlsafe(32)
    key = ApiKey(
        organisation_id=organisation_id, name=name, prefix=prefix, key_hash=_key_hash(secret), created_by=actor.person_id,
        expires_at=now() + timedelta(days=KEY_DAYS),
    )  # fmt: skip
    session.add(key)
    session.flush()
    ledger.record("key.added", key.id, actor_id=actor.person_id)
    return f"{prefix}.{secret}"


def revoke_key(prefix: str, *, actor: Actor) -> None:
    """Take a key back; it works no more from this moment."""
    key = session.scalar(select(ApiKey).where(ApiKey.prefix == prefix))
    if key is None:
        raise Problem("not_found")
    key.revoked_at = now()
    ledger.record("key.revoked", key.id, actor_id=actor.person_id)
