"""Taking a need on, bringing part of it or all, and giving it back. What was brought adds up exactly."""

from decimal import Decimal
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import select

from server.accounts.policy import Actor, may
from server.coordination import needs
from server.coordination.need_flow import LIVE
from server.coordination.need_models import Need, NeedClaim, NeedDelivery
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.vocabulary import NeedStatus

Given = TypeVar("Given", NeedClaim, NeedDelivery)


def claim(need_id: UUID, *, actor: Actor, quantity: Decimal | None = None, organisation_id: UUID | None = None) -> NeedClaim:
    """Take a need on for an organisation: the actor's own, or any for a coordinator. ``quantity`` None: all of it."""
    need = needs.locked(need_id, actor=actor)
    if need.status not in LIVE:
        raise Problem("already_done")
    taken = take_on(need, organisation_for(actor, organisation_id), actor=actor, quantity=quantity)
    needs.settle(need)
    needs.touch(need)
    return taken


def take_on(need: Need, organisation_id: UUID, *, actor: Actor, quantity: Decimal | None = None) -> NeedClaim:
    """The claim of an organisation on a locked need, made or changed; the caller settles the need."""
    standing = next((one for one in needs.standing_claims(need.id) if one.organisation_id == organisation_id), None)
    if standing is None:
        standing = NeedClaim(id=uuid4(), need_id=need.id, organisation_id=organisation_id, person_id=actor.person_id)
        session.add(standing)
    standing.quantity = quantity
    session.flush()
    ledger.record("need.claimed", need.id, actor_id=actor.person_id, organisation=str(organisation_id), claim=str(standing.id))
    return standing


def release(claim_id: UUID, *, actor: Actor) -> Need:
    """Give a need back: somebody else may take it on. What was brought stays brought."""
    found, need = _held(NeedClaim, claim_id, actor=actor)
    if found.ended_at:
        raise Problem("already_done")
    found.ended_at = now()
    needs.settle(need)
    needs.touch(need)
    ledger.record("need.released", need.id, actor_id=actor.person_id, organisation=str(found.organisation_id), claim=str(claim_id))
    return need


def deliver(need_id: UUID, quantity: Decimal, *, actor: Actor, organisation_id: UUID | None = None) -> NeedDelivery:
    """Enter what an organisation brought. When it reaches what is needed, the need is met by itself."""
    need = needs.locked(need_id, actor=actor)
    if need.close_reason:
        raise Problem("already_done")
    house = organisation_for(actor, organisation_id)
    brought = NeedDelivery(id=uuid4(), need_id=need.id, organisation_id=house, quantity=quantity, person_id=actor.person_id)
    session.add(brought)
    _settle_after(need)
    ledger.record("need.delivered", need.id, actor_id=actor.person_id, delivery=str(brought.id), quantity=str(quantity))
    return brought


def take_back(delivery_id: UUID, *, actor: Actor) -> Need:
    """Take back what was entered by mistake."""
    found, need = _held(NeedDelivery, delivery_id, actor=actor)
    if found.undone_at:
        raise Problem("already_done")
    found.undone_at = now()
    _settle_after(need)
    ledger.record("need.delivery_undone", need.id, actor_id=actor.person_id, delivery=str(delivery_id))
    return need


def _held(kind: type[Given], number: UUID, *, actor: Actor) -> tuple[Given, Need]:
    """What an organisation took on or brought, with its need, held until the work is settled. Problem ``not_found``, ``not_allowed``."""
    found = session.get(kind, number)
    if found is None:
        raise Problem("not_found")
    need = needs.locked(found.need_id, actor=actor)
    session.refresh(found)
    refuse_others(actor, found.organisation_id)
    return found, need


def deliveries_of(need_id: UUID) -> list[NeedDelivery]:
    """All that was entered for a need, latest first, what was taken back included."""
    query = select(NeedDelivery).where(NeedDelivery.need_id == need_id)
    return list(session.scalars(query.order_by(NeedDelivery.at.desc(), NeedDelivery.id)))


def organisation_for(actor: Actor, asked: UUID | None) -> UUID:
    """For which organisation an actor speaks: a coordinator for any, everybody else for their own alone."""
    chosen = asked or actor.organisation_id
    if chosen is None:
        raise Problem("not_allowed")
    refuse_others(actor, chosen)
    return chosen


def refuse_others(actor: Actor, organisation_id: UUID) -> None:
    """Problem ``not_allowed`` for who is of another organisation and does not coordinate."""
    if organisation_id != actor.organisation_id and not may(actor, "coordinate_aid"):
        raise Problem("not_allowed")


def _settle_after(need: Need) -> None:
    """What was brought may meet the need, and then nobody has it in hand any more."""
    needs.settle(need)
    if need.status is NeedStatus.MET:
        needs.end_what_stands(need)
    needs.touch(need)
