"""Talk through the receipt: the desk asks, the reporter answers from memory. No question sends anybody back to look.

The fixed questions are worded so. Own words pass only when whoever asks ticked that they can be answered from where the
reporter is. All words, asked and answered, lie sealed under the key of the report, and go with it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from server.accounts.policy import ANONYMOUS, Actor, may
from server.core import ledger
from server.core.choices import N_
from server.core.clock import now
from server.core.database import session
from server.core.i18n import words as spoken
from server.core.problems import Problem
from server.reports import redactions, service, vault
from server.reports.models import TEXT_LIMIT, Report, ReportSecret
from server.reports.questions import Question
from server.vocabulary import HandlingState, ReplyChoice, ReporterQuestion

OWN_WORDS_LIMIT = 300
MOST_OPEN = 3
NOBODY_TO_ASK = N_("Nobody can be asked: this report has no receipt, or it was taken back, or its words are erased.")
ENOUGH_OPEN = N_("Three questions wait for an answer already.")
SAY_IT = N_("Please write the question.")
TICK_IT = N_("Please tick that it can be answered from where they are. If it cannot, do not ask it.")
SAY_SOMETHING = N_("Please choose an answer or write some words.")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question and, once it came, its answer. ``words`` are the asker's own, empty for a fixed question."""

    id: UUID
    question: ReporterQuestion
    words: str
    asked_at: datetime
    answered_at: datetime | None = None
    answer: ReplyChoice | None = None
    answer_words: str = ""


def ask(report: Report, *, question: ReporterQuestion, words: str = "", answerable_here: bool = False, actor: Actor) -> None:
    """Put a question to the reporter; their receipt shows it. Problem ``not_allowed``, or ``invalid_input`` with the reason."""
    if not may(actor, "handle_report"):
        raise Problem("not_allowed" if actor.is_known else "sign_in_needed")
    own = words.strip()[:OWN_WORDS_LIMIT] if question is ReporterQuestion.OWN_WORDS else ""
    if question is ReporterQuestion.OWN_WORDS:
        _refuse_unless(bool(own), "words", SAY_IT)
        _refuse_unless(answerable_here, "answerable_here", TICK_IT)
    key = _key(report)
    _refuse_unless(key is not None and report.receipt_hash is not None and report.withdrawn_at is None, "question", NOBODY_TO_ASK)
    _refuse_unless(sum(not row.answered_at for row in _rows(report)) < MOST_OPEN, "question", ENOUGH_OPEN)
    sealed = vault.seal(own.encode(), key or b"", report.id)
    asked = Question(id=uuid4(), report_id=report.id, asked_by=actor.person_id, question=question, sealed=sealed, asked_at=now())
    session.add(asked)
    session.flush()
    ledger.record("report.asked", report.id, actor_id=actor.person_id, question=question.value)
    service.set_handling(report, HandlingState.QUESTION, actor=actor)


def asked(report: Report) -> list[Asked]:
    """Every question to the reporter of a report somebody was let in to, oldest first; none once its words are erased."""
    key = _key(report)
    return [] if key is None else [_opened(row, key) for row in _rows(report)]


def asked_covered(report: Report) -> list[Asked]:
    """The same as the desk reads it: with what was covered of the answers."""
    spans = redactions.spans_of(report.id)
    return [replace(row, answer_words=redactions.covered(row.answer_words, spans.get(("answer", row.id), ()))) for row in asked(report)]


def answer(report: Report, question_id: UUID, *, choice: ReplyChoice | None = None, words: str = "") -> None:
    """The reporter's answer, given once; more can be added as any addition. The report is then to be read again.

    A sentence that tells of the military is covered before it is kept.
    Problem ``invalid_input`` for an empty answer, ``already_done`` for a question that is answered, gone or another report's.
    """
    said, key = words.strip()[:TEXT_LIMIT], _key(report)
    _refuse_unless(choice is not None or bool(said), "choice", SAY_SOMETHING)
    row = session.get(Question, question_id, with_for_update=True, populate_existing=True)
    if row is None or row.report_id != report.id or row.answered_at or key is None or report.withdrawn_at:
        raise Problem("already_done")
    row.answered_at, row.answer = now(), choice
    row.sealed_answer = vault.seal(redactions.masked(said).encode(), key, report.id)
    ledger.record("report.answered", report.id, actor_id=ANONYMOUS.person_id, question=str(question_id))
    service.spoke_again(report)
    if all(other.answered_at for other in _rows(report)):
        service.set_handling(report, HandlingState.RECEIVED, actor=ANONYMOUS)


def _rows(report: Report) -> list[Question]:
    return list(session.scalars(select(Question).where(Question.report_id == report.id).order_by(Question.asked_at, Question.id)))


def _opened(row: Question, key: bytes) -> Asked:
    said = vault.unseal(row.sealed_answer, key, row.report_id).decode() if row.sealed_answer else ""
    own = vault.unseal(row.sealed, key, row.report_id).decode() if row.sealed else ""
    return Asked(
        id=row.id, question=row.question, words=own, asked_at=row.asked_at,
        answered_at=row.answered_at, answer=row.answer, answer_words=said,
    )  # fmt: skip


def _key(report: Report) -> bytes | None:
    """The key of a report's words, or None once it was destroyed."""
    secret = session.get(ReportSecret, report.id)
    return None if secret is None or secret.wrapped_key is None else vault.unwrap(secret.wrapped_key, report.id)


def _refuse_unless(fine: bool, field: str, sentence: str) -> None:  # noqa: FBT001 - reads as a sentence where it is called
    if not fine:
        raise Problem("invalid_input", errors=[{"field": field, "code": "invalid", "message": spoken(sentence)}])
