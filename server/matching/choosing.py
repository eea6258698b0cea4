"""Field by field: which of two damage records a merged one takes a value from, where a person chose rather than the rules."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext

from server.core.choices import N_, Choice
from server.core.columns import lon_lat, pin
from server.core.problems import Problem
from server.matching.models import Incident
from server.matching.summaries import touch

FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "site_type": (N_("Type of place"), ("site_type",)),
    "damage": (N_("Damage"), ("damage_min", "damage_max", "damage_best")),
    "event": (N_("When"), ("event_earliest", "event_latest", "event_precision")),
    "place": (N_("Where"), ("point", "accuracy_m", "h3_r9", "adm1_pcode", "adm2_pcode", "adm3_pcode")),
    "functional_status": (N_("Does it still work?"), ("functional_status",)),
    "cause_group": (N_("Cause"), ("cause_group",)),
    "in_use_as": (N_("In use as"), ("in_use_as",)),
}

FOLLOWING = {"fixed_fields", "s_class"}  # what later acts and the reports themselves may add to


def take(kept: Incident, other: Incident, chosen: Mapping[str, str]) -> dict[str, Any]:
    """Fix the chosen fields of ``kept`` ("kept" or "other" says whose value holds); returns what undoing needs.

    Problem ``invalid_input`` for a field or side that does not exist.
    """
    for name, side in chosen.items():
        if name not in FIELDS or side not in ("kept", "other"):
            raise Problem("invalid_input", errors=[{"field": name, "code": "unknown", "message": gettext("There is no such choice.")}])
    columns = [column for name in chosen for column in FIELDS[name][1]]
    before = noted(kept, ["fixed_fields", *columns])
    for name, side in chosen.items():
        for column in FIELDS[name][1]:
            setattr(kept, column, getattr(kept if side == "kept" else other, column))
    if columns:
        kept.fixed_fields = list(dict.fromkeys([*kept.fixed_fields, *columns]))
        touch(kept)
    return before if columns else {}


def noted(incident: Incident, columns: Iterable[str]) -> dict[str, Any]:
    """What these columns of a record say now, as JSON."""
    return {column: plain(getattr(incident, column)) for column in columns}


def restore(incident: Incident, before: Mapping[str, Any]) -> None:
    """Put values back that were ``noted``."""
    for column, value in before.items():
        setattr(incident, column, _read(column, value))


def take_back(incident: Incident, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Put back what one act set, and nothing of what was set by hand since. Problem ``changed_meanwhile`` where that was the same field."""
    if not all(_says(incident, column, value) for column, value in after.items() if column not in FOLLOWING):
        raise Problem("changed_meanwhile")
    freed = before.keys() - {"fixed_fields", *before.get("fixed_fields", ())}
    restore(incident, {column: value for column, value in before.items() if column != "fixed_fields"})
    if "fixed_fields" in before:
        incident.fixed_fields = [column for column in incident.fixed_fields if column not in freed]


def _says(incident: Incident, column: str, value: Any) -> bool:
    now, then = getattr(incident, column), _read(column, value)
    return bool(plain(now) == plain(then) if column == "point" else now == then)


def plain(value: Any) -> Any:
    """A value of a record as JSON: codes as text, moments as ISO 8601, points as [longitude, latitude]."""
    if isinstance(value, Choice):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return list(lon_lat(value)) if hasattr(value, "desc") else value


def _read(column: str, value: Any) -> Any:
    if value is None or column == "fixed_fields":
        return value
    if column == "point":
        return pin(*value)
    kind = Incident.__table__.c[column].type
    if codes := getattr(kind, "enum_class", None):
        return codes(value)
    if column == "event_id":
        return UUID(value)
    return datetime.fromisoformat(value) if column.startswith("event_") else value
