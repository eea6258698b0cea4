"""The batch on the timetable."""

from server.core.clock import now
from server.core.database import settled
from server.core.jobs import job
from server.publication import service


@job("publication.publish_batch")
def publish_batch() -> None:
    """Publish when the hour has come; looking more often than that changes nothing and makes up for a missed hour."""
    with settled():
        service.publish_due(now())
