"""Public rows as CSV: UTF-8 with a mark for Excel, CRLF, one header, and no cell that a spreadsheet would run."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import String

from server.core.schemas import csv_header, hxl_row
from server.publication.formats.cells import escape_cell
from server.publication.models import PublishedIncident
from server.publication.schemas import PublicIncident

TOGETHER = 500
HEADER = csv_header(PublicIncident)


def pieces(rows: Iterable[Mapping[str, Any]], release_id: str) -> Iterator[bytes]:
    """The file in pieces; every row names its release, so an exercise says so in each."""
    del release_id
    return _pieces(rows, [HEADER])


def pieces_with_hxl(rows: Iterable[Mapping[str, Any]], release_id: str) -> Iterator[bytes]:
    """The same with a second header row of HXL tags."""
    del release_id
    return _pieces(rows, [HEADER, hxl_row(PublicIncident)])


def _pieces(rows: Iterable[Mapping[str, Any]], heads: list[list[str]]) -> Iterator[bytes]:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows(heads)
    yield b"\xef\xbb\xbf" + out.getvalue().encode()
    out.seek(0)
    out.truncate()
    for number, row in enumerate(rows, start=1):
        writer.writerow([cell(row[name]) for name, cell in _CELLS])
        if number % TOGETHER == 0:
            yield _taken(out)
    yield _taken(out)


def _taken(out: io.StringIO) -> bytes:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode()


def _safe(value: Any) -> Any:
    """Codes, dates and numbers cannot hold a formula; an empty cell stands for what is unknown or withheld."""
    return "" if value is None else value.isoformat() if isinstance(value, date) else value


def _cell_of(name: str) -> Callable[[Any], Any]:
    kind = PublishedIncident.__table__.c[name].type
    holds_words = type(kind) is String or name == "access_constraints"
    return escape_cell if holds_words else _safe


_CELLS = [(name, _cell_of(name)) for name in HEADER]
