"""The public 5W as files, and what they say of themselves."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from server.core.choices import N_
from server.core.schemas import csv_header, hxl_row
from server.publication.about import About
from server.publication.explaining import Column
from server.publication.five_w_models import PublishedActivity
from server.publication.five_w_schemas import PublicActivity
from server.publication.formats.tables import WRITERS, Table

COLUMNS: Final[tuple[str, ...]] = tuple(csv_header(PublicActivity))
FORMATS: Final[tuple[str, ...]] = tuple(WRITERS)
LABELS: Final = {
    "csv": N_("Table (CSV)"), "hxl.csv": N_("Table with HXL tags (CSV)"), "xlsx": N_("Workbook (Excel)"),
}  # fmt: skip
CAVEATS: Final = (
    "Who does what where, as organisations entered it: sums by organisation, sector, area, month and state.",
    "In a conflict the table is taken down at the turn of a month and shown two weeks later, by region alone.",
    "An organisation is named only where it agreed to be. The others are told together.",
    "Fewer than five are not shown; people are rounded to five. The column redaction says what was withheld.",
    "No row does not mean that nobody helps.",
)


def name_of(number: str, ending: str) -> str:
    """The name of a file of the 5W of a data set; an exercise says so in the number."""
    return f"5w-{number or 'empty'}.{ending}"


def written(rows: Iterable[Mapping[str, Any]], about: About, *, ending: str) -> bytes:
    """Rows of the public 5W as a file: ``csv``, ``hxl.csv`` or ``xlsx``."""
    _kind, write = WRITERS[ending]
    return write(_table(rows, about))


def readme() -> str:
    """What a readme says of the 5W beside what it says of the damage records."""
    return "".join(f"5w: {said}\r\n" for said in CAVEATS)


def media_type(ending: str) -> str:
    """The type of a file by its ending."""
    return WRITERS[ending][0]


def columns() -> list[Column]:
    """The columns in the order of the files, from their passports."""
    found = PublishedActivity.__table__.c
    return [
        Column(name, found[name].info["label"], found[name].info["hint"], found[name].info["hxl"], _codes(name))
        for name in COLUMNS
    ]


def _table(rows: Iterable[Mapping[str, Any]], about: About) -> Table:
    told = [[getattr(row[name], "value", row[name]) for name in COLUMNS] for row in rows]
    facts = [(name, value) for name, value in about.facts() if name != "caveats"]
    notes = (
        [("caveats", said) for said in (*about.warnings[:1], *CAVEATS)]
        if about.is_exercise
        else [("caveats", said) for said in CAVEATS]
    )
    return Table(COLUMNS, hxl_row(PublicActivity), told, readme=(*facts, *notes, *_codebook()))


def _codebook() -> list[tuple[str, str]]:
    return [(one.name, f"{one.label}. {one.hint}".strip()) for one in columns()]


def _codes(name: str) -> Any:
    return getattr(PublishedActivity.__table__.c[name].type, "enum_class", None)
