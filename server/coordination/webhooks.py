"""Signed webhooks: a frozen envelope with counts, an id and a link; rights looked at when it is sent and when it is sent again.

The secret of a webhook is computed from the installation's key, shown once and stored nowhere. A record that is merged or taken
back is told by a tombstone, one word without a reason, to whoever was told of the record.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from server.accounts.models import Person
from server.accounts.policy import Actor, may
from server.accounts.service import actor_of
from server.coordination.outgoing import THE_WORLD, Answer, Outcome, RefusedAddress, Road, parts_of
from server.coordination.telling_models import AlertKind, Delivery, DeliveryAttempt, Webhook
from server.core import ledger
from server.core.clock import now
from server.core.database import session, settled
from server.core.problems import Problem
from server.core.response import may_send_out, this_response
from server.core.settings import settings

VERSION: Final = 1
TOMBSTONE: Final = "GONE"
TRIAL: Final = "TRIAL"
WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440))
LEASE: Final = timedelta(minutes=2)
NEVER_AGAIN: Final = frozenset({Outcome.REFUSED, Outcome.EXERCISE, Outcome.NO_RIGHT, Outcome.GONE, Outcome.ENDED})
TOGETHER: Final = 50
SHOWN: Final = 100
CONTENT_TYPE: Final = "application/json"


@dataclass(frozen=True)
class Letter:
    """One envelope with all that sending needs, away from the database."""

    id: UUID
    address: str
    body: bytes
    secret: bytes


def add(actor: Actor, address: str, *, for_organisation: bool) -> Webhook:
    """A new webhook; Problem ``invalid_input`` for an address that could never be told."""
    try:
        parts_of(address.strip())
    except RefusedAddress:
        raise Problem("invalid_input", errors=[{"field": "address", "code": "invalid", "message": ""}]) from None
    hook = Webhook(
        person_id=actor.person_id, organisation_id=actor.organisation_id if for_organisation else None, address=address.strip(), turn=1
    )
    session.add(hook)
    session.flush()
    ledger.record("webhook.added", hook.id, actor_id=actor.person_id)
    return hook


def mine(actor: Actor) -> list[Webhook]:
    """The webhooks an actor owns, and those of their organisation, newest first."""
    ways = Webhook.person_id == actor.person_id
    if actor.organisation_id:
        ways = ways | (Webhook.organisation_id == actor.organisation_id)
    return list(session.scalars(select(Webhook).where(ways, Webhook.ended_at.is_(None)).order_by(Webhook.created_at.desc())))


def get_hook(actor: Actor, hook_id: UUID | None) -> Webhook:
    """One of them; Problem ``not_found`` else."""
    found = next((hook for hook in mine(actor) if hook.id == hook_id), None)
    if found is None:
        raise Problem("not_found")
    return found


def end(actor: Actor, hook_id: UUID) -> None:
    """Delete a webhook: what still waits for it is not sent."""
    hook = get_hook(actor, hook_id)
    hook.ended_at = now()
    ledger.record("webhook.ended", hook.id, actor_id=actor.person_id)


def turn_secret(actor: Actor, hook_id: UUID) -> str:
    """Another secret from now on, shown this once."""
    hook = get_hook(actor, hook_id)
    hook.turn += 1
    ledger.record("webhook.secret_turned", hook.id, actor_id=actor.person_id)
    return secret_of(hook)


def secret_of(hook: Webhook) -> str:
    """The secret of a webhook: the same at every call, and nowhere on disk."""
    word = f"webhook:{hook.id}:{hook.turn}".encode()
    return base64.urlsafe_b64encode(hmac.new(settings().secret_key.encode(), word, hashlib.sha256).digest()).decode().rstrip("=")


def sign(secret: bytes, timestamp: str, body: bytes) -> str:
    """The signature a receiver checks: HMAC-SHA256 over the timestamp, a full stop and the body, in hexadecimal."""
    return hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def link(path: str) -> str:
    """A path of ours as an address, where the operator said under which names this server answers."""
    named = next((host for host in settings().trusted_hosts if not host.startswith(".")), "")
    return f"https://{named}{path}" if named else path


def enqueue(
    hook_id: UUID, kind: AlertKind | str, *, subject: UUID, incident_id: UUID | None, public_id: str | None, count: int = 1
) -> None:
    """Freeze an envelope and put it on its way; the same news is told to a webhook once."""
    number, word = uuid4(), getattr(kind, "value", kind)
    body = json.dumps(_envelope(number, word, public_id, count), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    row = {"id": number, "webhook_id": hook_id, "kind": word, "subject_id": subject, "incident_id": incident_id, "body": body}
    added = session.scalar(insert(Delivery).values({**row, "next_at": now()}).on_conflict_do_nothing().returning(Delivery.id))
    if added:
        ledger.record("webhook.queued", added, kind=word)


def try_out(actor: Actor, hook_id: UUID) -> None:
    """Send an envelope that tells of nothing, so that the two ends can be tried before they are needed; at most one a minute."""
    hook = get_hook(actor, hook_id)
    enqueue(hook.id, TRIAL, subject=uuid5(hook.id, f"{now():%Y-%m-%d %H:%M}"), incident_id=None, public_id=None, count=0)


def _envelope(number: UUID, kind: str, public_id: str | None, count: int) -> dict[str, Any]:
    told = {
        "version": VERSION, "id": str(number), "kind": kind, "at": now().isoformat(timespec="seconds"),
        "exercise": this_response().exercise, "counts": {"records": count},
    }  # fmt: skip
    return {**told, "record": public_id, "link": link(f"/desk/incidents/{public_id}" if public_id else "/desk/inbox")}


def bury(incident_id: UUID, public_id: str) -> None:
    """A record is gone: what was not sent of it stays here, and whoever was told of it gets a tombstone."""
    was_tried = (Delivery.attempts > 0) | Delivery.delivered_at.is_not(None)
    told = set(session.scalars(select(Delivery.webhook_id).where(Delivery.incident_id == incident_id, was_tried)))
    waiting = update(Delivery).where(Delivery.incident_id == incident_id, Delivery.next_at.is_not(None), Delivery.kind != TOMBSTONE)
    session.execute(waiting.values(next_at=None, outcome=Outcome.GONE.value))
    for hook_id in sorted(told):
        enqueue(hook_id, TOMBSTONE, subject=incident_id, incident_id=incident_id, public_id=public_id, count=0)


def send_due(road: Road = THE_WORLD) -> int:
    """Send what is due, oldest first; returns how many tries were made."""
    with settled():
        due = list(session.scalars(select(Delivery.id).where(Delivery.next_at <= now()).order_by(Delivery.next_at).limit(TOGETHER)))
    return sum(send(delivery_id, road) for delivery_id in due)


def send(delivery_id: UUID, road: Road = THE_WORLD) -> bool:
    """Try one delivery that is due; False where there was nothing to send. No transaction is open while the world is waited for."""
    with settled():
        letter = _taken(delivery_id)
    if letter is None:
        return False
    answer = _posted(letter, road)
    with settled():
        _note(delivery_id, answer)
    return True


def _posted(letter: Letter, road: Road) -> Answer:
    stamp = str(int(now().timestamp()))
    headers = {
        "Content-Type": CONTENT_TYPE, "User-Agent": "Tessera", "Tessera-Delivery": str(letter.id), "Tessera-Timestamp": stamp,
        "Tessera-Signature": f"v1={sign(letter.secret, stamp, letter.body)}", "Connection": "close",
    }  # fmt: skip
    return road.post(letter.address, letter.body, headers)


def _taken(delivery_id: UUID) -> Letter | None:
    """Take a delivery that is due, for a while, if it may still be sent; else note why it is not."""
    due = select(Delivery).where(Delivery.id == delivery_id, Delivery.next_at <= now()).with_for_update(skip_locked=True)
    found = session.scalar(due)
    if found is None:
        return None
    hook = session.get_one(Webhook, found.webhook_id)
    if reason := _reason_not_to(found, hook):
        _add_attempt(found, Answer(reason))
        found.next_at, found.outcome = None, reason.value
        return None
    found.next_at = now() + LEASE
    return Letter(found.id, hook.address, found.body.encode(), secret_of(hook).encode())


def _reason_not_to(found: Delivery, hook: Webhook) -> Outcome | None:
    if hook.ended_at is not None:
        return Outcome.ENDED
    if not may_send_out():
        return Outcome.EXERCISE
    if not _has_right(hook):
        return Outcome.NO_RIGHT
    if found.kind != TOMBSTONE and found.incident_id and _is_buried(hook, found.incident_id):
        return Outcome.GONE
    return None


def _has_right(hook: Webhook) -> bool:
    """Whether the one who made the webhook still has an account, the right, and the organisation it speaks for."""
    person = session.get(Person, hook.person_id)
    if person is None or not person.active or (hook.organisation_id and person.organisation_id != hook.organisation_id):
        return False
    actor = actor_of(person.email)
    return may(actor, "connect_webhooks") and may(actor, "see_desk")


def _is_buried(hook: Webhook, incident_id: UUID) -> bool:
    stone = select(Delivery.id).where(
        Delivery.webhook_id == hook.id, Delivery.incident_id == incident_id, Delivery.kind == TOMBSTONE
    )
    return session.scalar(stone.limit(1)) is not None


def _note(delivery_id: UUID, answer: Answer) -> None:
    found = session.get_one(Delivery, delivery_id)
    found.attempts += 1
    found.outcome = answer.outcome.value
    _add_attempt(found, answer)
    if answer.outcome is Outcome.DELIVERED:
        found.delivered_at, found.next_at = now(), None
    elif answer.outcome in NEVER_AGAIN or found.attempts > len(WAITS):
        found.next_at = None
    else:
        found.next_at = now() + WAITS[found.attempts - 1]


def _add_attempt(found: Delivery, answer: Answer) -> None:
    session.add(DeliveryAttempt(delivery_id=found.id, outcome=answer.outcome.value, status=answer.status, took_ms=answer.took_ms))


def log_of(hook: Webhook) -> list[tuple[Delivery, list[DeliveryAttempt]]]:
    """The latest deliveries of a webhook with every try, newest first."""
    found = list(
        session.scalars(select(Delivery).where(Delivery.webhook_id == hook.id).order_by(Delivery.made_at.desc(), Delivery.id).limit(SHOWN))
    )
    tries = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id.in_([one.id for one in found])).order_by(DeliveryAttempt.at)
    by_delivery: dict[UUID, list[DeliveryAttempt]] = {one.id: [] for one in found}
    for attempt in session.scalars(tries):
        by_delivery[attempt.delivery_id].append(attempt)
    return [(one, by_delivery[one.id]) for one in found]


def replay(actor: Actor, delivery_id: UUID) -> UUID:
    """Put an envelope on its way once more, exactly as it was frozen; the number of its webhook. Rights are looked at when it is sent."""
    found = session.get(Delivery, delivery_id)
    if found is None:
        raise Problem("not_found")
    get_hook(actor, found.webhook_id)
    found.next_at, found.attempts = now(), min(found.attempts, 1)
    ledger.record("webhook.queued", found.id, actor_id=actor.person_id, kind=found.kind, replay=True)
    return found.webhook_id
