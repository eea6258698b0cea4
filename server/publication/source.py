"""Where a file's rows come from: public rows in the order of export, spelt by PostgreSQL itself and passed on as bytes.

A format asks for lines (``Spelling``) or for Arrow batches. Nothing here opens a session: whoever makes a ``Source`` gives
the connection, and with it the snapshot. The columns are those of ``PublicIncident`` and no others.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, text
from sqlalchemy.dialects.postgresql import psycopg

from server.publication.about import About
from server.publication.schemas import PublicIncident

COLUMNS: Final[tuple[str, ...]] = PublicIncident.Meta.fields
TOGETHER: Final = 500
WHOLE: Final = 10**18  # added to a position (below 2^62) it has nineteen digits, always
TAIL: Final = 21  # what closes a line: a separator, a position of nineteen digits, an end of line
OUTLINE_DEGREES: Final = 0.01  # about a kilometre: a file repeats a district's outline in every one of its rows
SHAPE: Final = (
    "ST_ForcePolygonCCW(ST_Multi(CASE WHEN geo_level LIKE 'ADM%' "
    f"THEN ST_SimplifyPreserveTopology(shape, {OUTLINE_DEGREES}) ELSE shape END))"
)
"""An area as files draw it: outer rings against the clock (RFC 7946), districts to about a kilometre."""

_DIALECT: Final = psycopg.dialect()
_SEEN: Final = 5_000

Line = bytes
Lines = Iterator[list[Line]]


@dataclass(frozen=True)
class Spelling:
    """How PostgreSQL writes a row: what is selected, and whether it is quoted as CSV or left as it is.

    What is left as it is has no control characters (JSON has none); its parts are separated by U+0002.
    """

    selected: str
    quoted: bool = True

    @property
    def options(self) -> str:
        """The options of COPY."""
        return "FORMAT csv" if self.quoted else r"FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02'"


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

    def lines(self, spelling: Spelling) -> Lines:
        """Every row in the order of export, some hundred together, as bytes without an end of line."""
        for rows in self.some(spelling):
            yield [row[:-TAIL] for row in rows]

    def some(self, spelling: Spelling, *, after: int | None = None, size: int | None = None) -> Iterator[list[bytes]]:
        """At most ``size`` rows that follow a position, each with its ``tail``."""
        query, values = self._query(spelling.selected, after=after, size=size)
        together: list[bytes] = []
        seen = 0
        with self._cursor().copy(f"COPY ({query}) TO STDOUT ({spelling.options})".encode(), values) as copied:
            while row := copied.read():
                together.append(bytes(row))
                if len(together) == TOGETHER:
                    seen += TOGETHER
                    self._tell(seen)
                    yield together
                    together = []
        if together:
            yield together

    def outlines(self, codes: Sequence[str] | None = None) -> dict[bytes, bytes]:
        """The outline of each area (or of those named) as GeoJSON, by code."""
        return {code.encode(): shape.encode() for code, shape in self._areas(f"ST_AsGeoJSON({SHAPE}, 5)", codes)}

    def shapes(self) -> dict[str, bytes]:
        """The outline of each area as WKB, by code."""
        return {code: bytes(shape) for code, shape in self._areas(f"ST_AsBinary({SHAPE}, 'NDR')", None)}

    def longest(self, names: Sequence[str]) -> dict[str, int]:
        """The most bytes that any row has in each column of words."""
        counted = ", ".join(f"coalesce(max(octet_length({name}::text)), 0)" for name in names)
        query, values = self._query(counted, ordered=False)
        [row] = self._cursor().execute(query.encode(), values).fetchall()
        return dict(zip(names, row, strict=True))

    def names(self) -> dict[str, str]:
        """What each area is called, by code."""
        return dict(self._areas("name", None))

    def grouped(self, by: Sequence[str], counted: str) -> list[Any]:
        """One row for each combination of values: those values, then what is counted."""
        keys = ", ".join(by)
        query, values = self._query(f"{keys}, {counted}", ordered=False)
        return list(self._cursor().execute(f"{query} GROUP BY {keys} ORDER BY {keys}".encode(), values).fetchall())

    def _areas(self, shape: str, codes: Sequence[str] | None) -> list[Any]:
        chosen = "" if codes is None else " WHERE code = ANY(:codes)"
        query = f"SELECT code, {shape} FROM {self.areas}{chosen}"  # noqa: S608 - our own words
        return list(self.connection.execute(text(query), {} if codes is None else {"codes": list(codes)}))

    def _query(
        self, selected: str, *, after: int | None = None, size: int | None = None, ordered: bool = True
    ) -> tuple[str, dict[str, Any]]:
        """The SELECT in the driver's words, with its values apart."""
        compiled = and_(True, *self.where).compile(  # noqa: FBT003
            dialect=_DIALECT, compile_kwargs={"render_postcompile": True}
        )
        values = {name: getattr(value, "value", value) for name, value in compiled.params.items()}
        tail = f", position + {WHOLE}" if ordered else ""
        query = f"SELECT {selected}{tail} FROM {self.relation} WHERE {compiled}"  # noqa: S608 - values are bound
        if after is not None:
            query, values = f"{query} AND position > %(after)s", {**values, "after": after}
        if ordered:
            query += " ORDER BY position"
        if size is not None:
            query, values = f"{query} LIMIT %(size)s", {**values, "size": size}
        return query, values

    def _cursor(self) -> Any:
        self.connection.begin() if not self.connection.in_transaction() else None
        return self.connection.connection.cursor()

    def _tell(self, seen: int) -> None:
        if self.progress and seen % _SEEN == 0:
            self.progress(seen)


def position_of(row: bytes) -> int:
    """Where a row stands, from its end."""
    return int(row[1 - TAIL : -1]) - WHOLE
