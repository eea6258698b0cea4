"""Dated data sets: frozen from the public copy, written by a job, tested, read by people, signed, published; or withdrawn.

One is prepared at a time. What was frozen is what is published: when the public copy has lost or changed a row meanwhile,
the data set is prepared anew.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Uuid, any_, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from server.accounts.models import Person
from server.accounts.policy import Actor, may
from server.core.clock import now as present
from server.core.database import session
from server.core.ledger import record
from server.core.problems import Problem
from server.core.response import this_response
from server.publication import five_w_frozen, frozen, reading, signing
from server.publication.about import About
from server.publication.approving import needs_two_people
from server.publication.manifest import manifest
from server.publication.merges import merges
from server.publication.models import Disclosure
from server.publication.release_models import (
    ADDED,
    BUILDING,
    CHANGED,
    DISCARDED,
    PUBLISHED,
    REMOVED,
    UNDER_WAY,
    WAITING,
    WITHDRAWN,
    PublishedFile,
    Release,
    ReleaseApproval,
    ReleaseChange,
    ReleaseDraft,
)  # fmt: skip
from server.publication.service import EXERCISE, ONE_WRITER, take_time
from server.vocabulary import Role

BOTH = {Role.STEWARD.value, Role.PROTECTION.value}


def prepare(actor: Actor) -> ReleaseDraft:
    """Freeze the public copy as a data set to be; a job writes its files. Problem when nothing is public, or one is under way."""
    _must(actor, "prepare_release")
    session.execute(ONE_WRITER)
    take_time()
    newest = reading.latest()
    if newest is None:
        raise Problem("nothing_to_release")
    if under_way():
        raise Problem("already_done")
    edition = frozen.next_edition()
    frozen.freeze(edition)
    five_w_frozen.freeze(edition)
    draft = ReleaseDraft(
        edition=edition, number=next_number(present()), state=BUILDING, batch_id=newest.release_id,
        policy_version=newest.policy_version, asked_by=actor.person_id, asked_at=present(), rows_total=frozen.count(edition),
    )  # fmt: skip
    session.add(draft)
    session.flush()
    record("release.prepared", draft.id, actor_id=actor.person_id, number=draft.number)
    return draft


def under_way() -> ReleaseDraft | None:
    """The data set that is being prepared now, if there is one."""
    query = select(ReleaseDraft).where(ReleaseDraft.remakes.is_(None), ReleaseDraft.state.in_(UNDER_WAY))
    return session.scalar(query)


def draft_of(draft_id: UUID) -> ReleaseDraft:
    """A data set in the making, by its id; Problem when there is none."""
    draft = session.get(ReleaseDraft, draft_id)
    if draft is None:
        raise Problem("not_found")
    return draft


def approve(actor: Actor, draft_id: UUID) -> ReleaseDraft:
    """Sign a data set that waits; it is published with the last signature that the rules ask for."""
    _must(actor, "approve_release")
    session.execute(ONE_WRITER)
    take_time()
    draft = draft_of(draft_id)
    if draft.state != WAITING:
        raise Problem("already_done")
    if actor.person_id and actor.person_id not in {row.person_id for row in approvals(draft.id)}:
        roles = sorted(role.value for role in actor.roles)
        session.add(ReleaseApproval(draft_id=draft.id, person_id=actor.person_id, approved_at=present(), roles=roles))
        session.flush()
        record("release.approved", draft.id, actor_id=actor.person_id, number=draft.number)
    if not lacks(draft):
        publish(draft)
    return draft


def approvals(draft_id: UUID) -> Sequence[ReleaseApproval]:
    """The signatures under a data set, oldest first."""
    query = select(ReleaseApproval).where(ReleaseApproval.draft_id == draft_id)
    return session.scalars(query.order_by(ReleaseApproval.approved_at)).all()


def lacks(draft: ReleaseDraft) -> bool:
    """Whether a signature is still missing: one person's, or in conflict two people's, a steward and a protection officer.

    The signature of somebody whose account was closed since does not count.
    """
    here = select(Person.id).where(Person.active)
    given = session.scalars(select(ReleaseApproval).where(ReleaseApproval.draft_id == draft.id, ReleaseApproval.person_id.in_(here))).all()
    if not needs_two_people(present()):
        return not given
    return len(given) < 2 or not {role for row in given for role in row.roles} >= BOTH


def discard(actor: Actor, draft_id: UUID) -> None:
    """Throw away a data set that was not published; its frozen rows are forgotten."""
    _must(actor, "prepare_release")
    session.execute(ONE_WRITER)
    draft = draft_of(draft_id)
    if draft.state not in UNDER_WAY or draft.remakes:
        raise Problem("already_done")
    _throw_away(draft)
    record("release.discarded", draft.id, actor_id=actor.person_id, number=draft.number)


def publish(draft: ReleaseDraft) -> Release:
    """Make a data set public, with its signed list of files and what it changed. The caller holds the writers' lock."""
    if draft.remakes is None and (frozen.stale(draft.edition) or five_w_frozen.stale(draft.edition)):
        raise Problem("release_stale")
    made = _release(draft)
    session.add(made)
    session.flush()
    session.execute(insert(PublishedFile), draft.files)
    if draft.remakes is None:
        frozen.tell(draft.edition, merges(frozen.differences(draft.edition, REMOVED)))
    else:
        session.execute(update(Release).where(Release.number == draft.remakes).values(replaced_by=made.number))
    draft.state, draft.done_at = PUBLISHED, present()
    record("release.published", draft.id, actor_id=draft.asked_by, number=made.number, rows=made.rows_total)
    return made


