"""XLSX: a zip of XML from a stranger, looked over before it is opened, read row by row, formulas kept as text.

Dates become ISO text, whole numbers lose their ".0", merged headings stand in their first cell as Excel stores them.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from server.intake.tables import Grid, UnreadableTable, numbered

MOST_UNPACKED = 400_000_000
MOST_MEMBERS = 2_000
HIGHEST_RATIO = 200
SMALL = 20_000_000
MOST_LINES = 1_048_576  # the format has no more
MOST_CELLS = 20_000_000
TOO_MUCH = "The workbook unpacks to far more than a table. Save the rows as CSV instead."


def read_grid(data: bytes, *, sheet: str = "") -> tuple[Grid, tuple[str, ...]]:
    """The rows of a sheet (by default the first that holds any) and which sheet it was; UnreadableTable for what is none."""
    _look_over(data)
    try:
        values = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        formulas = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        name = sheet or _first_filled(values)
        grid = list(numbered(_texts(values[name], formulas[name])))
    except UnreadableTable:
        raise
    except KeyError:
        raise UnreadableTable(f"There is no sheet {sheet!r} in this workbook.") from None
    except (InvalidFileException, zipfile.BadZipFile, ValueError, TypeError, SyntaxError, OSError, EOFError) as error:
        raise UnreadableTable(
            "The workbook is damaged or no .xlsx. Open it in a spreadsheet program and save it anew."
        ) from error
    return grid, (f"sheet {name!r}",)


def _look_over(data: bytes) -> None:
    """Refuse what unpacks to far more than a spreadsheet, and XML that declares entities, before anything is parsed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
            _weigh(members)
            for member in members:
                if member.filename.endswith((".xml", ".rels")):
                    _refuse_declarations(packed, member)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise UnreadableTable("The workbook is damaged, locked or no .xlsx.") from error


def _weigh(members: Sequence[zipfile.ZipInfo]) -> None:
    unpacked = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    if (
        unpacked > MOST_UNPACKED
        or len(members) > MOST_MEMBERS
        or (unpacked > SMALL and unpacked / packed > HIGHEST_RATIO)
    ):
        raise UnreadableTable(TOO_MUCH)


def _refuse_declarations(packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    with packed.open(member) as file:
        start = file.read(4_096)
    if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
        raise UnreadableTable(
            "The workbook declares XML entities, which no spreadsheet program writes. It was not opened."
        )


def _first_filled(workbook: Any) -> str:
    for sheet in workbook.worksheets:
        sheet.reset_dimensions()
        if any(
            value is not None
            for row, _ in zip(sheet.iter_rows(values_only=True), range(50), strict=False)
            for value in row
        ):
            return str(sheet.title)
    raise UnreadableTable("The workbook has no rows.")


def _texts(values: Any, formulas: Any) -> Iterator[list[str]]:
    """Each row as text: the value a formula last had, or the formula itself where it never had one."""
    values.reset_dimensions()
    formulas.reset_dimensions()
    rows = zip(values.iter_rows(values_only=True), formulas.iter_rows(values_only=True), strict=False)
    room = MOST_CELLS
    for number, (shown, written) in enumerate(rows, start=1):
        room -= len(shown)  # one cell far to the right or far below stands for all the empty ones before it
        if room < 0 or number > MOST_LINES:
            raise UnreadableTable(TOO_MUCH)
        yield [_text(_first(pair)) for pair in zip(shown, written, strict=False)]


def _first(pair: tuple[Any, Any]) -> Any:
    return pair[1] if pair[0] is None else pair[0]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(getattr(value, "text", value))
