"""What is kept only for a time: contacts, and words that were held back. The facts of damage stay."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from server.core import ledger
from server.core.clock import now
from server.core.database import see_as, session
from server.reports import vault
from server.reports.models import Report, ReportSecret
from server.reports.service import erase_words

HELD_BACK = timedelta(hours=23)
CONTACT_KEPT = timedelta(days=90)
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
    return len(found)


def erase_old_contacts(most: int = 5_000) -> int:
    """Take the contact out of reports that are older than 90 days; their other words stay. Returns how many."""
    see_as("all")
    due = (
        select(ReportSecret, Report.id)
        .join(Report, Report.id == ReportSecret.report_id)
        .where(
            Report.consents.contains(["KEEP_CONTACT"]),
            Report.received_at < now() - CONTACT_KEPT,
            ~Report.flags.contains([CONTACT_ERASED]),
            ReportSecret.wrapped_key.is_not(None),
        )
        .limit(most)
    )
    found = session.execute(due).all()
    for secret, report_id in found:
        _reseal_without_contact(secret, report_id)
    return len(found)


def _reseal_without_contact(secret: ReportSecret, report_id: UUID) -> None:
    """The same words under the same key, less the contact; additions stay readable."""
    words = vault.open_words(secret.wrapped_key, secret.sealed, report_id)
    kept = vault.PrivateWords(text=words.text, place_text=words.place_text, unread=words.unread)
    secret.sealed = vault.seal_words(kept, vault.unwrap(secret.wrapped_key or b"", report_id), report_id)
    session.execute(
        update(Report).where(Report.id == report_id).values(flags=Report.flags.op("||")([CONTACT_ERASED]))
    )
    ledger.record("report.contact_erased", report_id)
