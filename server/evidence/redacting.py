"""Parts of a photo painted over: new pixels from the darkroom for everybody, the print of before sealed under a key of its own.

What others see is the covered print alone; the plain files of before are removed as soon as the work is settled. The same photo
sent again, in whichever report, is covered too, also when it comes later: each copy has a seal of its own, and is uncovered alone.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from server.accounts.policy import SYSTEM, Actor, may
from server.core import ledger
from server.core.clock import now
from server.core.database import see_as, session, settled
from server.core.problems import Problem
from server.core.storage import store
from server.evidence.access import get_photo
from server.evidence.darkroom import Print, develop
from server.evidence.imagery_models import PhotoRedaction
from server.evidence.models import Photo
from server.evidence.service import put_sealed
from server.reports import access, vault

SEALED_IN = "evidence"
MOST_PARTS = 40
Part = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Covering:
    """What stands covered on the copies of a photo: which parts, by whom last, and the photo with them painted over."""

    parts: tuple[Part, ...] = ()
    by: UUID | None = None
    made: Print | None = None


def redact(photo_id: UUID, parts: Sequence[Part], *, actor: Actor) -> PhotoRedaction:
    """Paint parts of a photo over, ``(left, top, width, height)`` from 0 to 1, and of every copy of the same file.

    Problem ``invalid_input`` for parts outside it. No transaction is open while the new prints are made; a photo that changed
    meanwhile gives ``changed_meanwhile``.
    """
    if not may(actor, "redact") or actor.person_id is None:
        raise Problem("not_allowed")
    _check(parts)
    found = get_photo(actor, photo_id)
    before, original = found.clean_sha256, found.original_sha256
    made = _painted(found, parts)
    _hold_all(original)
    photo = _held(photo_id, actor)
    see_as("all")
    copies = list(session.scalars(_copies(photo).with_for_update().execution_options(populate_existing=True)))
    if photo.clean_sha256 != before or any(copy.clean_sha256 not in made for copy in copies):
        raise Problem("changed_meanwhile")
    rows = {copy.id: _cover(copy, *made[copy.clean_sha256 or ""], parts, actor.person_id) for copy in copies}
    for number, row in rows.items():
        _note(number, row, actor_id=actor.person_id, copy_of=None if number == photo_id else photo_id)
    return rows[photo_id]


def _painted(photo: Photo, parts: Sequence[Part]) -> dict[str, tuple[bytes, Print]]:
    """By name each print that a photo and its copies show now: its bytes, and the print with the parts painted over."""
    see_as("all")
    names = {copy.clean_sha256 or "" for copy in session.scalars(_copies(photo))}
    session.rollback()
    return {name: (plain := store().get(name, "photos"), develop(plain, parts=parts)) for name in names}


def _copies(photo: Photo) -> Select[Photo]:
    """The photos of any report that are the same file, or show the same print; this one among them."""
    same = or_(Photo.original_sha256 == photo.original_sha256, Photo.clean_sha256 == photo.clean_sha256)
    return select(Photo).where(Photo.state == "CLEAN", same).order_by(Photo.id)


def _hold_all(original_sha256: bytes) -> None:
    """Of those who cover a photo and the copy of it that just comes, one goes after the other, or the copy would stay plain."""
    session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(original_sha256[:8], "big", signed=True))))


def _cover(photo: Photo, plain: bytes, made: Print, parts: Sequence[Part], person_id: UUID) -> PhotoRedaction:
    """Let a photo show the covered print; its print of before goes under seal."""
    row = PhotoRedaction(
        photo_id=photo.id, parts=[list(part) for part in parts], from_sha256=photo.clean_sha256 or "",
        from_thumbnail_sha256=photo.thumbnail_sha256 or "", to_sha256=store().put(made.photo, "photos"), person_id=person_id, at=now(),
    )  # fmt: skip
    key, row.wrapped_key = vault.new_key(photo.id)
    row.sealed_ref = put_sealed(plain, SEALED_IN, key=key, bound_to=photo.id)
    photo.clean_sha256, photo.thumbnail_sha256 = row.to_sha256, store().put(made.thumbnail, "thumbnails")
    session.add(row)
    session.flush()
    return row


def _note(photo_id: UUID, row: PhotoRedaction, *, actor_id: UUID | None, copy_of: UUID | None) -> None:
    told = {"from_sha256": row.from_sha256, "to_sha256": row.to_sha256, "parts": len(row.parts), "redaction": str(row.id)}
    ledger.record("media.redacted", photo_id, actor_id=actor_id, **told, **({"copy_of": str(copy_of)} if copy_of else {}))


def covering_of_copies(original_sha256: bytes, plain: Print) -> Covering:
    """What a photo that just came is to be covered with, because copies of it are. No transaction is open on return."""
    with settled():
        access.enter(SYSTEM)
        parts, by = _on_copies(original_sha256, plain)
    return Covering(parts=parts, by=by, made=develop(plain.photo, parts=parts) if parts else None)


def still_holds(covering: Covering, original_sha256: bytes, plain: Print) -> bool:
    """Whether nothing else was covered on the copies meanwhile; nothing more is until the work is settled."""
    _hold_all(original_sha256)
    return _on_copies(original_sha256, plain)[0] == covering.parts


def _on_copies(original_sha256: bytes, plain: Print) -> tuple[tuple[Part, ...], UUID | None]:
    same = or_(Photo.original_sha256 == original_sha256, PhotoRedaction.from_sha256 == name_of(plain.photo))
    query = select(PhotoRedaction).join(Photo, Photo.id == PhotoRedaction.photo_id).where(PhotoRedaction.undone_at.is_(None), same)
    rows = list(session.scalars(query.order_by(PhotoRedaction.at, PhotoRedaction.id)))
    parts = dict.fromkeys((left, top, width, height) for row in rows for left, top, width, height in row.parts)
    return tuple(parts), rows[-1].person_id if rows else None


def cover_arrived(photo: Photo, plain: bytes, covering: Covering) -> None:
    """Cover a photo that just came as its copies are, if they are; its plain print is kept under seal alone."""
    if covering.made is not None and covering.by is not None:
        row = _cover(photo, plain, covering.made, covering.parts, covering.by)
        _note(photo.id, row, actor_id=None, copy_of=None)


def name_of(data: bytes, _namespace: str = "") -> str:
    """The name the store would give to these bytes; nothing is kept."""
    return hashlib.sha256(data).hexdigest()


def _check(parts: Sequence[Part]) -> None:
    if not parts or len(parts) > MOST_PARTS or not all(_is_inside(part) for part in parts):
        raise Problem("invalid_input", errors=[{"field": "parts", "code": "outside", "message": "parts"}])


def _is_inside(part: Part) -> bool:
    left, top, width, height = part
    if not all(isfinite(number) for number in part):
        return False
    return min(left, top) >= 0 and min(width, height) > 0 and max(left + width, top + height) <= 1.001


def _held(photo_id: UUID, actor: Actor) -> Photo:
    """The photo, held until the work settles, for who may see it."""
    get_photo(actor, photo_id)
    return session.scalars(
        select(Photo).where(Photo.id == photo_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def undo(redaction_id: UUID, photo_id: UUID, *, actor: Actor) -> None:
    """Uncover a photo again: the last covering first. Problem ``already_done`` for any other."""
    if not may(actor, "see_unredacted") or actor.person_id is None:
        raise Problem("not_allowed")
    photo = _held(photo_id, actor)
    rows = standing(photo.id)
    if not rows or rows[-1].id != redaction_id:
        raise Problem("already_done")
    row, print_ = rows[-1], develop(_unsealed(rows[-1]))
    photo.clean_sha256, photo.thumbnail_sha256 = store().put(_unsealed(row), "photos"), store().put(print_.thumbnail, "thumbnails")
    row.undone_at, row.undone_by = now(), actor.person_id
    ledger.record("media.unredacted", photo_id, **_by(actor, row), from_sha256=row.to_sha256, to_sha256=row.from_sha256)


def uncovered(photo_id: UUID, *, actor: Actor) -> bytes:
    """A photo as it was before anything was painted over; every look is written down. Problem ``photo_not_found``."""
    if not may(actor, "see_unredacted"):
        raise Problem("not_allowed" if actor.is_known else "sign_in_needed")
    rows = standing(get_photo(actor, photo_id).id)
    if not rows:
        raise Problem("photo_not_found")
    ledger.record("media.viewed_uncovered", photo_id, **_by(actor, rows[0]), sha256=rows[0].from_sha256)
    return _unsealed(rows[0])


def _unsealed(row: PhotoRedaction) -> bytes:
    if row.sealed_ref is None or row.wrapped_key is None:
        raise Problem("photo_damaged")
    return store().get_sealed(row.sealed_ref, SEALED_IN, key=vault.unwrap(row.wrapped_key, row.photo_id), bound_to=row.photo_id.bytes)


def _by(actor: Actor, row: PhotoRedaction) -> dict[str, Any]:
    return {"actor_id": actor.person_id, "redaction": str(row.id)}


def standing(photo_id: UUID) -> list[PhotoRedaction]:
    """The coverings of a photo that stand, the first first."""
    here = select(PhotoRedaction).where(PhotoRedaction.photo_id == photo_id, PhotoRedaction.undone_at.is_(None))
    return list(session.scalars(here.order_by(PhotoRedaction.at, PhotoRedaction.id)))


def covered_among(photo_ids: Iterable[UUID]) -> set[UUID]:
    """Those of some photos of which parts are painted over."""
    here = select(PhotoRedaction.photo_id).where(PhotoRedaction.photo_id.in_(list(photo_ids)), PhotoRedaction.undone_at.is_(None))
    return set(session.scalars(here))


def sealed_of(photo_ids: Iterable[UUID]) -> list[str]:
    """The sealed prints of some photos, in the store; for erasing them with their report."""
    rows = session.scalars(select(PhotoRedaction.sealed_ref).where(PhotoRedaction.photo_id.in_(list(photo_ids))))
    return [name for name in rows if name]


def remove_covered(photo_id: UUID) -> None:
    """Remove the plain files of before a covering that no photo shows any more. Run twice, it does no harm."""
    with settled():
        access.enter(SYSTEM)
        rows = standing(photo_id)
        plain = {(row.from_sha256, "photos") for row in rows} | {(row.from_thumbnail_sha256, "thumbnails") for row in rows}
        shown = {name for pair in session.execute(select(Photo.clean_sha256, Photo.thumbnail_sha256).where(_names(plain))) for name in pair}
    for name, namespace in plain:
        if name and name not in shown:
            store().delete(name, namespace)


def _names(plain: set[tuple[str, str]]) -> ColumnElement[bool]:
    names = [name for name, _namespace in plain]
    return Photo.clean_sha256.in_(names) | Photo.thumbnail_sha256.in_(names)
