"""Parts of a report's words covered with ▇, what was added or answered later included. The words stay sealed as they were; only
where they are covered is kept.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, String, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from server.accounts.policy import Actor, may
from server.core import ledger
from server.core.choices import N_
from server.core.clock import now
from server.core.columns import one_of, passport, stamped, uuid_pk
from server.core.database import Base, session
from server.core.problems import Problem
from server.reports.screening import held_back
from server.vocabulary import Audience

COORD, INTERNAL = Audience.COORD, Audience.INTERNAL
COVER = "▇"
FIELDS = ("text", "place_text")
LATER = ("addition", "answer")
"""Words that came through the receipt: each has a number of its own (``part_id``)."""

Part = tuple[str, UUID | None]
"""Which text: one of ``FIELDS`` with None, or one of ``LATER`` with the number of the addition or question."""
Spans = dict[Part, list[list[int]]]


class TextRedaction(Base):
    """One covered part: from which sign to which (not included), in which of a report's texts."""

    __tablename__ = "text_redactions"
    __table_args__ = (one_of("field", FIELDS + LATER),)
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    report_id: Mapped[UUID] = mapped_column(
        ForeignKey("reports.id", ondelete="CASCADE"), index=True, info=passport(N_("Report"), audience=COORD)
    )
    field: Mapped[str] = mapped_column(String(16), info=passport(N_("Which text"), audience=COORD))
    part_id: Mapped[UUID | None] = mapped_column(info=passport(N_("Which addition or answer"), audience=INTERNAL))
    span: Mapped[list[int]] = mapped_column(ARRAY(Integer), info=passport(N_("From and to"), audience=INTERNAL))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=COORD))
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=COORD))
    undone_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Undone"), audience=COORD))
    undone_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Undone by"), audience=COORD))


def covered(text: str, spans: Iterable[Sequence[int]]) -> str:
    """``text`` with every sign of the spans covered; spaces stay, so that the line breaks as before."""
    signs = list(text)
    for begin, end in spans:
        for at in range(max(0, begin), min(end, len(signs))):
            if not signs[at].isspace():
                signs[at] = COVER
    return "".join(signs)


def masked(text: str) -> str:
    """``text`` with every sentence covered that tells of the military."""
    return covered(text, held_back(text))


def cover(report_id: UUID, part: Part, span: tuple[int, int], *, length: int, actor: Actor) -> TextRedaction:
    """Cover a part of a report's words. Problem ``invalid_input`` for a part that does not lie in them."""
    if not may(actor, "redact") or actor.person_id is None:
        raise Problem("not_allowed")
    (field, number), (begin, end) = part, span
    if field not in (LATER if number else FIELDS) or not 0 <= begin < end <= length:
        raise Problem("invalid_input", errors=[{"field": "part", "code": "outside", "message": "part"}])
    made = TextRedaction(report_id=report_id, field=field, part_id=number, span=[begin, end], person_id=actor.person_id)
    session.add(made)
    session.flush()
    ledger.record("report.redacted", report_id, actor_id=actor.person_id, redaction=str(made.id), field=field)
    return made


def uncover(redaction_id: UUID, report_id: UUID, *, actor: Actor) -> None:
    """Take the cover off a part again. Problem ``already_done`` when it is off, or of another report."""
    if not may(actor, "see_unredacted") or actor.person_id is None:
        raise Problem("not_allowed")
    found = session.get(TextRedaction, redaction_id)
    if found is None or found.report_id != report_id or found.undone_at is not None:
        raise Problem("already_done")
    found.undone_at, found.undone_by = now(), actor.person_id
    ledger.record("report.unredacted", report_id, actor_id=actor.person_id, redaction=str(found.id))


def note_look(report_id: UUID, parts: Sequence[Part], *, actor: Actor) -> None:
    """Write down that somebody who sees covered words looked at them, those added or answered later included; nothing where none are."""
    if parts and may(actor, "see_unredacted"):
        told = sorted({field for field, _number in parts})
        ledger.record("report.viewed_uncovered", report_id, actor_id=actor.person_id, fields=told, parts=len(parts))


def on(report_id: UUID) -> list[TextRedaction]:
    """The parts of a report's words that are covered now, in their order."""
    here = select(TextRedaction).where(TextRedaction.report_id == report_id, TextRedaction.undone_at.is_(None))
    return sorted(session.scalars(here), key=lambda one: (one.field, str(one.part_id), one.span))


def spans_of(report_id: UUID) -> Spans:
    """The covered parts of a report by text: ``{("text", None): [[from, to], …], ("addition", number): […]}``."""
    found: Spans = {}
    for one in on(report_id):
        found.setdefault((one.field, one.part_id), []).append(one.span)
    return found
