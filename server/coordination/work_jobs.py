"""Work on the queue that follows from an act or from the clock: a change of many records goes on piece by piece; what is over is cleared."""

from datetime import timedelta
from uuid import UUID

from server.coordination import bulk, claims, complaints
from server.core.clock import now
from server.core.database import settled
from server.core.jobs import job

PREVIEW_KEPT = timedelta(days=1)


@job("coordination.carry_on_bulk")
def carry_on_bulk(subject: str) -> None:
    """Do or take back a change of many records, each piece settled by itself; a second run goes on where the first ended."""
    goes_on = True
    while goes_on:
        with settled():
            goes_on = bulk.advance(UUID(subject))


@job("coordination.erase_old_complaints")
def erase_old_complaints() -> None:
    """Destroy the words of complaints older than a year."""
    with settled():
        complaints.erase_old()


@job("coordination.sweep_work")
def sweep_work() -> None:
    """Clear away claims that are over and previews that nobody carried out."""
    with settled():
        claims.sweep()
        bulk.forget_previews(now() - PREVIEW_KEPT)
