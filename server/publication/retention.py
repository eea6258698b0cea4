"""How long the ledger of disclosures remembers: as long as a row is public, and then as long as the audit (standards §4.6)."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import CursorResult, delete, func, select

from server.core.database import session
from server.core.erasure import prove
from server.publication.holding_models import PartnerExport
from server.publication.models import Disclosure

KEPT: Final = timedelta(days=7 * 365 + 2)


def forget_old_disclosures(at: datetime) -> int:
    """Forget disclosures that ended seven years ago, and what partners took so long ago; returns how many disclosures went."""
    cutoff = at - KEPT
    ended = Disclosure.ended_at < cutoff
    gone: CursorResult[object] = session.execute(
        delete(Disclosure).where(ended), execution_options={"synchronize_session": False}
    )  # type: ignore[assignment]
    session.execute(delete(PartnerExport).where(PartnerExport.expires_at < cutoff))
    left = select(func.count()).select_from(Disclosure).where(ended)
    if gone.rowcount:
        prove("disclosures", erased=gone.rowcount, left=lambda: session.scalar(left) or 0, cutoff=cutoff)
    return int(gone.rowcount)
