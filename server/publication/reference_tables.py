"""Code lists, crosswalks and the data dictionary as tables, from the vocabulary and the passports. Anybody's: CC0."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ARRAY, Date, Float, Integer, SmallInteger

from server.core.cells import escape_cell
from server.core.choices import Choice
from server.publication import five_w_files
from server.publication.explaining import columns, list_name
from server.publication.five_w_models import PublishedActivity
from server.publication.models import PublishedIncident
from server.vocabulary import CROSSWALKS, DamageInterval, code_lists

Table = tuple[Sequence[str], Iterable[Sequence[Any]]]


def code_table(kind: type[Choice] | None = None) -> Table:
    """One code list, or all of them: ``list, position, code, label``, labels in English."""
    kinds = [kind] if kind else code_lists()
    rows = (
        (list_name(one), place, choice.value, choice.label)
        for one in kinds
        for place, choice in enumerate(one, start=1)
    )
    return ("list", "position", "code", "label"), rows


def crosswalk_table() -> Table:
    """What each grade of other people's damage scales means here: least, most and best, and what belongs elsewhere."""
    head = ("scale", "value", "damage_min", "damage_max", "damage_best", "certainty", "safety_tag", "note")
    rows = (
        (scale.value, value, *_grades(found), found.certainty, found.safety_tag, found.note)
        for scale, values in CROSSWALKS.items()
        for value, found in values.items()
    )
    return head, rows


def column_table() -> Table:
    """The data dictionary of the public file: one line for each column."""
    head = ("column", "type", "label", "description", "codelist", "hxl")
    rows = (
        (one.name, column_type(one.name), one.label, one.hint, list_name(one.codes) if one.codes else "", one.hxl)
        for one in columns()
    )
    return head, rows


def activity_column_table() -> Table:
    """The data dictionary of the public 5W."""
    head = ("column", "type", "label", "description", "codelist", "hxl")
    rows = (
        (
            one.name,
            activity_column_type(one.name),
            one.label,
            one.hint,
            list_name(one.codes) if one.codes else "",
            one.hxl,
        )
        for one in five_w_files.columns()
    )
    return head, rows


def activity_column_type(name: str) -> str:
    """The type of a column of the 5W as Table Schema names it."""
    return "yearmonth" if name == "start" else _table_type(PublishedActivity.__table__.c[name].type)


def column_type(name: str) -> str:
    """The type of a public column as Table Schema names it; several codes in one cell are a string."""
    return _table_type(PublishedIncident.__table__.c[name].type)


def _table_type(kind: Any) -> str:
    if isinstance(kind, ARRAY):
        return "string"
    if isinstance(kind, Integer | SmallInteger):
        return "integer"
    return "number" if isinstance(kind, Float) else "date" if isinstance(kind, Date) else "string"


def as_csv(table: Table) -> bytes:
    """A table as CSV (RFC 4180, UTF-8), no cell of which a spreadsheet would run."""
    head, rows = table
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([escape_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def _grades(found: DamageInterval) -> tuple[Any, ...]:
    return found.min, found.max, found.best
