"""A file of rows becomes a `Table`: what kind of file it is shows in its first bytes, never in its name."""

import gzip
import zlib
from pathlib import Path

from server.intake import delimited, features, workbooks
from server.intake.tables import Knows, Table, UnreadableTable, headed

MOST_BYTES = 500_000_000


def read_table(path: Path, *, knows: Knows, encoding: str = "", sheet: str = "") -> Table:
    """The table in a CSV, XLSX or GeoJSON file, gzipped or not. Raises UnreadableTable with a sentence for the sender."""
    data = _bytes_of(path)
    if data.startswith(b"PK\x03\x04"):
        grid, notes = workbooks.read_grid(data, sheet=sheet)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableTable("This is an old or a locked Excel file. Save it as .xlsx without a password, or as CSV.")
    elif features.is_geojson(data):
        return features.read_features(data)
    else:
        grid, notes = delimited.read_grid(data, encoding=encoding)
    return headed(grid, knows=knows, notes=notes)


def _bytes_of(path: Path) -> bytes:
    """The content, unpacked if it is gzip; never more than MOST_BYTES, however small the file looks."""
    try:
        with path.open("rb") as file:
            is_packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if is_packed else path.open("rb") as content:
            data = content.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableTable(f"The file cannot be read: {error}.") from error
    if len(data) > MOST_BYTES:
        raise UnreadableTable(f"The file holds more than {MOST_BYTES // 1_000_000} MB. Please split it.")
    if not data.strip():
        raise UnreadableTable("The file is empty.")
    return data
