"""Which of the decisions on a record counts now, and which came too late."""

from uuid import UUID

from sqlalchemy import func, select

from server.core.database import session
from server.verification.models import VerificationDecision


def latest_in_force(incident_id: UUID) -> UUID | None:
    """The number of the last decision on an incident that counts."""
    return session.scalar(
        select(VerificationDecision.id)
        .where(VerificationDecision.incident_id == incident_id, VerificationDecision.in_force)
        .order_by(VerificationDecision.decided_at.desc())
        .limit(1)
    )


def is_overtaken(decision: VerificationDecision) -> bool:
    """Whether another decision on the incident came into force, or was taken back, after this one was proposed."""
    other = VerificationDecision
    when = func.greatest(other.decided_at, other.second_at, other.undone_at)
    ended = other.undone_at.is_not(None) & (~other.second_needed | other.second_by.is_not(None))
    others = select(other.id).where(
        other.incident_id == decision.incident_id, other.id != decision.id, other.in_force | ended
    )
    return session.scalar(others.where(when > decision.decided_at).limit(1)) is not None
