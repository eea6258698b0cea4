"""How the forms of telling people are read: codes out of their lists, numbers within bounds, and sentences for what is wrong."""

from typing import TypeVar
from uuid import UUID

from flask import request
from flask_babel import gettext

from server.core.choices import N_, Choice
from server.core.numbers import whole
from server.core.problems import Problem

Code = TypeVar("Code", bound=Choice)

SENTENCES = {
    "name": N_("Give it a name."),
    "sharing": N_("You belong to no organisation, so there is nobody to share it with."),
    "kinds": N_("Choose at least one thing to be told of."),
    "certainty": N_("Choose the certainty that is to be reached."),
    "threshold": N_("Say how many records within a day, from 2 to 100,000."),
    "adm": N_("No area has this P-code."),
    "for_organisation": N_("You belong to no organisation."),
    "address": N_("This is not a public https address."),
    "form": N_("Three reports are being made for you already. Wait for them, or stop one."),
}


def one_of(kind: type[Code], name: str, *, otherwise: Code | None = None) -> Code:
    """The code a form gave under a name; Problem ``invalid_input`` for what is not in the list, and for nothing where nothing is meant."""
    word = request.form.get(name, "") or request.args.get(name, "")
    if not word and otherwise is not None:
        return otherwise
    try:
        return kind(word)
    except ValueError:
        raise refused(name) from None


def some_of(kind: type[Code], name: str) -> list[Code]:
    """The codes a form gave under a name, each from the list."""
    try:
        return [kind(word) for word in request.form.getlist(name) if word]
    except ValueError:
        raise refused(name) from None


def number(name: str, *, low: int, high: int) -> int | None:
    """A whole number between two bounds, or None for nothing."""
    word = request.form.get(name, "").strip()
    if not word:
        return None
    said = whole(word)
    if said is None or not low <= said <= high:
        raise refused(name)
    return said


def identity(name: str) -> UUID | None:
    """An id that a form or an address gave, or None for nothing."""
    word = request.form.get(name, "") or request.args.get(name, "")
    try:
        return UUID(word) if word else None
    except ValueError:
        raise refused(name) from None


def refused(name: str) -> Problem:
    """What to raise for a field that cannot be used."""
    return Problem("invalid_input", errors=[{"field": name, "code": "invalid", "message": ""}])


def told(problem: Problem) -> list[dict[str, str]]:
    """The errors of a problem with a sentence for each, for the page on which the form stands."""
    return [{**error, "message": error["message"] or gettext(SENTENCES.get(error["field"], "Choose again."))} for error in problem.errors]
