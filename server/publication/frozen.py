"""Freezing the public copy: each version of each row is kept once, with the editions that hold it.

Every function works in the caller's transaction. One statement compares and freezes, so that it sees one moment.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, any_, delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from server.core.database import session
from server.publication.release_models import ADDED, CHANGED, REMOVED, FrozenRow, ReleaseChange, ReleaseDraft

ROWS, AREAS = "pg_temp.frozen_incidents", "pg_temp.frozen_areas"
OWN = ("release_id", "record_status", "position", "cell_key")
"""What may differ between two copies of a row that say the same."""
OWN_TO_A_BATCH = f"'{{{','.join(OWN)}}}'::text[]"

_FREEZE = text(f"""
WITH differing AS (
  SELECT coalesce(live.incident_id, kept.incident_id) AS incident_id, kept.row AS before, live.row AS after
  FROM (SELECT incident_id, to_jsonb(one) AS row FROM pub.incidents one) live
  FULL JOIN (SELECT incident_id, row FROM release_rows WHERE until_edition IS NULL) kept USING (incident_id)
  WHERE live.row IS NULL OR kept.row IS NULL OR live.row - {OWN_TO_A_BATCH} <> kept.row - {OWN_TO_A_BATCH}
), ended AS (
  UPDATE release_rows old SET until_edition = :edition FROM differing
  WHERE old.incident_id = differing.incident_id AND old.until_edition IS NULL AND differing.before IS NOT NULL
)
INSERT INTO release_rows (incident_id, from_edition, row)
SELECT incident_id, :edition, after FROM differing WHERE after IS NOT NULL
""")  # noqa: S608 - nothing of anybody's is in it
_KEEP_AREAS = text("""
INSERT INTO release_areas (code, geo_level, name, shape) SELECT code, geo_level, name, shape FROM pub.areas
ON CONFLICT (code) DO NOTHING
""")
_DIFFERENCE = """
SELECT coalesce(new.incident_id, old.incident_id) AS incident_id, old.row AS before, new.row AS after,
  CASE WHEN old.row IS NULL THEN 'added' WHEN new.row IS NULL THEN 'removed' ELSE 'changed' END AS change
