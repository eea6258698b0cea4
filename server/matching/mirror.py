"""What filters look at, of every damage record, kept as columns in the memory of this process.

The table stays the truth. A process that serves a large installation keeps these columns beside it and, before it answers, takes
over what was changed since (``changed_at``, which the database itself sets; a report that went shows in its own link). A change is
looked for from the moment on at which the oldest transaction of the last look began, so that one which settles late is not missed.
Small installations ask the table. A million records take about a hundred megabytes.
"""

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg import Error as PsycopgError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from server.core.choices import Choice
from server.core.database import session
from server.matching.facets import ARRAYS, MERGED, NOWHERE, PLACED, TRAPPED, Columns
from server.vocabulary import (
    Certainty,
    FunctionalStatus,
    Hazard,
    NeedType,
    SensitivityClass,
    SiteType,
    SourceType,
    WorkflowState,
)

if TYPE_CHECKING:
    import psycopg

LARGE = 50_000  # records; below, the table answers as fast
FRESH_S = 1.0
CLOCKS_APART = timedelta(seconds=60)
PATIENCE = 5  # looks that may fail before everything is read anew: the database may have become another
MOST_HOUSES = 62  # organisations that have a bit; of the others the table is asked

log = logging.getLogger("server.matching")

# As the database sends it, and as it is kept: every field has one width, so NumPy reads a binary COPY as it lies.
_SENT = {
    "high": (">u8", np.uint64), "low": (">u8", np.uint64), "cell": (">i8", np.int64), "lon": (">f8", np.float64), "lat": (">f8", np.float64),
    "earliest": (">i8", np.int64), "latest": (">i8", np.int64), "changed": (">i8", np.int64), "reporters": (">i8", np.int64),
    "needs": (">i8", np.int32), "hazards": (">i8", np.int32), "sources": (">i8", np.int32),
    "adm1": (">i8", np.int32), "adm2": (">i8", np.int32), "adm3": (">i8", np.int32),
    "site_type": (">i2", np.int8), "damage": (">i2", np.int8), "certainty": (">i2", np.int8), "workflow": (">i2", np.int8),
    "function": (">i2", np.int8), "s_class": (">i2", np.int8), "flags": (">i2", np.int8),
}  # fmt: skip
_LAYOUT = np.dtype([
    ("fields", ">i2"), ("l_id", ">i4"), ("high", ">u8"), ("low", ">u8"),
    *(pair for name in ARRAYS[2:] for pair in ((f"l_{name}", ">i4"), (name, _SENT[name][0]))),
])  # fmt: skip
_AREAS = ("adm1", "adm2", "adm3")
_HEAD, _END = 19, 2  # bytes before and after the rows of a binary COPY
_AT_ONCE = 8_000_000  # bytes: what is read is turned into columns as it comes, so that it never lies here whole


