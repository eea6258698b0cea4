"""Uploads under way: what was begun, how long it will be, until when it is waited for. The bytes are files, not rows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import one_of, passport, stamped
from server.core.database import Base
from server.vocabulary import Audience

INTERNAL = Audience.INTERNAL


class Upload(Base):
    """One photo, or its original, on its way in pieces. It may be begun before its report is known."""

    __tablename__ = "uploads"
    __table_args__ = (
        one_of("part", ("photo", "original")),
        one_of("lane", ("enrolled", "partner", "public")),
        Index("ix_uploads_report_id", "report_id"),
        Index("ix_uploads_expires_at", "expires_at"),
    )
    media_id: Mapped[UUID] = mapped_column(primary_key=True, info=passport(N_("Photo number"), audience=INTERNAL))
    part: Mapped[str] = mapped_column(String(16), primary_key=True, info=passport(N_("Part"), audience=INTERNAL))
    report_id: Mapped[UUID] = mapped_column(info=passport(N_("Report"), audience=INTERNAL))
    length: Mapped[int] = mapped_column(BigInteger, info=passport(N_("Size in bytes"), audience=INTERNAL))
    lane: Mapped[str] = mapped_column(String(16), info=passport(N_("Lane"), audience=INTERNAL))
    begun_at: Mapped[stamped] = mapped_column(info=passport(N_("Begun"), audience=INTERNAL))
    expires_at: Mapped[datetime] = mapped_column(info=passport(N_("Waited for until"), audience=INTERNAL))
    finished_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Whole"), audience=INTERNAL))
    sealed_sha256: Mapped[bytes | None] = mapped_column(
        LargeBinary(32), info=passport(N_("Hash of what was sent"), audience=INTERNAL)
    )