FROM (SELECT * FROM release_rows WHERE from_edition = :edition) new
FULL JOIN (SELECT * FROM release_rows WHERE until_edition = :edition) old USING (incident_id)
"""
_COUNTS = text(f"SELECT change, count(*) AS n FROM ({_DIFFERENCE}) found GROUP BY change")  # noqa: S608 - fixed words
_SOME = text(
    f"SELECT incident_id, before, after FROM ({_DIFFERENCE}) found WHERE change = :change ORDER BY incident_id LIMIT :most"  # noqa: S608
)
_TELL = text(f"""
INSERT INTO pub.release_changes (edition, incident_id, change, merged_into)
SELECT :edition, incident_id, change, CAST(:onto AS jsonb) ->> incident_id FROM ({_DIFFERENCE}) found
""")  # noqa: S608 - fixed words
_NOT_SO_ANY_MORE = text(f"""
SELECT count(*) FROM release_rows frozen LEFT JOIN pub.incidents live USING (incident_id)
WHERE from_edition <= :edition AND (until_edition IS NULL OR until_edition > :edition)
AND (live.incident_id IS NULL OR to_jsonb(live) - {OWN_TO_A_BATCH} <> frozen.row - {OWN_TO_A_BATCH})
""")  # noqa: S608 - nothing of anybody's is in it
_LAY_OUT = (
    "DROP TABLE IF EXISTS pg_temp.frozen_incidents",
    "CREATE TEMPORARY TABLE frozen_incidents (LIKE pub.incidents) ON COMMIT DROP",
    """
    INSERT INTO frozen_incidents
    SELECT (jsonb_populate_record(NULL::pub.incidents, row || jsonb_build_object('release_id', CAST(:number AS text)))).*
    FROM release_rows WHERE from_edition <= :edition AND (until_edition IS NULL OR until_edition > :edition)
    """,
    "CREATE INDEX ON frozen_incidents (position)",
    "DROP TABLE IF EXISTS pg_temp.frozen_areas",
    "CREATE TEMPORARY TABLE frozen_areas (LIKE pub.areas) ON COMMIT DROP",
    """
    INSERT INTO frozen_areas (code, geo_level, name, shape) SELECT code, geo_level, name, shape FROM release_areas
    WHERE code IN (SELECT area_code FROM frozen_incidents WHERE geo_level <> 'POINT')
    """,
    "CREATE INDEX ON frozen_areas (code)",
    "ANALYZE frozen_incidents",
    "ANALYZE frozen_areas",
)


@dataclass(frozen=True)
class Difference:
    """One row that an edition adds, changes or removes; `before` and `after` are whole rows as plain values."""

    incident_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def fields(self) -> list[str]:
        """The columns whose values differ, of a row that changed."""
        before, after = self.before or {}, self.after or {}
        return [name for name in after if before.get(name) != after[name] and name not in OWN]


def next_edition() -> int:
    """The number of the next edition: one more than any that was ever begun."""
    latest = [select(func.max(column)) for column in (ReleaseDraft.edition, ReleaseChange.edition)]
    return max(session.scalar(query) or 0 for query in latest) + 1


def freeze(edition: int) -> None:
    """Keep the public copy as it is now as an edition; only what differs from the edition before is written."""
    session.execute(_FREEZE, {"edition": edition})
    session.execute(_KEEP_AREAS)


def thaw(edition: int) -> None:
    """Take an edition back that was never published, as if it had not been begun."""
    session.execute(delete(FrozenRow).where(FrozenRow.from_edition == edition))
    session.execute(update(FrozenRow).where(FrozenRow.until_edition == edition).values(until_edition=None))


def count(edition: int) -> int:
    """How many rows an edition holds."""
    return session.scalar(select(func.count()).select_from(FrozenRow).where(*_in(edition))) or 0


def counts(edition: int) -> dict[str, int]:
    """How many rows an edition adds, changes and removes, against the edition before it."""
    found = {row.change: row.n for row in session.execute(_COUNTS, {"edition": edition})}
    return {change: found.get(change, 0) for change in (ADDED, CHANGED, REMOVED)}


def differences(edition: int, change: str, *, most: int | None = None) -> list[Difference]:
    """Rows that an edition adds, changes or removes, with what was before and what is after."""
    found = session.execute(_SOME, {"edition": edition, "change": change, "most": most})
    return [Difference(*row) for row in found]


def tell(edition: int, onto: Mapping[str, str]) -> None:
    """Write for the public what an edition changed; `onto` names the rows that count removed ones now."""
    session.execute(_TELL, {"edition": edition, "onto": json.dumps(dict(onto))})


def stale(edition: int) -> int:
    """How many rows of an edition are no longer public as they stand in it."""
    return session.scalar(_NOT_SO_ANY_MORE, {"edition": edition}) or 0


def editions_holding(incident_ids: Sequence[str]) -> list[tuple[int, int | None]]:
    """From which edition on, and until before which, some rows were held."""
    found = select(FrozenRow.from_edition, FrozenRow.until_edition).where(_among(incident_ids))
    return [(start, end) for start, end in session.execute(found.distinct())]


def erase(incident_ids: Sequence[str]) -> None:
    """Forget every version of some rows: no edition holds them any more."""
    session.execute(delete(FrozenRow).where(_among(incident_ids)))


def lay_out(edition: int, *, number: str) -> None:
    """Show an edition as two tables of this connection alone (`ROWS`, `AREAS`), shaped as the public copy's own.

    They are gone when the transaction ends.
    """
    for statement in _LAY_OUT:
        wanted = {"edition": edition, "number": number} if ":edition" in statement else {}
        session.execute(text(statement), wanted)


def _among(incident_ids: Sequence[str]) -> ColumnElement[bool]:
    """One of some numbers, however many they are: a list of a million parameters is more than a statement may have."""
    return FrozenRow.incident_id == any_(literal(list(incident_ids), ARRAY(String)))


def _in(edition: int) -> list[Any]:
    return [
        FrozenRow.from_edition <= edition,
        (FrozenRow.until_edition.is_(None)) | (FrozenRow.until_edition > edition),
    ]
