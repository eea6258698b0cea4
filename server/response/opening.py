"""Letting the first administrator in: a code from the server's own console, good once, for an hour, and only while there is nobody."""

import hashlib
import secrets
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, select

from server.accounts import invitations
from server.accounts.models import Person, PersonRole
from server.accounts.service import add_person, ensure_roles
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.core.response import ITSELF
from server.response.models import OpeningCode
from server.vocabulary import Role

GOOD_FOR = timedelta(hours=1)
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that looks like another: it is read off a console
_GROUPS, _GROUP = 5, 4  # 20 letters of 31, about 99 bits


def has_administrator() -> bool:
    """Whether somebody may administer this installation."""
    holders = select(Person.id).join(Person.roles).where(Person.active, PersonRole.name == Role.ADMIN.value)
    return session.scalar(holders.limit(1)) is not None


def make_code() -> str:
    """A new code, shown this once; older ones are void. Problem ``already_done`` when there is an administrator."""
    if has_administrator():
        raise Problem("already_done")
    code = "-".join("".join(secrets.choice(_LETTERS) for _letter in range(_GROUP)) for _group in range(_GROUPS))
    session.execute(delete(OpeningCode))
    session.add(OpeningCode(code_hash=_hash(code), ends_at=now() + GOOD_FOR))
    session.flush()
    return code


def open_with(code: str, *, email: str, alias: str, password: str) -> Person:
    """Make the first administrator. Problem ``opening_code_wrong``, ``already_done`` or ``invalid_input``; the code is used up."""
    found = session.scalar(select(OpeningCode).where(OpeningCode.code_hash == _hash(code)).with_for_update())
    if found is None or found.ends_at < now():
        raise Problem("opening_code_wrong")
    if has_administrator():
        raise Problem("already_done")
    _check(email.strip(), password)
    ensure_roles()
    session.delete(found)
    name = alias.strip()[:64] or email.strip().partition("@")[0][:64]
    person = add_person(email, alias=name, password=password, roles={Role.ADMIN})
    ledger.record("response.opened", ITSELF, actor_id=person.id)
    return person


def _check(email: str, password: str) -> None:
    if "@" not in email[1:-1] or len(email) > 255:
        raise invitations.refused("email", _("This is not a valid e-mail address."))
    if not invitations.SHORTEST_PASSWORD <= len(password) <= invitations.LONGEST_PASSWORD:
        message = _("The password needs at least %(length)s characters.", length=invitations.SHORTEST_PASSWORD)
        raise invitations.refused("password", message)


def _hash(code: str) -> bytes:
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(f"tessera opening:{plain}".encode()).digest()
