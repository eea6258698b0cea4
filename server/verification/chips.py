"""Pieces of images laid on a damage record by the desk: before or after, of which day, whose, under which licence.

They go through the darkroom like any photo: only new pixels are kept. The hash of what was given stays in the ledger.
"""

import hashlib
from datetime import date
from uuid import UUID

from sqlalchemy import select

from server.accounts.limits import check_limits
from server.accounts.policy import Actor, may
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.core.storage import store
from server.evidence.darkroom import develop
from server.evidence.imagery_models import POST, PRE, ImageryChip
from server.matching.models import Incident
from server.verification.lines import laid_together


def add(incident: Incident, data: bytes, *, phase: str, taken_on: date, provider: str, licence: str, actor: Actor) -> ImageryChip:
    """Lay a piece of an image on a record; PhotoRefused when it is no picture, Problem ``invalid_input`` for a wrong phase."""
    if not may(actor, "add_evidence") or actor.person_id is None:
        raise Problem("not_allowed")
    check_limits(actor, incident)
    if phase not in (PRE, POST) or not provider or not licence:
        raise Problem("invalid_input", errors=[{"field": "provider", "code": "missing", "message": "provider"}])
    number = incident.id
    session.rollback()
    made = develop(data)
    chip = ImageryChip(
        incident_id=number, event_phase=phase, taken_on=taken_on, provider=provider[:64], licence=licence[:64],
        original_sha256=hashlib.sha256(data).hexdigest(), clean_sha256=store().put(made.photo, "photos"),
        thumbnail_sha256=store().put(made.thumbnail, "thumbnails"), width=made.width, height=made.height, person_id=actor.person_id,
    )  # fmt: skip
    session.add(chip)
    session.flush()
    ledger.record("chip.added", number, actor_id=actor.person_id, item=str(chip.id), from_sha256=chip.original_sha256, sha256=chip.clean_sha256)
    return chip


def remove(chip_id: UUID, incident: Incident, *, actor: Actor) -> None:
    """Take a piece of an image off a record. Problem ``already_done``."""
    if not may(actor, "add_evidence") or actor.person_id is None:
        raise Problem("not_allowed")
    check_limits(actor, incident)
    chip = session.get(ImageryChip, chip_id)
    if chip is None or chip.incident_id not in laid_together(incident.id) or chip.removed_at is not None:
        raise Problem("already_done")
    chip.removed_at = now()
    ledger.record("chip.removed", incident.id, actor_id=actor.person_id, item=str(chip.id))


def on_record(incident_id: UUID) -> list[ImageryChip]:
    """The pieces of images on a record, and on those laid onto it, by their day."""
    here = select(ImageryChip).where(ImageryChip.incident_id.in_(laid_together(incident_id)), ImageryChip.removed_at.is_(None))
    return list(session.scalars(here.order_by(ImageryChip.taken_on, ImageryChip.id)))


def by_id(chip_id: UUID) -> ImageryChip:
    """One that lies on a record now, or Problem ``photo_not_found``."""
    chip = session.get(ImageryChip, chip_id)
    if chip is None or chip.removed_at is not None:
        raise Problem("photo_not_found")
    return chip
