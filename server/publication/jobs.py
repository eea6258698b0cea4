"""The batch on the timetable."""

from server.core.clock import now
from server.core.database import settled
from server.core.jobs import job
from server.matching.links import OTHER_NUMBERS
from server.publication import current, release_jobs, retention, service  # noqa: F401 - their jobs are registered by being read

# A reporter who finds the damage on the public map names it by its public number, which only this room can read.
OTHER_NUMBERS.append(service.incident_behind)


@job("publication.forget_old_disclosures")
def forget_old_disclosures() -> None:
    """Forget what was said in public of rows that have been gone for seven years; a proof is kept."""
    with settled():
        retention.forget_old_disclosures(now())


@job("publication.publish_batch")
def publish_batch() -> None:
    """Publish when the hour has come; looking more often than that changes nothing and makes up for a missed hour."""
    with settled():
        service.publish_due(now())
