"""Photos of reports: announced, received, cleaned; the report stays whatever happens to its photos."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import insert, select

from server.core.database import session
from server.evidence.models import Photo
from server.reports.draft import Announced


def expect(report_id: UUID, manifest: Iterable[Announced]) -> None:
    """Note the photos a report announces. The report is complete only when each has come with this size and hash."""
    rows = [
        {"id": item.id, "report_id": report_id, "position": position, "original_sha256": item.sha256, "original_bytes": item.bytes}
        for position, item in enumerate(manifest, start=1)
    ]
    if rows:
        session.execute(insert(Photo), rows)


def states_of(report_id: UUID) -> list[dict[str, str]]:
    """What became of each announced photo, in the order of the manifest: ``[{"id", "state"}]``."""
    rows = session.execute(select(Photo.id, Photo.state).where(Photo.report_id == report_id).order_by(Photo.position))
    return [{"id": str(row.id), "state": row.state} for row in rows]