def withdraw_holding(published_ids: Sequence[str], *, now: datetime, editions: Iterable[int] = ()) -> list[str]:
    """Withdraw every data set that holds one of some rows, at once; each is made again without them, under a new number.

    For the kill switch, in its transaction. `editions` are those that held rows of the 5W. Returns the numbers withdrawn.
    """
    held = [*frozen.editions_holding(published_ids), *((edition, edition + 1) for edition in editions)]
    gone = [made for made in _published() if _holds(held, made.edition)]
    begun = [draft for draft in _under_way() if _holds(held, draft.edition)]
    for draft in begun:
        _throw_away(draft)
    frozen.erase(published_ids)
    if published_ids and (gone or begun):
        _tell_removed(published_ids)
    for made in gone:
        made.state = WITHDRAWN
        _make_again(made.number, made, now=now)
    for draft in begun:
        if draft.remakes:
            _make_again(draft.remakes, draft, now=now)
    return [made.number for made in gone]


def withdraw_set(actor: Actor, number: str) -> int:
    """Withdraw one dated data set for good, for the kill switch; returns how many rows it had. Problem when there is none."""
    made = session.get(Release, number)
    if made is None or made.state != PUBLISHED:
        raise Problem("release_not_found")
    made.state = WITHDRAWN
    session.execute(delete(PublishedFile).where(PublishedFile.release == number))
    behind = session.scalar(select(ReleaseDraft.id).where(ReleaseDraft.number == number)) or uuid4()
    record("release.withdrawn", behind, actor_id=actor.person_id, number=number)
    return made.rows_total


def numbers_of(incident_ids: Iterable[UUID]) -> list[str]:
    """Every public number under which some records were ever shown."""
    among = Disclosure.incident_id == any_(literal(list(incident_ids), ARRAY(Uuid)))
    return list(session.scalars(select(Disclosure.published_id).where(among).distinct()))


def about(draft: ReleaseDraft) -> About:
    """What every file of a data set says of itself."""
    return About(
        release_id=draft.number or "", policy_version=draft.policy_version, published_on=dated_on(draft),
        is_exercise=this_response().exercise, response_name=this_response().name, address="",
    )  # fmt: skip


def dated_on(draft: ReleaseDraft) -> date:
    """The day whose public copy a data set is."""
    return draft.asked_at.astimezone(UTC).date()


def next_number(at: datetime) -> str:
    """The number of the next data set: the year, the month, and 1, 2, 3 … An exercise says so in every number."""
    stem = f"{EXERCISE if this_response().exercise else ''}{at.astimezone(UTC):%Y.%m}."
    reserved = select(ReleaseDraft.number).where(ReleaseDraft.state != DISCARDED, ReleaseDraft.number.startswith(stem))
    made = select(Release.number).where(Release.number.startswith(stem))
    taken = [int(number.removeprefix(stem)) for number in session.scalars(reserved.union(made)) if number]
    return f"{stem}{max(taken, default=0) + 1}"


def _release(draft: ReleaseDraft) -> Release:
    changes = frozen.counts(draft.edition) if draft.remakes is None else dict.fromkeys((ADDED, CHANGED, REMOVED), 0)
    facts = {
        "rows_total": draft.rows_total, "rows_added": changes[ADDED], "rows_changed": changes[CHANGED],
        "rows_removed": changes[REMOVED], "previous": draft.remakes or _latest_number(),
        "edition": draft.edition, "batch_id": draft.batch_id,
    }  # fmt: skip
    released_on = present().astimezone(UTC).date()
    listed = manifest(about(draft), facts=facts, files=draft.files, released_on=released_on)
    sequence = (session.scalar(select(func.max(Release.sequence))) or 0) + 1
    return Release(
        number=draft.number, sequence=sequence, state=PUBLISHED, published_on=released_on, policy_version=draft.policy_version,
        is_exercise=this_response().exercise, manifest=listed, signature=signing.sign(listed.encode()), **facts,
    )  # fmt: skip


def _tell_removed(published_ids: Sequence[str]) -> None:
    edition = frozen.next_edition()
    rows = [{"edition": edition, "incident_id": name, "change": REMOVED} for name in sorted(set(published_ids))]
    session.execute(insert(ReleaseChange), rows)


def _make_again(number: str, model: Release | ReleaseDraft, *, now: datetime) -> None:
    left = frozen.count(model.edition)
    again = ReleaseDraft(
        edition=model.edition, remakes=number, number=next_number(now) if left else None, asked_at=now,
        state=BUILDING if left else DISCARDED, batch_id=model.batch_id, policy_version=model.policy_version, rows_total=left,
    )  # fmt: skip
    session.add(again)
    session.flush()
    record("release.withdrawn", again.id, number=number)


def _throw_away(draft: ReleaseDraft) -> None:
    if draft.remakes is None:
        frozen.thaw(draft.edition)
        five_w_frozen.thaw(draft.edition)
    draft.state, draft.done_at = DISCARDED, present()
    session.flush()


def _published() -> Sequence[Release]:
    return session.scalars(
        select(Release).where(Release.state == PUBLISHED).order_by(Release.edition, Release.sequence)
    ).all()


def _latest_number() -> str | None:
    made = _published()
    return made[-1].number if made else None


def _under_way() -> Sequence[ReleaseDraft]:
    return session.scalars(select(ReleaseDraft).where(ReleaseDraft.state.in_(UNDER_WAY))).all()


def _holds(spans: Iterable[tuple[int, int | None]], edition: int) -> bool:
    return any(start <= edition and (end is None or end > edition) for start, end in spans)


def _must(actor: Actor, action: str) -> None:
    if not may(actor, action):
        raise Problem("not_allowed")
