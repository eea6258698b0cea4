"""Small tables as files: CSV, CSV with a row of HXL tags, and a workbook. No cell of theirs is ever run by a spreadsheet."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from server.core.cells import escape_cell
from server.publication.formats.csv import MARK

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Table:
    """Column names, their HXL tags, and the rows as values in that order; `readme` is told beside them in a workbook."""

    columns: Sequence[str]
    tags: Sequence[str]
    rows: Sequence[Sequence[Any]]
    readme: Sequence[tuple[str, str]] = field(default_factory=tuple)


def as_csv(table: Table, *, tags: bool = False) -> bytes:
    """The table as CSV (RFC 4180) with a mark for Excel."""
    out = io.StringIO(newline="")
    head = [table.columns, table.tags] if tags else [table.columns]
    csv.writer(out, lineterminator="\r\n").writerows(
        [*head, *([escape_cell(value) for value in row] for row in table.rows)]
    )
    return MARK + out.getvalue().encode()


def as_tagged_csv(table: Table) -> bytes:
    """The same with a second row of HXL tags."""
    return as_csv(table, tags=True)


def as_workbook(table: Table) -> bytes:
    """Numbers are numbers, days are days, codes are text, and no cell holds a formula."""
    out = io.BytesIO()
    with Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet, bold, day = (
            book.add_worksheet("5W"),
            book.add_format({"bold": True}),
            book.add_format({"num_format": "yyyy-mm-dd"}),
        )
        sheet.freeze_panes(2, 0)
        sheet.write_row(0, 0, table.columns, bold)
        sheet.write_row(1, 0, table.tags)
        for at, row in enumerate(table.rows, start=2):
            for column, value in enumerate(row):
                _put(sheet, at, column, value, day)
        if table.readme:
            _readme(book.add_worksheet("readme"), table.readme)
    return out.getvalue()


def _put(sheet: Worksheet, row: int, column: int, value: Any, day: Format) -> None:
    if isinstance(value, date):
        sheet.write_datetime(row, column, value, day)
    elif isinstance(value, int):
        sheet.write_number(row, column, value)
    elif value not in (None, ""):
        sheet.write_string(row, column, escape_cell(value))


def _readme(sheet: Worksheet, told: Sequence[tuple[str, str]]) -> None:
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 90)
    for at, pair in enumerate(told):
        for column, words in enumerate(pair):
            sheet.write_string(at, column, escape_cell(words))


WRITERS: Final[dict[str, tuple[str, Callable[[Table], bytes]]]] = {
    "csv": ("text/csv", as_csv),
    "hxl.csv": ("text/csv", as_tagged_csv),
    "xlsx": (XLSX, as_workbook),
}
