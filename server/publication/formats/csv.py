"""Public rows as CSV (RFC 4180): UTF-8 with a mark for Excel, CRLF, one header, and no cell that a spreadsheet would run.

PostgreSQL quotes the cells; every row names its licence, the rules it was made under and what was withheld.
"""

import csv
import io
from collections.abc import Iterator

from server.core.schemas import csv_header, hxl_row
from server.publication.formats.cells import as_it_is, safe
from server.publication.formulas import RISKY
from server.publication.schemas import PublicIncident
from server.publication.source import Source, Spelling

HEADER = csv_header(PublicIncident)
MARK = b"\xef\xbb\xbf"
END = b"\r\n"
CELLS = Spelling(", ".join(safe(name) for name in HEADER))
PLAIN = Spelling(", ".join(as_it_is(name) for name in HEADER))


def header(*, tags: bool = False) -> bytes:
    """What stands before the rows: the mark, the names of the columns, and a second row of HXL tags where they are wanted."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([HEADER, hxl_row(PublicIncident)] if tags else [HEADER])
    return MARK + out.getvalue().encode()


def cells_of(source: Source) -> Spelling:
    """How the cells of a table are spelt: each is looked at only where some row has words that a spreadsheet would run."""
    return CELLS if source.holds(RISKY) else PLAIN


def pieces(source: Source, *, tags: bool = False) -> Iterator[bytes]:
    """The file in pieces; every row names its release, so an exercise says so in each."""
    yield header(tags=tags)
    for rows in source.rows(cells_of(source)):
        yield rows.ended(END)


def pieces_with_hxl(source: Source) -> Iterator[bytes]:
    """The same with a second header row of HXL tags."""
    return pieces(source, tags=True)


def without_mark(given: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces for programs that take the mark for part of the first column's name."""
    yield next(given).removeprefix(MARK)
    yield from given
