"""Photos that come in pieces over lines that die: begun, continued where they stopped, opened and compared when whole."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from server.core import health
from server.core.clock import now
from server.core.database import see_as, session, settled
from server.core.problems import Problem
from server.evidence import originals, pieces, service
from server.evidence.inspection import MAX_BYTES
from server.evidence.models import Photo
from server.evidence.upload_models import Upload
from server.reports import keys
from server.reports.models import Report
from server.reports.sealing import OVERHEAD_BYTES

ORIGINAL_BYTES = 40_000_000
LARGEST = {"photo": MAX_BYTES + OVERHEAD_BYTES, "original": ORIGINAL_BYTES + OVERHEAD_BYTES}
WAITED_FOR = timedelta(days=7)
REMEMBERED_FOR = timedelta(days=90)  # a phone that missed the last answer may ask months later
# (bytes, uploads) under way at one moment; the second pair for uploads whose report is not known yet
QUOTAS = {"enrolled": (16 * 10**9, 20_000), "partner": (8 * 10**9, 10_000), "public": (4 * 10**9, 5_000)}
UNANNOUNCED = {"enrolled": (2 * 10**9, 2_000), "partner": (10**9, 1_000), "public": (4 * 10**8, 400)}
Read = Callable[[int], bytes]
_PASSING = ("upload_busy", "storage_full")  # say nothing against the bytes: they stay


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A photo that has arrived: what its sender may forget. ``sha256`` is of the sealed bytes."""

    id: UUID
    sha256: str
    state: str
    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far an upload is: ``offset`` of ``length`` bytes; ``kept`` once it was taken in."""

    offset: int
    length: int
    expires_at: datetime
    kept: Kept | None = None
    is_new: bool = False


@dataclass(frozen=True, kw_only=True)
class Name:
    """What an upload is of: a photo of a report, or the original of that photo."""

    report_id: UUID
    media_id: UUID
    part: str = "photo"


def begin(name: Name, length: int, *, lane: str) -> Progress:
    """Begin an upload of ``length`` sealed bytes, or tell how far it is when it was begun before.

    Problem ``too_large``, ``photo_not_found`` (not announced by a known report, or another's), ``photo_differs`` (another size
    than announced), ``conflicting_photo`` (begun with another length), ``too_many_requests`` (the lane is full), ``storage_full``.
    """
    if length > LARGEST[name.part]:
        raise Problem("too_large")
    if length <= OVERHEAD_BYTES:
        raise Problem("bad_request")
    upload = _find(name)
    if upload is not None:
        if upload.length != length:
            raise Problem("conflicting_photo")
        return _caught_up(name, upload)
    is_known = _check_announced(name, length)
    _check_room(lane, length, QUOTAS if is_known else UNANNOUNCED, is_known=is_known)
    return _begun(name, length, lane)


def progress(name: Name) -> Progress:
    """How far an upload is; Problem ``photo_not_found`` for one that was not begun, or not under this report."""
    upload = _find(name)
    if upload is None:
        raise Problem("photo_not_found")
    return _caught_up(name, upload)


def go_on(name: Name, offset: int, read: Read, *, size: int, checksum: bytes | None) -> Progress:
    """Append ``size`` bytes at ``offset`` and, when these were the last, take the photo in.

    Problem ``wrong_offset``, ``upload_busy``, ``upload_differs`` (nothing was appended), ``too_large``; and when it is whole
    but not what was announced, ``photo_differs`` or ``unreadable_envelope``: then it begins again at 0. No connection to the
    database is held while bytes come.
    """
    upload = _find(name)
    if upload is None:
        raise Problem("photo_not_found")
    length = upload.length
    if upload.sealed_sha256 is not None:
        raise Problem("wrong_offset")
    session.rollback()
    with pieces.locked(name.media_id, name.part) as piece:
        if offset != piece.size:
            raise Problem("wrong_offset")
        if offset + size > length:
            raise Problem("too_large")
        piece.pour(read, checksum=checksum)
        if piece.size == length:
            _take_in(name, piece)
    return progress(name)


def take_in_waiting(report_id: UUID) -> None:
    """Take in the photos that were whole before their report was known; one that is not as announced begins again."""
    see_as("all")
    waiting = select(Upload.media_id, Upload.part).where(Upload.report_id == report_id, Upload.finished_at.is_not(None))
    for media_id, part in session.execute(waiting.where(Upload.sealed_sha256.is_(None))).all():
        name = Name(report_id=report_id, media_id=media_id, part=part)
        try:
            with session.begin_nested(), pieces.locked(media_id, part) as piece:
                _hand_over(name, piece.contents())
        except Problem as problem:
            if problem.code not in _PASSING:
                _begin_again(name)


def sweep() -> int:
    """Forget uploads that were waited for long enough, and remove files that belong to none. Returns how many rows went."""
    with settled():
        gone = session.execute(delete(Upload).where(Upload.expires_at < now()).returning(Upload.media_id, Upload.part)).all()
    with settled():
        under_way = {
            (row.media_id, row.part)
            for row in session.execute(select(Upload.media_id, Upload.part).where(Upload.sealed_sha256.is_(None)))
        }
    for media_id, part in set(pieces.names()) - under_way:
        pieces.remove(media_id, part)
    return len(gone)


def _find(name: Name) -> Upload | None:
    """The upload, or None; Problem ``photo_not_found`` when it belongs to another report."""
    see_as("all")
    upload = session.get(Upload, (name.media_id, name.part), populate_existing=True)
    if upload is not None and upload.report_id != name.report_id:
        raise Problem("photo_not_found")
    return upload


def _caught_up(name: Name, upload: Upload) -> Progress:
    """How far an upload is. One that is whole, but that a crash or a race with its report kept from being taken in, is taken in."""
    if upload.sealed_sha256 is None and pieces.size_of(name.media_id, name.part) == upload.length and _may_take_in(upload):
        try:
            with pieces.locked(name.media_id, name.part) as piece:
                if piece.size == upload.length and not _is_kept(name):
                    _take_in(name, piece)
        except Problem:
            session.rollback()
        upload = _find(name) or upload
    return _progress(upload)


def _may_take_in(upload: Upload) -> bool:
    """False for one that waits for a report which is not known yet."""
    return upload.finished_at is None or session.scalar(select(Report.id).where(Report.id == upload.report_id)) is not None


def _progress(upload: Upload) -> Progress:
    is_kept = upload.sealed_sha256 is not None
    offset = upload.length if is_kept else pieces.size_of(upload.media_id, upload.part)
    kept = _kept(upload) if is_kept else None
    return Progress(offset=offset, length=upload.length, expires_at=upload.expires_at, kept=kept)


def _kept(upload: Upload) -> Kept:
    photo = session.get(Photo, upload.media_id)
    sha256 = (upload.sealed_sha256 or b"").hex()
    if upload.part == "original":
        return Kept(id=upload.media_id, sha256=sha256, state="RECEIVED")
    if photo is None:
        return Kept(id=upload.media_id, sha256=sha256, state="ERASED")
    return Kept(id=photo.id, sha256=sha256, state=photo.state, refusal=photo.refusal or "")


def _check_announced(name: Name, length: int) -> bool:
    """Whether the report is known; if it is, it must have announced this photo with this size."""
    photo = session.get(Photo, name.media_id, populate_existing=True)
    if photo is not None and photo.report_id == name.report_id:
        size = photo.original_bytes if name.part == "photo" else photo.evidence_bytes
        if size is None:
            raise Problem("photo_not_found")
        if size + OVERHEAD_BYTES != length:
            raise Problem("photo_differs")
        return True
    if photo is not None or session.scalar(select(Report.id).where(Report.id == name.report_id)) is not None:
        raise Problem("photo_not_found")
    return False


def _check_room(lane: str, length: int, quotas: dict[str, tuple[int, int]], *, is_known: bool) -> None:
    """Refuse a new upload when the lane has too much under way already, or the disk too little left."""
    most_bytes, most = quotas[lane]
    under_way = select(func.coalesce(func.sum(Upload.length), 0), func.count()).where(
        Upload.lane == lane, Upload.sealed_sha256.is_(None)
    )
    if not is_known:
        under_way = under_way.where(Upload.report_id.not_in(select(Report.id)))
    taken, count = session.execute(under_way).one()
    if taken + length > most_bytes or count >= most:
        raise Problem("too_many_requests", retry_after=600)
    if not health.has_room_for_photo(length):
        raise Problem("storage_full", retry_after=600)


def _begun(name: Name, length: int, lane: str) -> Progress:
    expires_at = now() + WAITED_FOR
    row = {**vars(name), "length": length, "lane": lane, "expires_at": expires_at}
    made = session.execute(insert(Upload).values(row).on_conflict_do_nothing().returning(Upload.media_id)).one_or_none()
    upload = _find(name)
    if made is None and upload is not None:
        return _progress(upload)
    with pieces.locked(name.media_id, name.part) as piece:
        piece.cut(0)
    return Progress(offset=0, length=length, expires_at=expires_at, is_new=True)


def _take_in(name: Name, piece: pieces.Piece) -> None:
    """A whole upload: hand it to the evidence, or let it wait for its report, or begin again when it is not what was announced."""
    see_as("all")
    try:
        if session.scalar(select(Report.id).where(Report.id == name.report_id)) is None:
            _wait_for_report(name)
        else:
            _hand_over(name, piece.contents())
        session.commit()
    except Problem as problem:
        session.rollback()
        if problem.code not in _PASSING:
            piece.cut(0)
        raise
    if _is_kept(name):
        pieces.remove(name.media_id, name.part)


def _wait_for_report(name: Name) -> None:
    upload = session.get_one(Upload, (name.media_id, name.part), populate_existing=True)
    upload.finished_at = now()


def _hand_over(name: Name, envelope: bytes) -> None:
    """Open the envelope, and give what is in it to the room that keeps it. Nothing is settled here."""
    data = keys.unseal(envelope, bound_to=name.media_id)
    if name.part == "original":
        originals.receive_original(name.report_id, name.media_id, data)
    else:
        service.receive_photo(name.report_id, name.media_id, data)
    upload = session.get_one(Upload, (name.media_id, name.part), populate_existing=True)
    upload.sealed_sha256 = hashlib.sha256(envelope).digest()
    upload.finished_at, upload.expires_at = now(), now() + REMEMBERED_FOR
    session.flush()


def _is_kept(name: Name) -> bool:
    return session.scalar(select(Upload.sealed_sha256).where(Upload.media_id == name.media_id, Upload.part == name.part)) is not None


def _begin_again(name: Name) -> None:
    """A photo that waited and is not as announced: its sender is told 0 bytes, and sends it again."""
    session.get_one(Upload, (name.media_id, name.part), populate_existing=True).finished_at = None
    pieces.remove(name.media_id, name.part)
