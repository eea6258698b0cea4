"""The 5W inside the dated data sets: each edition keeps the rows that were public when it was frozen."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, text

from server.core.database import session
from server.publication.five_w_models import FrozenActivity

_FREEZE = text("""
INSERT INTO release_activities (edition, row_id, row) SELECT :edition, row_id, to_jsonb(one) FROM pub.activities one
""")
_NOT_SO_ANY_MORE = text("""
SELECT count(*) FROM release_activities kept LEFT JOIN pub.activities live USING (row_id)
WHERE kept.edition = :edition AND (live.row_id IS NULL OR to_jsonb(live) - 'release_id' <> kept.row - 'release_id')
""")


def freeze(edition: int) -> None:
    """Keep the public table as it is now as part of an edition."""
    session.execute(_FREEZE, {"edition": edition})


def thaw(edition: int) -> None:
    """Forget the rows of an edition that was never published."""
    session.execute(delete(FrozenActivity).where(FrozenActivity.edition == edition))


def stale(edition: int) -> int:
    """How many rows of an edition are no longer public as they stand in it."""
    return session.scalar(_NOT_SO_ANY_MORE, {"edition": edition}) or 0


def rows(edition: int, *, number: str) -> Sequence[dict[str, Any]]:
    """The rows of an edition in the order of the files, under the number of its data set."""
    one = FrozenActivity
    order = [one.row[name].astext for name in ("adm1_pcode", "adm2_pcode", "sector_code", "start")]
    kept = session.scalars(select(one.row).where(one.edition == edition).order_by(*order, one.row_id))
    return [{**row, "release_id": number} for row in kept]


def count(edition: int) -> int:
    """How many rows of the 5W an edition holds."""
    return (
        session.scalar(select(func.count()).select_from(FrozenActivity).where(FrozenActivity.edition == edition)) or 0
    )
