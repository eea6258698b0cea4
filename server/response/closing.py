"""The end of a response: two people close it, no report is taken any more, the last data set is prepared, everything is exported
and sealed, and what must not outlive the response is destroyed, with proof. Each step is kept before the next begins.
"""

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import func, select, text, true, update

from server.accounts import sessions
from server.accounts.invitations import refused
from server.accounts.models import ApiKey, Invitation
from server.accounts.policy import SYSTEM, Actor
from server.core import ledger
from server.core.clock import now
from server.core.database import session, settled
from server.core.erasure import prove
from server.core.problems import Problem
from server.core.response import CLOSED, ITSELF, facts_as_said, say_fact
from server.core.settings import settings
from server.publication import releases
from server.publication.service import publish_batch
from server.reports import retention
from server.reports.keys import ReportingKey
from server.response import export
from server.response.models import Closing

GOOD_FOR = timedelta(days=2)
LAST_REPORTS = timedelta(seconds=20)  # every process knows of the end after 3; what it let in just before is kept by then
AT_ONCE = 5_000
ONE_CLOSING = text("SELECT pg_advisory_xact_lock(727211)")


def under_way() -> Closing | None:
    """What was proposed and is neither taken back, over nor done; or what was done last."""
    query = select(Closing).where(Closing.ended_at.is_(None)).order_by(Closing.proposed_at.desc()).limit(1)
    found = session.scalar(query)
    return None if found and found.agreed_at is None and found.proposed_at < now() - GOOD_FOR else found


def propose(actor: Actor, *, reason: str) -> Closing:
    """Propose the end. Problem ``invalid_input`` without a reason or without keys to seal to, ``already_done`` when one waits."""
    session.execute(ONE_CLOSING)
    if facts_as_said().is_closed or under_way():
        raise Problem("already_done")
    if actor.person_id is None:
        raise Problem("not_allowed")
    if not reason.strip():
        raise refused("reason", _("Say why this response ends."))
    if not (settings().backup_folder and settings().backup_keys):
        raise refused("reason", _("Everything is exported and sealed first: set BACKUP_FOLDER and BACKUP_KEYS."))
    made = Closing(id=uuid4(), reason=reason.strip()[:500], proposed_by=actor.person_id, proposed_at=now(), figures={})
    session.add(made)
    session.flush()
    ledger.record("response.closing_proposed", made.id, actor_id=actor.person_id)
    return made


def take_back(actor: Actor, closing_id: UUID) -> None:
    """Take a proposal back, whoever made it; Problem ``already_done`` once it was agreed to."""
    found = _waiting(closing_id)
    found.ended_at = now()
    ledger.record("response.closing_ended", found.id, actor_id=actor.person_id)


def agree(actor: Actor, closing_id: UUID) -> Closing:
    """The second person's word: intake stops at once, everybody else is signed out, a job does the rest.

    Problem ``second_person_needed`` for the first one.
    """
    session.execute(ONE_CLOSING)
    found = _waiting(closing_id)
    if actor.person_id is None or actor.person_id == found.proposed_by:
        raise Problem("second_person_needed")
    found.agreed_by, found.agreed_at = actor.person_id, now()
    say_fact("stage", CLOSED, said_by=actor.person_id)
    say_fact("closed_since", now().isoformat(), said_by=actor.person_id)
    session.flush()
    sessions.end_everybody(but=actor.person_id)
    ledger.record("response.closed", found.id, actor_id=actor.person_id)
    return found


def _waiting(closing_id: UUID) -> Closing:
    found = session.get(Closing, closing_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise Problem("not_found")
    if found.agreed_at or found.ended_at or found.proposed_at < now() - GOOD_FOR:
        raise Problem("already_done")
    return found


def finish(closing_id: UUID) -> None:
    """Do what follows, step by step; run again after a fault, it goes on where it stopped. Settles its own work.

    It begins when the last report that anybody was told was received is there to be exported.
    """
    _await_last_reports(closing_id)
    for name, step in (("release", _release), ("export", _export), ("shredded", _shred)):
        with settled():
            found = session.get(Closing, closing_id)
            if found is None or found.agreed_at is None or name in found.figures:
                continue
            figures = step(found)
            session.execute(
                update(Closing).where(Closing.id == closing_id).values(figures={**_figures(closing_id), name: figures})
            )
    with settled():
        session.execute(
            update(Closing).where(Closing.id == closing_id, Closing.agreed_at.is_not(None)).values(done_at=now())
        )


def _await_last_reports(closing_id: UUID) -> None:
    with settled():
        agreed = session.scalar(select(Closing.agreed_at).where(Closing.id == closing_id))
    if agreed:
        left = agreed + LAST_REPORTS - now()
        time.sleep(min(max(left, timedelta(0)), LAST_REPORTS).total_seconds())


def _figures(closing_id: UUID) -> dict[str, Any]:
    return session.scalar(select(Closing.figures).where(Closing.id == closing_id)) or {}


def _release(_closing: Closing) -> dict[str, Any]:
    """Bring the public copy up to date and freeze the last data set; people sign it as ever."""
    publish_batch(now())
    try:
        return {"number": releases.prepare(SYSTEM).number}
    except Problem as none:
        under = releases.under_way()
        return {"number": under.number} if under else {"number": "", "why": none.code}


def _export(found: Closing) -> dict[str, Any]:
    told = export.export(Path(settings().backup_folder), keys=settings().backup_keys)
    ledger.record("response.exported", found.id, sha256=told["sha256"], bytes=told["bytes"])
    return told


def _shred(found: Closing) -> dict[str, Any]:
    """Destroy what must go: contacts, words past their time, keys of programs, invitations; retire the key of the phones."""
    at = now()
    figures: dict[str, Any] = {"contacts": _shred_contacts(at), "words": retention.erase_old_words(), "keys": _shred_keys(at)}
    ledger.record("response.shredded", found.id, actor_id=found.agreed_by, **figures)
    return figures


def _shred_contacts(at: datetime) -> int:
    gone = 0
    while went := retention.erase_contacts(true(), kind="contacts_at_the_end", cutoff=at, most=AT_ONCE):
        gone += went
    return gone


def _shred_keys(at: datetime) -> int:
    """Keys of programs and invitations end now. The phones' key is used no more, and destroyed in 90 days: phones may still hold reports."""
    used = ApiKey.revoked_at.is_(None)
    keys = session.scalars(update(ApiKey).where(used).values(revoked_at=at).returning(ApiKey.id)).all()
    waiting = Invitation.used_at.is_(None), Invitation.revoked_at.is_(None)
    invited = session.scalars(update(Invitation).where(*waiting).values(revoked_at=at).returning(Invitation.id)).all()
    session.execute(update(ReportingKey).where(ReportingKey.replaced_at.is_(None)).values(replaced_at=at))
    prove("keys_at_the_end", erased=len(keys) + len(invited), left=lambda: _count_usable(used), cutoff=at, subject=ITSELF)
    return len(keys) + len(invited)


def _count_usable(used: Any) -> int:
    return session.scalar(select(func.count()).select_from(ApiKey).where(used)) or 0
