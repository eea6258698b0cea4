"""What the worker does with photos: clean them, erase them, look whether they are still whole.

Each function settles its own work, in steps: no transaction stays open while a picture is being developed, and a
file is removed only after the row that named it is gone for good. Run twice, each does no harm.
"""

from dataclasses import dataclass, replace
from itertools import islice
from uuid import UUID

from cryptography.exceptions import InvalidTag
from geoalchemy2.shape import from_shape, to_shape
from shapely.geometry import Point
from sqlalchemy import ColumnElement, Select, Text, cast, func, or_, select
from sqlalchemy.dialects.postgresql import BIT

from server.accounts.policy import SYSTEM
from server.core import ledger
from server.core.clock import now
from server.core.database import session, settled
from server.core.storage import NothingStored, StorageDamaged, store
from server.evidence import redacting
from server.evidence.darkroom import CameraFacts, Print, develop
from server.evidence.discrepancies import Claim, flags_of, is_another_occasion
from server.evidence.imagery_models import ImageryChip, PhotoRedaction
from server.evidence.inspection import PhotoRefused, Refusal
from server.evidence.likeness import SAME_PICTURE_BITS, is_telling
from server.evidence.models import Photo
from server.evidence.redacting import Covering
from server.evidence.service import refuse
from server.reports import access, vault
from server.reports.models import Report

# Every photo is read again within this many nights.
ROUND_NIGHTS = 30
MOST_TWINS = 50
LEFTOVER_AGE_S = 48 * 3600
BATCH = 1_000
NAMED_BY = {
    "incoming": (Photo.incoming_ref,),
    "photos": (Photo.clean_sha256, ImageryChip.clean_sha256),
    "thumbnails": (Photo.thumbnail_sha256, ImageryChip.thumbnail_sha256),
    "evidence": (Photo.evidence_ref, PhotoRedaction.sealed_ref),
}


@dataclass(frozen=True)
class Files:
    """The names a photo's row gave to what is kept of it."""

    incoming: str | None
    photo: str | None
    thumbnail: str | None
    evidence: str | None = None


def clean_photo(photo_id: UUID) -> None:
    """Turn a received photo into a clean print, or note why not; then its original is gone."""
    with settled():
        photo = _waiting(photo_id)
        if photo is None:
            return
        files, original, digest = _files(photo), _original(photo), photo.original_sha256
    outcome = _developed(original) if original else Refusal.LOST
    is_concluded = None
    while is_concluded is None:
        covering = redacting.covering_of_copies(digest, outcome) if isinstance(outcome, Print) else Covering()
        with settled():
            is_concluded = _conclude(photo_id, outcome, covering)
    if is_concluded:
        _remove(files)


def erase_photos(report_id: UUID) -> None:
    """Erase the photos of a report that was taken back, rows and files."""
    with settled():
        access.enter(SYSTEM)
        photos = list(session.scalars(select(Photo).where(Photo.report_id == report_id).with_for_update()))
        files = [replace(_files(photo), evidence=photo.evidence_ref) for photo in photos]
        files += [Files(None, None, None, sealed) for sealed in redacting.sealed_of([photo.id for photo in photos])]
        for photo in photos:
            session.delete(photo)
        if photos:
            ledger.record("media.erased", report_id, photos=len(photos))
    with settled():
        access.enter(SYSTEM)
        unused = [_unused(each) for each in files]
    for each in unused:
        _remove(each)


def verify_photos() -> int:
    """Read a thirtieth of all kept photos again; flag each that is lost or changed. Gives how many are."""
    with settled():
        access.enter(SYSTEM)
        rows = session.execute(_tonights()).all()
    bad = [
        photo_id
        for photo_id, photo, thumbnail, evidence in rows
        if not (_is_whole(photo, "photos") and _is_whole(thumbnail, "thumbnails") and (evidence is None or _is_whole(evidence, "evidence")))
    ]
    with settled():
        _flag_damaged(bad)
    return len(bad)


def _flag_damaged(photo_ids: list[UUID]) -> None:
    access.enter(SYSTEM)
    unflagged = select(Photo).where(Photo.id.in_(photo_ids), ~Photo.flags.contains(["photo_damaged"]))
    for photo in session.scalars(unflagged):
        photo.flags = [*photo.flags, "photo_damaged"]
        ledger.record("media.damaged", photo.id, report=str(photo.report_id))


def remove_leftovers() -> int:
    """Remove files that no row names: of requests that failed after their photo was written. Gives how many there were."""
    removed = 0
    for namespace in NAMED_BY:
        names = store().names_older_than(LEFTOVER_AGE_S, namespace)
        while batch := set(islice(names, BATCH)):
            unnamed = batch - _named(batch, namespace)
            removed += len(unnamed)
            for name in unnamed:
                store().delete(name, namespace)
    return removed


def _named(names: set[str], namespace: str) -> set[str]:
    """Those of the files that some photo's row names."""
    with settled():
        access.enter(SYSTEM)
        return {name for column in NAMED_BY[namespace] for name in session.scalars(select(column).where(column.in_(names))) if name}


def _waiting(photo_id: UUID) -> Photo | None:
    """The photo, when it still waits for the darkroom."""
    access.enter(SYSTEM)
    photo = session.get(Photo, photo_id, populate_existing=True)
    return photo if photo is not None and photo.state == "RECEIVED" else None


def _files(photo: Photo) -> Files:
    return Files(photo.incoming_ref, photo.clean_sha256, photo.thumbnail_sha256)


