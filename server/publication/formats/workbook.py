"""Public rows as an Excel workbook: the rows, what each column and code means, and how to read them.

P-codes and numbers of records are text, dates are dates, and no cell holds a formula: nothing here is ever calculated.
"""

import csv
from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from server.core.cells import escape_cell
from server.publication.about import About
from server.publication.explaining import columns, list_name
from server.publication.formats.csv import cells_of
from server.publication.formats.runs import KINDS
from server.publication.source import COLUMNS, Source

SHEET_ROWS: Final = 1_048_575  # what a sheet has room for below its header; further rows go to the next
WIDTHS: Final = {"summary": 44, "incident_id": 15, "adm1_name": 20, "adm2_name": 20, "adm3_name": 20, "site_name": 24}

Write = Callable[[Worksheet, int, int, str], Any]


def build(source: Source, path: Path) -> None:
    """Write the file at ``path``, anew. Rows are put down one after the other and never kept."""
    with Workbook(path, {"constant_memory": True}) as book:
        book.set_properties(
            {"title": source.about.title, "comments": source.about.caveats, "keywords": source.about.release_id}
        )
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        writers = [_writer(name, day) for name in COLUMNS]
        sheet, at = _data_sheet(book, bold, "data"), 0
        numbers = count(2)
        for row in _rows(source):
            if at == SHEET_ROWS:
                sheet, at = _data_sheet(book, bold, f"data {next(numbers)}"), 0
            at += 1
            for column, cell in enumerate(row):
                if cell:
                    writers[column](sheet, at, column, cell)
        _codebook(book, bold)
        _readme(book, bold, source.about)


def _rows(source: Source) -> Iterator[list[str]]:
    for rows in source.rows(cells_of(source)):
        yield from csv.reader(line.decode() for line in rows.lines())


def _data_sheet(book: Workbook, bold: Format, name: str) -> Worksheet:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    for at, column in enumerate(COLUMNS):
        sheet.set_column(at, at, WIDTHS.get(column, max(11, len(column) + 1)))
        sheet.write_string(0, at, column, bold)
    return sheet


def _writer(name: str, day: Format) -> Write:
    kind = KINDS[name]
    if pa.types.is_string(kind):
        return lambda sheet, row, column, cell: sheet.write_string(row, column, cell)
    if pa.types.is_date(kind):
        return lambda sheet, row, column, cell: sheet.write_datetime(row, column, _moment(cell), day)
    return lambda sheet, row, column, cell: sheet.write_number(row, column, float(cell))


def _moment(cell: str) -> datetime:
    found = date.fromisoformat(cell)
    return datetime(found.year, found.month, found.day)  # noqa: DTZ001 - a day of the place, without an hour


def _codebook(book: Workbook, bold: Format) -> None:
    known = columns()
    told: list[tuple[str, ...]] = [("column", "type", "label", "hint", "hxl", "code list")]
    told += [
        (one.name, str(KINDS[one.name]), one.label, one.hint, one.hxl, list_name(one.codes) if one.codes else "")
        for one in known
    ]
    told += [(), ("code list", "code", "label")]
    lists = {list_name(one.codes): one.codes for one in known if one.codes}
    told += [(name, code.value, code.label) for name, codes in lists.items() for code in codes]
    _table(book.add_worksheet("codebook"), told, bold)


def _readme(book: Workbook, bold: Format, about: About) -> None:
    facts = [(name, value) for name, value in about.facts() if name != "caveats"]
    _table(
        book.add_worksheet("readme"), [("", "How to read this"), *facts, *(("", said) for said in about.warnings)], bold
    )


def _table(sheet: Worksheet, rows: list[tuple[str, ...]], bold: Format) -> None:
    sheet.set_column(0, 1, 22)
    sheet.set_column(2, 5, 36)
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write_string(at, column, escape_cell(cell), bold if at == 0 else None)
