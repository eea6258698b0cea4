"""What is kept only for a time: contacts, words, and words that were held back. The facts of damage stay; each run is proved."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select, update

from server.core import ledger
from server.core.clock import now
from server.core.database import see_as, session
from server.core.erasure import prove
from server.core.response import this_response
from server.reports import vault
from server.reports.models import Amendment, Report, ReportSecret
from server.reports.service import erase_words

HELD_BACK = timedelta(hours=23)
CONTACT_KEPT = timedelta(days=90)
WORDS_KEPT = timedelta(days=365)
EVIDENCE_KEPT = timedelta(days=730)
CONTACT_ERASED = "contact_erased"


def purge_held_back() -> int:
    """Erase the words that have been in quarantine for a day. Returns how many."""
    see_as("all")
    due = (
        select(Report.id)
        .join(ReportSecret, ReportSecret.report_id == Report.id)
        .where(
            Report.quarantine.contains(["military_words"]),
            Report.received_at < now() - HELD_BACK,
            ReportSecret.wrapped_key.is_not(None),
        )
    )
    found = list(session.scalars(due))
    for report_id in found:
        erase_words(report_id)
        ledger.record("report.words_purged", report_id)
    if found:
        prove("held_back_words", erased=len(found), left=lambda: _count(due), cutoff=now() - HELD_BACK)
    return len(found)


def erase_old_contacts(most: int = 5_000) -> int:
    """Take the contact out of reports older than 90 days, or fewer where this response says so. Returns how many."""
    cutoff = now() - min(CONTACT_KEPT, timedelta(days=this_response().contact_days))
    return erase_contacts(Report.received_at < cutoff, kind="contacts", cutoff=cutoff, most=most)


def erase_contacts(due: ColumnElement[bool], *, kind: str, cutoff: datetime, most: int = 5_000) -> int:
    """Take the contact out of the reports that are `due`; returns how many, and keeps a proof."""
    see_as("all")
    kept = and_(
        Report.consents.contains(["KEEP_CONTACT"]),
        ~Report.flags.contains([CONTACT_ERASED]),
        ReportSecret.wrapped_key.is_not(None),
        due,
    )
    found = session.execute(
        select(ReportSecret, Report.id).join(Report, Report.id == ReportSecret.report_id).where(kept).limit(most)
    ).all()
    for secret, report_id in found:
        _reseal_without_contact(secret, report_id)
    session.flush()
    left = select(Report.id).join(ReportSecret, ReportSecret.report_id == Report.id).where(kept)
    prove(kind, erased=len(found), left=lambda: _count(left), cutoff=cutoff)
    return len(found)


def erase_old_words(most: int = 20_000) -> int:
    """Destroy the words of reports older than a year (or what this response says), than two where they are kept as evidence. Returns how many."""
    see_as("all")
    kept = min(WORDS_KEPT, timedelta(days=this_response().words_days))
    cutoff = now() - kept
    age = case((Report.consents.contains(["KEEP_EVIDENCE"]), literal(EVIDENCE_KEPT)), else_=literal(kept))
    due = (
        select(Report.id)
        .join(ReportSecret, ReportSecret.report_id == Report.id)
        .where(Report.received_at < now() - age, ReportSecret.wrapped_key.is_not(None))
    )
    found = list(session.scalars(due.limit(most)))
    erase_words(*found)
    if found:
        ledger.record("report.words_expired", found[0], reports=len(found))
    prove("words", erased=len(found), left=lambda: _count(due), cutoff=cutoff)
    return len(found)


def prove_withdrawals() -> int:
    """Prove that nothing is left of the words of reports that were taken back; returns how many still hold some."""
    see_as("all")
    taken_back = select(Report.id).where(Report.withdrawn_at.is_not(None), Report.superseded_by.is_(None))
    proof = prove("withdrawn", erased=_count(taken_back), left=lambda: _count(_speaking(taken_back.scalar_subquery())))
    return proof.left


def erase_report(report_id: UUID) -> int:
    """Prove, for one report that was taken back, what is left of its words: 0."""
    see_as("all")
    one = select(Report.id).where(Report.id == report_id).scalar_subquery()
    return prove("one_report", erased=1, left=lambda: _count(_speaking(one)), subject=report_id).left


def _speaking(reports: ColumnElement[UUID]) -> Select[UUID]:
    """Those of some reports of whose words anything can still be opened."""
    said = exists().where(Amendment.report_id == ReportSecret.report_id, func.length(Amendment.sealed) > 0)
    sealed = or_(ReportSecret.wrapped_key.is_not(None), func.length(ReportSecret.sealed) > 0, said)
    return select(ReportSecret.report_id).where(ReportSecret.report_id.in_(reports), sealed)


def _count(query: Select[UUID]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _reseal_without_contact(secret: ReportSecret, report_id: UUID) -> None:
    """The same words under the same key, less the contact; additions stay readable."""
    words = vault.open_words(secret.wrapped_key, secret.sealed, report_id)
    kept = vault.PrivateWords(text=words.text, place_text=words.place_text, unread=words.unread)
    secret.sealed = vault.seal_words(kept, vault.unwrap(secret.wrapped_key or b"", report_id), report_id)
    session.execute(update(Report).where(Report.id == report_id).values(flags=Report.flags.op("||")([CONTACT_ERASED])))
    ledger.record("report.contact_erased", report_id)
