"""Who works here and what each may do: roles, areas, sectors, second factor, closing. The last administrator stays."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select

from server.accounts import invitations, service
from server.accounts.models import Organisation, Person, PersonRole
from server.accounts.policy import Actor
from server.accounts.sessions import end_all
from server.core import ledger
from server.core.database import session
from server.core.problems import Problem
from server.vocabulary import Role, Sector


def everybody() -> list[Person]:
    """All people, those who may sign in first, by alias."""
    return list(session.scalars(select(Person).order_by(Person.active.desc(), Person.alias, Person.id)))


def organisations() -> list[Organisation]:
    """All organisations by name."""
    return list(session.scalars(select(Organisation).order_by(Organisation.name)))


def find(person_id: UUID) -> Person:
    """Somebody by number; Problem ``not_found``."""
    person = session.get(Person, person_id)
    if person is None:
        raise Problem("not_found")
    return person


def set_roles(person: Person, roles: Iterable[Role], *, actor: Actor) -> None:
    """Give somebody exactly these roles, from their next request on. Problem ``last_administrator``."""
    chosen = {role.value for role in roles}
    if Role.ADMIN.value not in chosen:
        keep_an_administrator(person)
    service.ensure_roles()
    person.roles = list(session.scalars(select(PersonRole).where(PersonRole.name.in_(chosen))))
    session.flush()
    ledger.record("person.roles_changed", person.id, actor_id=actor.person_id, roles=sorted(chosen))


def set_limits(person: Person, *, areas: Iterable[str], sectors: Iterable[Sector], actor: Actor) -> None:
    """Say in which areas (P-codes) and sectors somebody works; none means all."""
    person.areas = sorted({area.strip().upper()[:32] for area in areas if area.strip()})
    person.sectors = sorted({sector.value for sector in sectors})
    session.flush()
    details = {"areas": person.areas, "sectors": person.sectors}
    ledger.record("person.limits_changed", person.id, actor_id=actor.person_id, **details)


def close(person: Person, *, actor: Actor) -> None:
    """End an account: signed out everywhere at once, never again in, and whom they invited is invited no more. Problem ``last_administrator``."""
    keep_an_administrator(person)
    service.close_account(person, actor=actor)
    for invited in invitations.waiting():
        if invited.invited_by == person.id:
            invitations.revoke(invited.id, actor=actor)


def reopen(person: Person, *, actor: Actor) -> None:
    """Let somebody whose account was closed sign in again."""
    person.active = True
    ledger.record("person.reopened", person.id, actor_id=actor.person_id)


def reset_second_factor(person: Person, *, actor: Actor) -> None:
    """Forget somebody's authenticator and recovery codes: for who lost the phone, after somebody who knows them was asked."""
    person.tf_primary_method = person.tf_totp_secret = person.mf_recovery_codes = person.tf_last_counter = None
    end_all(person)
    ledger.record("person.second_factor_reset", person.id, actor_id=actor.person_id)


def administrators() -> int:
    """How many active people are administrators."""
    holders = select(func.count()).select_from(Person).join(Person.roles)
    return session.scalar(holders.where(Person.active, PersonRole.name == Role.ADMIN.value)) or 0


def keep_an_administrator(person: Person) -> None:
    """Problem ``last_administrator`` when nobody could administer without this person. Two who leave at once wait for each other."""
    session.scalars(select(PersonRole).where(PersonRole.name == Role.ADMIN.value).with_for_update()).all()
    is_one = person.active and Role.ADMIN.value in {role.name for role in person.roles}
    if is_one and administrators() <= 1:
        raise Problem("last_administrator")
