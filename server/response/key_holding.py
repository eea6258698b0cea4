"""Who holds the keys: two people for each, by name and fingerprint, asked again within half a year."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import select

from server.accounts.invitations import refused
from server.accounts.policy import Actor
from server.core import ledger
from server.core.choices import N_
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.core.settings import settings
from server.keeping import manifest
from server.publication import signing
from server.reports import keys
from server.response.models import KEYS, KeyHolder

CONFIRMED_FOR = timedelta(days=180)
ENOUGH = 2
NAMES: Mapping[str, str] = {
    "BACKUP": N_("The keys that open backups"),
    "SECRET": N_("SECRET_KEY, without which people's words stay closed"),
    "SIGNING": N_("The key that signs dated data sets (it follows from SECRET_KEY)"),
    "SEALING": N_("The key that opens what phones sealed (it lies in the database, under SECRET_KEY)"),
}


@dataclass(frozen=True, kw_only=True)
class HeldKey:
    """One key: its kind, words (msgid), present fingerprint ("" when there is no such key), holders, and how many count."""

    kind: str
    words: str
    fingerprint: str
    holders: tuple[KeyHolder, ...]

    def counts(self, holder: KeyHolder) -> bool:
        """Whether a holder confirmed this very key within half a year."""
        return holder.fingerprint == self.fingerprint and holder.confirmed_at > now() - CONFIRMED_FOR

    @property
    def is_held(self) -> bool:
        """Whether two different people count as holders."""
        return len({holder.holder.casefold() for holder in self.holders if self.counts(holder)}) >= ENOUGH


def fingerprint(kind: str) -> str:
    """Sixteen hex digits that tell which key is meant and nothing else of it; "" where there is none."""
    if kind == "SECRET":
        return manifest.secret_check()
    if kind == "SEALING":
        return (keys.current() or {}).get("key_id", "")
    told = signing.public_key() if kind == "SIGNING" else ",".join(sorted(settings().backup_keys))
    return hashlib.sha256(told.encode()).hexdigest()[:16] if told else ""


def all_keys() -> list[HeldKey]:
    """Every key with its holders, those who confirmed last first."""
    found = list(session.scalars(select(KeyHolder).order_by(KeyHolder.confirmed_at.desc(), KeyHolder.holder)))
    return [
        HeldKey(
            kind=kind, words=NAMES[kind], fingerprint=fingerprint(kind), holders=tuple(one for one in found if one.kind == kind)
        )
        for kind in KEYS
    ]  # fmt: skip


def confirm(kind: str, holder: str, *, seen: str, actor: Actor) -> KeyHolder:
    """Note that somebody showed that they hold a key: the fingerprint they read out is compared. Problem ``invalid_input``."""
    name, present = " ".join(holder.split()), fingerprint(kind) if kind in KEYS else ""
    if not present:
        raise refused("kind", _("There is no such key yet."))
    if not 2 <= len(name) <= 100:
        raise refused("holder", _("Say who holds it."))
    if seen.strip().lower() != present:
        raise refused("seen", _("This is not the fingerprint of the key in use."))
    found = _known(kind, name) or KeyHolder(id=uuid4(), kind=kind, holder=name)
    found.fingerprint, found.confirmed_at, found.confirmed_by = present, now(), actor.person_id
    session.add(found)
    session.flush()
    ledger.record("response.key_confirmed", found.id, actor_id=actor.person_id, kind=kind, fingerprint=present)
    return found


def let_go(holder_id: UUID, *, actor: Actor) -> None:
    """Note that somebody holds a key no more; Problem ``not_found``."""
    found = session.get(KeyHolder, holder_id)
    if found is None:
        raise Problem("not_found")
    ledger.record("response.key_holder_left", found.id, actor_id=actor.person_id, kind=found.kind)
    session.delete(found)


def _known(kind: str, name: str) -> KeyHolder | None:
    return next(
        (
            one
            for one in session.scalars(select(KeyHolder).where(KeyHolder.kind == kind))
            if one.holder.casefold() == name.casefold()
        ),
        None,
    )
