"""A report as matching takes it up, and what becomes of it written down: each in one trip to the database."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Integer, bindparam, func, select, text

from server.accounts.policy import SYSTEM
from server.core.database import session
from server.evidence.models import Photo
from server.matching.asking import ASK
from server.matching.choosing import plain
from server.matching.links import AREA_LOCK
from server.matching.models import Attachment, Incident, ReportMarks
from server.matching.summaries import Marks
from server.reports import access
from server.reports.imports import Import
from server.reports.models import Report, ReportSecret
from server.reports.vault import PrivateWords


@dataclass(frozen=True)
class Arrival:
    """A report and its words, where it lies at present, its clean photos and cited posts, and the list it came in."""

    report: Report
    words: PrivateWords | None
    incident_id: UUID | None
    marks: Marks
    import_source: str | None

    @property
    def photos(self) -> list[int]:
        """The fingerprints of its clean photos."""
        return [photo for photo in self.marks.photos[self.report.id] if photo is not None]

    @property
    def counts(self) -> bool:
        """Whether it takes part: not withdrawn or replaced. Where words are held back, the facts of damage count all the same."""
        return self.report.withdrawn_at is None and self.report.superseded_by is None


_PHOTOS = (
    select(Photo.perceptual_hash)
    .where(Photo.report_id == Report.id, Photo.state == "CLEAN")
    .order_by(Photo.position)
)
_LIES = select(Attachment.incident_id).where(Attachment.report_id == Report.id, Attachment.ended_at.is_(None))
_SOURCE = select(Import.source).where(Import.id == Report.import_id)
_POSTS = select(ReportMarks.posts).where(ReportMarks.report_id == Report.id)
_ARRIVAL = (  # made once: every report asks it
    select(
        Report,
        ReportSecret.wrapped_key,
        ReportSecret.sealed,
        _LIES.scalar_subquery().label("lies_on"),
        func.array(_PHOTOS.scalar_subquery()).label("photos"),
        _POSTS.scalar_subquery().label("posts"),
        _SOURCE.scalar_subquery().label("source"),
        text(AREA_LOCK).columns(locked=Integer).scalar_subquery().label("locked"),
    )
    .outerjoin(ReportSecret, ReportSecret.report_id == Report.id)
    .where(Report.id == bindparam("report"))
    .execution_options(populate_existing=True)
)


def take_up(report_id: UUID, reach_m: float) -> Arrival | None:
    """The report as it is now, or None; nobody else decides about what lies within ``reach_m`` of it until the transaction ends."""
    access.enter(SYSTEM)
    row = session.execute(_ARRIVAL, {"report": report_id, "reach_m": reach_m}).one_or_none()
    if row is None:
        return None
    marks = Marks({report_id: list(row.photos or ())}, {report_id: frozenset(row.posts or ())})
    words = access.words_in([{"id": report_id, "wrapped_key": row.wrapped_key, "sealed": row.sealed}])
    return Arrival(row[0], words[report_id], row.lies_on, marks, row.source)


# What a new record begins with; the rest is as the table has it.
OPENED = (
    "id", "public_id", "s_class", "workflow", "version", "fixed_fields", "certainty", "changed_at", "point", "accuracy_m", "h3_r9",
    "adm1_pcode", "adm2_pcode", "adm3_pcode", "event_earliest", "event_latest", "event_precision", "damage_min", "damage_max",
    "damage_best", "site_type", "in_use_as", "cause_group", "functional_status", "hazards", "needs", "access_constraints",
    "people_trapped", "report_count", "photo_count", "witness_count", "disputed", "first_received_at", "evidence_received_at",
)  # fmt: skip
_COLUMNS = ", ".join(OPENED)


class Together:
    """What is written down of one arrival, gathered and then written in one trip: record, link, change, addresses, questions, ledger, outbox."""

    _OPEN = f""", opened AS (INSERT INTO incidents ({_COLUMNS})
  SELECT {_COLUMNS} FROM jsonb_populate_recordset(CAST(NULL AS incidents), CAST(:opened AS jsonb)))"""  # noqa: S608 - names of columns
    _LAY = """, laid AS (INSERT INTO attachments (id, report_id, incident_id, score, reasons, weights_version)
  SELECT id, report_id, incident_id, score, reasons, weights_version
  FROM jsonb_to_recordset(CAST(:laid AS jsonb)) AS l (id uuid, report_id uuid, incident_id uuid, score float8, reasons jsonb, weights_version text))
, changed AS (INSERT INTO incident_changes (id, incident_id, kind, before, at)
  SELECT id, incident_id, kind, before, clock_timestamp()
  FROM jsonb_to_recordset(CAST(:changed AS jsonb)) AS c (id uuid, incident_id uuid, kind text, before jsonb))
, named AS (INSERT INTO report_addresses (report_id, address_key)
  SELECT CAST(:report AS uuid), key FROM unnest(CAST(:keys AS bigint[])) AS key ON CONFLICT DO NOTHING)"""
    _ASK = f"\n, asked AS ({ASK})"
    _TELL = """WITH told AS (SELECT event, subject, details FROM jsonb_to_recordset(CAST(:told AS jsonb))
    AS t (event text, subject uuid, details jsonb, n int) ORDER BY n)
, entry AS (INSERT INTO ledger (event, subject_id, details) SELECT event, subject, details FROM told)"""
    _SEND = " INSERT INTO outbox (event, subject_id) SELECT event, subject FROM told"
    _ALL = text(_TELL + _OPEN + _LAY + _ASK + _SEND)

    def __init__(self, report_id: UUID, keys: Sequence[int]) -> None:
        self.report_id, self.keys = report_id, list(keys)
        self.opened: list[dict[str, Any]] = []
        self.laid: list[dict[str, Any]] = []
        self.changed: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []

    def open(self, incident: Incident) -> None:
        """A new record, known to no session."""
        self.opened.append({name: plain(getattr(incident, name)) for name in OPENED} | {"point": _hex(incident)})

    def lay(self, incident_id: UUID, *, score: float | None, reasons: Sequence[Any], version: str) -> UUID:
        """The report lies on this incident from now on; returns the number of the link."""
        number = uuid4()
        self.laid.append({
            "id": str(number), "report_id": str(self.report_id), "incident_id": str(incident_id), "score": score,
            "reasons": list(reasons), "weights_version": version,
        })  # fmt: skip
        return number

    def change(self, kind: str, incident_id: UUID, before: dict[str, Any]) -> None:
        """An act of the house that can be undone."""
        self.changed.append({"id": str(uuid4()), "incident_id": str(incident_id), "kind": kind, "before": before})

    def record(self, event: str, subject: UUID, **details: Any) -> None:
        """An event for the ledger and the outbox, as ``ledger.record`` would write it."""
        self.told.append({"event": event, "subject": str(subject), "details": details, "n": len(self.told)})

    def write(self) -> None:
        """Write all of it."""
        rows = {name: json.dumps(getattr(self, name)) for name in ("opened", "laid", "changed", "told", "asked")}
        session.execute(self._ALL, {**rows, "report": self.report_id, "keys": self.keys})


def _hex(incident: Incident) -> str | None:
    """The point as the database writes it."""
    return bytes(incident.point.data).hex() if incident.point is not None else None
