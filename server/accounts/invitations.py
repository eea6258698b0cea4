"""Invitations: a link, good once and for a week, with which somebody makes their own account and password."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select

from server.accounts.models import Invitation, Organisation, Person
from server.accounts.policy import Actor
from server.accounts.service import add_person, ensure_roles, refuse_taken
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.vocabulary import Role

GOOD_FOR = timedelta(days=7)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 256


def invite(
    email: str, *, alias: str, roles: Iterable[Role], organisation: Organisation | None = None, actor: Actor
) -> str:
    """Invite somebody: the code of their link ``/invitation/<code>``, shown this once.

    Problem ``invalid_input`` for an address that has an account, for no address, for no role, and for a name that somebody has.
    """
    address, chosen = email.strip().lower(), set(roles)
    if "@" not in address[1:-1] or len(address) > 255:
        raise refused("email", _("This is not a valid e-mail address."))
    if not chosen:
        raise refused("roles", _("Choose at least one role."))
    if session.scalar(select(Person.id).where(Person.email == address)):
        raise refused("email", _("Somebody with this address has an account already."))
    name = alias.strip()[:64] or address.partition("@")[0][:64]
    refuse_taken(name)
    code = secrets.token_urlsafe(24)
    made = Invitation(
        code_hash=_hash(code), email=address, alias=name,
        roles=sorted(role.value for role in chosen), organisation_id=organisation.id if organisation else None,
        invited_by=actor.person_id, expires_at=now() + GOOD_FOR,
    )  # fmt: skip
    session.add(made)
    session.flush()
    ledger.record("person.invited", made.id, actor_id=actor.person_id, roles=made.roles)
    return code


def find(code: str) -> Invitation:
    """The invitation of a code; Problem ``invitation_unknown`` for one that was used, taken back, has ended or never was."""
    found = session.scalar(select(Invitation).where(Invitation.code_hash == _hash(code)).with_for_update())
    if found is None or found.used_at or found.revoked_at or found.expires_at < now():
        raise Problem("invitation_unknown")
    return found


def accept(code: str, *, password: str, alias: str = "") -> Person:
    """Make the account somebody was invited to, with the password they chose (12 to 256 characters; Problem ``invalid_input``)."""
    found = find(code)
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise refused("password", _("The password needs at least %(length)s characters.", length=SHORTEST_PASSWORD))
    ensure_roles()
    person = add_person(
        found.email, alias=alias.strip()[:64] or found.alias, password=password, roles={Role(role) for role in found.roles},
        organisation=session.get(Organisation, found.organisation_id) if found.organisation_id else None,
        actor=Actor(person_id=found.invited_by),
    )  # fmt: skip
    found.used_at = now()
    return person


def waiting() -> list[Invitation]:
    """Invitations that can still be used, newest first."""
    usable = (Invitation.used_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > now())
    return list(session.scalars(select(Invitation).where(*usable).order_by(Invitation.invited_at.desc())))


def revoke(invitation_id: UUID, *, actor: Actor) -> None:
    """Take an invitation back; Problem ``not_found`` for one that is not waiting."""
    found = session.get(Invitation, invitation_id)
    if found is None or found.used_at or found.revoked_at:
        raise Problem("not_found")
    found.revoked_at = now()
    ledger.record("person.uninvited", found.id, actor_id=actor.person_id)


def refused(field: str, message: str) -> Problem:
    """Problem ``invalid_input`` that names one field of a form and says why."""
    return Problem("invalid_input", errors=[{"field": field, "code": "invalid", "message": message}])


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
