"""Doubtful pairs before people: asked once, the most valuable first, each kept for one person until answered or left alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import aliased

from server.accounts.limits import within_limits, works_on
from server.accounts.policy import SYSTEM, Actor, may
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching import across, acts, rulings
from server.matching.models import Incident, IncidentChange, Suggestion
from server.matching.worth import stakes_of, worth
from server.reports import access

KEPT_FOR = timedelta(minutes=3)
ANSWERS = ("same", "second_strike", "apart")
OBVIOUS = 3.0  # log-odds from which pairs that hang together are offered as one group
LARGEST_GROUP = 30


@dataclass(frozen=True)
class Pair:
    """One question with both its records."""

    suggestion: Suggestion
    one: Incident
    other: Incident


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person says of a pair: one of ANSWERS, why, and for a merge which fields take whose value."""

    word: str
    reason: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)


_OF_OWN = """EXISTS (SELECT FROM attachments a JOIN reports r ON r.id = a.report_id WHERE a.ended_at IS NULL
                         AND a.incident_id IN (s.incident_id, s.other_id) AND r.organisation_id = :organisation)"""
_TAKE = """
UPDATE suggestions SET claimed_by = :person, claimed_until = :until WHERE id = (
  SELECT s.id FROM suggestions s
  JOIN incidents one ON one.id = s.incident_id JOIN incidents other ON other.id = s.other_id
  WHERE s.settled_at IS NULL AND one.merged_into IS NULL AND other.merged_into IS NULL
    AND (s.claimed_by IS NULL OR s.claimed_by = :person OR s.claimed_until < :now)
    AND s.id <> ALL(CAST(:past AS uuid[])) AND (:person = ANY(s.skipped_by)) = :skipped
    AND (s.proposed_by IS NULL OR s.proposed_by <> :person)
    AND NOT EXISTS (SELECT FROM campaign_reports r JOIN campaigns c ON c.id = r.campaign_id
                    WHERE r.report_id = s.report_id AND c.settled_at IS NULL)
    AND (:all OR {of_own}){within}
  ORDER BY s.worth DESC, s.id LIMIT 1 FOR UPDATE OF s SKIP LOCKED)
RETURNING id"""


def take(actor: Actor, *, past: Iterable[UUID] = ()) -> Pair | None:
    """The most valuable open pair that nobody else has before them, kept for this person for a while; skipped ones come last.

    ``past`` are pairs not wanted now. Who may review only the pairs of their own organisation, areas or sectors gets those.
    """
    _admit(actor)
    access.enter(SYSTEM)
    within, limits = within_limits(actor, "one", "other")
    asked = limits | {
        "person": actor.person_id, "organisation": actor.organisation_id, "all": may(actor, "settle_duplicates"),
        "now": now(), "until": now() + KEPT_FOR, "past": list(past),
    }  # fmt: skip
    for skipped in (False, True):
        if found := session.scalar(text(_TAKE.format(within=within, of_own=_OF_OWN)), {**asked, "skipped": skipped}):
            return pair_of(found)
    return None


def hold(actor: Actor, suggestion_id: UUID) -> bool:
    """Keep a pair for this person a while longer, or from now on; False if somebody else has it, it is answered, or not for them."""
    _admit(actor)
    if not _is_for(actor, suggestion_id):
        return False
    free = or_(Suggestion.claimed_by.is_(None), Suggestion.claimed_by == actor.person_id, Suggestion.claimed_until < now())
    kept = session.scalar(
        update(Suggestion)
        .where(Suggestion.id == suggestion_id, Suggestion.settled_at.is_(None), free)
        .values(claimed_by=actor.person_id, claimed_until=now() + KEPT_FOR)
        .returning(Suggestion.id)
    )
    return kept is not None


def skip(actor: Actor, suggestion_id: UUID) -> None:
    """Leave a pair to others; this person sees it again when nothing else waits."""
    suggestion = _mine(actor, suggestion_id)
    suggestion.skipped_by = [*suggestion.skipped_by, actor.person_id] if actor.person_id else suggestion.skipped_by
    suggestion.claimed_by = suggestion.claimed_until = None


