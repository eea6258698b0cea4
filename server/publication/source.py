"""Where a file's rows come from: public rows in the order of export, spelt by PostgreSQL itself and passed on as bytes.

A format asks for lines (``Spelling``) or for Arrow batches. Nothing here opens a session: whoever makes a ``Source`` gives
the connection, and with it the snapshot. The columns are those of ``PublicIncident`` and no others.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

from psycopg import Connection as Wire
from psycopg import Copy, errors, generators
from psycopg.pq import ExecStatus
from sqlalchemy import ColumnElement, Connection, and_, text
from sqlalchemy.dialects.postgresql import psycopg

from server.publication.about import About
from server.publication.schemas import PublicIncident

COLUMNS: Final[tuple[str, ...]] = PublicIncident.Meta.fields
TOGETHER: Final = 500
WHOLE: Final = 10**18  # added to a position (below 2^62) it has nineteen digits, always
TAIL: Final = 20  # what closes a row of a page: a separator and a position of nineteen digits
OUTLINE_DEGREES: Final = 0.01  # about a kilometre: a file repeats a district's outline in every one of its rows
SHAPE: Final = (
    "ST_ForcePolygonCCW(ST_Multi(CASE WHEN geo_level LIKE 'ADM%' "
    f"THEN ST_SimplifyPreserveTopology(shape, {OUTLINE_DEGREES}) ELSE shape END))"
)
"""An area as files draw it: outer rings against the clock (RFC 7946), districts to about a kilometre."""

_DIALECT: Final = psycopg.dialect()
_SEEN: Final = 5_000
_OPTIONS: Final = {
    "quoted": "FORMAT csv",
    "as it is": r"FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02'",
    "escaped": r"FORMAT text, NULL E'\x02'",
}

Line = bytes


@dataclass(frozen=True)
class Spelling:
    """How PostgreSQL writes a row: what is selected, and whether it is quoted as CSV, left as it is, or escaped.

    What is left as it is has no control characters (JSON has none); its parts are separated by U+0002. What is escaped is one
    line, its parts separated by tabs, nothing known as U+0002; PostgreSQL writes it the soonest.
    """

    selected: str
    manner: Literal["quoted", "as it is", "escaped"] = "quoted"

    @property
    def options(self) -> str:
        """The options of COPY."""
        return _OPTIONS[self.manner]


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A part of the order of export: behind one position and up to another, so many rows, less some that are known."""

    after: int | None = None
    upto: int | None = None
    size: int | None = None
    skip: int = 0

    @property
    def words(self) -> str:
        """What stands behind a query's conditions, in the driver's words."""
        begin = "" if self.after is None else " AND position > %(after)s"
        end = "" if self.upto is None else " AND position <= %(upto)s"
        most = "" if self.size is None else " LIMIT %(size)s"
        return f"{begin}{end} ORDER BY position{most}{' OFFSET %(skip)s' if self.skip else ''}"


