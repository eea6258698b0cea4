"""What the clock asks of the doors: forget used proofs of work."""

from server.core.database import settled
from server.core.jobs import job
from server.intake import proof, tables_in


@job("intake.forget_tables")
def forget_tables() -> None:
    """Throw away tables that somebody looked at and did not bring in."""
    with settled():
        tables_in.sweep()


@job("intake.forget_proofs")
def forget_proofs() -> None:
    """Forget used proofs of work whose puzzle has expired."""
    with settled():
        proof.forget_expired()
