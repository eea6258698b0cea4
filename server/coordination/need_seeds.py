"""Needs as the reports on a damage record name them: opened, followed and let go by the house, until a person has a hand in them."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import text

from server.accounts.policy import SYSTEM
from server.coordination.need_flow import first_urgency
from server.core import ledger
from server.core.database import session
from server.reports import access
from server.vocabulary import NeedType

GONE = "('WITHDRAWN', 'QUARANTINED')"
MOST = 2_000

_OPEN = text(f"""
WITH known AS (
  SELECT * FROM unnest(CAST(:types AS text[]), CAST(:sectors AS text[]), CAST(:urgencies AS text[])) AS known (need_type, sector, urgency)
)
INSERT INTO needs (id, incident_id, need_type, sector, urgency, is_seeded, report_id, organisation_id, adm1_pcode, adm2_pcode)
SELECT gen_random_uuid(), i.id, known.need_type, known.sector, known.urgency, true, first.id, first.organisation_id,
       i.adm1_pcode, i.adm2_pcode
FROM incidents i CROSS JOIN LATERAL unnest(i.needs) AS named JOIN known ON known.need_type = named
LEFT JOIN LATERAL (
  SELECT r.id, r.organisation_id FROM attachments a JOIN reports r ON r.id = a.report_id
  WHERE a.incident_id = i.id AND a.ended_at IS NULL AND named = ANY(r.needs) ORDER BY r.received_at, r.id LIMIT 1
) AS first ON true
WHERE i.id = ANY(:incidents) AND i.merged_into IS NULL AND i.workflow NOT IN {GONE}
  AND NOT EXISTS (SELECT FROM needs n WHERE n.incident_id = i.id AND n.need_type = named)
ON CONFLICT (incident_id, need_type) WHERE is_seeded DO NOTHING
RETURNING id, incident_id, need_type
""")  # noqa: S608 - put together from the words above alone

_FOLLOW = text(f"""
WITH wanted AS (
  SELECT n.id, i.adm1_pcode, i.adm2_pcode, CASE
    WHEN n.is_handled OR NOT n.is_seeded THEN n.status
    WHEN i.merged_into IS NOT NULL THEN 'DUPLICATE'
    WHEN i.workflow IN {GONE} OR NOT n.need_type = ANY(i.needs) THEN 'NOT_VALID'
    ELSE 'OPEN' END AS status
  FROM needs n JOIN incidents i ON i.id = n.incident_id WHERE i.id = ANY(:incidents)
)
UPDATE needs n SET adm1_pcode = wanted.adm1_pcode, adm2_pcode = wanted.adm2_pcode, status = wanted.status,
  changed_at = now(), version = n.version + 1,
  closed_at = CASE WHEN n.is_handled OR NOT n.is_seeded THEN n.closed_at WHEN wanted.status = 'OPEN' THEN NULL ELSE now() END
FROM wanted WHERE wanted.id = n.id AND (n.adm1_pcode, n.adm2_pcode, n.status)
  IS DISTINCT FROM (wanted.adm1_pcode, wanted.adm2_pcode, wanted.status)
RETURNING n.id, n.status
""")  # noqa: S608 - as above

_UNSEEN = text(f"""
SELECT i.id FROM incidents i WHERE i.needs <> '{{}}' AND i.merged_into IS NULL AND i.workflow NOT IN {GONE}
  AND NOT EXISTS (SELECT FROM needs n WHERE n.incident_id = i.id) LIMIT :most
""")  # noqa: S608 - as above


def note_needs(incidents: Iterable[UUID]) -> int:
    """Bring the needs of damage records in line with what their reports say; returns how many were opened.

    Doing it again changes nothing. A need that a person had a hand in keeps all but the areas it lies in.
    """
    access.enter(SYSTEM)
    asked = list(incidents)
    for row in session.execute(_FOLLOW, {"incidents": asked}):
        ledger.record("need.followed", row.id, status=row.status)
    opened = session.execute(_OPEN, {"incidents": asked, **_KNOWN}).all()
    for row in opened:
        ledger.record("need.opened", row.id, incident=str(row.incident_id), need=row.need_type)
    return len(opened)


def note_unseen(most: int = MOST) -> int:
    """The same for damage records whose needs were never looked at, as after a bulk load; returns how many records."""
    found = list(session.scalars(_UNSEEN, {"most": most}))
    if found:
        note_needs(found)
    return len(found)


_KNOWN = {
    "types": [kind.value for kind in NeedType],
    "sectors": [kind.sector.value for kind in NeedType],
    "urgencies": [first_urgency(kind).value for kind in NeedType],
}