class Mirror:
    """The columns of this process and how it keeps them true."""

    def __init__(self) -> None:
        self._lock, self._next = threading.Lock(), 0.0
        self._columns: Columns | None = None
        self._since: datetime | None = None
        self._reader = _Reader(())
        self._failed = 0

    def present(self) -> Columns | None:
        """The columns, at most a second old; None where the table is to be asked instead (small, or not loaded yet)."""
        if time.monotonic() >= self._next and self._lock.acquire(blocking=False):
            self._next = time.monotonic() + FRESH_S
            bind = session.get_bind()
            if self._columns is None and isinstance(bind, Engine):
                threading.Thread(target=self._look, args=(bind,), name="columns", daemon=True).start()
            else:
                self._look(bind)
        return None if self._failed else self._columns

    @property
    def since(self) -> datetime:
        """Whatever changed before this moment is in the columns."""
        return self._since or datetime.fromtimestamp(0, UTC)

    def forget(self) -> None:
        """Begin anew at the next question."""
        self._columns, self._since, self._next, self._failed = None, None, 0.0, 0

    def _look(self, bind: Engine | Connection) -> None:
        """Take over what changed, and let the lock go that ``present`` took."""
        try:
            if isinstance(bind, Connection):
                self._take(bind)
            else:
                with bind.connect() as connection:
                    self._take(connection)
            self._failed = 0
        except (SQLAlchemyError, PsycopgError):
            self._fail()
        finally:
            self._lock.release()

    def _fail(self) -> None:
        """Ask the table until the next look succeeds, and take over what changed meanwhile; begin anew after several failures."""
        log.warning("columns")
        self._failed += 1
        if self._failed >= PATIENCE:
            self.forget()

    def _take(self, connection: Connection) -> None:
        if self._columns is None and not _is_large(connection):
            return
        seen = connection.execute(_SEE_ALL).scalar_one()
        began = connection.execute(_OLDEST).scalar_one()
        if self._columns is None:
            self._reader = _Reader(tuple(connection.scalars(_HOUSES)))
        changed = self._reader.read(connection, self._since)
        if self._columns is None:
            self._columns = _sorted(changed)
        elif len(changed):
            self._columns = self._columns.taken_over(_sorted(changed))
        self._since = began - CLOCKS_APART
        connection.execute(_SEE_AS_BEFORE, {"scope": seen})


def _sorted(found: Columns) -> Columns:
    order = np.lexsort((found.low, found.high))
    return found.each(lambda name: getattr(found, name)[order])


_SEE_ALL = text("""
SELECT before, set_config('statement_timeout', '120s', true), set_config('tessera.scope', 'all', true)
FROM (SELECT coalesce(current_setting('tessera.scope', true), '') AS before) AS now
""")
_SEE_AS_BEFORE = text("SELECT set_config('tessera.scope', :scope, true)")
_OLDEST = text("SELECT least(min(xact_start), now()) FROM pg_stat_activity WHERE datname = current_database()")
_HOUSES = text(f"SELECT id FROM organisations ORDER BY id LIMIT {MOST_HOUSES}")  # noqa: S608 - a number of ours


def _is_large(connection: Connection) -> bool:
    """By the estimate that the database keeps, which costs nothing."""
    return (connection.scalar(text("SELECT reltuples FROM pg_class WHERE oid = 'incidents'::regclass")) or 0) >= LARGE


def _listed(values: list[str], kind: str = "text") -> str:
    quoted = ",".join(f"'{value}'" for value in values)
    return f"ARRAY[{quoted}]::{kind}[]"


def _code(column: str, kind: type[Choice]) -> str:
    return f"coalesce(array_position({_listed([code.value for code in kind])}, {column}::text), 0)::smallint"


def _bits(column: str, kind: type[Choice]) -> str:
    each = " | ".join(
        f"CASE WHEN '{code.value}' = ANY ({column}) THEN {1 << at}::bigint ELSE 0 END" for at, code in enumerate(kind)
    )
    return f"CASE WHEN {column} = '{{}}' THEN 0::bigint ELSE ({each}) END"


def _time(column: str, unknown: int) -> str:
    return f"coalesce((extract(epoch FROM {column}) * 1000000)::bigint, {unknown})"


def _area(column: str) -> str:
    """The mark of a P-code (``facets.area_mark``); 0 for none."""
    return f"coalesce(('x' || left(md5({column}), 16))::bit(64)::bigint, 0)"


