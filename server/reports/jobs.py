"""What the clock asks of reports: seal the ledger, purge words that were held back."""

from server.core import ledger
from server.core.database import settled
from server.core.jobs import job
from server.reports import keys, retention


@job("core.seal_ledger")
def seal_ledger() -> None:
    """Seal the entries of finished transactions."""
    with settled():
        ledger.seal()


@job("reports.purge_held_back")
def purge_held_back() -> None:
    """Destroy words held back for what they say of the military, a day after they came, unless a person freed them."""
    with settled():
        retention.purge_held_back()


@job("reports.erase_old_contacts")
def erase_old_contacts() -> None:
    """Take the contact out of reports older than 90 days."""
    with settled():
        retention.erase_old_contacts()


@job("reports.destroy_old_keys")
def destroy_old_keys() -> None:
    """Destroy the private halves of keys for sealed reports that were replaced 90 days ago."""
    with settled():
        keys.destroy_retired()


@job("reports.erase_old_words")
def erase_old_words() -> None:
    """Destroy the words of reports older than a year, and prove that nothing is left of those that were taken back."""
    with settled():
        retention.erase_old_words()
        retention.prove_withdrawals()
