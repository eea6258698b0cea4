"""Needs at damage records: taken from what reports say, set and closed by people; each change in the ledger.

What only reports speak of follows the reports. From the moment a person edits, takes on, refers or closes a need, it is
theirs: the house changes no word of it any more.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from server.accounts.limits import check_reach
from server.accounts.policy import Actor
from server.coordination.activity_models import Referral
from server.coordination.need_flow import CLOSED, Facts, status_of
from server.coordination.need_models import Need, NeedClaim, NeedDelivery
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching.models import Incident
from server.vocabulary import NeedStatus, NeedType, OfferState

REASON_LIMIT, SHORTEST_REASON = 500, 3
EDITABLE = ("urgency", "for_whom", "people_min", "people_max", "quantity", "unit")


def open_need(incident: Incident, need_type: NeedType, values: Mapping[str, Any], *, actor: Actor) -> Need:
    """Open a need at a damage record; ``values`` are those of ``EDITABLE``. The organisation of the actor asks."""
    check_reach(actor, areas_of(incident), sectors=[need_type.sector])
    need = Need(
        id=uuid4(), incident_id=incident.id, need_type=need_type, sector=need_type.sector, is_handled=True,
        organisation_id=actor.organisation_id, opened_by=actor.person_id, adm1_pcode=incident.adm1_pcode,
        adm2_pcode=incident.adm2_pcode, status=NeedStatus.OPEN, met_quantity=Decimal(0),
        **{name: value for name, value in values.items() if name in EDITABLE},
    )  # fmt: skip
    session.add(need)
    session.flush()
    ledger.record("need.opened", need.id, actor_id=actor.person_id, incident=str(incident.id), need=need_type.value)
    return need


def locked(need_id: UUID, *, version: int | None = None, actor: Actor | None = None) -> Need:
    """A need, held until the work is settled.

    Problem ``not_found``; ``changed_meanwhile`` for another version; ``outside_your_area`` outside an actor's areas or sectors.
    """
    need = session.scalar(select(Need).where(Need.id == need_id).with_for_update().execution_options(populate_existing=True))
    if need is None:
        raise Problem("not_found")
    if actor is not None:
        check_reach(actor, areas_of(session.get_one(Incident, need.incident_id)), sectors=[need.sector])
    if version is not None and need.version != version:
        raise Problem("changed_meanwhile")
    return need


def areas_of(incident: Incident) -> tuple[str | None, str | None, str | None]:
    """The areas a record lies in, largest first; None for one that is not known."""
    return incident.adm1_pcode, incident.adm2_pcode, incident.adm3_pcode


def edit(need_id: UUID, values: Mapping[str, Any], *, version: int, actor: Actor) -> Need:
    """Set what is known of a need (``EDITABLE``)."""
    need = locked(need_id, version=version, actor=actor)
    before = {name: getattr(need, name) for name in EDITABLE}
    for name in EDITABLE:
        setattr(need, name, values.get(name, before[name]))
    changed = [name for name in EDITABLE if getattr(need, name) != before[name]]
    settle(need)
    touch(need)
    ledger.record("need.changed", need.id, actor_id=actor.person_id, fields=changed)
    return need


def close(need_id: UUID, outcome: NeedStatus, reason: str, *, version: int, actor: Actor) -> Need:
    """Close a need as met, not met, no need after all, or listed twice; a reason is needed. What was taken on or offered ends."""
    need = locked(need_id, version=version, actor=actor)
    if outcome not in CLOSED:
        raise Problem("invalid_input", errors=[{"field": "outcome", "code": "unknown", "message": "outcome"}])
    if need.close_reason:
        raise Problem("already_done")
    need.status, need.close_reason, need.closed_at = outcome, said(reason), now()
    end_what_stands(need)
    touch(need)
    ledger.record("need.closed", need.id, actor_id=actor.person_id, outcome=outcome.value)
    return need


def reopen(need_id: UUID, *, version: int, actor: Actor) -> Need:
    """Take a closing back: what was brought and who took it on say again where the need stands."""
    need = locked(need_id, version=version, actor=actor)
    if need.closed_at is None:
        raise Problem("already_done")
    need.close_reason, need.closed_at = "", None
    settle(need)
    touch(need)
    ledger.record("need.reopened", need.id, actor_id=actor.person_id)
    return need


def said(reason: str) -> str:
    """A reason as it is kept; Problem ``invalid_input`` for none."""
    kept = reason.strip()[:REASON_LIMIT]
    if len(kept) < SHORTEST_REASON:
        raise Problem("invalid_input", errors=[{"field": "reason", "code": "missing", "message": "reason"}])
    return kept


def touch(need: Need) -> None:
    """Say that a person had a hand in a need."""
    need.is_handled, need.version, need.changed_at = True, need.version + 1, now()


def settle(need: Need) -> None:
    """Work out anew how much was brought and where the need stands; what a person closed stays closed."""
    session.flush()
    brought = select(func.coalesce(func.sum(NeedDelivery.quantity), 0)).where(
        NeedDelivery.need_id == need.id, NeedDelivery.undone_at.is_(None)
    )
    need.met_quantity = session.scalar(brought) or Decimal(0)
    need.status = status_of(
        Facts(
            quantity=need.quantity,
            brought=need.met_quantity,
            is_taken=bool(standing_claims(need.id)),
            is_offered=bool(open_referrals(need.id)),
            by_hand=need.status if need.close_reason else None,
        )
    )
    if not need.close_reason:
        need.closed_at = now() if need.status is NeedStatus.MET else None


def standing_claims(need_id: UUID) -> Sequence[NeedClaim]:
    """Who has a need in hand."""
    query = select(NeedClaim).where(NeedClaim.need_id == need_id, NeedClaim.ended_at.is_(None)).order_by(NeedClaim.begun_at)
    return session.scalars(query).all()


def open_referrals(need_id: UUID) -> Sequence[Referral]:
    """To whom a need is offered, without an answer yet."""
    query = select(Referral).where(Referral.need_id == need_id, Referral.state == OfferState.OFFERED)
    return session.scalars(query).all()


def end_what_stands(need: Need) -> None:
    """A closed need is in nobody's hands."""
    for claim in standing_claims(need.id):
        claim.ended_at = now()
    for referral in open_referrals(need.id):
        referral.state, referral.answered_at = OfferState.ENDED, now()
