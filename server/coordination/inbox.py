"""The inbox of a person: what the alerts told, the unread first counted, and each line read with the record as it is now."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from flask import g
from sqlalchemy import ColumnElement, func, select, update

from server.accounts.policy import Actor
from server.coordination.alerts import GONE
from server.coordination.telling_models import AlertRule, Notice
from server.core.clock import now
from server.core.database import session
from server.matching.models import Incident

SHOWN: Final = 200


@dataclass(frozen=True)
class Line:
    """One notice, the name of the rule that told it, and the record while it is there."""

    notice: Notice
    rule: str
    incident: Incident | None

    @property
    def is_gone(self) -> bool:
        """Whether it spoke of a record that was merged or taken back."""
        return self.notice.incident_id is not None and self.incident is None


def lines(actor: Actor) -> list[Line]:
    """The latest notices of a person, newest first."""
    found = session.execute(
        select(Notice, AlertRule.name, Incident)
        .join(AlertRule, AlertRule.id == Notice.rule_id)
        .outerjoin(Incident, (Incident.id == Notice.incident_id) & _is_there())
        .where(Notice.person_id == actor.person_id)
        .order_by(Notice.at.desc(), Notice.id)
        .limit(SHOWN)
    )
    return [Line(notice, name, incident) for notice, name, incident in found]


def _is_there() -> ColumnElement[bool]:
    return Incident.merged_into.is_(None) & Incident.workflow.not_in(GONE)


def unread(actor: Actor) -> int:
    """How many notices a person has not read; asked once for each page."""
    if "unread_notices" not in g:
        mine = select(func.count()).where(Notice.person_id == actor.person_id, Notice.read_at.is_(None))
        g.unread_notices = session.scalar(mine) or 0
    return int(g.unread_notices)


def mark_read(actor: Actor, notice_ids: list[UUID] | None = None) -> None:
    """Mark some of a person's notices as read, or all of them."""
    mine = update(Notice).where(Notice.person_id == actor.person_id, Notice.read_at.is_(None))
    if notice_ids is not None:
        mine = mine.where(Notice.id.in_(notice_ids))
    session.execute(mine.values(read_at=now()))
    g.pop("unread_notices", None)
