"""The CSV files of the matching commands: reports in, clusters and suggestions out. Pure; ``.gz`` is read and written too.

Columns in: id, lat, lon, reported_at, category, text, lang, source and, where known, damage, accuracy_m, photo_phash (hexadecimal),
cluster_id, label. Only ``id`` must be there; what is missing or unreadable is unknown, never an error.
"""

import csv
import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import Literal, TextIO, cast

from server.matching.accounts import Account

GRADES = {"none": 0, "minor": 1, "slight": 1, "partial": 2, "moderate": 2, "severe": 3, "heavy": 3, "destroyed": 4, "complete": 4}
# Words that mark a source as a channel anybody may use; any other source is a list that somebody curates.
OPEN_CHANNELS = frozenset({
    "api", "app", "apps", "call", "citizen", "email", "facebook", "field", "form", "generated", "hotline", "mail", "odk", "open311", "paper",
    "partner", "phone", "resident", "service", "signal", "sms", "social", "telegram", "twitter", "viber", "web", "whatsapp",
})  # fmt: skip


class UnusableFile(ValueError):
    """The file cannot be read as reports; the message says why in a sentence."""


def read_rows(path: str | Path) -> list[dict[str, str]]:
    """The rows of a CSV file as text; raise UnusableFile when there is no column ``id`` or an id is empty or comes twice."""
    return list(each_row(path))


def each_row(path: str | Path) -> Iterator[dict[str, str]]:
    """The same one by one, so that a file of any size fits."""
    csv.field_size_limit(sys.maxsize)
    seen: set[str] = set()
    try:
        with _opened(path, "rt") as file:
            for row in csv.DictReader(line.replace("\0", "") for line in file):
                number = row.get("id") or ""
                if not number:
                    raise UnusableFile(f"{path} needs a column id with a value in every row")
                if number in seen:
                    raise UnusableFile(f"{path} names the same id twice")
                seen.add(number)
                yield row
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise UnusableFile(f"{path} cannot be read: {error}") from error


def account_of(row: dict[str, str]) -> Account:
    """One row as an account. Times without an offset are UTC; midnight without an offset is a day, not a moment."""
    earliest, latest = _interval(row.get("reported_at") or "")
    grade = _grade(row.get("damage") or "")
    lon, lat = _number(row.get("lon"), 180), _number(row.get("lat"), 90)
    return Account(
        id=row["id"],
        lon=lon if lat is not None else None,
        lat=lat if lon is not None else None,
        accuracy_m=_number(row.get("accuracy_m"), 1e6),
        earliest=earliest,
        latest=latest,
        kind=row.get("category") or "",
        damage_min=grade,
        damage_max=grade,
        text=row.get("text") or "",
        photos=_hashes(row.get("photo_phash") or ""),
        source=_curated(row.get("source") or ""),
    )


def write_rows(path: str | Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Write a CSV file with a header."""
    with _opened(path, "wt") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


@contextmanager
def _opened(path: str | Path, mode: Literal["rt", "wt"]) -> Iterator[TextIO]:
    encoding = "utf-8-sig" if mode == "rt" else "utf-8"
    if str(path).endswith(".gz"):
        with gzip.open(path, mode, encoding=encoding, newline="") as file:
            yield cast("TextIO", file)
    else:
        with Path(path).open(mode, encoding=encoding, newline="") as file:
            yield cast("TextIO", file)


def _interval(written: str) -> tuple[datetime | None, datetime | None]:
    try:
        moment = datetime.fromisoformat(written.strip())
    except ValueError:
        return None, None
    is_day = moment.tzinfo is None and moment.time() == moment.time().min
    start = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return start, start + timedelta(hours=24) - timedelta(seconds=1) if is_day else start


def _number(written: str | None, limit: float) -> float | None:
    try:
        value = float(written or "")
    except ValueError:
        return None
    return value if isfinite(value) and abs(value) <= limit else None


def _grade(written: str) -> int | None:
    word = written.strip().lower()
    return int(word[1]) if len(word) == 2 and word[0] == "d" and word[1] in "01234" else GRADES.get(word)


def _hashes(written: str) -> tuple[int, ...]:
    try:
        return tuple(int(part, 16) for part in written.split())
    except ValueError:
        return ()


def _curated(source: str) -> str:
    words = source.lower().replace("_", " ").replace("-", " ").split()
    return "" if not words or OPEN_CHANNELS & set(words) else source.strip().lower()
