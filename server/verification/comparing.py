"""The satellite and the ground, laid beside each other for one import: exact counts, a list by how they agree, the feedback file.

Each thing the satellite marked counts once, by its newest image; each damage record in the area that was looked at, struck
before the last image, counts once too. A record paired with several marks is told by the one that agrees best.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from server.core.database import session
from server.evidence.imagery_models import ImageryImport
from server.verification.agreement import Agreement, Grades, compare

# Marks of the newest image with the record they speak of, if any; one row for each mark.
_MARKS = text("""
SELECT image.id AS row_id, image.unit_key, image.source_value, image.acquired_on, image.damage_min AS above_min,
       image.damage_max AS above_max, image.damage_best AS above_best, link.distance_m, link.person_id IS NOT NULL AS is_said,
       ST_X(ST_PointOnSurface(image.shape)) AS lon, ST_Y(ST_PointOnSurface(image.shape)) AS lat,
       incident.id AS incident_id, incident.public_id, incident.site_type, incident.s_class, incident.certainty, incident.damage_min,
       incident.damage_max, incident.damage_best, incident.event_latest, incident.killed_at
FROM imagery_rows image
LEFT JOIN imagery_links link ON link.row_id = image.id
LEFT JOIN incidents incident ON incident.id = link.incident_id AND incident.on_map
WHERE image.import_id = :import AND image.is_latest AND NOT image.is_area
ORDER BY image.unit_key, image.id
""")
# Records where the satellite looked and no mark of its newest images speaks of them.
_UNMARKED = text("""
SELECT incident.id AS incident_id, incident.public_id, incident.site_type, incident.s_class, incident.certainty, incident.damage_min,
       incident.damage_max, incident.damage_best, incident.event_latest, incident.killed_at
FROM incidents incident JOIN imagery_imports import ON import.id = :import
WHERE incident.on_map AND incident.point && import.area AND ST_Intersects(incident.point, import.area)
  AND (import.last_on IS NULL OR incident.event_earliest IS NULL OR incident.event_earliest < import.last_on + 1)
  AND NOT EXISTS (
    SELECT FROM imagery_links link JOIN imagery_rows image ON image.id = link.row_id
    WHERE link.incident_id = incident.id AND image.import_id = import.id AND image.is_latest
  )
ORDER BY incident.public_id
""")
_BEST_FIRST = (Agreement.CONTRADICTION, Agreement.BOTH, Agreement.DOUBTFUL, Agreement.ONLY_GROUND)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing as both see it. ``above`` or ``ground`` is None where that side says nothing of it."""

    agreement: Agreement
    above: dict[str, Any] | None
    ground: dict[str, Any] | None


def lines(import_id: UUID) -> list[Line]:
    """Everything the satellite marked and everything the ground says where it looked, each once."""
    marks = [dict(row) for row in session.execute(_MARKS, {"import": import_id}).mappings()]
    return [*_marked(marks), *_unmarked(import_id)]


def _marked(marks: Sequence[dict[str, Any]]) -> Iterator[Line]:
    """Contradictions win over confirmations: what must be looked at is never hidden behind what agrees."""
    by_record: dict[UUID, list[tuple[Agreement, dict[str, Any]]]] = {}
    for mark in marks:
        if mark["incident_id"] is not None:
            by_record.setdefault(mark["incident_id"], []).append((_compared(mark), mark))
        elif (mark["above_min"] or 0) > 0:
            yield Line(agreement=Agreement.ONLY_SATELLITE, above=mark, ground=None)
    for found in by_record.values():
        agreement, mark = min(found, key=lambda pair: (_BEST_FIRST.index(pair[0]), pair[1]["distance_m"] or 0))
        yield Line(agreement=agreement, above=mark, ground=mark)


def _compared(mark: dict[str, Any]) -> Agreement:
    above = Grades(mark["above_min"], mark["above_max"], mark["above_best"])
    return compare(above, Grades(mark["damage_min"], mark["damage_max"], mark["damage_best"]))


def _unmarked(import_id: UUID) -> Iterator[Line]:
    for row in session.execute(_UNMARKED, {"import": import_id}).mappings():
        yield Line(agreement=Agreement.ONLY_GROUND, above=None, ground=dict(row))


def counts(found: Sequence[Line]) -> dict[Agreement, int]:
    """How many lines of each kind; every kind is named, also where it is 0."""
    counted = Counter(line.agreement for line in found)
    return {agreement: counted[agreement] for agreement in Agreement}


def numbers(import_: ImageryImport) -> dict[Agreement, int]:
    """The exact counts of one import."""
    return counts(lines(import_.id))
