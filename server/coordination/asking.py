"""What filters of the desk ask, in words: on a paper, so that nobody takes a part for the whole, and beside a saved view."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import gettext

from server.accounts.models import Organisation
from server.coordination import views
from server.core.choices import Choice
from server.core.database import session
from server.core.i18n import day, words
from server.matching.filters import UNKNOWN_GRADE, IncidentFilter
from server.matching.wording import grade
from server.places.area_names import spoken_names


def spoken(asked: Mapping[str, Any], *, without: Collection[str] = ()) -> list[tuple[str, str]]:
    """Each filter that asks for something, and what: ``[("Damage", "Destroyed")]``, in the order of the form.

    ``without`` names filters of ``asked`` that were not applied.
    """
    said, fields = views.said(asked), IncidentFilter().fields
    return [
        (words(fields[name].metadata["title"]), _spoken(name, said[name]))
        for name in fields
        if name in said and name not in without
    ]


def _spoken(name: str, value: Any) -> str:
    """One value, or several, in words."""
    if isinstance(value, list):
        return ", ".join(_spoken(name, one) for one in value)
    if isinstance(value, Choice):
        return words(value.label)
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, date):
        return day(value)
    return _named(name, value)


def _named(name: str, value: Any) -> str:
    """What a code of an area, a grade or the number of an organisation is called; anything else as it was typed."""
    if name == "damage":
        return words(grade(None if value == UNKNOWN_GRADE else int(value)).label)
    if name == "adm":
        return spoken_names(codes=[value]).get(value, value)
    if isinstance(value, UUID):
        found = session.get(Organisation, value)
        return (found.acronym or found.name) if found else str(value)
    return str(value)
