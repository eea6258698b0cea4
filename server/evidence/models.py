"""Photos: announced in a manifest, received, cleaned in the darkroom. Only re-encoded pixels are ever shown."""

from datetime import datetime
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import one_of, passport, point, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience

COORD, INTERNAL = Audience.COORD, Audience.INTERNAL


class Photo(Base):
    """One photo of a report. EXPECTED → RECEIVED → CLEAN or REFUSED; the report itself stays whatever happens here."""

    __tablename__ = "photos"
    __table_args__ = (
        one_of("state", ("EXPECTED", "RECEIVED", "CLEAN", "REFUSED")),
        Index("ix_photos_original_sha256", "original_sha256"),
        Index("ix_photos_perceptual_hash", "perceptual_hash"),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Photo number"), audience=COORD))
    report_id: Mapped[UUID] = mapped_column(
        ForeignKey("reports.id", ondelete="CASCADE"), index=True, info=passport(N_("Report"), audience=COORD)
    )
    position: Mapped[int] = mapped_column(Integer, info=passport(N_("Order"), audience=COORD))
    state: Mapped[str] = mapped_column(
        String(16), server_default="EXPECTED", info=passport(N_("State"), audience=COORD)
    )
    original_sha256: Mapped[bytes] = mapped_column(
        LargeBinary(32), info=passport(N_("Hash of the original"), audience=INTERNAL)
    )
    original_bytes: Mapped[int] = mapped_column(
        BigInteger, info=passport(N_("Size of the original"), audience=INTERNAL)
    )
    incoming_ref: Mapped[str | None] = mapped_column(
        String(64), info=passport(N_("Sealed original until cleaned"), audience=INTERNAL)
    )
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary, info=passport(N_("Wrapped key"), audience=INTERNAL))
    clean_sha256: Mapped[str | None] = mapped_column(String(64), info=passport(N_("Clean copy"), audience=COORD))
    thumbnail_sha256: Mapped[str | None] = mapped_column(String(64), info=passport(N_("Small copy"), audience=COORD))
    width: Mapped[int | None] = mapped_column(info=passport(N_("Width"), audience=COORD))
    height: Mapped[int | None] = mapped_column(info=passport(N_("Height"), audience=COORD))
    perceptual_hash: Mapped[int | None] = mapped_column(
        BigInteger, info=passport(N_("Perceptual hash"), audience=INTERNAL)
    )
    taken_at: Mapped[datetime | None] = mapped_column(
        info=passport(N_("Taken, by the camera's clock"), audience=INTERNAL)
    )
    taken_point: Mapped[WKBElement | None] = point(
        spatial_index=False, info=passport(N_("Taken at, by the camera"), audience=INTERNAL)
    )
    flags: Mapped[list[str]] = mapped_column(
        ARRAY(String(32)), server_default=text("'{}'"), info=passport(N_("Flags"), audience=COORD)
    )
    refusal: Mapped[str | None] = mapped_column(String(64), info=passport(N_("Why it was refused"), audience=COORD))
    evidence_sha256: Mapped[bytes | None] = mapped_column(
        LargeBinary(32), info=passport(N_("Hash of what is kept as evidence"), audience=INTERNAL)
    )
    evidence_bytes: Mapped[int | None] = mapped_column(
        BigInteger, info=passport(N_("Size of what is kept as evidence"), audience=INTERNAL)
    )
    evidence_ref: Mapped[str | None] = mapped_column(
        String(64), info=passport(N_("Sealed evidence in the store"), audience=INTERNAL)
    )
    evidence_key: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=passport(N_("Wrapped key of the evidence"), audience=INTERNAL)
    )
    evidence_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Evidence received"), audience=COORD))
    announced_at: Mapped[stamped] = mapped_column(info=passport(N_("Announced"), audience=INTERNAL))
    received_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Received"), audience=COORD))
