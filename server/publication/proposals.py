"""What needs two people: one proposes, another agrees, each may end it. Everything of the kind passes here."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import or_, select

from server.accounts.models import Person, PersonRole, person_roles
from server.accounts.policy import Actor, may
from server.core.clock import now as present
from server.core.database import session
from server.core.ledger import record
from server.core.problems import Problem
from server.publication.policy import policy
from server.publication.rule_models import Proposal
from server.vocabulary import Role

SIGN = "sign_publication"
TOGETHER: Mapping[str, frozenset[Role]] = {"rows": frozenset({Role.STEWARD, Role.PROTECTION})}
"""Roles that the two people must hold between them, where any two who may sign are not enough."""


def propose(
    actor: Actor, *, kind: str, body: dict[str, Any], reason: str = "", until: datetime | None = None
) -> Proposal:
    """Put something before a second person; Problem when the actor may not, or the end lies too far off."""
    _must_sign(actor)
    _check_end(kind, until)
    made = Proposal(
        id=uuid4(), kind=kind, body=body, reason=reason[:500], proposed_by=actor.person_id, proposed_at=present(),
        until_at=until,
    )  # fmt: skip
    session.add(made)
    session.flush()
    record("agreement.proposed", made.id, actor_id=actor.person_id, kind=kind)
    return made


def agree(actor: Actor, proposal_id: UUID) -> Proposal:
    """The second person's word: from now on it holds. Problem when it is the same person, or it is over."""
    _must_sign(actor)
    found = _open(proposal_id)
    if found.agreed_at is not None:
        raise Problem("already_done")
    if found.proposed_by == actor.person_id or not may(proposer(found), SIGN):  # whose account was closed agrees to nothing any more
        raise Problem("second_person_needed")
    if not TOGETHER.get(found.kind, frozenset()) <= (actor.roles | _roles(found.proposed_by)):
        raise Problem("not_allowed")
    found.agreed_by, found.agreed_at = actor.person_id, present()
    session.flush()
    record("agreement.made", found.id, actor_id=actor.person_id, kind=found.kind)
    return found


def settle_alone(actor: Actor, found: Proposal) -> Proposal:
    """Let a proposal hold by one person's word: for what only makes things safer."""
    _must_sign(actor)
    found.agreed_by, found.agreed_at = actor.person_id, present()
    session.flush()
    record("agreement.made", found.id, actor_id=actor.person_id, kind=found.kind)
    return found


def end(actor: Actor, proposal_id: UUID) -> Proposal:
    """One person takes a proposal or an agreement back at once."""
    _must_sign(actor)
    found = _open(proposal_id)
    found.ended_by, found.ended_at = actor.person_id, present()
    session.flush()
    record("agreement.ended", found.id, actor_id=actor.person_id, kind=found.kind)
    return found


def in_force(kind: str, now: datetime) -> list[Proposal]:
    """What two people have agreed to and what has not ended, oldest first."""
    holds = [Proposal.kind == kind, Proposal.agreed_at <= now, Proposal.ended_at.is_(None)]
    lasting = or_(Proposal.until_at.is_(None), Proposal.until_at > now)
    return list(session.scalars(select(Proposal).where(*holds, lasting).order_by(Proposal.agreed_at, Proposal.id)))


def waiting(now: datetime) -> list[Proposal]:
    """What waits for a second person, newest first."""
    open_ones = [Proposal.agreed_at.is_(None), Proposal.ended_at.is_(None)]
    lasting = or_(Proposal.until_at.is_(None), Proposal.until_at > now)
    return list(session.scalars(select(Proposal).where(*open_ones, lasting).order_by(Proposal.proposed_at.desc())))


def proposer(found: Proposal) -> Actor:
    """Who proposed it, with the roles they hold now."""
    return replace(Actor(person_id=found.proposed_by), roles=_roles(found.proposed_by))


def _must_sign(actor: Actor) -> None:
    if actor.person_id is None or not may(actor, SIGN):
        raise Problem("not_allowed")


def _check_end(kind: str, until: datetime | None) -> None:
    longest = {"standing": policy().standing_lasts, "policy": policy().loosening_lasts}.get(kind)
    hair = timedelta(minutes=1)
    if until is not None and (until <= present() or (longest and until > present() + longest + hair)):
        raise Problem("invalid_input", errors=[{"field": "until", "code": "out_of_range", "message": ""}])
    if kind == "standing" and until is None:
        raise Problem("invalid_input", errors=[{"field": "until", "code": "required", "message": ""}])


def _open(proposal_id: UUID) -> Proposal:
    found = session.get(Proposal, proposal_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise Problem("not_found")
    if found.ended_at is not None or (found.until_at is not None and found.until_at <= present()):
        raise Problem("already_done")
    return found


def _roles(person_id: UUID) -> frozenset[Role]:
    """The roles somebody holds now; none where the account was closed."""
    held = select(PersonRole.name).join(person_roles, person_roles.c.role_id == PersonRole.id).join(Person, Person.id == person_roles.c.person_id)
    return frozenset(map(Role, session.scalars(held.where(Person.id == person_id, Person.active))))