def _original(photo: Photo) -> bytes | None:
    """The bytes as they were received, out of their seal; None when the file is lost or changed."""
    if photo.incoming_ref is None or photo.wrapped_key is None:
        return None
    try:
        key = vault.unwrap(photo.wrapped_key, photo.id)
        return store().get_sealed(photo.incoming_ref, "incoming", key=key, bound_to=photo.id.bytes)
    except (NothingStored, StorageDamaged, InvalidTag):
        return None


def _developed(data: bytes) -> Print | Refusal:
    try:
        return develop(data)
    except PhotoRefused as refused:
        return refused.why


def _conclude(photo_id: UUID, outcome: Print | Refusal, covering: Covering) -> bool | None:
    """Write down how it ended; False when another worker was quicker, None when more was covered on its copies meanwhile."""
    photo = _waiting(photo_id)
    if photo is None:
        return False
    if not isinstance(outcome, Print):
        refuse(photo, outcome)
    elif not redacting.still_holds(covering, photo.original_sha256, outcome):
        return None
    else:
        _keep(photo, outcome, covering)
    return True


def _keep(photo: Photo, made: Print, covering: Covering) -> None:
    keep = redacting.name_of if covering.parts else store().put  # a plain print that is to be covered lies nowhere, not for a moment
    photo.clean_sha256, photo.thumbnail_sha256 = keep(made.photo, "photos"), keep(made.thumbnail, "thumbnails")
    photo.width, photo.height, photo.perceptual_hash = made.width, made.height, made.phash
    _note_facts(photo, made.camera)
    photo.flags = _flags(photo, made)
    photo.state, photo.incoming_ref, photo.wrapped_key = "CLEAN", None, None
    ledger.record("media.cleaned", photo.id, report=str(photo.report_id), sha256=photo.clean_sha256, flags=photo.flags)
    redacting.cover_arrived(photo, made.photo, covering)


def _note_facts(photo: Photo, camera: CameraFacts) -> None:
    """Where and when by the camera: for the eyes of verifiers. A clock without its zone is noted as if it showed UTC."""
    if camera.taken:
        photo.taken_at = camera.taken[0] + (camera.taken[1] - camera.taken[0]) / 2
    if camera.point:
        photo.taken_point = from_shape(Point(camera.point), srid=4326)


def _flags(photo: Photo, made: Print) -> list[str]:
    report = access.get_report(SYSTEM, photo.report_id)
    flags = flags_of(made.camera, _claim(report))
    return [*flags, "recycled_media"] if _is_recycled(photo, _claim(report)) else flags


def _claim(report: Report) -> Claim:
    place = to_shape(report.point) if report.point is not None else None
    first, last = report.event_earliest, report.event_latest
    return Claim(
        point=(place.x, place.y) if place else None,
        accuracy_m=report.pin_accuracy_m or 0.0,
        event=(first, last) if first and last else None,
    )


def _is_recycled(photo: Photo, claim: Claim) -> bool:
    """Whether an earlier report showed the same picture as of another place or another time."""
    twins = select(Report).join(Photo, Photo.report_id == Report.id).where(_is_twin(photo))
    earlier = twins.where(Photo.report_id != photo.report_id, Photo.received_at <= photo.received_at).limit(MOST_TWINS)
    return any(is_another_occasion(claim, _claim(report)) for report in session.scalars(earlier))


def _is_twin(photo: Photo) -> ColumnElement[bool]:
    """The same file, or a picture that differs in few bits of its fingerprint.

    No index can answer that; the scan takes 0.75 s over a million photos (two cores, PostgreSQL 15), in the worker.
    """
    same_file = Photo.original_sha256 == photo.original_sha256
    if photo.perceptual_hash is None or not is_telling(photo.perceptual_hash):
        return same_file
    differing = func.bit_count(cast(Photo.perceptual_hash.bitwise_xor(photo.perceptual_hash), BIT(64)))
    return or_(same_file, differing <= SAME_PICTURE_BITS)


def _unused(files: Files) -> Files:
    """Those of the files that no other photo shares: two equal photos are one file."""
    shared = set(session.scalars(select(Photo.clean_sha256).where(Photo.clean_sha256 == files.photo)))
    small = set(session.scalars(select(Photo.thumbnail_sha256).where(Photo.thumbnail_sha256 == files.thumbnail)))
    return Files(
        files.incoming,
        None if files.photo in shared else files.photo,
        None if files.thumbnail in small else files.thumbnail,
        files.evidence,
    )


def _remove(files: Files) -> None:
    named = (files.incoming, "incoming"), (files.photo, "photos"), (files.thumbnail, "thumbnails"), (files.evidence, "evidence")
    for name, namespace in named:
        if name:
            store().delete(name, namespace)


def _tonights() -> Select[UUID, str | None, str | None, str | None]:
    """The kept photos whose turn it is: each once in thirty nights."""
    turn = func.hashtext(cast(Photo.id, Text)).bitwise_and(0x7FFFFFFF) % ROUND_NIGHTS
    kept = select(Photo.id, Photo.clean_sha256, Photo.thumbnail_sha256, Photo.evidence_ref).where(Photo.state == "CLEAN")
    return kept.where(turn == now().toordinal() % ROUND_NIGHTS)


def _is_whole(name: str | None, namespace: str) -> bool:
    try:
        return name is not None and bool(store().get(name, namespace))
    except (NothingStored, StorageDamaged):
        return False
