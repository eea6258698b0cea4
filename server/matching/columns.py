"""What filters look at, of every damage record, as columns in memory: counts under any filter in milliseconds at a million records.

The table stays the truth. A process that serves a large installation keeps these columns beside it and, before it answers, takes
over what was changed since (``changed_at``, which the database itself sets). A change is looked for from the moment on at which the
oldest transaction of the last look began, so that one which settles late is not missed. Small installations ask the table.
"""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from psycopg import Error as PsycopgError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from server.core.choices import Choice
from server.core.database import session
from server.core.tiles import Cell
from server.matching import facets
from server.vocabulary import Certainty, FunctionalStatus, Hazard, NeedType, SiteType, WorkflowState

if TYPE_CHECKING:
    import psycopg

LARGE = 50_000  # records; below, the table answers as fast
FRESH_S = 1.0
CLOCKS_APART = timedelta(seconds=60)
NOWHERE = -1  # the cell of a record that is on no map

log = logging.getLogger("server.matching")

_LAYOUT = np.dtype([
    ("fields", ">i2"), ("l0", ">i4"), ("high", ">u8"), ("low", ">u8"),
    *(pair for name, kind in (
        ("cell", ">i8"), ("earliest", ">i8"), ("latest", ">i8"), ("needs", ">i8"), ("hazards", ">i8"), ("site_type", ">i2"),
        ("damage", ">i2"), ("certainty", ">i2"), ("workflow", ">i2"), ("function", ">i2"), ("flags", ">i2"),
    ) for pair in ((f"l_{name}", ">i4"), (name, kind))),
])  # fmt: skip
_HEAD, _END = 19, 2  # bytes before and after the rows of a binary COPY
_AT_ONCE = 8_000_000  # bytes: what is read is turned into columns as it comes, so that it never lies here whole
TRAPPED, MERGED, PLACED = 1, 2, 4


@dataclass(frozen=True)
class Columns:
    """One row a record, sorted by number (two halves of the UUID). Times are microseconds since 1970, codes their place in the list."""

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    cell: NDArray[np.int64]
    earliest: NDArray[np.int64]
    latest: NDArray[np.int64]
    needs: NDArray[np.int64]
    hazards: NDArray[np.int64]
    site_type: NDArray[np.int16]
    damage: NDArray[np.int16]
    certainty: NDArray[np.int16]
    workflow: NDArray[np.int16]
    function: NDArray[np.int16]
    flags: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.high)

    def taken_over(self, changed: "Columns") -> "Columns":
        """These with the rows of ``changed`` in place of their older selves, or added."""
        at = np.searchsorted(self.high, changed.high)
        known = np.zeros(len(changed), dtype=bool)
        inside = at < len(self)
        known[inside] = (self.high[at[inside]] == changed.high[inside]) & (self.low[at[inside]] == changed.low[inside])
        made = {}
        for column in fields(self):
            old, new = getattr(self, column.name).copy(), getattr(changed, column.name)
            old[at[known]] = new[known]
            made[column.name] = np.insert(old, at[~known], new[~known]) if not known.all() else old
        return Columns(**made)


class Mirror:
    """The columns of this process and how it keeps them true."""

    def __init__(self) -> None:
        self._lock, self._next = threading.Lock(), 0.0
        self._columns: Columns | None = None
        self._since: datetime | None = None

    def present(self) -> Columns | None:
        """The columns, at most a second old; None where the table is to be asked instead (small, or not loaded yet)."""
        if time.monotonic() >= self._next and self._lock.acquire(blocking=False):
            self._next = time.monotonic() + FRESH_S
            bind = session.get_bind()
            if self._columns is None and isinstance(bind, Engine):
                threading.Thread(target=self._look, args=(bind,), name="columns", daemon=True).start()
            else:
                self._look(bind)
        return self._columns

    def forget(self) -> None:
        """Begin anew at the next question."""
        self._columns, self._since, self._next = None, None, 0.0

    def _look(self, bind: Engine | Connection) -> None:
        """Take over what changed, and let the lock go that ``present`` took."""
        try:
            if isinstance(bind, Connection):
                self._take(bind)
            else:
                with bind.connect() as connection:
                    self._take(connection)
        except (SQLAlchemyError, PsycopgError):
            log.warning("columns")
            self.forget()
        finally:
            self._lock.release()

    def _take(self, connection: Connection) -> None:
        if self._columns is None and not _is_large(connection):
            return
        connection.execute(_PATIENCE)
        began = connection.execute(_OLDEST).scalar_one()
        changed = _read(connection, self._since)
        if self._columns is None:
            self._columns = _sorted(changed)
        elif len(changed):
            self._columns = self._columns.taken_over(_sorted(changed))
        self._since = began - CLOCKS_APART


def _sorted(found: Columns) -> Columns:
    order = np.lexsort((found.low, found.high))
    return Columns(**{column.name: getattr(found, column.name)[order] for column in fields(found)})


_PATIENCE = text("SET LOCAL statement_timeout = '120s'")
_OLDEST = text("SELECT least(min(xact_start), now()) FROM pg_stat_activity WHERE datname = current_database()")


def _is_large(connection: Connection) -> bool:
    """By the estimate that the database keeps, which costs nothing."""
    return (connection.scalar(text("SELECT reltuples FROM pg_class WHERE oid = 'incidents'::regclass")) or 0) >= LARGE


def _code(column: str, kind: type[Choice]) -> str:
    words = ",".join(f"'{code.value}'" for code in kind)
    return f"coalesce(array_position(ARRAY[{words}]::text[], {column}::text), 0)::smallint"


