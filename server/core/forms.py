"""How a page asks for a field: everything it needs is read from the marshmallow field and the passport in its metadata."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask
from marshmallow import fields, validate

from server.core.choices import Choice


@dataclass(frozen=True)
class Question:
    """One question as the macros of ``macros/fields.html`` draw it. Words are English msgids, translated there."""

    name: str
    label: str
    hint: str = ""
    widget: str = "text"
    required: bool = False
    several: bool = False
    limit: int | None = None
    choices: tuple[Choice, ...] = ()

    def only(self, choices: Iterable[Choice]) -> "Question":
        """The same question with fewer answers, in the order given."""
        return replace(self, choices=tuple(choices))


def init_app(app: Flask) -> None:
    """Give templates `question(field)` and `errors_of(errors, name)`."""
    app.jinja_env.globals.update(question=question, errors_of=errors_of)


def question(field: fields.Field[Any]) -> Question:
    """The question behind a bound marshmallow field: words from its passport, answers from its code list."""
    kind = choice_of(field)
    several = isinstance(field, fields.List)
    return Question(
        name=field.name or "",
        label=field.metadata.get("title") or field.name or "",
        hint=field.metadata.get("description", ""),
        widget=field.metadata.get("x-widget") or _widget(field, kind, several=several),
        required=field.required,
        several=several,
        limit=_limit(field),
        choices=tuple(kind) if kind else (),
    )


def choice_of(field: fields.Field[Any]) -> type[Choice] | None:
    """The code list a field (or each member of its list) draws from, or None."""
    if isinstance(field, fields.List):
        return choice_of(field.inner)
    kind = getattr(field, "enum", None)
    return kind if isinstance(kind, type) and issubclass(kind, Choice) else None


def errors_of(errors: list[dict[str, str]], name: str) -> list[str]:
    """The sentences of a problem that belong to one field; "needs.0" belongs to "needs"."""
    return [error["message"] for error in errors or [] if error["field"].partition(".")[0] == name]


def _widget(field: fields.Field[Any], kind: type[Choice] | None, *, several: bool) -> str:
    if several:
        return "checkboxes"
    if kind:
        return "radios" if len(kind) <= 8 else "select"
    if isinstance(field, fields.Boolean):
        return "checkbox"
    return "words" if (_limit(field) or 0) > 200 else "text"


def _limit(field: fields.Field[Any]) -> int | None:
    limits = [rule.max or rule.equal for rule in field.validators if isinstance(rule, validate.Length)]
    return next((limit for limit in limits if limit), None)