def settle(actor: Actor, suggestion_id: UUID, answer: Answer) -> IncidentChange | None:
    """Do what the answer says; None where it only proposes, because the other organisation or a coordinator must agree.

    Problem ``already_done`` when somebody was quicker, ``changed_meanwhile`` when somebody else has the pair before them.
    """
    if answer.word not in ANSWERS:
        raise Problem("invalid_input", errors=[{"field": "answer", "code": "unknown", "message": "answer"}])
    suggestion = _mine(actor, suggestion_id)
    access.enter(SYSTEM)
    if _needs_another(actor, suggestion, answer.word):
        _propose(actor, suggestion, answer.word)
        return None
    return _act(actor, pair_of(suggestion.id), answer)


def group_of(actor: Actor, pair: Pair) -> list[Incident]:
    """The records that hang together with a pair by questions that seem clear, the oldest first; none under three.

    Left out is what lies outside this actor's limits, what a person ruled apart, and what needs another organisation's word.
    """
    if not may(actor, "settle_duplicates"):
        return []
    known, front = {pair.one.id, pair.other.id}, {pair.one.id, pair.other.id}
    while front and len(known) < LARGEST_GROUP:
        front = _beside(front) - known
        known |= front
    rows = select(Incident).where(Incident.id.in_(known), Incident.merged_into.is_(None)).order_by(Incident.opened_at, Incident.id)
    found = [record for record in session.scalars(rows.limit(LARGEST_GROUP)) if works_on(actor, record)]
    asked = {pair.one.id, pair.other.id}
    kept = _joinable(actor, sorted(found, key=lambda record: record.id not in asked))
    return [record for record in found if record.id in kept] if len(kept) > 2 else []


def _joinable(actor: Actor, records: list[Incident]) -> set[UUID]:
    """Of these records, taken in order, those that this actor may lay together by one word."""
    numbers = [record.id for record in records]
    parted, houses = rulings.parted(numbers), across.organisations_of(numbers)
    is_free, speaking, kept = may(actor, "merge_across_organisations"), set[UUID](), set[UUID]()
    for number in numbers:
        theirs = houses[number]
        is_agreed = is_free or not (speaking and theirs) or bool(speaking & theirs)
        if is_agreed and not any(frozenset((number, one)) in parted for one in kept):
            kept.add(number)
            speaking |= theirs
    return kept


def settle_group(actor: Actor, suggestion_id: UUID) -> tuple[UUID, int]:
    """Lay all records of the pair's group together; returns the number of the batch, for undoing, and how many were laid."""
    pair = pair_of(_mine(actor, suggestion_id).id)
    access.enter(SYSTEM)
    oldest, *others = group_of(actor, pair) or (pair.one, pair.other)
    batch, done = uuid4(), 0
    for other in others:
        if across.may_alone(actor, oldest.id, other.id):
            acts.merge(oldest.id, other.id, actor=actor, reason="", manner=acts.Manner(batch_id=batch))
            done += 1
    if not done:
        raise Problem("both_needed")
    return batch, done


