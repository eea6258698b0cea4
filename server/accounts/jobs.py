"""What the clock asks of accounts."""

from server.accounts import sessions
from server.core.database import settled
from server.core.jobs import job


@job("accounts.sweep_sessions")
def sweep_sessions() -> None:
    """Delete sessions that have ended."""
    with settled():
        sessions.sweep()
