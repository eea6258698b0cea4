"""Refused rows on their way back to the sender: their own columns, then the row, the columns at fault and why. It asks no database."""

import csv
import io
from collections.abc import Iterable

from server.core.cells import escape_cell
from server.intake.spreadsheet_rows import ReadRow
from server.intake.tables import ADDED, Row, Table


def refused_csv(table: Table, refused: Iterable[ReadRow]) -> str:
    """The refused rows of a table as CSV, "" if there are none. Put right, the file can be imported as it is."""
    lines = list(refused)
    if not lines:
        return ""
    rows = {row.number: row for row in table.rows}
    kept = [at for at, heading in enumerate(table.headings) if heading not in ADDED]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([escape_cell(table.headings[at]) for at in kept] + list(ADDED))
    for line in lines:
        cells = _cells(rows[line.number], len(table.headings))
        writer.writerow([escape_cell(cells[at]) for at in kept] + [escape_cell(word) for word in _reasons(line)])
    return out.getvalue()


def _cells(row: Row, width: int) -> list[str]:
    """The cells of a row under the headings; what stood beyond them goes into the last, so that nothing is lost."""
    return [*row.cells[: width - 1], ", ".join(cell for cell in row.cells[width - 1 :] if cell)]


def _reasons(line: ReadRow) -> list[str]:
    columns = dict.fromkeys(column for column, _sentence in line.refusals if column)
    return [str(line.number), ", ".join(columns), " ".join(sentence for _column, sentence in line.refusals)]
