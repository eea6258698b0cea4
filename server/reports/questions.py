"""What the desk asks through a receipt, and what the reporter answers. A question never asks anybody to go back and look."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import coded, passport, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience, ReplyChoice, ReporterQuestion

COORD, INTERNAL = Audience.COORD, Audience.INTERNAL


class Question(Base):
    """A question to the reporter of one report. Own words and the answer's words are sealed under the report's key."""

    __tablename__ = "questions"
    __table_args__ = {"schema": "vault"}
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    report_id: Mapped[UUID] = mapped_column(
        ForeignKey("reports.id", ondelete="CASCADE"), index=True, info=passport(N_("Report"), audience=INTERNAL)
    )
    asked_at: Mapped[stamped] = mapped_column(info=passport(N_("Asked"), audience=COORD))
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("Asked by"), audience=COORD))
    question: Mapped[ReporterQuestion] = coded(
        ReporterQuestion, info=passport(N_("Question to the reporter"), audience=COORD)
    )
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=passport(N_("Sealed words"), audience=INTERNAL))
    answered_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Answered"), audience=COORD))
    answer: Mapped[ReplyChoice | None] = coded(ReplyChoice, info=passport(N_("Answer"), audience=COORD))
    sealed_answer: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=passport(N_("Sealed words of the answer"), audience=INTERNAL)
    )
