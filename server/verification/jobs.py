"""What verification does after an event."""

from uuid import UUID

from sqlalchemy import select

from server.core.database import session, settled
from server.core.jobs import job
from server.matching.models import Attachment
from server.verification import pairing, service


@job("verification.review_certainty")
def review_certainty(subject: str) -> None:
    """An incident's evidence changed: let its certainty follow the rules."""
    with settled():
        pairing.pair_record(UUID(subject))
        service.review(UUID(subject))


@job("verification.review_certainty_of_report")
def review_certainty_of_report(subject: str) -> None:
    """A report was graded: let the certainty of its incident follow the rules."""
    with settled():
        here = select(Attachment.incident_id).where(
            Attachment.report_id == UUID(subject), Attachment.ended_at.is_(None)
        )
        if incident_id := session.scalar(here):
            service.review(incident_id)
