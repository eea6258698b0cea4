"""Who held what when: the ledger's entries about a record and its evidence, each hashed together with the one before.

The entries themselves are sealed in the ledger (``core/ledger.py``); this chain lets somebody outside check a copy of it: the
hash of each line is the SHA-256 of the hash before it and the line's own JSON with its keys in order.
"""

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from server.core.cells import escape_cell
from server.core.database import session
from server.core.ledger import LedgerEntry
from server.evidence.imagery_models import ImageryRow
from server.evidence.models import Photo
from server.matching.models import Attachment
from server.verification.item_models import ImageryLink
from server.verification.lines import laid_together

BEGIN = hashlib.sha256(b"tessera custody").hexdigest()
FROM, TO = ("from_sha256", "sealed"), ("to_sha256", "sha256")


@dataclass(frozen=True, kw_only=True)
class Link:
    """One line of the chain. Hashes are hexadecimal; ``about`` is what the act was done to, ``who`` an alias or Tessera."""

    number: int
    at: str
    who: str
    act: str
    about: str
    from_sha256: str
    to_sha256: str
    before: str
    hash: str


def chain(incident_id: UUID, people: dict[UUID, str]) -> list[Link]:
    """Every act on a record and those laid onto it, its reports, photos, satellite files and items, oldest first, chained."""
    before, made = BEGIN, []
    for number, entry in enumerate(_entries(incident_id), start=1):
        told = _told(number, entry, people)
        before_this, before = before, hashlib.sha256(f"{before}{json.dumps(told, sort_keys=True)}".encode()).hexdigest()
        made.append(Link(**told, before=before_this, hash=before))
    return made


def _entries(incident_id: UUID) -> Sequence[LedgerEntry]:
    line = laid_together(incident_id)
    laid = select(Attachment.report_id).where(Attachment.incident_id == incident_id, Attachment.ended_at.is_(None))
    reports = list(session.scalars(laid))
    photos = list(session.scalars(select(Photo.id).where(Photo.report_id.in_(reports))))
    rows = select(ImageryRow.import_id).join(ImageryLink, ImageryLink.row_id == ImageryRow.id)
    imports = list(session.scalars(rows.where(ImageryLink.incident_id.in_(line)).distinct()))
    about = [*line, *reports, *photos, *imports]
    return session.scalars(select(LedgerEntry).where(LedgerEntry.subject_id.in_(about)).order_by(LedgerEntry.id)).all()


def _told(number: int, entry: LedgerEntry, people: dict[UUID, str]) -> dict[str, Any]:
    return {
        "number": number,
        "at": entry.at.isoformat(),
        "who": people.get(entry.actor_id, "") if entry.actor_id else "Tessera",
        "act": entry.event,
        "about": str(entry.details.get("item") or entry.details.get("redaction") or entry.subject_id),
        "from_sha256": _first(entry, FROM),
        "to_sha256": _first(entry, TO),
    }


def _first(entry: LedgerEntry, names: tuple[str, ...]) -> str:
    return next((str(entry.details[name]) for name in names if entry.details.get(name)), "")


def as_csv(links: Sequence[Link]) -> bytes:
    """The chain as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(Link.__dataclass_fields__), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: escape_cell(value) for name, value in asdict(link).items()} for link in links)
    return out.getvalue().encode("utf-8-sig")


def as_json(links: Sequence[Link], public_id: str) -> bytes:
    """The chain as JSON, with how to check it."""
    how = (
        "hash = sha256(before + json), where json holds the other members except hash and before, keys in order, in ASCII, "
        "with ', ' between members and ': ' after a key, as Python's json.dumps(members, sort_keys=True) writes it"
    )
    return json.dumps({"damage_record": public_id, "begins_with": BEGIN, "how": how, "chain": [asdict(link) for link in links]}, indent=1).encode()


def holds(links: Sequence[Link]) -> bool:
    """Whether every line of a chain fits the one before it."""
    before = BEGIN
    for link in links:
        told = {name: value for name, value in asdict(link).items() if name not in ("before", "hash")}
        if link.before != before or link.hash != hashlib.sha256(f"{before}{json.dumps(told, sort_keys=True)}".encode()).hexdigest():
            return False
        before = link.hash
    return True
