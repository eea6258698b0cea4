"""What follows from acts on the response, in the worker's own time."""

from uuid import UUID

from server.core.jobs import job
from server.response import boundaries, closing


@job("response.load_boundaries")
def load_boundaries(subject: str) -> None:
    """Load a file of boundaries that was given on the desk."""
    boundaries.load(UUID(subject))


@job("response.finish_closing")
def finish_closing(subject: str) -> None:
    """Export, shred and prove, after two people closed the response."""
    closing.finish(UUID(subject))
