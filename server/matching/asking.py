"""How a doubtful pair comes before people: once for each pair of damage records, and never again once it was settled."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from server.core.database import session
from server.matching.models import Incident
from server.matching.scoring import Relation
from server.matching.verdicts import Finding
from server.matching.worth import Stakes, stakes_of, worth

# What asks; a pair is left out when the other record went into a third, or when it was asked the other way round.
ASK = """
INSERT INTO suggestions (id, incident_id, other_id, report_id, relation, score, reasons, worth)
SELECT q.id, q.incident_id, q.other_id, q.report_id, q.relation, q.score, q.reasons, q.worth
FROM jsonb_to_recordset(CAST(:asked AS jsonb)) AS q
  (id uuid, incident_id uuid, other_id uuid, report_id uuid, relation text, score float8, reasons jsonb, worth float8)
JOIN incidents i ON i.id = q.other_id AND i.merged_into IS NULL AND i.id <> q.incident_id
WHERE NOT EXISTS (SELECT FROM suggestions s WHERE s.incident_id = q.other_id AND s.other_id = q.incident_id)
ON CONFLICT (incident_id, other_id) DO UPDATE SET report_id = excluded.report_id, relation = excluded.relation,
  score = excluded.score, reasons = excluded.reasons, worth = excluded.worth
  WHERE suggestions.settled_at IS NULL AND suggestions.score < excluded.score"""
_ASK = text(ASK)


def pairs_to_ask(
    incident: Incident, findings: Sequence[Finding], report_id: UUID, stakes: Mapping[UUID, Stakes]
) -> list[dict[str, Any]]:
    """The rows that ``ASK`` takes; ``stakes`` says what hangs on each record found."""
    own, others = stakes_of(incident), ((UUID(finding.incident), finding) for finding in findings)
    return [
        {
            "id": str(uuid4()), "incident_id": str(incident.id), "other_id": str(other), "report_id": str(report_id),
            "relation": Relation(finding.relation).value, "score": finding.total,
            "reasons": [reason.as_json() for reason in finding.reasons], "worth": worth(finding.total, own, stakes[other]),
        }
        for other, finding in others
    ]  # fmt: skip


def ask(incident: Incident, findings: Sequence[Finding], report_id: UUID, stakes: Mapping[UUID, Stakes]) -> None:
    """Put doubtful pairs before a person in a trip of its own."""
    if findings:
        session.execute(_ASK, {"asked": json.dumps(pairs_to_ask(incident, findings, report_id, stakes))})
