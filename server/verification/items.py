"""Evidence beside the reports, as the rules see it: satellite rows that speak of a record, and what was found in open sources.

An address is kept as words and never fetched. Nobody who did it is named and nothing of the military is kept: such words are refused.
"""

import re
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from server.accounts.limits import check_limits
from server.accounts.policy import Actor, may
from server.core import ledger
from server.core.choices import N_
from server.core.clock import now
from server.core.database import session
from server.core.i18n import words
from server.core.problems import Problem
from server.evidence.imagery_models import ML, ImageryImport, ImageryRow
from server.matching.models import Incident
from server.reports.screening import screen
from server.verification.item_models import ImageryLink, OpenItem
from server.verification.lines import laid_together
from server.verification.workflow import Item
from server.vocabulary import AdmiraltyItem, EvidenceKind, Stance

KINDS = (EvidenceKind.PHOTO, EvidenceKind.VIDEO, EvidenceKind.AUDIO, EvidenceKind.DOC, EvidenceKind.OFFICIAL, EvidenceKind.OSINT)
PICTURES = {EvidenceKind.PHOTO, EvidenceKind.VIDEO}
DIGEST = re.compile(r"[0-9a-f]{64}")
WEB = re.compile(r"https?://[^\s<>\"]{4,480}", re.IGNORECASE)


def beside_reports(incident_id: UUID) -> list[Item]:
    """Satellite rows and open-source items of a record, one for each thing: images of one product are one voice."""
    return [*_imagery(incident_id), *(_open_item(one) for one in on_record(incident_id))]


def _imagery(incident_id: UUID) -> list[Item]:
    """The newest image of each thing. "Possible", and what a model read alone, is a hint; "no visible damage" takes nothing away."""
    found = session.execute(
        select(ImageryRow, ImageryImport)
        .join(ImageryLink, ImageryLink.row_id == ImageryRow.id)
        .join(ImageryImport, ImageryImport.id == ImageryRow.import_id)
        .where(ImageryLink.incident_id.in_(laid_together(incident_id)), ImageryRow.is_latest)
        .order_by(ImageryRow.id)
    )
    return [
        Item(
            report_id=str(row.id),
            originator=f"imagery {one.provider} {one.product}",
            stance=Stance.SUPPORTS if row.damage_best != 0 else Stance.CONTEXT,
            is_imagery=bool(row.damage_best) and one.method != ML,
            is_hint=row.damage_best is None or one.method == ML,
        )
        for row, one in found
    ]


def _open_item(one: OpenItem) -> Item:
    """A picture seen earlier of another place or time is no picture of this, and no better than improbable."""
    is_recycled = one.first_shown_elsewhere
    return Item(
        report_id=str(one.id),
        originator=f"open {one.address.casefold()}",
        source_grade=one.source_grade,
        item_grade=max(one.item_grade, AdmiraltyItem.I5) if is_recycled else one.item_grade,
        stance=one.stance,
        media_located=one.media_located and not is_recycled,
        media_timed=one.media_timed and not is_recycled,
        copy_sha256=one.archived_sha256 if one.kind in PICTURES and not is_recycled else "",
        media_elsewhere=is_recycled,
    )


def on_record(incident_id: UUID) -> list[OpenItem]:
    """The open-source items of a record, and of those laid onto it, that stand, the oldest first."""
    here = select(OpenItem).where(OpenItem.incident_id.in_(laid_together(incident_id)), OpenItem.removed_at.is_(None))
    return list(session.scalars(here.order_by(OpenItem.at, OpenItem.id)))


def add(incident: Incident, said: dict[str, Any], *, actor: Actor) -> OpenItem:
    """Lay something found in an open source on a record.

    Problem ``invalid_input`` names each field that is wrong; ``words_not_kept`` where the words tell of the military,
    ``outside_your_area`` where the record is not for this actor to decide about.
    """
    if not may(actor, "add_evidence") or actor.person_id is None:
        raise Problem("not_allowed")
    check_limits(actor, incident)
    if errors := _errors(said):
        raise Problem("invalid_input", errors=errors)
    if screen(f"{said['claim']} {said['platform']}").quarantine:
        raise Problem("words_not_kept", errors=[_error("claim", N_("Leave out what tells of the military."))])
    made = OpenItem(incident_id=incident.id, person_id=actor.person_id, **said)
    session.add(made)
    session.flush()
    ledger.record("item.added", incident.id, actor_id=actor.person_id, item=str(made.id), sha256=made.archived_sha256, kind=made.kind.value)
    return made


def _errors(said: dict[str, Any]) -> list[dict[str, str]]:
    today = now().date()
    found = []
    if not WEB.fullmatch(said["address"]):
        found.append(_error("address", N_("Give a web address that begins with http:// or https://.")))
    if said["kind"] not in KINDS:
        found.append(_error("kind", N_("Say what it is.")))
    if not said["platform"]:
        found.append(_error("platform", N_("Say where it was shown.")))
    if said["archived_sha256"] and not DIGEST.fullmatch(said["archived_sha256"]):
        found.append(_error("archived_sha256", N_("A SHA-256 has 64 signs, 0–9 and a–f.")))
    if not isinstance(said["found_on"], date) or said["found_on"] > today:
        found.append(_error("found_on", N_("Say on which day it was found, today at the latest.")))
    if said["posted_on"] and said["posted_on"] > today:
        found.append(_error("posted_on", N_("This day has not come yet.")))
    return found


def _error(field: str, message: str) -> dict[str, str]:
    return {"field": field, "code": "invalid", "message": words(message)}


def remove(item_id: UUID, incident: Incident, *, actor: Actor) -> None:
    """Take an item off a record; that it lay there stays on record. Problem ``already_done``."""
    if not may(actor, "add_evidence") or actor.person_id is None:
        raise Problem("not_allowed")
    check_limits(actor, incident)
    found = session.get(OpenItem, item_id)
    if found is None or found.incident_id not in laid_together(incident.id) or found.removed_at is not None:
        raise Problem("already_done")
    found.removed_at, found.removed_by = now(), actor.person_id
    ledger.record("item.removed", incident.id, actor_id=actor.person_id, item=str(found.id))
