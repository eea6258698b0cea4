"""From what was given, in the names of a new report, to the one frozen Draft: shared by every door."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from marshmallow import ValidationError

from server.core.problems import Problem, field_errors
from server.reports.draft import Announced, Draft
from server.reports.schemas import NewReport
from server.vocabulary import Channel

SCHEMA = NewReport()
NAMED = frozenset(NewReport.Meta.fields)
_APART = ("text", "place_text", "contact", "receipt_key", "media")


@lru_cache(maxsize=256)
def _schema_of(names: frozenset[str]) -> NewReport:
    """The schema cut down to what was given: phones send the same few members again and again, and most are left out."""
    return NewReport(only=names)


def draft_of(given: Mapping[str, Any], *, number: UUID, channel: Channel, body: bytes, **more: Any) -> Draft:
    """The Draft of a report given as JSON values; what is not named in ``NewReport`` is kept unread.

    Raises Problem ``invalid_report`` with the fields at fault. ``more`` are further members of the Draft.
    """
    try:
        named = {name: value for name, value in given.items() if name in NAMED}
        values: dict[str, Any] = _schema_of(frozenset(named)).load(named)
    except ValidationError as refused:
        raise Problem("invalid_report", errors=field_errors(refused.messages)) from None
    apart = {name: values.pop(name) for name in _APART if name in values}
    media = tuple(
        Announced(id=item["id"], size=item["bytes"], sha256=bytes.fromhex(item["sha256"]))
        for item in apart.pop("media", ())
    )
    unread = {name: value for name, value in given.items() if name not in NAMED}
    return Draft(
        **{"unread": unread, "media": media, **apart, **more},
        id=number, channel=channel, values=values, body=body, sha256=hashlib.sha256(body).digest(),
    )  # fmt: skip
