"""Notes on a record, for one another. Who is named with @ is told (event ``note.mentioned``; the note says whom)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import select

from server.accounts.models import Person
from server.accounts.policy import Actor
from server.accounts.service import handle
from server.coordination.duties import colleagues
from server.coordination.work_models import NOTE_LIMIT, Note
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.verification.lines import laid_together

_MENTION = re.compile(r"@([\w.\-]+)")


@dataclass(frozen=True)
class Read:
    """A note with the name of whoever wrote it."""

    note: Note
    alias: str


def leave(incident_id: UUID, words: str, *, actor: Actor) -> Note:
    """Leave a note on a record. Problem ``invalid_input`` for an empty one or one that is too long."""
    said = words.strip()
    if not said or len(said) > NOTE_LIMIT or actor.person_id is None:
        raise Problem("invalid_input", errors=[{"field": "words", "code": "invalid", "message": "words"}])
    mentions = mentioned_in(said, colleagues())
    note = Note(id=uuid4(), incident_id=incident_id, person_id=actor.person_id, at=now(), words=said, mentions=mentions)
    session.add(note)
    session.flush()
    ledger.record("note.left", incident_id, actor_id=actor.person_id, note=str(note.id))
    if mentions:
        ledger.record("note.mentioned", note.id, actor_id=actor.person_id, people=[str(each) for each in mentions])
    return note


def mentioned_in(words: str, people: Sequence[Person]) -> list[UUID]:
    """Whom words name with @, by the name others see without its spaces."""
    named = {handle(name.rstrip(".-")) for name in _MENTION.findall(words)}
    return [person.id for person in people if handle(person.alias) in named]


def forget_mentions(person_id: UUID) -> None:
    """Take somebody's name out of the notes of others that name them with @; that somebody was named stays."""
    for note in session.scalars(select(Note).where(Note.mentions.contains([person_id]))):
        note.words, note.mentions = _unnamed(note.words, session.get_one(Person, person_id).alias), [one for one in note.mentions if one != person_id]
    session.flush()


def _unnamed(words: str, alias: str) -> str:
    def without(found: re.Match[str]) -> str:
        name = found[1].rstrip(".-")
        return f"@–{found[1][len(name) :]}" if handle(name) == handle(alias) else found[0]

    return _MENTION.sub(without, words)


def on(incident_id: UUID) -> list[Read]:
    """The notes on a record, and on those laid onto it, that were not taken back, oldest first."""
    query = select(Note, Person.alias).join(Person, Person.id == Note.person_id)
    rows = session.execute(query.where(Note.incident_id.in_(laid_together(incident_id)), Note.erased_at.is_(None)).order_by(Note.at, Note.id))
    return [Read(*row) for row in rows]


def take_back(note_id: UUID, *, actor: Actor) -> Note:
    """Erase the words of one's own note. Problem ``not_found`` for another's."""
    note = session.get(Note, note_id)
    if note is None or note.person_id != actor.person_id:
        raise Problem("not_found")
    if note.erased_at is None:
        note.words, note.erased_at = "", now()
        ledger.record("note.taken_back", note.incident_id, actor_id=actor.person_id, note=str(note.id))
    return note


def note_of(note_id: UUID) -> Note | None:
    """A note by its number, for whoever tells those it names; None once it was taken back."""
    return session.scalar(select(Note).where(Note.id == note_id, Note.erased_at.is_(None)))
