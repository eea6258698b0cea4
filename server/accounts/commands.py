"""``flask users`` and ``flask keys``: people and keys from the command line of the operator."""

import secrets
from uuid import UUID

import click
from flask import Flask
from flask.cli import AppGroup
from flask_security.utils import hash_password
from sqlalchemy import select

from server.accounts import people, service
from server.accounts.models import ApiKey, Organisation, Person
from server.accounts.policy import SYSTEM
from server.accounts.sessions import end_all
from server.core.database import session, settled
from server.core.problems import Problem
from server.vocabulary import OrganisationType, Role

users = AppGroup("users", help="People who may sign in.")
keys = AppGroup("keys", help="Keys with which an organisation's programs send reports.")

ROLE = click.Choice([role.value for role in Role], case_sensitive=False)
KIND = click.Choice([kind.value for kind in OrganisationType], case_sensitive=False)


def init_app(app: Flask) -> None:
    """Add both groups."""
    app.cli.add_command(users)
    app.cli.add_command(keys)


@users.command("add")
@click.argument("email")
@click.option("--alias", required=True, help="The name others see.")
@click.option("--role", "roles", multiple=True, type=ROLE, required=True)
@click.option("--organisation", default="", help="Made when it is not there.")
@click.option("--kind", type=KIND, default=OrganisationType.INTL_NGO.value, help="Kind of a new organisation.")
def add_user(email: str, alias: str, roles: tuple[str, ...], organisation: str, kind: str) -> None:
    """Let somebody sign in; the password is made here and shown this once."""
    password = secrets.token_urlsafe(12)
    with settled():
        service.ensure_roles()
        where = service.ensure_organisation(organisation, kind=OrganisationType(kind)) if organisation else None
        chosen = {Role(role.upper()) for role in roles}
        try:
            service.add_person(email, alias=alias, password=password, roles=chosen, organisation=where, actor=SYSTEM)
        except Problem as problem:
            raise click.ClickException(f"{problem.errors[0]['field']}: {problem.errors[0]['message']}") from problem
    click.echo(f"{email} may sign in with the password {password}")


@users.command("list")
def list_users() -> None:
    """Everybody, with roles and organisation."""
    for person in session.scalars(select(Person).order_by(Person.email)):
        state = "" if person.active else " (closed)"
        where = person.organisation.name if person.organisation else "-"
        click.echo(
            f"{person.email:40} {person.alias:20} {','.join(role.name for role in person.roles):24} {where}{state}"
        )


@users.command("close")
@click.argument("email")
def close_user(email: str) -> None:
    """End an account: signed out everywhere at once."""
    with settled():
        people.close(find_person(email), actor=SYSTEM)
    click.echo(f"{email} is signed out and may not sign in again.")


@users.command("password")
@click.argument("email")
def new_password(email: str) -> None:
    """Give somebody a new password, shown this once; every session of theirs ends."""
    password = secrets.token_urlsafe(12)
    with settled():
        person = find_person(email)
        person.password = hash_password(password)
        end_all(person)
    click.echo(f"{email} may sign in with the password {password}")


def find_person(email: str) -> Person:
    """Who signs in with an address; ClickException when nobody does."""
    person = session.scalar(select(Person).where(Person.email == email.strip().lower()))
    if person is None:
        raise click.ClickException(f"Nobody signs in as {email}.")
    return person


@keys.command("add")
@click.argument("organisation")
@click.argument("name")
def add_key(organisation: str, name: str) -> None:
    """Make a key for ORGANISATION, called NAME; it is shown this once."""
    with settled():
        found = session.scalar(select(Organisation).where(Organisation.name == organisation))
        if found is None:
            raise click.ClickException(f"There is no organisation named {organisation}.")
        made = service.add_key(found.id, name, actor=SYSTEM)
    click.echo(made)


@keys.command("list")
def list_keys() -> None:
    """All keys by their first characters."""
    names: dict[UUID, str] = {row.id: row.name for row in session.execute(select(Organisation.id, Organisation.name))}
    for key in session.scalars(select(ApiKey).order_by(ApiKey.created_at)):
        state = (
            "taken back" if key.revoked_at else f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "without end"
        )
        click.echo(f"{key.prefix:16} {key.name:24} {names[key.organisation_id]:32} {state}")


@keys.command("revoke")
@click.argument("prefix")
def revoke_key(prefix: str) -> None:
    """Take a key back; it works no more from this moment."""
    with settled():
        service.revoke_key(prefix, actor=SYSTEM)
    click.echo(f"{prefix} works no more.")
