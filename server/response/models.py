"""What opening and leaving a response need to keep: the first administrator's code, boundaries on their way, holders of keys, the end."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, LargeBinary, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import one_of, passport, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience

INTERNAL = Audience.INTERNAL
WAITING, LOADING, DONE, REFUSED = STATES = ("WAITING", "LOADING", "DONE", "REFUSED")
KEYS = ("BACKUP", "SECRET", "SIGNING", "SEALING")


class OpeningCode(Base):
    """A code from the server's console that lets the first administrator in, once. Only its hash is kept."""

    __tablename__ = "opening_codes"
    code_hash: Mapped[bytes] = mapped_column(
        LargeBinary(32), primary_key=True, info=passport(N_("Hash of the code"), audience=INTERNAL)
    )
    made_at: Mapped[stamped] = mapped_column(info=passport(N_("Made"), audience=INTERNAL))
    ends_at: Mapped[datetime] = mapped_column(info=passport(N_("Ends"), audience=INTERNAL))


class BoundaryLoad(Base):
    """A file of administrative areas that somebody gave to be loaded, and how far that is."""

    __tablename__ = "boundary_loads"
    __table_args__ = (one_of("state", STATES),)
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    file_sha256: Mapped[str] = mapped_column(String(64), info=passport(N_("File"), audience=INTERNAL))
    file_kind: Mapped[str] = mapped_column(String(8), info=passport(N_("Kind of file"), audience=INTERNAL))
    level: Mapped[int] = mapped_column(SmallInteger, info=passport(N_("Level"), audience=INTERNAL))
    cod_version: Mapped[str] = mapped_column(String(32), info=passport(N_("Version"), audience=INTERNAL))
    state: Mapped[str] = mapped_column(String(8), info=passport(N_("State"), audience=INTERNAL))
    done: Mapped[int] = mapped_column(Integer, server_default="0", info=passport(N_("Done"), audience=INTERNAL))
    total: Mapped[int] = mapped_column(Integer, server_default="0", info=passport(N_("Of"), audience=INTERNAL))
    refused: Mapped[list[Any]] = mapped_column(
        JSONB, server_default=text("'[]'"), info=passport(N_("Refused"), audience=INTERNAL)
    )
    why: Mapped[str] = mapped_column(String(500), server_default="", info=passport(N_("Why not"), audience=INTERNAL))
    said_by: Mapped[UUID | None] = mapped_column(info=passport(N_("Given by"), audience=INTERNAL))
    said_at: Mapped[stamped] = mapped_column(info=passport(N_("Given"), audience=INTERNAL))


class KeyHolder(Base):
    """Somebody who keeps a copy of a key, by the name they gave for this, and the fingerprint of the key they confirmed."""

    __tablename__ = "key_holders"
    __table_args__ = (one_of("kind", KEYS),)
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    kind: Mapped[str] = mapped_column(String(8), info=passport(N_("Key"), audience=INTERNAL))
    holder: Mapped[str] = mapped_column(String(100), info=passport(N_("Who holds it"), audience=INTERNAL))
    fingerprint: Mapped[str] = mapped_column(String(64), info=passport(N_("Fingerprint"), audience=INTERNAL))
    confirmed_at: Mapped[datetime] = mapped_column(info=passport(N_("Confirmed"), audience=INTERNAL))
    confirmed_by: Mapped[UUID | None] = mapped_column(info=passport(N_("Confirmed by"), audience=INTERNAL))


class Closing(Base):
    """The end of the response: proposed by one person, agreed to by another, then carried out."""

    __tablename__ = "response_closings"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    reason: Mapped[str] = mapped_column(String(500), info=passport(N_("Reason"), audience=INTERNAL))
    proposed_by: Mapped[UUID] = mapped_column(info=passport(N_("Proposed by"), audience=INTERNAL))
    proposed_at: Mapped[datetime] = mapped_column(info=passport(N_("Proposed"), audience=INTERNAL))
    agreed_by: Mapped[UUID | None] = mapped_column(info=passport(N_("Agreed by"), audience=INTERNAL))
    agreed_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Agreed"), audience=INTERNAL))
    ended_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Taken back"), audience=INTERNAL))
    done_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Done"), audience=INTERNAL))
    figures: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("Figures"), audience=INTERNAL)
    )
