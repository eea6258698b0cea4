"""What somebody made for themselves at the desk, and what goes with them: views, alerts, the inbox, webhooks, keys, papers."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from server.coordination import notes
from server.coordination.telling_models import (
    AlertRule,
    Delivery,
    DeliveryAttempt,
    FeedKey,
    Notice,
    SavedView,
    Sharing,
    SituationPaper,
    Webhook,
)
from server.coordination.work_models import Note
from server.core.clock import now
from server.core.database import session


def remove(person_id: UUID) -> None:
    """Delete all that was a person's alone. What they shared stays with those it was shared with, under a number without a name.

    A webhook of their organisation ends: it spoke with their rights. Notes of others name them no more.
    """
    notes.forget_mentions(person_id)
    views, hooks, rules = (select(kind.id).where(_own(kind, person_id)) for kind in (SavedView, Webhook, AlertRule))
    sent = select(Delivery.id).where(Delivery.webhook_id.in_(hooks))
    session.execute(update(SituationPaper).where(SituationPaper.view_id.in_(views)).values(view_id=None))
    session.execute(update(AlertRule).where(AlertRule.webhook_id.in_(hooks)).values(webhook_id=None))
    session.execute(update(Webhook).where(Webhook.person_id == person_id, Webhook.ended_at.is_(None)).values(ended_at=now()))
    session.execute(delete(Notice).where(or_(Notice.person_id == person_id, Notice.rule_id.in_(rules))))
    session.execute(delete(SituationPaper).where(SituationPaper.person_id == person_id))
    session.execute(delete(FeedKey).where(or_(FeedKey.person_id == person_id, FeedKey.view_id.in_(views))))
    session.execute(delete(DeliveryAttempt).where(DeliveryAttempt.delivery_id.in_(sent)))
    session.execute(delete(Delivery).where(Delivery.webhook_id.in_(hooks)))
    for kind in (AlertRule, Webhook, SavedView):
        session.execute(delete(kind).where(_own(kind, person_id)))


def count_left(person_id: UUID) -> int:
    """How much of it is there, and how many webhooks still speak with the person's rights."""
    gone: list[tuple[Any, ColumnElement[bool]]] = [
        (kind, _own(kind, person_id)) for kind in (SavedView, AlertRule, Webhook)
    ] + [(kind, kind.person_id == person_id) for kind in (Notice, SituationPaper, FeedKey)]
    ended = (Webhook, (Webhook.person_id == person_id) & Webhook.ended_at.is_(None) & Webhook.organisation_id.is_not(None))
    named = (Note, Note.mentions.contains([person_id]))
    return sum(session.scalar(select(func.count()).select_from(kind).where(which)) or 0 for kind, which in (*gone, ended, named))


def _own(kind: type[SavedView | AlertRule | Webhook], person_id: UUID) -> ColumnElement[bool]:
    """The rows of a kind that a person made for nobody else."""
    alone = SavedView.sharing == Sharing.OWN if kind is SavedView else kind.organisation_id.is_(None)
    return (kind.person_id == person_id) & alone