def pair_of(suggestion_id: UUID) -> Pair:
    """A question with both its records; Problem ``not_found``."""
    one, other = aliased(Incident), aliased(Incident)
    row = session.execute(
        select(Suggestion, one, other)
        .join(one, one.id == Suggestion.incident_id)
        .join(other, other.id == Suggestion.other_id)
        .where(Suggestion.id == suggestion_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise Problem("not_found")
    return Pair(*row)


def weigh(incident_id: UUID) -> int:
    """Weigh the open questions about a record anew, because what hangs on it changed; returns how many."""
    one, other = aliased(Incident), aliased(Incident)
    rows = session.execute(
        select(Suggestion, one, other)
        .join(one, one.id == Suggestion.incident_id)
        .join(other, other.id == Suggestion.other_id)
        .where(Suggestion.settled_at.is_(None), or_(Suggestion.incident_id == incident_id, Suggestion.other_id == incident_id))
    ).all()
    for suggestion, first, second in rows:
        suggestion.worth = worth(suggestion.score, stakes_of(first), stakes_of(second))
    return len(rows)


def _admit(actor: Actor) -> None:
    if not (may(actor, "settle_duplicates") or (may(actor, "answer_pairs") and actor.organisation_id)):
        raise Problem("not_allowed" if actor.is_known else "sign_in_needed")


def _mine(actor: Actor, suggestion_id: UUID) -> Suggestion:
    """An open pair, locked, unless somebody else has it before them."""
    _admit(actor)
    suggestion = session.scalar(
        select(Suggestion)
        .where(Suggestion.id == suggestion_id, Suggestion.settled_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if suggestion is None:
        raise Problem("already_done")
    if suggestion.claimed_by not in (None, actor.person_id) and suggestion.claimed_until and suggestion.claimed_until > now():
        raise Problem("changed_meanwhile")
    if not may(actor, "settle_duplicates") and actor.organisation_id not in _speaking(suggestion):
        raise Problem("not_found")
    return suggestion


def _is_for(actor: Actor, suggestion_id: UUID) -> bool:
    """Whether a pair may come before this person: it exists, their limits reach both records, and a partner's reports lie on one."""
    suggestion = session.get(Suggestion, suggestion_id)
    if suggestion is None:
        return False
    records = session.scalars(select(Incident).where(Incident.id.in_([suggestion.incident_id, suggestion.other_id])))
    if not all(works_on(actor, record) for record in records):
        return False
    return may(actor, "settle_duplicates") or actor.organisation_id in _speaking(suggestion)


def _speaking(suggestion: Suggestion) -> set[UUID]:
    access.enter(SYSTEM)
    return set().union(*across.organisations_of([suggestion.incident_id, suggestion.other_id]).values())


def _needs_another(actor: Actor, suggestion: Suggestion, word: str) -> bool:
    """Whether this answer waits for somebody else: laying two organisations' reports together, or a partner's word alone."""
    if may(actor, "settle_duplicates") and (word != "same" or across.may_alone(actor, suggestion.incident_id, suggestion.other_id)):
        return False
    speaking = [actor.organisation_id]
    if suggestion.proposed_answer == word and suggestion.proposed_by != actor.person_id:
        speaking.append(suggestion.proposed_for)
    both = across.parties(suggestion.incident_id, suggestion.other_id)
    return both is None or not across.agree_together(suggestion.incident_id, suggestion.other_id, speaking)


def _propose(actor: Actor, suggestion: Suggestion, word: str) -> None:
    suggestion.proposed_by, suggestion.proposed_for, suggestion.proposed_answer = actor.person_id, actor.organisation_id, word
    suggestion.claimed_by = suggestion.claimed_until = None
    ledger.record("pair.proposed", suggestion.id, actor_id=actor.person_id, answer=word)


def _act(actor: Actor, pair: Pair, answer: Answer) -> IncidentChange:
    earlier, later = sorted((pair.one, pair.other), key=lambda incident: (incident.opened_at, incident.id))
    agreed = not may(actor, "settle_duplicates") or not across.may_alone(actor, earlier.id, later.id)
    if answer.word == "same":
        manner = acts.Manner(chosen=answer.chosen, agreed=agreed)
        return acts.merge(earlier.id, later.id, actor=actor, reason=answer.reason, manner=manner)
    if answer.word == "apart":
        return acts.keep_apart(pair.one.id, pair.other.id, actor=actor, reason=answer.reason, agreed=agreed)
    before, after = sorted((pair.one, pair.other), key=lambda incident: (incident.event_latest or incident.opened_at, incident.id))
    return acts.link_second_strike(after.id, before.id, actor=actor, reason=answer.reason, agreed=agreed)


def _beside(incidents: set[UUID]) -> set[UUID]:
    """The records that clear open questions of one damage join with these."""
    rows = session.execute(
        select(Suggestion.incident_id, Suggestion.other_id)
        .where(Suggestion.settled_at.is_(None), Suggestion.relation == "same", Suggestion.score >= OBVIOUS)
        .where(or_(Suggestion.incident_id.in_(incidents), Suggestion.other_id.in_(incidents)))
        .limit(LARGEST_GROUP * 3)
    )
    return {one for row in rows for one in row}


_OPEN = """
SELECT count(*) FROM suggestions s WHERE s.settled_at IS NULL AND NOT EXISTS (
  SELECT FROM campaign_reports r JOIN campaigns c ON c.id = r.campaign_id WHERE r.report_id = s.report_id AND c.settled_at IS NULL)"""
_OF_THEIRS = " AND EXISTS (SELECT FROM incidents one, incidents other WHERE one.id = s.incident_id AND other.id = s.other_id{within})"


def count_open(actor: Actor) -> int:
    """How many pairs wait that may come before this person, those of look-alike batches not counted."""
    within, limits = within_limits(actor, "one", "other")
    asked = _OPEN + (_OF_THEIRS.format(within=within) if within else "")
    if may(actor, "settle_duplicates") or not may(actor, "answer_pairs"):
        return session.scalar(text(asked), limits) or 0
    access.enter(actor)  # sees the reports of their own organisation, and no more is asked
    return session.scalar(text(f"{asked} AND {_OF_OWN}"), limits | {"organisation": actor.organisation_id}) or 0
