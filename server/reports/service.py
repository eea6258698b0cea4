"""Receiving a report, and what may happen to it afterwards: it is read, added to, taken back, erased; never changed."""

from datetime import datetime
from functools import cache
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import CursorResult, LargeBinary, Select, Table, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from server.accounts.policy import Actor
from server.core import ledger
from server.core.clock import now
from server.core.database import see_as, session
from server.reports import vault
from server.reports.draft import Draft, Receipt
from server.reports.models import Amendment, CopyAside, Report, ReportSecret
from server.reports.questions import Question
from server.reports.redactions import masked
from server.reports.rows import WRITTEN, row_of, words_of
from server.vocabulary import HandlingState

SPOKE_AGAIN = "spoke_again"


def receive(draft: Draft, *, actor: Actor) -> Receipt:
    """Take a report in, exactly once however often it is sent; the same body gives the same receipt.

    Another body under the same id is kept aside and the receipt says ``is_conflict``; a report that was taken back stays so.
    """
    see_as("all")
    received_at = now()
    if session.connection().scalar(_receiving(), _parameters(draft, actor, received_at)) is None:
        return _repeat(draft)
    return Receipt(id=draft.id, sha256=draft.sha256.hex(), received_at=received_at, is_new=True)


def _parameters(draft: Draft, actor: Actor, received_at: datetime) -> dict[str, Any]:
    key, wrapped = vault.new_key(draft.id)
    return {
        **row_of(draft, actor=actor, received_at=received_at),
        "wrapped_key": wrapped,
        "sealed": vault.seal_words(words_of(draft), key, draft.id),
        "actor_id": actor.person_id,
        "details": {"sha256": draft.sha256.hex()},
    }


@cache
def _receiving() -> Select[Any]:
    """One statement, made once: the report, its sealed words, the ledger's entry and the outbox's event, or none of them."""
    table = cast("Table", Report.__table__)
    new = insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in WRITTEN})
    received = new.on_conflict_do_nothing(index_elements=["id"]).returning(table.c.id).cte("received")
    secret = insert(cast("Table", ReportSecret.__table__)).from_select(
        ["report_id", "wrapped_key", "sealed"],
        select(received.c.id, bindparam("wrapped_key", type_=LargeBinary), bindparam("sealed", type_=LargeBinary)),
    )
    return select(received.c.id).add_cte(secret.cte("secret"), *ledger.record_with(received.c.id, "report.received"))


def _repeat(draft: Draft) -> Receipt:
    """The answer to a report that is here already."""
    here = session.execute(
        select(Report.payload_sha256, Report.received_at, Report.withdrawn_at).where(Report.id == draft.id)
    ).one()
    if here.withdrawn_at is not None:
        return Receipt(id=draft.id, sha256=here.payload_sha256.hex(), received_at=here.received_at, is_withdrawn=True)
    if here.payload_sha256 != draft.sha256:
        _keep_aside(draft)
        return Receipt(id=draft.id, sha256=here.payload_sha256.hex(), received_at=here.received_at, is_conflict=True)
    return Receipt(id=draft.id, sha256=draft.sha256.hex(), received_at=here.received_at)


def _keep_aside(draft: Draft) -> None:
    """Keep another body that came under a known id, once; nothing of a report that is being taken back at this moment."""
    standing = select(Report.id).where(Report.id == draft.id, Report.withdrawn_at.is_(None)).with_for_update(read=True)
    if session.scalar(standing) is None:
        return
    known = select(CopyAside.id).where(CopyAside.report_id == draft.id, CopyAside.payload_sha256 == draft.sha256)
    if session.scalar(known) is not None:
        return
    copy_id = uuid4()
    key, wrapped = vault.new_key(copy_id)
    session.add(
        CopyAside(
            id=copy_id,
            report_id=draft.id,
            payload_sha256=draft.sha256,
            wrapped_key=wrapped,
            sealed=vault.seal(draft.body, key, copy_id),
        )
    )
    ledger.record("report.conflicted", draft.id, sha256=draft.sha256.hex())


