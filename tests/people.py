"""The people of the tests. Names say roles: whoever reads a test knows who may do what."""

from unittest.mock import patch

import orjson
from flask_security.utils import hash_password
from sqlalchemy import select, text
from sqlalchemy.orm import selectinload

from server.accounts.models import Person
from server.accounts.policy import Actor
from server.accounts.service import add_person, ensure_organisation
from server.core.database import session
from server.vocabulary import Role

PASSWORD = "correct horse battery staple"

# Amal reports from the field for an NGO; Bohdan and Berta verify; Chipo coordinates; Dario is a partner of another
# organisation; Sana is data steward; Pilar is protection focal point; Ada administers accounts; Walid
# warns for the mine action centre; Eve has an account and no role.
PEOPLE = {
    "amal": ({Role.FIELD}, "Relief Works"),
    "bohdan": ({Role.VERIFIER}, "Relief Works"),
    "berta": ({Role.VERIFIER}, "Open Hands"),
    "chipo": ({Role.COORD}, "Relief Works"),
    "dario": ({Role.PARTNER}, "Open Hands"),
    "sana": ({Role.STEWARD}, "Relief Works"),
    "pilar": ({Role.PROTECTION}, "Relief Works"),
    "ada": ({Role.ADMIN}, "Relief Works"),
    "walid": ({Role.AUTHORITY}, "Mine Action Centre"),
    "eve": (set(), None),
}


def settle_in(app):
    """Give everybody an account (one hash for all). What that writes is written again as it stood for the next test: it takes a while."""
    if session.scalar(text("SELECT EXISTS (SELECT FROM people) OR EXISTS (SELECT FROM organisations)")):
        return _made(app)
    known = _written.get(place := _place(app))
    if known is None:
        people = _made(app)
        _written[place] = {
            table: session.scalar(text(f"SELECT jsonb_agg(to_jsonb(t)) FROM {table} t {which}"))
            for table, which in TABLES.items()
        }
        return people
    for table, rows in known.items():
        columns = ", ".join(rows[0].keys() - {"at", "transaction", "id" if table in NUMBERED else ""})
        session.execute(
            text(
                f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, CAST(:rows AS jsonb))"
            ),
            {"rows": orjson.dumps(rows).decode()},
        )
    return _found()


OF_PEOPLE = "WHERE subject_id IN (SELECT id FROM people)"
TABLES = {"organisations": "", "people": "", "person_roles": "", "ledger": OF_PEOPLE, "outbox": OF_PEOPLE}
NUMBERED = ("ledger", "outbox")
_written = {}


def _place(app):
    """Where rows mean the same: under one key for passwords, and where the roles have these numbers."""
    return app.config["SECURITY_PASSWORD_SALT"], *session.scalars(text("SELECT id FROM roles ORDER BY name"))


def _found():
    session.commit()
    people = session.scalars(select(Person).options(selectinload(Person.roles))).all()
    session.expunge_all()
    named = {person.email.partition("@")[0]: person for person in people}
    return {name: named[name] for name in PEOPLE}


def _made(app):
    with app.app_context():
        hashed = hash_password(PASSWORD)
    with patch("server.accounts.service.hash_password", lambda _password: hashed):
        people = {name: _person(name, roles, organisation) for name, (roles, organisation) in PEOPLE.items()}
    _let_go(people.values())
    return people


def _let_go(people):
    """Load all of everybody and part them from the session: a job that ends its session must not take people along."""
    session.commit()
    for person in people:
        session.refresh(person)
    session.expunge_all()


def _person(name, roles, organisation):
    where = ensure_organisation(organisation) if organisation else None
    return add_person(
        f"{name}@example.org", alias=name.capitalize(), password=PASSWORD, roles=roles, organisation=where
    )


def actor(person) -> Actor:
    """The actor of a person, for calling a service directly."""
    return Actor(
        person_id=person.id,
        organisation_id=person.organisation_id,
        roles=frozenset(Role(role.name) for role in person.roles),
        alias=person.alias,
    )
