"""From what was given, in the names of a new report, to the one frozen Draft: shared by every door."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from marshmallow import ValidationError

from server.core.problems import Problem, field_errors
from server.reports.draft import Announced, Draft
from server.reports.schemas import NewReport
from server.vocabulary import Channel

SCHEMA = NewReport()
NAMED = frozenset(NewReport.Meta.fields)
_APART = ("text", "place_text", "contact", "receipt_key", "media")
Values = dict[str, Any]


class AnyReport(NewReport):
    """A report of which nothing can be asked again: it may leave out what another must say."""

    def says_something(self, data: Values, **_kwargs: Any) -> None:
        """Ask for nothing."""


@lru_cache(maxsize=256)
def _schema_of(kind: type[NewReport], names: frozenset[str]) -> NewReport:
    """The schema cut down to what was given: phones send the same few members again and again, and most are left out."""
    return kind(only=names)


def draft_of(given: Mapping[str, Any], *, number: UUID, channel: Channel, body: bytes, **more: Any) -> Draft:
    """The Draft of a report given as JSON values; what is not named in ``NewReport`` is kept unread.

    Raises Problem ``invalid_report`` with the fields at fault. ``more`` are further members of the Draft.
    """
    try:
        named = {name: value for name, value in given.items() if name in NAMED}
        values: Values = _schema_of(NewReport, frozenset(named)).load(named)
    except ValidationError as refused:
        raise Problem("invalid_report", errors=field_errors(refused.messages)) from None
    unread = {name: value for name, value in given.items() if name not in NAMED}
    return _drafted(values, number=number, channel=channel, body=body, **{"unread": unread, **more})


def draft_of_what_fits(given: Mapping[str, Any], *, number: UUID, channel: Channel, body: bytes, **more: Any) -> Draft:
    """The same of a report that must be kept whatever it says: a member that does not fit is kept unread, and flagged.

    ``more`` may name ``unread`` and ``flags``; what is found here is added to them.
    """
    values, misfits = _what_fits({name: value for name, value in given.items() if name in NAMED})
    unread = {**{name: value for name, value in given.items() if name not in NAMED}, **more.pop("unread", {}), **misfits}
    flags = (*more.pop("flags", ()), *((NOT_UNDERSTOOD,) if misfits else ()))
    return _drafted(values, number=number, channel=channel, body=body, unread=unread, flags=flags, **more)


NOT_UNDERSTOOD = "not_understood"


def _what_fits(named: Values) -> tuple[Values, Values]:
    """The values that the schema takes, and the members (or the codes of a list) that it does not."""
    misfits: Values = {}
    while True:
        try:
            return _schema_of(AnyReport, frozenset(named)).load(named), misfits
        except ValidationError as refused:
            faults = cast("Values", refused.messages)
            for name in [name for name in faults if name in named] or list(named):
                _take_out(name, faults.get(name), named, misfits)


def _take_out(name: str, fault: Any, named: Values, misfits: Values) -> None:
    """Move a member at fault to the misfits; of a list only the members at fault, where those are named."""
    value = named.pop(name)
    if isinstance(value, list) and isinstance(fault, dict) and all(isinstance(place, int) for place in fault):
        named[name] = [item for place, item in enumerate(value) if place not in fault]
        value = [item for place, item in enumerate(value) if place in fault]
    misfits[name] = value


def _drafted(values: Values, *, body: bytes, **members: Any) -> Draft:
    number, channel = members.pop("number"), members.pop("channel")
    apart = {name: values.pop(name) for name in _APART if name in values}
    media = tuple(
        Announced(id=item["id"], size=item["bytes"], sha256=bytes.fromhex(item["sha256"]))
        for item in apart.pop("media", ())
    )
    return Draft(
        **{"media": media, "sha256": hashlib.sha256(body).digest(), **apart, **members},
        id=number, channel=channel, values=values, body=body,
    )  # fmt: skip
