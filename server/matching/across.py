"""Two organisations, one damage: laying their reports together needs both, or a coordinator.

Reports of nobody in particular (residents, open sources) belong to the response and need nobody's consent.
"""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from server.accounts.policy import Actor, may
from server.core.database import session
from server.core.problems import Problem
from server.matching.models import Attachment
from server.reports.models import Report


def organisations_of(incident_ids: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """The organisations whose reports lie on each of these incidents, as far as the present work may see."""
    found: dict[UUID, set[UUID]] = {one: set() for one in incident_ids}
    rows = session.execute(
        select(Attachment.incident_id, Report.organisation_id)
        .join(Report, Report.id == Attachment.report_id)
        .where(Attachment.incident_id.in_(found), Attachment.ended_at.is_(None), Report.organisation_id.is_not(None))
        .distinct()
    )
    for incident_id, organisation_id in rows:
        if organisation_id:
            found[incident_id].add(organisation_id)
    return found


def parties(one: UUID, other: UUID) -> tuple[set[UUID], set[UUID]] | None:
    """The organisations on either side, where laying the two together needs both; None where nobody else is concerned."""
    found = organisations_of([one, other])
    left, right = found[one], found[other]
    return (left, right) if left and right and not left & right else None


def may_alone(actor: Actor, one: UUID, other: UUID) -> bool:
    """Whether this actor may lay the two together without anybody's consent."""
    return may(actor, "merge_across_organisations") or parties(one, other) is None


def agree_together(one: UUID, other: UUID, organisations: Iterable[UUID | None]) -> bool:
    """Whether these organisations speak for both sides."""
    concerned, speaking = parties(one, other), set(organisations)
    return concerned is None or all(side & speaking for side in concerned)


def refuse_alone(actor: Actor, one: UUID, other: UUID, *, agreed: bool) -> None:
    """Problem ``both_needed`` unless both agreed, or the actor may do it alone."""
    if not agreed and not may_alone(actor, one, other):
        raise Problem("both_needed")