def withdraw(report_id: UUID, *, actor: Actor) -> None:
    """Take a report back: it counts no more, its words and contact are erased at once. Twice is as once."""
    changed = session.execute(
        update(Report)
        .where(Report.id == report_id, Report.withdrawn_at.is_(None))
        .values(withdrawn_at=now(), handling=HandlingState.CLOSED)
    )
    if cast("CursorResult[Any]", changed).rowcount:
        erase_words(report_id)
        ledger.record("report.withdrawn", report_id, actor_id=actor.person_id)


def erase_words(*report_ids: UUID) -> None:
    """Destroy the keys of reports' words, additions and copies kept aside: what is sealed can never be opened again."""
    nothing = {"wrapped_key": None, "sealed": b""}
    session.execute(update(ReportSecret).where(ReportSecret.report_id.in_(report_ids)).values(**nothing))
    session.execute(update(CopyAside).where(CopyAside.report_id.in_(report_ids)).values(**nothing))
    session.execute(update(Amendment).where(Amendment.report_id.in_(report_ids)).values(sealed=b""))
    session.execute(update(Question).where(Question.report_id.in_(report_ids)).values(sealed=b"", sealed_answer=None))


def amend(report: Report, words: str, *, actor: Actor) -> None:
    """Lay an addition beside a report; the report itself stays as it was. A sentence that tells of the military is covered first."""
    secret = session.get_one(ReportSecret, report.id, with_for_update=True, populate_existing=True)
    if secret.wrapped_key is None:
        return
    key = vault.unwrap(secret.wrapped_key, report.id)
    session.add(Amendment(report_id=report.id, sealed=vault.seal(masked(words).encode(), key, report.id)))
    ledger.record("report.amended", report.id, actor_id=actor.person_id)
    spoke_again(report)


def spoke_again(report: Report) -> None:
    """Note that the reporter said more, so that a person reads the report again."""
    if SPOKE_AGAIN not in report.flags:
        report.flags = [*report.flags, SPOKE_AGAIN]


def set_handling(report: Report, state: HandlingState, *, actor: Actor) -> None:
    """Say how far the handling of a report is; the receipt shows no more than this."""
    if actor.is_known:
        report.flags = [flag for flag in report.flags if flag != SPOKE_AGAIN]
    if report.handling != state:
        report.handling = state
        ledger.record("report.handled", report.id, actor_id=actor.person_id, state=state.value)


def supersede(old_id: UUID, new_id: UUID, *, actor: Actor) -> None:
    """A sender's row was sent again with changes: the new report counts, the old one stays on record."""
    session.execute(update(Report).where(Report.id == old_id).values(superseded_by=new_id, withdrawn_at=now()))
    ledger.record("report.withdrawn", old_id, actor_id=actor.person_id, replaced_by=str(new_id))


def free_words(report: Report, *, actor: Actor) -> None:
    """A person read what was held back and found it harmless: the words count as any others."""
    report.quarantine = []
    ledger.record("report.freed", report.id, actor_id=actor.person_id)


def keep_masked(report: Report, *, actor: Actor) -> None:
    """Keep the words with what tells of the military covered, under a new key: the raw words are destroyed at once and for good."""
    secret = session.get_one(ReportSecret, report.id)
    words = vault.open_words(secret.wrapped_key, secret.sealed, report.id)
    if words.is_erased:
        return
    kept = vault.PrivateWords(text=masked(words.text), place_text=masked(words.place_text), contact=words.contact)
    key, wrapped = vault.new_key(report.id)
    erase_words(report.id)
    again = {"sealed": vault.seal_words(kept, key, report.id), "wrapped_key": wrapped}
    session.execute(update(ReportSecret).where(ReportSecret.report_id == report.id).values(**again))
    ledger.record("report.masked", report.id, actor_id=actor.person_id)
    free_words(report, actor=actor)


def handled_at(report_id: UUID) -> datetime | None:
    """When the handling of a report was last changed."""
    entry = ledger.LedgerEntry
    query = select(entry.at).where(entry.subject_id == report_id, entry.event == "report.handled")
    return session.scalar(query.order_by(entry.id.desc()).limit(1))
