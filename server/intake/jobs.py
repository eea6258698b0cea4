"""What the clock asks of the doors: forget used proofs of work."""

from server.core.database import settled
from server.core.jobs import job
from server.intake import proof, spreadsheet, tables_in


@job("intake.forget_tables")
def forget_tables() -> None:
    """Throw away tables that somebody looked at and did not bring in, and refused rows that nobody put right within a month."""
    with settled():
        tables_in.sweep()
        spreadsheet.forget_old_refused()


@job("intake.forget_proofs")
def forget_proofs() -> None:
    """Forget used proofs of work whose puzzle has expired."""
    with settled():
        proof.forget_expired()