@dataclass
class Source:
    """Public rows, and the areas they name, as one connection sees them.

    ``relation`` and ``areas`` are names of tables or views with the columns of ``pub.incidents`` and ``pub.areas``; ``where``
    holds conditions on ``pub.incidents`` and goes with that relation only. ``progress`` hears how many rows went by.
    """

    connection: Connection
    about: About
    relation: str = "pub.incidents"
    areas: str = "pub.areas"
    where: Sequence[ColumnElement[bool]] = ()
    progress: Callable[[int], None] | None = None

    def rows(self, spelling: Spelling, within: Stretch | None = None, *, together: int = TOGETHER) -> Iterator["Rows"]:
        """Every row in the order of export, or every row of a stretch of it, some hundred together."""
        query, values = self._query(spelling.selected)
        stretch, seen = within or Stretch(), 0
        statement = f"COPY ({query}{stretch.words}) TO STDOUT ({spelling.options})".encode()
        with self._cursor().copy(statement, {**values, **asdict(stretch)}) as copied:
            for rows in _taken(copied, together):
                seen += len(rows)
                self._tell(seen)
                yield rows

    def some(self, spelling: Spelling, *, size: int, after: int | None = None) -> list[bytes]:
        """At most ``size`` rows that follow a position, each with its ``tail``."""
        tailed = replace(spelling, selected=f"{spelling.selected}, position + {WHOLE}")
        return [line for rows in self.rows(tailed, Stretch(after=after, size=size)) for line in rows.lines()]

    def edge(self, *, after: int | None, size: int) -> int | None:
        """The position of the row with which a stretch of ``size`` rows ends; None where there are not so many."""
        query, values = self._query("position")
        stretch = Stretch(after=after, size=1, skip=size - 1)
        found = self._cursor().execute(f"{query}{stretch.words}".encode(), {**values, **asdict(stretch)}).fetchone()
        return int(found[0]) if found else None

    def holds(self, condition: str) -> bool:
        """Whether any row of the relation fulfils a condition of our own, whatever rows were asked for."""
        asked = f"SELECT EXISTS (SELECT FROM {self.relation} WHERE {condition})"  # noqa: S608 - our own words
        return bool(self._cursor().execute(asked.encode()).fetchone()[0])

    def outlines(self, codes: Sequence[str] | None = None) -> dict[bytes, bytes]:
        """The outline of each area (or of those named) as GeoJSON, by code."""
        return {code.encode(): shape.encode() for code, shape in self._areas(f"ST_AsGeoJSON({SHAPE}, 5)", codes)}

    def shapes(self) -> dict[str, bytes]:
        """The outline of each area as WKB, by code."""
        return {code: bytes(shape) for code, shape in self._areas(f"ST_AsBinary({SHAPE}, 'NDR')", None)}

    def longest(self, names: Sequence[str]) -> dict[str, int]:
        """The most bytes that any row has in each column of words."""
        counted = ", ".join(f"coalesce(max(octet_length({name}::text)), 0)" for name in names)
        query, values = self._query(counted)
        [row] = self._cursor().execute(query.encode(), values).fetchall()
        return dict(zip(names, row, strict=True))

    def names(self) -> dict[str, str]:
        """What each area is called, by code."""
        return dict(self._areas("name", None))

    def grouped(self, by: Sequence[str], counted: str) -> list[Any]:
        """One row for each combination of values: those values, then what is counted."""
        keys = ", ".join(by)
        query, values = self._query(f"{keys}, {counted}")
        return list(self._cursor().execute(f"{query} GROUP BY {keys} ORDER BY {keys}".encode(), values).fetchall())

    def _areas(self, shape: str, codes: Sequence[str] | None) -> list[Any]:
        chosen = "" if codes is None else " WHERE code = ANY(:codes)"
        query = f"SELECT code, {shape} FROM {self.areas}{chosen}"  # noqa: S608 - our own words
        return list(self.connection.execute(text(query), {} if codes is None else {"codes": list(codes)}))

    def _query(self, selected: str) -> tuple[str, dict[str, Any]]:
        """The SELECT in the driver's words, with its values apart."""
        compiled = and_(True, *self.where).compile(  # noqa: FBT003
            dialect=_DIALECT, compile_kwargs={"render_postcompile": True}
        )
        values = {name: getattr(value, "value", value) for name, value in compiled.params.items()}
        return f"SELECT {selected} FROM {self.relation} WHERE {compiled}", values  # noqa: S608 - values are bound

    def _cursor(self) -> Any:
        self.connection.begin() if not self.connection.in_transaction() else None
        return self.connection.connection.cursor()

    def _tell(self, seen: int) -> None:
        if self.progress and seen % _SEEN == 0:
            self.progress(seen)


@dataclass(frozen=True)
class Rows:
    """Some rows as COPY wrote them, one after the other, each with an end of line; a quoted cell may hold another."""

    data: bytearray
    count: int

    def __len__(self) -> int:
        return self.count

    @property
    def one_line_each(self) -> bool:
        """Whether every end of line is that of a row."""
        return self.data.count(b"\n") == self.count

    def lines(self) -> list[Line]:
        """Each row without its end of line."""
        lines = bytes(self.data).split(b"\n")[:-1]
        return lines if len(lines) == self.count else list(_whole(lines))

    def ended(self, end: bytes) -> bytes:
        """All rows, each with another end of line."""
        if self.one_line_each:
            return bytes(self.data.replace(b"\n", end))
        return b"".join(line + end for line in self.lines())


def _whole(lines: list[Line]) -> Iterator[Line]:
    """Rows from lines: a row has an even number of quotation marks, so one that is odd goes on in the next line."""
    begun: list[Line] = []
    for line in lines:
        begun.append(line)
        if sum(part.count(b'"') for part in begun) % 2 == 0:
            yield b"\n".join(begun)
            begun = []


def _taken(copied: Copy, together: int) -> Iterator[Rows]:
    """The rows of a COPY. Most lie ready in the driver and are taken at once; ``Copy.read`` is asked only to wait for more."""
    ready, data, count = copied.connection.pgconn.get_copy_data, bytearray(), 0
    while True:
        size, row = ready(1)
        if size <= 0:
            row = memoryview(copied.read()) if size == 0 else _ended(copied.connection)
        if not row:
            break
        data += row
        count += 1
        if count == together:
            yield Rows(data, count)
            data, count = bytearray(), 0
    if count:
        yield Rows(data, count)


def _ended(wire: Wire[Any]) -> memoryview:
    """No row: the COPY is over. Raises what the server said when it did not end well."""
    result = wire.wait(generators.fetch_many(wire.pgconn))[0]
    if result.status != ExecStatus.COMMAND_OK:
        raise errors.error_from_result(result)
    return memoryview(b"")


def position_of(row: bytes) -> int:
    """Where a row stands, from its end."""
    return int(row[1 - TAIL :]) - WHOLE
