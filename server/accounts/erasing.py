"""Erasing somebody who had an account: nothing that names them stays, and the ledger keeps only a number."""

from collections.abc import Callable

from sqlalchemy import Text, cast, delete, func, or_, select

from server.accounts.models import Invitation, Person, SignIn
from server.accounts.policy import Actor
from server.accounts.sessions import end_all
from server.core import ledger
from server.core.database import session
from server.core.erasure import ErasureProof, prove


def erase_person(person: Person, *, actor: Actor, elsewhere: Callable[[], int] = lambda: 0) -> ErasureProof:
    """Sign somebody out for good and erase address, alias, password, second factor, roles; returns the proof.

    ``elsewhere`` counts what other rooms, which erase theirs before, still hold.
    """
    address, alias = person.email, person.alias
    end_all(person)
    person.email, person.alias = f"{person.id.hex}@erased.invalid", "–"
    person.password, person.active, person.language = None, False, "en"
    person.tf_primary_method = person.tf_totp_secret = person.mf_recovery_codes = None
    person.tf_last_counter, person.areas, person.sectors = None, [], []
    person.organisation, person.fs_uniquifier = None, person.id.hex
    person.roles.clear()
    session.flush()
    session.execute(delete(SignIn).where(SignIn.person_id == person.id))
    session.execute(delete(Invitation).where(Invitation.email == address))
    ledger.record("person.erased", person.id, actor_id=actor.person_id)
    return prove("person", erased=1, left=lambda: _left(person, address, alias) + elsewhere(), subject=person.id)


def _left(person: Person, address: str, alias: str) -> int:
    """How many rows of accounts and sessions still hold the address, or the alias under the old number."""
    named = select(func.count()).select_from(Person).where(
        or_(Person.email == address, (Person.id == person.id) & (Person.alias == alias))
    )  # fmt: skip
    remembered = select(func.count()).select_from(SignIn).where(cast(SignIn.contents, Text).contains(address))
    invited = select(func.count()).select_from(Invitation).where(Invitation.email == address)
    return sum(session.scalar(counted) or 0 for counted in (named, remembered, invited))
