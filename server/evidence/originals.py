"""Originals kept as evidence: sealed under a key of their own, their hash in the ledger, opened by nobody here again.

They come only where the reporter ticked "keep the original as evidence". The one time they are open is in memory, while
their hash is compared with the one announced.
"""

import hashlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from server.accounts.policy import SYSTEM
from server.core import ledger
from server.core.clock import now
from server.core.database import session, settled
from server.core.problems import Problem
from server.core.storage import store
from server.evidence.models import Photo
from server.evidence.service import locked, put_sealed
from server.reports import access, vault

KEPT_FOR = timedelta(days=730)


def receive_original(report_id: UUID, photo_id: UUID, data: bytes) -> Photo:
    """Keep the original of an announced photo; sent again, nothing changes.

    Problem ``photo_not_found`` for what was not announced (or not offered as evidence), ``photo_differs`` for other bytes.
    """
    photo = locked(photo_id)
    if photo is None or photo.report_id != report_id or photo.evidence_sha256 is None:
        raise Problem("photo_not_found")
    if len(data) != photo.evidence_bytes or hashlib.sha256(data).digest() != photo.evidence_sha256:
        raise Problem("photo_differs")
    if photo.evidence_at is None:
        key, photo.evidence_key = vault.new_key(photo.id)
        photo.evidence_ref = put_sealed(data, "evidence", key=key, bound_to=photo.id)
        photo.evidence_at = now()
        ledger.record(
            "media.evidence_kept", photo.id, report=str(report_id), sha256=photo.evidence_sha256.hex(), sealed=photo.evidence_ref
        )
    return photo


def shred_old_originals() -> int:
    """Destroy the keys and files of originals kept for two years, however many; their hashes stay. Returns how many."""
    with settled():
        access.enter(SYSTEM)
        due = select(Photo).where(Photo.evidence_at < now() - KEPT_FOR, Photo.evidence_ref.is_not(None)).with_for_update()
        photos = list(session.scalars(due))
        names = [photo.evidence_ref for photo in photos]
        for photo in photos:
            photo.evidence_ref = photo.evidence_key = None
            ledger.record("media.evidence_shredded", photo.id, report=str(photo.report_id))
    for name in names:
        store().delete(name or "", "evidence")
    return len(names)
