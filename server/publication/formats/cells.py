"""A public column as the text of a cell, by the rule of ``core/cells.py``, in the words of PostgreSQL, which writes most files."""

from sqlalchemy import ARRAY

from server.publication.formulas import SAFE, WORDS
from server.publication.models import PublishedIncident


def safe(column: str) -> str:
    """The SQL for a public column as the text of a cell that starts no formula."""
    return SAFE.format(column) if column in WORDS else as_it_is(column)


def as_it_is(column: str) -> str:
    """The SQL for a public column as one value: a list of codes is written with spaces between."""
    kind = PublishedIncident.__table__.c[column].type
    return f"array_to_string({column}, ' ')" if isinstance(kind, ARRAY) else column