EARLIEST_UNKNOWN, LATEST_UNKNOWN = 2**62, -(2**62)  # a record without a time is within no days
_SELECT = (
    f"SELECT i.id, CASE WHEN on_map THEN tessera_shown_key(cell_key, s_class) ELSE {NOWHERE} END, "  # noqa: S608 - our own lists
    "coalesce(ST_X(point), 'NaN'), coalesce(ST_Y(point), 'NaN'), "
    f"{_time('event_earliest', EARLIEST_UNKNOWN)}, {_time('event_latest', LATEST_UNKNOWN)}, {_time('changed_at', 0)}, "
    f"coalesce(said.reporters, 0), {_bits('needs', NeedType)}, {_bits('hazards', Hazard)}, coalesce(said.sources, 0), "
    f"{_area('adm1_pcode')}, {_area('adm2_pcode')}, {_area('adm3_pcode')}, {_code('site_type', SiteType)}, coalesce(damage_best, 5)::smallint, "
    f"{_code('certainty', Certainty)}, {_code('workflow', WorkflowState)}, {_code('functional_status', FunctionalStatus)}, "
    f"{_code('s_class', SensitivityClass)}, "
    f"(people_trapped::int * {TRAPPED} + (merged_into IS NOT NULL)::int * {MERGED} + (point IS NOT NULL)::int * {PLACED})::smallint "
    "FROM incidents i LEFT JOIN "
)
_SAID = (
    "SELECT {own} bit_or(1::bigint << (array_position({sources}, r.source_type::text) - 1)) AS sources, "
    "bit_or(1::bigint << (array_position({houses}, r.organisation_id) - 1)) AS reporters "
    "FROM attachments a JOIN reports r ON r.id = a.report_id "
    "WHERE a.ended_at IS NULL AND (r.source_type IS NOT NULL OR r.organisation_id IS NOT NULL) {only}"
)
# Two looks into two indexes, one after the other: with OR PostgreSQL reads every record.
_CHANGED = (
    "WHERE i.id IN (SELECT id FROM incidents WHERE changed_at >= '{since}' "
    "UNION SELECT incident_id FROM attachments WHERE ended_at >= '{since}')"
)


class _Reader:
    """Reads records by a binary COPY; numbers the areas as they come."""

    def __init__(self, houses: tuple[UUID, ...]) -> None:
        self._houses, self._areas = houses, {0: 0}
        self._lists = {
            "sources": _listed([code.value for code in SourceType]),
            "houses": _listed([str(one) for one in houses], "uuid"),
        }

    def read(self, connection: Connection, since: datetime | None) -> Columns:
        """All records, or those changed at or after ``since``."""
        driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        parts, waiting, skip = [], bytearray(), _HEAD
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY ({self._chosen(since)}) TO STDOUT (FORMAT BINARY)".encode()) as copy,
        ):
            for piece in copy:
                waiting += piece
                if len(waiting) > _AT_ONCE:
                    whole = len(waiting) - (len(waiting) - skip) % _LAYOUT.itemsize
                    parts.append(self._rows(waiting[:whole], skip=skip))
                    waiting, skip = waiting[whole:], 0
        parts.append(self._rows(waiting[:-_END], skip=skip))
        joined = {name: np.concatenate([part[name] for part in parts]) for name in ARRAYS}
        return Columns(**joined, houses=self._houses, areas=self._areas)

    def _chosen(self, since: datetime | None) -> str:
        if since is None:
            said = _SAID.format(own="a.incident_id,", only="GROUP BY 1", **self._lists)
            return f"{_SELECT} ({said}) AS said ON said.incident_id = i.id"
        said = _SAID.format(own="", only="AND a.incident_id = i.id", **self._lists)
        return f"{_SELECT} LATERAL ({said}) AS said ON true {_CHANGED.format(since=since.isoformat())}"

    def _rows(self, data: bytearray, *, skip: int) -> dict[str, NDArray[Any]]:
        """The whole rows that lie in ``data`` after ``skip`` bytes, as they are kept."""
        rows = np.frombuffer(bytes(data), dtype=_LAYOUT, offset=skip, count=(len(data) - skip) // _LAYOUT.itemsize)
        return {
            name: self._numbered(rows[name]) if name in _AREAS else rows[name].astype(_SENT[name][1]) for name in ARRAYS
        }

    def _numbered(self, marks: NDArray[np.int64]) -> NDArray[np.int32]:
        """A small number for each area, the same as long as these columns live."""
        each, at = np.unique(marks, return_inverse=True)
        numbers = [self._areas.setdefault(int(mark), len(self._areas)) for mark in each]
        return np.array(numbers, dtype=np.int32)[at]


MIRROR = Mirror()
