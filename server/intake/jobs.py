"""What the clock asks of the doors: forget used proofs of work."""

from server.core.database import settled
from server.core.jobs import job
from server.intake import proof


@job("intake.forget_proofs")
def forget_proofs() -> None:
    """Forget used proofs of work whose puzzle has expired."""
    with settled():
        proof.forget_expired()
