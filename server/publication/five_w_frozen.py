"""The 5W inside the dated data sets: each edition keeps the rows that were public when it was frozen."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select, text

from server.core.database import session
from server.publication.five_w_models import FrozenActivity
from server.publication.release_models import ADDED, CHANGED, REMOVED

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


def differences(edition: int, before: int | None) -> dict[str, list[dict[str, Any]]]:
    """The rows that an edition adds, changes and removes against another (None: against nothing), in the order of the files."""
    new, old = _by_number(edition), _by_number(before) if before is not None else {}
    changed = [row for name, row in new.items() if name in old and _said(row) != _said(old[name])]
    added = [row for name, row in new.items() if name not in old]
    return {ADDED: added, CHANGED: changed, REMOVED: [row for name, row in old.items() if name not in new]}


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


def _by_number(edition: int) -> dict[str, dict[str, Any]]:
    return {row["row_id"]: row for row in rows(edition, number="")}


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("release_id", "policy_version")}
