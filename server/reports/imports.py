"""What came in by file: one row per import, and the present report behind each row key of a sender."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import server.accounts.models  # noqa: F401 - rows here point to people and organisations, whose tables must be known
from server.core.choices import N_
from server.core.columns import passport, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience

COORD, INTERNAL = Audience.COORD, Audience.INTERNAL


class Import(Base):
    """One file brought in by a command: what became of every row, and whether it was undone."""

    __tablename__ = "imports"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    source: Mapped[str] = mapped_column(String(64), info=passport(N_("Source"), audience=COORD))
    begun_at: Mapped[stamped] = mapped_column(info=passport(N_("Begun"), audience=COORD))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=INTERNAL))
    organisation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("organisations.id"), info=passport(N_("Organisation"), audience=COORD)
    )
    mapping: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("Columns"), audience=INTERNAL)
    )
    rows_new: Mapped[int] = mapped_column(server_default="0", info=passport(N_("New rows"), audience=COORD))
    rows_changed: Mapped[int] = mapped_column(server_default="0", info=passport(N_("Changed rows"), audience=COORD))
    rows_same: Mapped[int] = mapped_column(server_default="0", info=passport(N_("Unchanged rows"), audience=COORD))
    rows_refused: Mapped[int] = mapped_column(server_default="0", info=passport(N_("Refused rows"), audience=COORD))
    refused_ref: Mapped[str | None] = mapped_column(
        String(64), info=passport(N_("Refused rows in the store"), audience=INTERNAL)
    )
    refused_key: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=passport(N_("Wrapped key of the refused rows"), audience=INTERNAL)
    )
    undone_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Undone"), audience=COORD))


class ImportedRow(Base):
    """The present report behind a sender's row key: a re-import changes only what changed."""

    __tablename__ = "imported_rows"
    __table_args__ = (Index("ix_imported_rows_report_id", "report_id"),)
    source: Mapped[str] = mapped_column(String(64), primary_key=True, info=passport(N_("Source"), audience=INTERNAL))
    row_key: Mapped[str] = mapped_column(
        String(128), primary_key=True, info=passport(N_("Row key of the sender"), audience=INTERNAL)
    )
    report_id: Mapped[UUID] = mapped_column(ForeignKey("reports.id"), info=passport(N_("Report"), audience=INTERNAL))
    row_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), info=passport(N_("Hash of the row"), audience=INTERNAL))
    import_id: Mapped[UUID] = mapped_column(
        ForeignKey("imports.id"), index=True, info=passport(N_("Import"), audience=INTERNAL)
    )
