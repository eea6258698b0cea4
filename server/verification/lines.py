"""A record and all that were laid onto it. What people entered stays where they entered it, and shows on the record that is left."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from server.core.database import session
from server.matching.models import Incident


def laid_together(incident_id: UUID) -> list[UUID]:
    """The record and, at whatever remove, all that were merged into it; taken apart again, each has its own back."""
    line = select(Incident.id).where(Incident.id == incident_id).cte("line", recursive=True)
    merged = aliased(Incident)
    line = line.union(select(merged.id).join(line, merged.merged_into == line.c.id))
    return list(session.scalars(select(line.c.id)))
