"""Photos of reports: announced, received, cleaned; the report stays whatever happens to its photos."""

import errno
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from server.core import health, ledger
from server.core.clock import now
from server.core.database import see_as, session
from server.core.problems import Problem
from server.core.storage import StoreAway, store
from server.evidence.inspection import PhotoRefused, Refusal, inspect
from server.evidence.models import Photo
from server.reports import vault
from server.reports.draft import Announced
from server.reports.models import MEDIA_LIMIT

NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, kw_only=True)
class PhotoReceipt:
    """What the sender of a photo gets back, the same however often the same photo is sent."""

    id: UUID
    sha256: str
    received_at: datetime
    state: str
    refusal: Refusal | None = None
    is_new: bool = False


@dataclass(frozen=True, kw_only=True)
class Completeness:
    """How many of the announced photos of a report have come whole; refused ones have come too."""

    received: int
    expected: int
    originals_missing: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether nothing announced is missing."""
        return self.received == self.expected and not self.originals_missing


def announce(report_id: UUID, files: Sequence[bytes]) -> tuple[Announced, ...]:
    """The manifest of photos that came together with their report; the same files give the same numbers again."""
    digests = [hashlib.sha256(data).digest() for data in files]
    return tuple(
        Announced(id=uuid5(report_id, f"{position} {digest.hex()}"), size=len(data), sha256=digest)
        for position, (data, digest) in enumerate(zip(files, digests, strict=True), start=1)
    )


def expect(report_id: UUID, manifest: Iterable[Announced]) -> None:
    """Note the photos a report announces. The report is complete only when each has come with this size and hash.

    A number that is known already keeps its photo: nobody takes over another's by announcing it again.
    """
    rows = [
        {
            "id": item.id,
            "report_id": report_id,
            "position": position,
            "original_sha256": item.sha256,
            "original_bytes": item.size,
            "evidence_sha256": item.original and item.original.sha256,
            "evidence_bytes": item.original and item.original.size,
        }
        for position, item in enumerate(manifest, start=1)
    ]
    if len(rows) > MEDIA_LIMIT:
        raise Problem("too_large")
    if rows:
        see_as("all")
        session.execute(insert(Photo).values(rows).on_conflict_do_nothing(index_elements=["id"]))


def states_of(report_id: UUID) -> list[dict[str, str]]:
    """What became of each announced photo, in the order of the manifest: ``[{"id", "state"}]``."""
    rows = session.execute(select(Photo.id, Photo.state).where(Photo.report_id == report_id).order_by(Photo.position))
    return [{"id": str(row.id), "state": row.state} for row in rows]


def photos_of(report_id: UUID) -> list[Photo]:
    """The photos of a report that somebody was let in to, in its order, whatever became of each.

    This and `completeness` see no further than the door (`reports.access`) let the present work see.
    """
    return list(session.scalars(select(Photo).where(Photo.report_id == report_id).order_by(Photo.position)))


def completeness(report_id: UUID) -> Completeness:
    """How much of what a report announced has come."""
    arrived = func.count().filter(Photo.state != "EXPECTED")
    missing = func.count().filter(Photo.evidence_sha256.is_not(None), Photo.evidence_at.is_(None))
    counts = session.execute(select(arrived, func.count(), missing).where(Photo.report_id == report_id)).one()
    return Completeness(received=counts[0], expected=counts[1], originals_missing=counts[2])


def announced_bytes(report_id: UUID, photo_id: UUID) -> int:
    """The size that was announced, or Problem `photo_not_found`. The connection is free again on return.

    Asked before a body is read: a slow phone takes minutes, and must hold neither a connection nor a transaction.
    """
    see_as("all")
    size = session.scalar(select(Photo.original_bytes).where(Photo.id == photo_id, Photo.report_id == report_id))
    session.rollback()
    if size is None:
        raise Problem("photo_not_found")
    return size


def receive_photo(report_id: UUID, photo_id: UUID, data: bytes) -> PhotoReceipt:
    """Keep an announced photo, sealed, until the darkroom has cleaned it; sent again, it gets the same receipt.

    Problem `photo_not_found` for what this report did not announce, `conflicting_photo` for other bytes than those
    received before, `photo_differs` for bytes that are not those announced. A file that is no photo is noted as
    refused: its receipt carries the reason, and the report stays.
    """
    photo = locked(photo_id)
    if photo is None or photo.report_id != report_id:
        raise Problem("photo_not_found")
    if len(data) != photo.original_bytes or hashlib.sha256(data).digest() != photo.original_sha256:
        raise Problem("photo_differs" if photo.state == "EXPECTED" else "conflicting_photo")
    if photo.state != "EXPECTED":
        return _receipt(photo)
    photo.received_at = now()
    _take_in(photo, data)
    return _receipt(photo, is_new=True)


def receive_together(report_id: UUID, manifest: Sequence[Announced], files: Sequence[bytes]) -> list[Refusal | None]:
    """Receive the photos that came in one post with their report; gives for each None or why it is not kept.

    `manifest` is what `announce` made of the files. Nothing is raised for a photo: the report is worth more.
    """
    expect(report_id, manifest)
    return [_received(report_id, item.id, data) for item, data in zip(manifest, files, strict=True)]


def _received(report_id: UUID, photo_id: UUID, data: bytes) -> Refusal | None:
    try:
        return receive_photo(report_id, photo_id, data).refusal
    except Problem as problem:
        if problem.code == "storage_full":
            return Refusal.NO_ROOM
        raise


def locked(photo_id: UUID) -> Photo | None:
    """The photo, held until the work is settled, so that two copies sent at once are received one after the other."""
    see_as("all")
    return session.scalar(
        select(Photo).where(Photo.id == photo_id).with_for_update().execution_options(populate_existing=True)
    )


def _take_in(photo: Photo, data: bytes) -> None:
    try:
        inspect(data)
    except PhotoRefused as refused:
        refuse(photo, refused.why)
        return
    key, photo.wrapped_key = vault.new_key(photo.id)
    photo.incoming_ref = put_sealed(data, "incoming", key=key, bound_to=photo.id)
    photo.state = "RECEIVED"
    ledger.record("media.received", photo.id, report=str(photo.report_id), sha256=photo.original_sha256.hex())


def put_sealed(data: bytes, namespace: str, *, key: bytes, bound_to: UUID) -> str:
    """Keep bytes sealed and give their name in the store; Problem ``storage_full`` when there is no room, or no store."""
    if not health.has_room_for_photo(len(data)):
        raise Problem("storage_full", retry_after=600)
    try:
        return store().put_sealed(data, namespace, key=key, bound_to=bound_to.bytes)
    except OSError as error:
        if error.errno in NO_ROOM or isinstance(error, StoreAway):
            raise Problem("storage_full", retry_after=600) from error
        raise


def refuse(photo: Photo, why: Refusal) -> None:
    """Note why a photo is not kept; its original goes, its report stays."""
    photo.state, photo.refusal = "REFUSED", why.value
    photo.incoming_ref = photo.wrapped_key = None
    ledger.record("media.refused", photo.id, report=str(photo.report_id), why=why.value)


def _receipt(photo: Photo, *, is_new: bool = False) -> PhotoReceipt:
    return PhotoReceipt(
        id=photo.id,
        sha256=photo.original_sha256.hex(),
        received_at=photo.received_at or photo.announced_at,
        state=photo.state,
        refusal=Refusal(photo.refusal) if photo.refusal else None,
        is_new=is_new,
    )
