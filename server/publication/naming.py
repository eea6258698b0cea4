"""An organisation's word that it may be named in the public 5W: given by one of its own people, taken back by any of them.

Either takes effect with the next daily update. What was published under the name before cannot be called back.
"""

from collections.abc import Mapping
from uuid import UUID, uuid4

from sqlalchemy import Row, select

from server.accounts.models import Organisation
from server.accounts.policy import Actor, may
from server.core.clock import now as present
from server.core.database import session
from server.core.ledger import record
from server.core.problems import Problem
from server.publication.five_w_models import OrganisationNaming
from server.publication.five_w_rules import House
from server.publication.gate import findings
from server.vocabulary import OrganisationType

WORDING = "2026.1"
"""The version of the words on the page: who agrees agrees to these. Other words, another version."""


def agree(actor: Actor, *, name: str) -> OrganisationNaming:
    """Let the actor's organisation be named; `name` is its name as they wrote it. Problem when it is not that, or already so."""
    house = own(actor)
    if " ".join(name.split()) != house.name:
        raise Problem("invalid_input", errors=[{"field": "name", "code": "invalid", "message": ""}])
    if in_force(house.id) is not None:
        raise Problem("already_done")
    made = OrganisationNaming(
        id=uuid4(), organisation_id=house.id, wording=WORDING, agreed_by=actor.person_id, agreed_at=present()
    )
    session.add(made)
    session.flush()
    record("organisation.naming_agreed", house.id, actor_id=actor.person_id, wording=WORDING)
    return made


def end(actor: Actor) -> None:
    """Name the actor's organisation no more, from the next update on; Problem when it is not named."""
    house = own(actor)
    found = in_force(house.id)
    if found is None:
        raise Problem("already_done")
    found.ended_by, found.ended_at = actor.person_id, present()
    session.flush()
    record("organisation.naming_ended", house.id, actor_id=actor.person_id)


def own(actor: Actor) -> Organisation:
    """The organisation that an actor speaks for; Problem when there is none, or they may not speak for it."""
    if not may(actor, "speak_for_organisation") or actor.person_id is None:
        raise Problem("not_allowed")
    house = session.get(Organisation, actor.organisation_id) if actor.organisation_id else None
    if house is None:
        raise Problem("not_allowed")
    return house


def in_force(organisation_id: UUID) -> OrganisationNaming | None:
    """The word of an organisation that holds now, if it gave one."""
    held = OrganisationNaming.organisation_id == organisation_id, OrganisationNaming.ended_at.is_(None)
    return session.scalar(select(OrganisationNaming).where(*held))


def houses(known_names: frozenset[str]) -> Mapping[str, House]:
    """The organisations that may be named, by id; one whose name the gate stops (a telephone number, a known place) is not."""
    held = select(Organisation).join(OrganisationNaming, OrganisationNaming.organisation_id == Organisation.id)
    found = session.scalars(held.where(OrganisationNaming.ended_at.is_(None)))
    return {str(one.id): _house(one) for one in found if not findings(f"{one.name} {one.acronym}", names=known_names)}


def named_now() -> list[Row[tuple[str, object]]]:
    """The names of the organisations that agreed, and since when, in order."""
    held = select(Organisation.name, OrganisationNaming.agreed_at).join(
        OrganisationNaming, OrganisationNaming.organisation_id == Organisation.id
    )
    return list(session.execute(held.where(OrganisationNaming.ended_at.is_(None)).order_by(Organisation.name)))


def _house(one: Organisation) -> House:
    return House(name=one.name, acronym=one.acronym, kind=OrganisationType(one.kind).hdx)
