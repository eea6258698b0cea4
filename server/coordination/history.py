"""What an act on a record changed, from what to what, in words: of one record's history, and of a change of many before it is made."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import select

from server.coordination import edits
from server.coordination.bulk_models import BulkRow
from server.core.choices import N_
from server.core.database import session
from server.core.i18n import words
from server.matching.models import Incident, IncidentChange
from server.vocabulary import NeedType, SensitivityClass, SiteType, WorkflowState

LABELS = {
    "workflow": N_("State of work"), "site_type": N_("Type of place"), "s_class": N_("Sensitivity"), "needs": N_("Needs"),
    "event_id": N_("Attack or disaster"),
}  # fmt: skip
_LISTS = {"workflow": WorkflowState, "site_type": SiteType, "s_class": SensitivityClass}
_NEEDS = {need.value: need for need in NeedType}


def changed_by(incident: Incident, changes: Sequence[IncidentChange]) -> dict[UUID, list[tuple[str, str, str]]]:
    """By act what it set on this record: (fact, what it was, what it became), for those of a history that set facts."""
    before = {change.id: change.before.get("values", {}).get(str(incident.id), {}) for change in changes if change.batch_id}
    acts = {change.batch_id for change in changes if change.id in before}
    rows = session.scalars(select(BulkRow).where(BulkRow.act_id.in_(acts), BulkRow.incident_id == incident.id))
    after = {UUID(row.after["change"]): row.after["values"] for row in rows if row.after}
    return {number: _facts(before[number], after[number]) for number in before.keys() & after.keys()}


def _facts(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    changed = [column for column in LABELS if column in after and before.get(column) != after[column]]
    return [(gettext(LABELS[column]), spoken(column, before.get(column)), spoken(column, after[column])) for column in changed]


def spoken(column: str, value: Any) -> str:
    """The value of a column that may be changed of many, as it lies in the act, in words."""
    if column == "needs":
        return ", ".join(words(_NEEDS[code].label) for code in value) or gettext("None")
    if column == "event_id":
        return dict(edits.EDITS["event"].values()).get(value or edits.NOTHING, value or "")
    return words(_LISTS[column](value).label)
