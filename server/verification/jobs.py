"""What verification does after an event."""

from uuid import UUID

from sqlalchemy import select

from server.accounts.policy import Actor
from server.core.database import session, settled
from server.core.jobs import job
from server.evidence import imagery, imagery_large
from server.evidence.imagery_models import KEEPING
from server.matching.models import Attachment
from server.verification import pairing, service


@job("verification.review_certainty")
def review_certainty(subject: str) -> None:
    """An incident's evidence changed: let its certainty follow the rules."""
    with settled():
        pairing.pair_record(UUID(subject))
        service.review(UUID(subject))


@job("verification.keep_imagery")
def keep_imagery(subject: str) -> None:
    """Somebody let a large satellite file count: write its rows, and when all are there lay them beside the damage records."""
    if imagery_large.write_all(UUID(subject)):
        with settled():
            if one := imagery_large.under_way(UUID(subject), KEEPING):
                pairing.pair_import(one.id)
                imagery.finish(one, by=one.person_id)
                pairing.tell_changed(pairing.records_of(one.id), actor=Actor(person_id=one.person_id))


@job("verification.review_certainty_of_report")
def review_certainty_of_report(subject: str) -> None:
    """A report was graded: let the certainty of its incident follow the rules."""
    with settled():
        here = select(Attachment.incident_id).where(
            Attachment.report_id == UUID(subject), Attachment.ended_at.is_(None)
        )
        if incident_id := session.scalar(here):
            service.review(incident_id)