def _bits(column: str, kind: type[Choice]) -> str:
    each = " | ".join(f"CASE WHEN '{code.value}' = ANY ({column}) THEN {1 << at}::bigint ELSE 0 END" for at, code in enumerate(kind))
    return f"CASE WHEN {column} = '{{}}' THEN 0::bigint ELSE ({each}) END"


def _time(column: str, unknown: int) -> str:
    return f"coalesce((extract(epoch FROM {column}) * 1000000)::bigint, {unknown})"


EARLIEST_UNKNOWN, LATEST_UNKNOWN = 2**62, -(2**62)  # a record without a time is within no days
_SELECT = (
    f"SELECT id, CASE WHEN on_map THEN cell_key ELSE {NOWHERE} END, {_time('event_earliest', EARLIEST_UNKNOWN)}, "  # noqa: S608 - our own lists
    f"{_time('event_latest', LATEST_UNKNOWN)}, {_bits('needs', NeedType)}, {_bits('hazards', Hazard)}, {_code('site_type', SiteType)}, "
    f"coalesce(damage_best, 5)::smallint, {_code('certainty', Certainty)}, {_code('workflow', WorkflowState)}, "
    f"{_code('functional_status', FunctionalStatus)}, "
    f"(people_trapped::int * {TRAPPED} + (merged_into IS NOT NULL)::int * {MERGED} + (point IS NOT NULL)::int * {PLACED})::smallint "
    "FROM incidents"
)


def _read(connection: Connection, since: datetime | None) -> Columns:
    """All records, or those changed at or after ``since``, by a binary COPY: every field has one width, so NumPy reads it as it lies."""
    chosen = _SELECT if since is None else f"{_SELECT} WHERE changed_at >= '{since.isoformat()}'"
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    parts, waiting, skip = [], bytearray(), _HEAD
    with driver.cursor() as cursor, cursor.copy(f"COPY ({chosen}) TO STDOUT (FORMAT BINARY)".encode()) as copy:
        for piece in copy:
            waiting += piece
            if len(waiting) > _AT_ONCE:
                whole = len(waiting) - (len(waiting) - skip) % _LAYOUT.itemsize
                parts.append(_rows(waiting[:whole], skip=skip))
                waiting, skip = waiting[whole:], 0
    parts.append(_rows(waiting[:-_END], skip=skip))
    return Columns(**{column.name: np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Columns)})


def _rows(data: bytearray, *, skip: int) -> Columns:
    """The whole rows that lie in ``data`` after ``skip`` bytes, in this machine's order of bytes."""
    rows = np.frombuffer(bytes(data), dtype=_LAYOUT, offset=skip, count=(len(data) - skip) // _LAYOUT.itemsize)
    return Columns(**{column.name: rows[column.name].astype(rows[column.name].dtype.newbyteorder("=")) for column in fields(Columns)})


MIRROR = Mirror()


def cells(asked: Mapping[str, Any], low: int, high: int, shift: int) -> list[Cell] | None:
    """``(cell, n, d0 … d4, du)`` of the records on the map with keys in ``[low, high)``; None where the table is to be asked."""
    known = MIRROR.present() if facets.is_answered(asked) else None
    if known is None:
        return None
    here = (known.cell >= low) & (known.cell < high)
    here &= facets.mask(known, asked)
    first = low >> shift
    found = np.bincount(((known.cell[here] >> shift) - first) * 6 + known.damage[here], minlength=6 * max(1, (high - low) >> shift))
    table = found.reshape(-1, 6)
    rows = [(int(at) + first, int(table[at].sum()), *(int(n) for n in table[at])) for at in np.flatnonzero(table.any(axis=1))]
    return cast("list[Cell]", rows)


def days(asked: Mapping[str, Any], bounds: list[datetime]) -> dict[int, int] | None:
    """How many records of the list ended from each of the rising ``bounds`` to the next, by its place; None to ask the table."""
    known = MIRROR.present() if facets.is_answered(asked) else None
    if known is None:
        return None
    ends = known.latest[_listed(known, asked) & (known.latest != LATEST_UNKNOWN)]
    found = np.bincount(np.searchsorted([facets.microseconds(bound) for bound in bounds], ends, side="right"))
    return {int(at) - 1: int(found[at]) for at in np.flatnonzero(found)}


def _listed(known: Columns, asked: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Which records the list shows (``queries.shown``): under the filters, not merged away, not taken back unless asked for."""
    here = facets.mask(known, asked) & ((known.flags & MERGED) == 0)
    return here if asked.get("workflow") else here & (known.workflow != facets.place(WorkflowState.WITHDRAWN))


def numbers(asked: Mapping[str, Any], open_states: list[WorkflowState]) -> dict[str, int] | None:
    """The numbers above the list (``queries.summary``); None where the table is to be asked."""
    known = MIRROR.present() if facets.is_answered(asked) else None
    if known is None:
        return None
    here = _listed(known, asked)
    flags = known.flags[here]
    certain = np.bincount(known.certainty[here], minlength=len(Certainty) + 1)
    is_open = np.isin(known.workflow[here], [facets.place(state) for state in open_states])
    found = {
        "total": int(here.sum()), "without_place": int(((flags & PLACED) == 0).sum()), "open": int(is_open.sum()),
        "trapped": int((flags & TRAPPED).astype(bool).sum()),
    }  # fmt: skip
    return found | {code.value: int(certain[facets.place(code)]) for code in Certainty}
