"""The news feed of a saved view, for a person's own feed reader: counts, ids and links, under a personal key.

The key is shown once and kept as a hash. It ends after ninety days, with the account, with the view, or when it is taken back;
at each reading the rights of its person are looked at anew.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID
from xml.etree import ElementTree as ET

from flask_babel import gettext, ngettext
from sqlalchemy import select

from server.accounts.models import Person
from server.accounts.policy import Actor, may
from server.accounts.service import actor_of
from server.coordination import views
from server.coordination.telling_models import FeedKey, SavedView
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.core.response import this_response
from server.matching import queries
from server.matching.models import Incident
from server.reports import access

ATOM: Final = "http://www.w3.org/2005/Atom"
KEY_DAYS: Final = 90
MOST_ENTRIES: Final = 50
KEY_LENGTHS = range(40, 60)


@dataclass(frozen=True)
class Feed:
    """What a key opens: the view, who reads, the latest records and the numbers of all."""

    view: SavedView
    records: list[Incident]
    numbers: dict[str, int]


def add_key(actor: Actor, view_id: UUID) -> str:
    """A new key to the feed of a view the actor may use, shown this once."""
    view = views.get_view(actor, view_id)
    word = secrets.token_urlsafe(32)
    key = FeedKey(person_id=actor.person_id, view_id=view.id, key_hash=_hash(word), expires_at=now() + timedelta(days=KEY_DAYS))
    session.add(key)
    session.flush()
    ledger.record("feed.key_added", key.id, actor_id=actor.person_id)
    return word


def keys_of(actor: Actor) -> list[FeedKey]:
    """The keys of a person that still open something, newest first."""
    mine = select(FeedKey).where(FeedKey.person_id == actor.person_id, FeedKey.revoked_at.is_(None), FeedKey.expires_at > now())
    return list(session.scalars(mine.order_by(FeedKey.created_at.desc())))


def revoke(actor: Actor, key_id: UUID) -> None:
    """Take one of one's own keys back; it opens nothing from this moment."""
    key = session.get(FeedKey, key_id)
    if key is None or key.person_id != actor.person_id:
        raise Problem("not_found")
    key.revoked_at = now()
    ledger.record("feed.key_revoked", key.id, actor_id=actor.person_id)


def opened(word: str) -> Feed:
    """What a key opens now; Problem ``not_found`` for one that opens nothing, whatever the reason."""
    key = session.scalar(select(FeedKey).where(FeedKey.key_hash == _hash(word))) if len(word) in KEY_LENGTHS else None
    if key is None or key.revoked_at or key.expires_at <= now():
        raise Problem("not_found")
    actor = _reader(key)
    if not may(actor, "see_desk"):
        raise Problem("not_found")
    view = views.get_view(actor, key.view_id)
    access.enter(actor)  # a view by source asks the reports that this person may see
    asked = views.understood(view.query).filters
    return Feed(view, queries.page_of(asked, size=MOST_ENTRIES).incidents, queries.summary(asked))


def _reader(key: FeedKey) -> Actor:
    person = session.get(Person, key.person_id)
    if person is None:
        raise Problem("not_found")
    return actor_of(person.email)


def atom(feed: Feed, *, host: str) -> bytes:
    """The feed as XML: a headline with the counts, then each record by number and link. ``host`` ends with a slash."""
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed")
    updated = max([feed.view.changed_at, *(record.changed_at for record in feed.records)])
    stamp = f"{gettext('EXERCISE')}: " if this_response().exercise else ""
    _say(root, id=f"urn:uuid:{feed.view.id}", title=f"{stamp}{feed.view.name}", updated=updated.isoformat())
    _say(root, subtitle=_told(feed.numbers))
    _link(root, f"{host}desk?{views.address_of(feed.view.query)}")
    _say(ET.SubElement(root, f"{{{ATOM}}}author"), name=this_response().name)
    for record in feed.records:
        entry = ET.SubElement(root, f"{{{ATOM}}}entry")
        link = f"{host}desk/incidents/{record.public_id}"
        _say(entry, id=link, title=f"{stamp}{record.public_id}", updated=record.changed_at.isoformat())
        _link(entry, link)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="utf-8")


def _told(numbers: dict[str, int]) -> str:
    records = ngettext("%(num)s damage record", "%(num)s damage records", numbers["total"])
    return f"{records} · {gettext('%(n)s open', n=numbers['open'])}"


def _hash(word: str) -> bytes:
    return hashlib.sha256(b"feed" + word.encode("utf-8", "surrogatepass")).digest()


def _say(parent: ET.Element, **words: str) -> None:
    for name, value in words.items():
        ET.SubElement(parent, f"{{{ATOM}}}{name}").text = value


def _link(parent: ET.Element, address: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}link", rel="alternate", href=address)
