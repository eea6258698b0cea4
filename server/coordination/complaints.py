"""Complaints: taken in from anybody, read by those they concern, answered under a code. Words open here and nowhere else.

What is said of people who work here goes to the protection focal point alone: nobody reads a complaint about themselves.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert

from server.accounts.policy import Actor, may
from server.coordination.complaint_models import CONFIDENTIAL, Complaint, ComplaintKind, ComplaintState
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.erasure import prove
from server.core.problems import Problem
from server.core.tally import TALLY
from server.reports import vault

LIMIT, ANSWER_LIMIT = 4_000, 4_000
KEPT = timedelta(days=365)
CALM = 300  # of all strangers in an hour: until then nobody is asked to wait
FEW = 3  # of one network in an hour: these pass while others flood, so that nobody can silence everybody else
MOST = 20_000  # an hour, all together: a flood fills no disk
HOUR_S = 3_600.0


@dataclass(frozen=True)
class Opened:
    """A complaint as somebody may read it; ``words`` are empty once they were erased."""

    complaint: Complaint
    words: str
    answer: str


def receive(number: UUID, kind: ComplaintKind, words: str, *, lang: str, network: str) -> str:
    """Keep a complaint, once for each sending, and give its code. Problem ``invalid_input`` without words, ``lane_full`` in a flood.

    ``network`` is a word that means nothing tomorrow (``core.requests.lane_key``); it is counted in memory and kept nowhere.
    The number of the page and the words make its own: the code answers to who sent them, and to nobody who read its number in the ledger.
    """
    said = words.strip()
    if not said or len(said) > LIMIT:
        raise Problem("invalid_input", errors=[{"field": "words", "code": "invalid", "message": "words"}])
    number = uuid5(number, f"{kind.value} {said}")
    code = vault.derived_code(number)
    if session.get(Complaint, number) is None:
        _take_lane(network)
        key, wrapped = vault.new_key(number)
        kept = insert(Complaint).values(
            id=number, code_hash=vault.receipt_hash(code), kind=kind, lang=lang[:8], received_at=now(), wrapped_key=wrapped,
            sealed=vault.seal(said.encode(), key, number),
        )  # fmt: skip
        if session.scalar(kept.on_conflict_do_nothing().returning(Complaint.id)):  # else it was sent twice at one moment
            ledger.record("complaint.received", number, kind=kind.value)
    return code


def _take_lane(network: str) -> None:
    """Count one. While many complain, only who sends many from one network waits: Problem ``lane_full``."""
    from_all, from_here = TALLY.hit("complaint", window_s=HOUR_S), TALLY.hit(f"complaint {network}", window_s=HOUR_S)
    if from_all > MOST or (from_all > CALM and from_here > FEW):
        raise Problem("lane_full", retry_after=600)


def by_code(code: str) -> Opened:
    """The complaint of a code, with its answer, for whoever holds it. Problem ``receipt_unknown``."""
    found = session.scalar(select(Complaint).where(Complaint.code_hash == vault.receipt_hash(code)))
    if found is None:
        raise Problem("receipt_unknown")
    return _opened(found)


def waiting(actor: Actor, *, most: int = 100) -> list[Complaint]:
    """The complaints this actor may read: those that wait first, oldest first."""
    order = (Complaint.state == ComplaintState.ANSWERED, Complaint.received_at, Complaint.id)
    return list(session.scalars(select(Complaint).where(_readable(actor)).order_by(*order).limit(most)))


def count_elsewhere(actor: Actor) -> int:
    """How many confidential ones wait for somebody else, so that the desk can remind them."""
    if may(actor, "see_confidential_complaints"):
        return 0
    query = select(func.count()).select_from(Complaint).where(Complaint.kind.in_(CONFIDENTIAL), Complaint.state != ComplaintState.ANSWERED)
    return session.scalar(query) or 0


def read(complaint_id: UUID, *, actor: Actor) -> Opened:
    """One complaint with its words; Problem ``not_found`` for who may not read it."""
    found = session.scalar(select(Complaint).where(Complaint.id == complaint_id, _readable(actor)).with_for_update())
    if found is None:
        raise Problem("not_found")
    if found.state is ComplaintState.OPEN:
        found.state = ComplaintState.READ
        ledger.record("complaint.taken_up", found.id, actor_id=actor.person_id)
    return _opened(found)


def answer(complaint_id: UUID, words: str, *, actor: Actor) -> None:
    """Answer a complaint; an answer is given anew until it says what it should. Problem ``already_done`` once its words are erased."""
    found = read(complaint_id, actor=actor).complaint
    said = words.strip()
    if not said or len(said) > ANSWER_LIMIT:
        raise Problem("invalid_input", errors=[{"field": "answer", "code": "invalid", "message": "answer"}])
    if found.wrapped_key is None:
        raise Problem("already_done")
    found.sealed_answer = vault.seal(said.encode(), vault.unwrap(found.wrapped_key, found.id), found.id)
    found.state, found.answered_at, found.answered_by = ComplaintState.ANSWERED, now(), actor.person_id
    ledger.record("complaint.answered", found.id, actor_id=actor.person_id)


def erase_old() -> int:
    """Destroy the words and answers of complaints older than a year; that there was one stays. Returns how many."""
    cutoff = now() - KEPT
    due = (Complaint.received_at < cutoff, Complaint.wrapped_key.is_not(None))
    nothing = {"wrapped_key": None, "sealed": b"", "sealed_answer": None}
    erased = session.scalars(update(Complaint).where(*due).values(**nothing).returning(Complaint.id)).all()
    if erased:
        ledger.record("complaint.words_expired", erased[0], complaints=len(erased))
        left = select(func.count()).select_from(Complaint).where(*due)
        prove("complaints", erased=len(erased), left=lambda: session.scalar(left) or 0, cutoff=cutoff)
    return len(erased)


def _readable(actor: Actor) -> ColumnElement[bool]:
    if may(actor, "see_confidential_complaints"):
        return Complaint.id.is_not(None)
    if not may(actor, "see_complaints"):
        raise Problem("not_allowed" if actor.is_known else "sign_in_needed")
    return Complaint.kind.not_in(CONFIDENTIAL)


def _opened(found: Complaint) -> Opened:
    if found.wrapped_key is None:
        return Opened(found, "", "")
    key = vault.unwrap(found.wrapped_key, found.id)
    told = vault.unseal(found.sealed_answer, key, found.id).decode() if found.sealed_answer else ""
    return Opened(found, vault.unseal(found.sealed, key, found.id).decode(), told)
