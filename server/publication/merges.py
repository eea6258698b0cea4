"""Which public row a removed one is counted in now; said only where saying so tells nothing new of either place.

Two rows that named the same area and the same kind of place may be called one. Had they named different areas, the
word "the same" would narrow both to what the areas share.
"""

from collections.abc import Sequence

from sqlalchemy import text

from server.core.database import session
from server.publication.frozen import Difference

SAME = ("area_code", "geo_level", "adm2_pcode", "adm3_pcode", "site_type", "site_group")

_SURVIVORS = text("""
WITH RECURSIVE gone AS (
  SELECT told.published_id, merged.merged_into AS onto
  FROM disclosures told JOIN incidents merged ON merged.id = told.incident_id
  WHERE told.published_id = ANY(:gone) AND merged.merged_into IS NOT NULL
  UNION
  SELECT gone.published_id, further.merged_into FROM gone JOIN incidents further ON further.id = gone.onto
  WHERE further.merged_into IS NOT NULL
)
SELECT gone.published_id, to_jsonb(live) AS row FROM gone
JOIN disclosures told ON told.incident_id = gone.onto AND told.ended_at IS NULL
JOIN pub.incidents live ON live.incident_id = told.published_id
""")


def merges(removed: Sequence[Difference]) -> dict[str, str]:
    """For removed rows, the number of the row that counts them now, where that may be said."""
    before = {one.incident_id: one.before or {} for one in removed}
    found = session.execute(_SURVIVORS, {"gone": list(before)}).all() if before else []
    return {
        gone: row["incident_id"] for gone, row in found if all(before[gone].get(name) == row[name] for name in SAME)
    }
