"""Letters that gather what the alerts told, once an hour or once a day, in the reader's language: counts, numbers and links only."""

import logging
import smtplib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext, ngettext
from sqlalchemy import select, update

from server.accounts.models import Person
from server.accounts.policy import may
from server.accounts.service import actor_of
from server.coordination.alerts import GONE
from server.coordination.telling_models import AlertKind, AlertRule, Mailing, Notice
from server.coordination.webhooks import link
from server.core import letters
from server.core.application import lent, speaking
from server.core.clock import now
from server.core.database import session, settled
from server.core.i18n import words
from server.core.response import may_send_out, this_response
from server.matching.models import Incident

DAILY_HOUR: Final = 6  # by the clock of the response
MOST_NAMED: Final = 30

log = logging.getLogger("server.coordination.digests")


@dataclass(frozen=True)
class News:
    """What one person is to be told: which notices, how many of each kind, and the numbers of the records that are still there."""

    notice_ids: list[UUID]
    counts: Counter[AlertKind]
    records: list[str]


def send_due(at: datetime | None = None) -> int:
    """Write to everybody for whom something waits; returns how many letters went. In an exercise none does."""
    at = at or now()
    if not (letters.can_send() and may_send_out()):
        return 0
    with lent().app_context():
        with settled():
            waiting = _waiting(_due(at))
        return sum(_write(person_id, notice_ids) for person_id, notice_ids in waiting.items())


def _due(at: datetime) -> list[Mailing]:
    there = at.astimezone(ZoneInfo(this_response().time_zone))
    return [Mailing.HOURLY, Mailing.DAILY] if there.hour == DAILY_HOUR else [Mailing.HOURLY]


def _waiting(mailings: Sequence[Mailing]) -> dict[UUID, list[UUID]]:
    """The notices not yet sent, by person. What was read on the desk meanwhile is no news."""
    wanted = select(Notice.person_id, Notice.id).join(AlertRule, AlertRule.id == Notice.rule_id)
    wanted = wanted.where(AlertRule.mailing.in_(mailings), AlertRule.ended_at.is_(None), Notice.mailed_at.is_(None), Notice.read_at.is_(None))
    found: dict[UUID, list[UUID]] = {}
    for person_id, notice_id in session.execute(wanted.order_by(Notice.at)):
        found.setdefault(person_id, []).append(notice_id)
    return found


def _write(person_id: UUID, notice_ids: list[UUID]) -> bool:
    """Write one letter; what could not be handed over waits for the next hour."""
    with settled():
        person = session.get(Person, person_id)
        has_right = person is not None and person.active and may(actor_of(person.email), "be_alerted")
        address, language = (person.email, person.language) if person and has_right else ("", "en")
        news = _news(notice_ids)
    if address and news.counts:
        with speaking(language):
            subject, body = _subject(news), _body(news)
        try:
            letters.send(address, subject, body)
        except (OSError, smtplib.SMTPException, ValueError):
            log.warning("a digest could not be handed over")
            return False
    with settled():
        session.execute(update(Notice).where(Notice.id.in_(notice_ids)).values(mailed_at=now()))
    return bool(address and news.counts)


def _news(notice_ids: list[UUID]) -> News:
    rows = session.execute(
        select(Notice.kind, Notice.count.label("how_many"), Notice.incident_id, Incident.public_id, Incident.merged_into, Incident.workflow)
        .outerjoin(Incident, Incident.id == Notice.incident_id)
        .where(Notice.id.in_(notice_ids))
        .order_by(Notice.at)
    )
    present = [row for row in rows if row.incident_id is None or (row.merged_into is None and row.workflow not in GONE)]
    counts: Counter[AlertKind] = Counter()
    for row in present:
        counts[row.kind] += row.how_many
    return News(notice_ids, counts, list(dict.fromkeys(row.public_id for row in present if row.public_id)))


def _subject(news: News) -> str:
    """Such as "Tessera: 3 news"; a name of the response that breaks a line would be refused by the letter."""
    told = sum(news.counts.values())
    return f"{' '.join(this_response().name.split())}: {ngettext('%(num)s alert', '%(num)s alerts', told)}"


def _body(news: News) -> str:
    lines = [gettext("What you asked to be told of:"), ""]
    lines += [f"- {words(kind.label)}: {news.counts[kind]}" for kind in AlertKind if news.counts[kind]]
    lines += ["", *(f"{number} {link(f'/desk/incidents/{number}')}" for number in news.records[:MOST_NAMED])]
    if len(news.records) > MOST_NAMED:
        lines.append(gettext("and %(n)s more", n=len(news.records) - MOST_NAMED))
    lines += ["", gettext("All of it, and what you are told of: %(address)s", address=link("/desk/inbox"))]
    return "\n".join(lines) + "\n"
