"""The keys to which phones seal what they send: one in use, older ones opened for a while, then destroyed for good.

The private half lies in the database under SECRET_KEY. A phone keeps only the public half, so that nobody who takes the
phone can read what waits on it.
"""

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import LargeBinary, String, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from server.accounts.policy import SYSTEM, Actor
from server.core import ledger
from server.core.choices import N_
from server.core.clock import now
from server.core.columns import passport, stamped, uuid_pk
from server.core.database import Base, session
from server.core.problems import Problem
from server.core.response import this_response
from server.reports import sealing, vault
from server.vocabulary import Audience

INTERNAL = Audience.INTERNAL
OPENED_FOR = timedelta(days=90)  # a phone may be offline for a month, and lie in a drawer for two more
ONE_MAKER = 0x7E55E7B


class ReportingKey(Base):
    """A key pair. The public half is given to anybody; the private half is gone once it was destroyed."""

    __tablename__ = "reporting_keys"
    __table_args__ = {"schema": "vault"}
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    key_id: Mapped[str] = mapped_column(
        String(16), unique=True, info=passport(N_("Number in the envelope"), audience=INTERNAL)
    )
    public_key: Mapped[bytes] = mapped_column(LargeBinary(65), info=passport(N_("Public half"), audience=INTERNAL))
    wrapped_private: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=passport(N_("Wrapped private half"), audience=INTERNAL)
    )
    made_at: Mapped[stamped] = mapped_column(info=passport(N_("Made"), audience=INTERNAL))
    replaced_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Replaced"), audience=INTERNAL))
    destroyed_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Destroyed"), audience=INTERNAL))


def present_key() -> ReportingKey | None:
    """The key that phones seal to now; None before the set-up made one."""
    return session.scalar(select(ReportingKey).where(ReportingKey.replaced_at.is_(None)).limit(1))


def current() -> dict[str, str] | None:
    """The key in use as it is told to phones: ``{"key_id", "public_key" (base64url), "made_at"}``; None before there is one."""
    key = present_key()
    if key is None:
        return None
    public = urlsafe_b64encode(key.public_key).rstrip(b"=").decode()
    return {"key_id": key.key_id, "public_key": public, "made_at": key.made_at.isoformat()}


def ensure_key() -> bool:
    """Make the first key where there is none and the response has not ended; True when one was made."""
    _one_maker_at_a_time()
    if this_response().is_closed or present_key() is not None:
        return False
    _make(SYSTEM)
    return True


def rotate(*, actor: Actor) -> str:
    """Put a new key in use and return its number; what was sealed to the one before is still opened for 90 days."""
    _one_maker_at_a_time()
    session.execute(update(ReportingKey).where(ReportingKey.replaced_at.is_(None)).values(replaced_at=now()))
    return _make(actor).key_id


def destroy_retired() -> int:
    """Destroy the private halves of keys replaced more than 90 days ago; returns how many."""
    due = update(ReportingKey).where(
        ReportingKey.replaced_at < now() - OPENED_FOR, ReportingKey.wrapped_private.is_not(None)
    )
    gone = list(session.scalars(due.values(wrapped_private=None, destroyed_at=now()).returning(ReportingKey.id)))
    for key in gone:
        ledger.record("reporting_key.destroyed", key)
    _opened.cache_clear()
    return len(gone)


def unseal(envelope: bytes, *, bound_to: UUID) -> bytes:
    """What a phone sealed for the report or photo of this number.

    Problem ``unknown_key`` for a key that is not ours or was destroyed, ``unreadable_envelope`` for what does not open.
    """
    try:
        key = _key(sealing.key_named(envelope).hex())
        return sealing.unseal(envelope, key=key, bound_to=bound_to)
    except sealing.Unopened:
        raise Problem("unreadable_envelope") from None


def _key(key_id: str) -> ec.EllipticCurvePrivateKey:
    found = session.execute(
        select(ReportingKey.id, ReportingKey.wrapped_private, ReportingKey.replaced_at).where(ReportingKey.key_id == key_id)
    ).one_or_none()
    if found is None or found.wrapped_private is None or _is_over(found.replaced_at):
        raise Problem("unknown_key")
    return _opened(found.wrapped_private, found.id)


@lru_cache(maxsize=8)
def _opened(wrapped: bytes, owner: UUID) -> ec.EllipticCurvePrivateKey:
    return sealing.private_key(vault.unwrap(wrapped, owner))


def _is_over(replaced_at: datetime | None) -> bool:
    return replaced_at is not None and replaced_at < now() - OPENED_FOR


def _make(actor: Actor) -> ReportingKey:
    pair = sealing.new_pair()
    public = sealing.public_bytes(pair)
    made = ReportingKey(id=uuid4(), key_id=sealing.key_id_of(public).hex(), public_key=public, made_at=now())
    made.wrapped_private = vault.wrap(sealing.private_bytes(pair), made.id)
    session.add(made)
    session.flush()
    ledger.record("reporting_key.made", made.id, actor_id=actor.person_id, key_id=made.key_id)
    return made


def _one_maker_at_a_time() -> None:
    """Two set-ups at one moment make one key: the second waits until the first has settled."""
    session.execute(select(func.pg_advisory_xact_lock(ONE_MAKER)))
