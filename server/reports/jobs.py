"""What the clock asks of reports: seal the ledger, purge words that were held back."""

from server.core import ledger
from server.core.database import settled
from server.core.jobs import job
from server.reports import service


@job("core.seal_ledger")
def seal_ledger() -> None:
    """Seal the entries of finished transactions."""
    with settled():
        ledger.seal()


@job("reports.purge_held_back")
def purge_held_back() -> None:
    """Destroy words held back for what they say of the military, a day after they came, unless a person freed them."""
    with settled():
        service.purge_held_back()
