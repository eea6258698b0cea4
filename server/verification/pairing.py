"""Which damage record each satellite row speaks of: the nearest that its image can have shown, unless a person said otherwise.

An image shows what happened before it was taken, so a record whose damage is later is never paired with it. Rows about an
area (cells of 500 m) are evidence for the area and are laid on no record.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, select, text
from sqlalchemy.dialects.postgresql import insert

from server.accounts.limits import check_limits
from server.accounts.policy import Actor, may
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.evidence.imagery_models import ImageryRow
from server.matching.models import Incident
from server.reports import batches
from server.verification.item_models import ImageryLink
from server.verification.lines import laid_together

REACH_M = 40.0  # two roofs: an analyst's point and a witness's pin on one building lie so far apart
MOST_REACH_M = 250.0  # however vague a pin is, further away it may be any building
BATCH = 2_000

# The nearest record for each row, among those on the map whose damage can have been seen on its image.
_NEAREST = text("""
SELECT image.id AS row_id, near.id AS incident_id, near.distance_m FROM imagery_rows image
LEFT JOIN LATERAL (
  SELECT incident.id, ST_Distance(incident.point::geography, image.shape::geography) AS distance_m
  FROM incidents incident
  WHERE incident.on_map
    AND incident.point && ST_Expand(image.shape, :reach_degrees / greatest(0.05, cos(radians(ST_YMax(image.shape)))), :reach_degrees)
    AND (incident.event_earliest IS NULL OR image.acquired_on IS NULL OR incident.event_earliest < image.acquired_on + 1)
    AND ST_DWithin(incident.point::geography, image.shape::geography, greatest(:reach, least(coalesce(incident.accuracy_m, 0), :most)))
  ORDER BY round(ST_Distance(incident.point::geography, image.shape::geography)), incident.event_latest DESC NULLS LAST, incident.id
  LIMIT 1
) near ON true
WHERE image.id = ANY(:rows) AND NOT image.is_area
""")
_ROWS_NEAR = text("""
SELECT image.id FROM imagery_rows image JOIN incidents incident ON incident.id = :incident
WHERE NOT image.is_area
  AND image.shape && ST_Expand(incident.point, :reach_degrees / greatest(0.05, cos(radians(ST_Y(incident.point)))), :reach_degrees)
""")
_DEGREES = MOST_REACH_M / 110_000


def pair_import(import_id: UUID) -> int:
    """Pair every row of an import. Returns how many rows found a record."""
    rows = list(session.scalars(select(ImageryRow.id).where(ImageryRow.import_id == import_id, ~ImageryRow.is_area)))
    return sum(_pair(rows[at : at + BATCH]) for at in range(0, len(rows), BATCH))


def records_of(import_id: UUID) -> set[UUID]:
    """The damage records that rows of an import speak of."""
    laid = select(ImageryLink.incident_id).join(ImageryRow, ImageryRow.id == ImageryLink.row_id)
    return set(session.scalars(laid.where(ImageryRow.import_id == import_id, ImageryLink.incident_id.is_not(None)).distinct()))


def tell_changed(incident_ids: Iterable[UUID], *, actor: Actor) -> None:
    """Let the rooms further on look at records again whose evidence from above changed."""
    batches.record_many("incident.changed", {number: {"by": "imagery"} for number in incident_ids}, actor=actor)


def pair_record(incident_id: UUID) -> None:
    """Pair again the rows that lie near a record or are laid on it: it moved, was merged, or is new. Costs nothing where there are none."""
    if not session.scalar(select(exists().where(ImageryRow.id.is_not(None)))):
        return
    near = set(session.scalars(_ROWS_NEAR, {"incident": incident_id, "reach_degrees": _DEGREES}))
    near |= set(session.scalars(select(ImageryLink.row_id).where(ImageryLink.incident_id == incident_id)))
    if near:
        _pair(sorted(near))


def _pair(rows: Sequence[UUID]) -> int:
    """Find the record of each row anew; what a person said stays."""
    asked = {"rows": list(rows), "reach": REACH_M, "most": MOST_REACH_M, "reach_degrees": _DEGREES}
    found = [dict(row) for row in session.execute(_NEAREST, asked).mappings()]
    laid = [row for row in found if row["incident_id"] is not None]
    stale = [row["row_id"] for row in found if row["incident_id"] is None]
    session.execute(delete(ImageryLink).where(ImageryLink.row_id.in_(stale), ImageryLink.person_id.is_(None)))
    if laid:
        _lay(laid)
    return len(laid)


def _lay(rows: list[dict[str, Any]]) -> None:
    link = insert(ImageryLink)
    values = {"incident_id": link.excluded.incident_id, "distance_m": link.excluded.distance_m}
    session.execute(
        link.on_conflict_do_update(index_elements=["row_id"], set_=values, where=ImageryLink.person_id.is_(None)),
        [{**row, "at": now()} for row in rows],
    )


def say(row_id: UUID, incident: Incident | None, *, actor: Actor) -> None:
    """A person says which record a row speaks of, or that it speaks of none; the machine never changes that again.

    All images of one thing move together. Problem ``not_found`` for a row there is none of, ``outside_your_area`` where the
    record it is laid on, or was, is not for this actor to decide about.
    """
    if not may(actor, "add_evidence") or actor.person_id is None:
        raise Problem("not_allowed")
    row = session.get(ImageryRow, row_id)
    if row is None:
        raise Problem("not_found")
    check_limits(actor, *({one for one in (incident, _laid_on(row_id)) if one is not None}))
    same = select(ImageryRow.id).where(ImageryRow.import_id == row.import_id, ImageryRow.unit_key == row.unit_key)
    link = insert(ImageryLink)
    said = {"incident_id": incident.id if incident else None, "distance_m": None, "person_id": actor.person_id, "at": now()}
    session.execute(
        link.on_conflict_do_update(index_elements=["row_id"], set_=said), [{"row_id": each, **said} for each in session.scalars(same)]
    )
    ledger.record("imagery.paired", row.import_id, actor_id=actor.person_id, unit=row.unit_key, incident=str(incident.id) if incident else None)


def _laid_on(row_id: UUID) -> Incident | None:
    link = session.get(ImageryLink, row_id)
    return session.get(Incident, link.incident_id) if link and link.incident_id else None


def rows_of(incident_id: UUID) -> list[tuple[ImageryRow, ImageryLink]]:
    """The satellite rows that speak of a record, the latest image first."""
    found = session.execute(
        select(ImageryRow, ImageryLink)
        .join(ImageryLink, ImageryLink.row_id == ImageryRow.id)
        .where(ImageryLink.incident_id.in_(laid_together(incident_id)))
        .order_by(ImageryRow.acquired_on.desc().nulls_last(), ImageryRow.unit_key, ImageryRow.id)
    )
    return [(row, link) for row, link in found]
