"""THE door to reports. Nothing else yields a Report or its private words; row-level security stands behind it."""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from server.accounts.policy import SYSTEM, Actor, may, reach
from server.core import ledger
from server.core.database import see_as, session
from server.core.problems import Problem
from server.reports import redactions, vault
from server.reports.models import Amendment, Report, ReportSecret
from server.reports.vault import ERASED, PrivateWords


def enter(actor: Actor) -> None:
    """Tell the database how far this actor sees, until the work is settled."""
    see_as(reach(actor), organisation=actor.organisation_id)


def visible_to(actor: Actor) -> Select[Report]:
    """A SELECT over the reports this actor may see; Problem ``not_allowed`` for whoever may see none."""
    if not may(actor, "see_reports"):
        raise Problem("not_allowed" if actor.is_known else "sign_in_needed")
    enter(actor)
    found = select(Report)
    if reach(actor) == "own":
        found = found.where(Report.organisation_id == actor.organisation_id)
    return found


def get_report(actor: Actor, report_id: UUID) -> Report:
    """The report, or Problem ``report_not_found``, which does not tell whether it exists."""
    report = session.scalar(visible_to(actor).where(Report.id == report_id))
    if report is None:
        raise Problem("report_not_found")
    return report


def was_received(report_id: UUID) -> bool:
    """Whether a report of this number lies here, whoever asks; nothing else of it is told."""
    see_as("all")
    return session.scalar(select(Report.id).where(Report.id == report_id)) is not None


def by_receipt(code: str) -> Report:
    """The report a receipt code belongs to, or Problem ``receipt_unknown``."""
    see_as("all")
    report = session.scalar(
        select(Report).where(Report.receipt_hash == vault.receipt_hash(code)).order_by(Report.received_at).limit(1)
    )
    if report is None:
        raise Problem("receipt_unknown")
    return report


def by_receipt_key(report_id: UUID, key: str) -> Report:
    """The report of this number for whoever holds the key of its receipt, or Problem ``report_not_found``."""
    see_as("all")
    report = session.get(Report, report_id)
    known = report.receipt_hash if report is not None and report.receipt_hash else bytes(32)
    if not hmac.compare_digest(known, vault.receipt_hash_of_key(key)) or report is None:
        raise Problem("report_not_found")
    return report


def private_words(actor: Actor, report: Report) -> PrivateWords:
    """The words of one report as this actor may read them; what is in quarantine for nobody. A contact for few, and each look is noted."""
    words = _readable(actor, report)
    if not may(actor, "see_contact"):
        return PrivateWords(text=words.text, place_text=words.place_text, is_erased=words.is_erased)
    if words.contact and not actor.is_system:
        ledger.record("contact.viewed", report.id, actor_id=actor.person_id)
    return words


def _readable(actor: Actor, report: Report) -> PrivateWords:
    """All sealed words of a report with what was covered of them, the contact among them."""
    if not may(actor, "see_personal_words"):
        return ERASED
    words = _open([report.id]).get(report.id, ERASED)
    if actor.is_system:
        return words
    return ERASED if report.quarantine else _covered(words, redactions.spans_of(report.id))


def _covered(words: PrivateWords, spans: redactions.Spans) -> PrivateWords:
    """The words with the parts covered that somebody covered; the seal keeps them whole."""
    if words.is_erased or not spans:
        return words
    text, place_text = (redactions.covered(getattr(words, field), spans.get((field, None), ())) for field in redactions.FIELDS)
    return replace(words, text=text, place_text=place_text)


def uncovered_words(actor: Actor, report: Report) -> PrivateWords:
    """The words as they came, for who covers and uncovers parts of them; without a contact, and what is in quarantine for nobody."""
    is_whole = may(actor, "see_unredacted") and not report.quarantine
    words = _open([report.id]).get(report.id, ERASED) if is_whole else _readable(actor, report)
    return replace(words, contact="", unread={})


def masked_words(actor: Actor, report: Report) -> PrivateWords:
    """The words of a report in quarantine with every sentence covered that tells of the military: the facts of damage stay readable."""
    if not may(actor, "handle_report") or not may(actor, "see_personal_words"):
        return ERASED
    words = _open([report.id]).get(report.id, ERASED)
    return PrivateWords(text=redactions.masked(words.text), place_text=redactions.masked(words.place_text), is_erased=words.is_erased)


def words_of(report_ids: Iterable[UUID]) -> dict[UUID, PrivateWords]:
    """The words of many reports for the house's own judgement (matching); never for a page."""
    enter(SYSTEM)
    return _open(list(report_ids))


def words_in(rows: Iterable[Mapping[str, Any]]) -> dict[UUID, PrivateWords]:
    """The same of rows asked for with their ``id``, ``wrapped_key`` and ``sealed`` beside, which saves a trip for each report."""
    return {row["id"]: vault.open_words(row["wrapped_key"], row["sealed"], row["id"]) for row in rows}


def amendments(actor: Actor, report: Report) -> list[str]:
    """What the reporter added later, oldest first, as this actor may read it: with what was covered."""
    spans = redactions.spans_of(report.id)
    return [redactions.covered(words, spans.get(("addition", number), ())) for number, words in uncovered_amendments(actor, report)]


def uncovered_amendments(actor: Actor, report: Report) -> list[tuple[UUID, str]]:
    """What the reporter added later as it came, each with its number; for who covers parts of it."""
    secret = session.get(ReportSecret, report.id)
    if secret is None or secret.wrapped_key is None or not may(actor, "see_personal_words") or report.quarantine:
        return []
    key = vault.unwrap(secret.wrapped_key, report.id)
    rows = session.scalars(select(Amendment).where(Amendment.report_id == report.id).order_by(Amendment.at))
    return [(row.id, vault.unseal(row.sealed, key, report.id).decode()) for row in rows if row.sealed]


def _open(report_ids: list[UUID]) -> dict[UUID, PrivateWords]:
    rows = session.execute(
        select(ReportSecret.report_id, ReportSecret.wrapped_key, ReportSecret.sealed).where(
            ReportSecret.report_id.in_(report_ids)
        )
    )
    return {row.report_id: vault.open_words(row.wrapped_key, row.sealed, row.report_id) for row in rows}
