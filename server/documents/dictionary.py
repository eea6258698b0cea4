"""docs/reference/data-dictionary.md: every table and column, from the passports of the columns."""

from typing import Any

from sqlalchemy import Column, Enum, Table

import server.accounts.models  # noqa: F401 - reports name people and organisations, whose tables must be known first
from server.core.choices import Choice
from server.core.database import Base
from server.core.schemas import AutoSchema
from server.documents.markdown import code, page, sentence, table
from server.publication.five_w_schemas import PublicActivity
from server.publication.schemas import PublicBatch, PublicIncident
from server.reports.schemas import NewReport

WORDS = """\
*Audience* is the widest circle of readers a column may have: `PUBLIC` anybody, `PARTNER` organisations with an agreement,
`COORD` the coordinators' desk, `INTERNAL` the house itself. The public file holds exactly the columns marked `PUBLIC` of
`pub.incidents`; `tests/house/test_census.py` fails when it does not.
"""
SCHEMAS = (
    ("The public file", "What `/data` offers as CSV and GeoJSON, in this order, and `/api/v1/public/incidents` as JSON.", PublicIncident),
    ("Who does what where (5W)", "What `/api/v1/public/activities` gives, as JSON and as files.", PublicActivity),
    ("The batches", "What `/api/v1/public/batches` tells of each change of the public copy.", PublicBatch),
    ("A report as it is sent", "The members of `PUT /api/v1/reports/<uuid>`, and the fields a table may be mapped to.", NewReport),
)
HEAD = ("Column", "Type", "Label", "Hint", "HXL", "Audience")


def dictionary_page() -> str:
    """The page as Markdown."""
    head = page("Data dictionary", "the passports of the columns (`server/*/models.py`)", WORDS)
    schemas = [f"## {title}\n\n{words}\n\n{_of_schema(schema)}" for title, words, schema in SCHEMAS]
    tables = [_of_table(one) for one in sorted(Base.metadata.tables.values(), key=lambda one: one.fullname)]
    return "\n".join([head, *schemas, "## Tables\n", *tables])


def _of_schema(schema: type[AutoSchema]) -> str:
    """The fields of a schema in their order; those it declares itself have no column and speak for themselves."""
    columns = schema.Meta.model.__table__.columns  # type: ignore[attr-defined]
    fields = schema().fields
    return table(HEAD, (_row(columns[name]) if name in columns else _declared(name, field) for name, field in fields.items()))


def _declared(name: str, field: Any) -> tuple[str, ...]:
    words = field.metadata
    kind = type(field).__name__.lower()
    return (code(name), kind, words.get("title", ""), words.get("description", ""), "", "")


def _of_table(one: Table) -> str:
    models = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    words = sentence(models[one].__doc__) if one in models else ""
    return f"### {one.fullname}\n\n{words}\n\n{table(HEAD, (_row(column) for column in one.columns))}"


def _row(column: Column[Any]) -> tuple[str, ...]:
    told = column.info
    return (code(column.name), kind_of(column), told["label"], told["hint"], code(told["hxl"]), told["audience"])


def choice_of(column: Column[Any]) -> type[Choice] | None:
    """The code list of a column; None where it has none."""
    return column.info.get("choice") or (column.type.enum_class if isinstance(column.type, Enum) else None)  # type: ignore[return-value]


def lists_of_columns() -> list[type[Choice]]:
    """The code lists that columns of any table have, by name."""
    found = {choice_of(column) for one in Base.metadata.tables.values() for column in one.columns} - {None}
    return sorted(found, key=lambda kind: kind.__name__)  # type: ignore[arg-type, union-attr]


def kind_of(column: Column[Any]) -> str:
    """The type of a column, with its code list where it has one."""
    choice = choice_of(column)
    kind = "text" if isinstance(column.type, Enum) else str(column.type).lower()
    needed = "" if column.nullable else ", never empty"
    return f"{kind}{needed}" + (f", [{choice.__name__}](codes.md#{choice.__name__.lower()})" if choice else "")
