"""Rows under headings, whatever file they came from: one `Table` of headings and cells of text. Pure.

Readers yield a grid of `(line number, cells)`; here the headings are found in it: a title above them, two lines of merged
headings, a row of HXL tags below them.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

MOST_ROWS = 200_000  # a row takes some 5 KB while it is read
HEADING_WITHIN = 20
ADDED = ("refused_row", "refused_columns", "refused_because")
"""Columns that we add to refused rows; they say nothing of the damage when the rows come back."""

Cells = tuple[str, ...]
Grid = Sequence[tuple[int, Cells]]
Knows = Callable[[str], bool]

_TAG = re.compile(r"#[A-Za-z]\w*(?:\s*\+\s*[A-Za-z]\w*)*\Z")


class UnreadableTable(Exception):
    """A file that gives no rows, with a sentence that says why."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: its line number in the file, its cells, and the point and flags that a GeoJSON geometry gave."""

    number: int
    cells: Cells
    point: tuple[float, float] | None = None
    flags: tuple[str, ...] = ()
    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under headings; `tags` are HXL tags, empty or as many as there are headings; `notes` say how it was read."""

    headings: Cells
    rows: Sequence[Row]
    tags: Cells = ()
    notes: tuple[str, ...] = field(default=())


def headed(grid: Grid, *, knows: Knows, notes: tuple[str, ...] = ()) -> Table:
    """A grid as a table; `knows(heading)` tells a heading from data. UnreadableTable if there is nothing in it."""
    filled = [(number, cells) for number, cells in grid if any(cells)]
    if not filled:
        raise UnreadableTable("The file has no rows.")
    tags_at = next((at for at, (_number, cells) in enumerate(filled[: HEADING_WITHIN + 5]) if _is_tags(cells)), None)
    headings, data_at = _headings(filled, knows=knows, before=tags_at)
    tags: Cells = ()
    if tags_at is not None:
        tags, data_at = filled[tags_at][1], tags_at + 1
        notes = (*notes, f"HXL tags in line {filled[tags_at][0]}")
    if data_at > 1:
        notes = (
            *notes,
            f"data from line {filled[data_at][0]}" if data_at < len(filled) else "no data below the headings",
        )
    return _table(headings, tags, filled[data_at:], notes)


def _table(headings: Cells, tags: Cells, body: Grid, notes: tuple[str, ...]) -> Table:
    width = max(len(headings), len(tags))
    named = _once_each([headings[at] if at < len(headings) else "" for at in range(width)])
    rows = [_row(number, cells, width) for number, cells in body]
    return Table(headings=named, tags=_padded(tags, width) if tags else (), rows=rows, notes=notes)


def _row(number: int, cells: Cells, width: int) -> Row:
    """A row as wide as the headings; words beyond them mean that its columns have shifted."""
    beyond = any(cells[width:])
    refusal = "This row has more cells than there are headings; a separator may stand inside a text." if beyond else ""
    return Row(number=number, cells=cells if beyond else _padded(cells, width), refusal=refusal)


def _padded(cells: Cells, width: int) -> Cells:
    return cells[:width] + ("",) * (width - len(cells))


def _headings(filled: Grid, *, knows: Knows, before: int | None) -> tuple[Cells, int]:
    """The headings and where the data begins: the line, or pair of lines, with the most headings that are known."""
    if before is not None and before > 0:
        lines = [cells for _number, cells in filled[:before]]
        pair = _joined(lines[-2], lines[-1]) if len(lines) > 1 else lines[-1]
        return max((lines[-1], pair), key=lambda cells: _known(cells, knows)), before
    best, best_at, most = filled[0][1], 1, _known(filled[0][1], knows)
    for at in range(min(HEADING_WITHIN, len(filled) - 1)):
        own, pair = filled[at][1], _joined(filled[at][1], filled[at + 1][1])
        for cells, data_at in ((own, at + 1), (pair, at + 2)):
            if (known := _known(cells, knows)) > most:
                best, best_at, most = cells, data_at, known
    return best, best_at


def _known(cells: Cells, knows: Knows) -> int:
    return len({cell for cell in cells if cell and knows(cell)})


def _joined(above: Cells, below: Cells) -> Cells:
    """Two lines of headings as one: what stands below, or what stands above where nothing stands below."""
    width = max(len(above), len(below))
    upper, lower = _padded(above, width), _padded(below, width)
    return tuple(under or over for over, under in zip(upper, lower, strict=True))


def _is_tags(cells: Cells) -> bool:
    """A row of HXL tags: two or more, and nothing but tags."""
    given = [cell for cell in cells if cell]
    return len(given) > 1 and all(_TAG.match(cell) for cell in given)


def _once_each(headings: Sequence[str]) -> Cells:
    """Headings that can be told apart: blank ones get their column number, repeated ones a count."""
    seen: dict[str, int] = {}
    return tuple(_numbered(heading or f"column {at}", seen) for at, heading in enumerate(headings, start=1))


def _numbered(heading: str, seen: dict[str, int]) -> str:
    seen[heading] = seen.get(heading, 0) + 1
    return heading if seen[heading] == 1 else f"{heading} ({seen[heading]})"


_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff\ud800-\udfff]")


def plain(cell: str) -> str:
    """A cell as it is kept: NFC, no control characters, no spaces around it; formulas stay the text they are."""
    text = unicodedata.normalize("NFC", _CONTROLS.sub("", cell)).strip()
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text


def numbered(lines: Iterator[Sequence[str]]) -> Iterator[tuple[int, Cells]]:
    """The lines that say something, with their numbers, cells made plain; UnreadableTable beyond MOST_ROWS of them."""
    filled = 0
    for number, line in enumerate(lines, start=1):
        cells = tuple(plain(cell) for cell in line)
        if any(cells):
            filled += 1
            yield number, cells
        if filled > MOST_ROWS:
            raise UnreadableTable(f"The file has more than {MOST_ROWS:,} rows. Please split it.")
