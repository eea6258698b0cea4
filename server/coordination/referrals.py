"""A need offered to another organisation: accepted, declined with a reason, or run out of time; they are reminded before it does."""

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from server.accounts.models import Organisation
from server.accounts.policy import SYSTEM, Actor, may
from server.coordination import needs, taking
from server.coordination.activity_models import Referral
from server.coordination.need_flow import LIVE
from server.coordination.need_models import Need
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.vocabulary import OfferState

HOURS = (6, 24, 72)
REMIND_BEFORE = 4  # a quarter of the time is left when they are reminded


def offer(need_id: UUID, organisation_id: UUID, *, actor: Actor, hours: int = HOURS[1], note: str = "") -> Referral:
    """Offer a need to another organisation. Who does not coordinate may pass on only what their own organisation has in hand."""
    need = needs.locked(need_id, actor=actor)
    if need.status not in LIVE:
        raise Problem("already_done")
    _refuse_unfit(need, organisation_id, actor)
    if any(one.organisation_id == organisation_id for one in needs.open_referrals(need.id)):
        raise Problem("already_done")
    made = Referral(
        id=uuid4(), need_id=need.id, from_organisation_id=actor.organisation_id, organisation_id=organisation_id, offered_by=actor.person_id,
        note=note.strip()[: needs.REASON_LIMIT], offered_at=now(), answer_by=now() + timedelta(hours=hours), state=OfferState.OFFERED,
    )  # fmt: skip
    session.add(made)
    needs.settle(need)
    needs.touch(need)
    ledger.record("referral.offered", made.id, actor_id=actor.person_id, need=str(need.id), organisation=str(organisation_id))
    return made


def _refuse_unfit(need: Need, organisation_id: UUID, actor: Actor) -> None:
    if session.get(Organisation, organisation_id) is None or organisation_id == actor.organisation_id:
        raise Problem("invalid_input", errors=[{"field": "organisation", "code": "unknown", "message": "organisation"}])
    in_hand = {claim.organisation_id for claim in needs.standing_claims(need.id)}
    if not may(actor, "coordinate_aid") and actor.organisation_id not in in_hand:
        raise Problem("not_allowed")


def answer(referral_id: UUID, *, accept: bool, reason: str = "", actor: Actor) -> Referral:
    """The answer of the organisation that was asked. Accepting takes the need on; declining needs a reason."""
    found = _of(referral_id)
    need = needs.locked(found.need_id, actor=actor if accept else None)
    session.refresh(found)
    if actor.organisation_id != found.organisation_id:
        raise Problem("not_allowed")
    if found.state is not OfferState.OFFERED:
        raise Problem("already_done")
    if found.answer_by <= now():
        _run_out(found, need)
        raise Problem("already_done")
    found.reason = reason.strip()[: needs.REASON_LIMIT] if accept else needs.said(reason)
    found.state = OfferState.ACCEPTED if accept else OfferState.DECLINED
    found.answered_by, found.answered_at = actor.person_id, now()
    if accept:
        taking.take_on(need, found.organisation_id, actor=actor)
    needs.settle(need)
    needs.touch(need)
    ledger.record("referral.answered", found.id, actor_id=actor.person_id, need=str(need.id), state=found.state.value)
    return found


def withdraw(referral_id: UUID, *, actor: Actor) -> Referral:
    """Take an offer back that nobody answered: a coordinator, or somebody of the organisation that made it."""
    found = _of(referral_id)
    need = needs.locked(found.need_id, actor=actor)
    session.refresh(found)
    if actor.organisation_id != found.from_organisation_id and not may(actor, "coordinate_aid"):
        raise Problem("not_allowed")
    if found.state is not OfferState.OFFERED:
        raise Problem("already_done")
    found.state, found.answered_by, found.answered_at = OfferState.ENDED, actor.person_id, now()
    needs.settle(need)
    needs.touch(need)
    ledger.record("referral.withdrawn", found.id, actor_id=actor.person_id, need=str(need.id))
    return found


def keep_time() -> tuple[int, int]:
    """End the offers whose time ran out, and remind of those with a quarter of it left; returns how many of each."""
    waiting = select(Referral).where(Referral.state == OfferState.OFFERED).order_by(Referral.answer_by)
    late = session.scalars(waiting.where(Referral.answer_by <= now())).all()
    for referral in late:
        need = needs.locked(referral.need_id)
        session.refresh(referral)
        if referral.state is OfferState.OFFERED:  # else somebody answered while the need was waited for
            _run_out(referral, need)
    soon = [one for one in session.scalars(waiting.where(Referral.reminded_at.is_(None))) if _is_soon(one)]
    for referral in soon:
        referral.reminded_at = now()
        ledger.record("referral.reminded", referral.id, need=str(referral.need_id), organisation=str(referral.organisation_id))
    return len(late), len(soon)


def _is_soon(referral: Referral) -> bool:
    return referral.answer_by > now() and referral.answer_by - now() <= (referral.answer_by - referral.offered_at) / REMIND_BEFORE


def _run_out(referral: Referral, need: Need) -> None:
    referral.state, referral.answered_at = OfferState.EXPIRED, now()
    needs.settle(need)
    ledger.record("referral.expired", referral.id, actor_id=SYSTEM.person_id, need=str(need.id), organisation=str(referral.organisation_id))


def _of(referral_id: UUID) -> Referral:
    found = session.get(Referral, referral_id)
    if found is None:
        raise Problem("not_found")
    return found


def of_need(need: Need) -> list[Referral]:
    """All offers of a need, latest first."""
    return list(session.scalars(select(Referral).where(Referral.need_id == need.id).order_by(Referral.offered_at.desc())))


def waiting_for(actor: Actor) -> list[tuple[Referral, Need]]:
    """What waits for an answer of the actor's organisation, the soonest first."""
    query = (
        select(Referral, Need).join(Need, Need.id == Referral.need_id)
        .where(Referral.organisation_id == actor.organisation_id, Referral.state == OfferState.OFFERED)
        .order_by(Referral.answer_by)
    )  # fmt: skip
    return [(referral, need) for referral, need in session.execute(query)]
