"""A report that a phone sealed while it waited: opened, and read like the page's own post.

It is never refused for what it says, because the phone cannot read it again to mend it: what cannot be understood is kept
unread and flagged, so that a person at the desk looks at it.
"""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validate
from werkzeug.datastructures import MultiDict

from server.core.choices import N_
from server.core.clock import now
from server.core.problems import Problem
from server.core.requests import strict_json
from server.intake.answers import ASKED_AROUND, HONEY, ONE, PRIVATE, SEVERAL, TICKS, WORDS, Answers
from server.intake.drafts import NOT_UNDERSTOOD, draft_of_what_fits
from server.intake.understanding import understand
from server.reports import keys
from server.reports.draft import Announced, Draft, Original
from server.reports.models import MEDIA_LIMIT, TEXT_LIMIT
from server.reports.schemas import CONTACT_LIMIT, PLACE_LIMIT, SHA256_HEX, AnnouncedPhoto
from server.vocabulary import Channel, ConsentPurpose

CONTENT_TYPE = "application/vnd.tessera.sealed"
BODY_BYTES = 66_000  # 64 KB of words and the envelope around them
ORIGINAL_BYTES = 40_000_000
OLDEST = timedelta(days=400)
CLOCK_OFF = "phone_clock"
KNOWN = {*ONE, *SEVERAL, *WORDS, *TICKS, *ASKED_AROUND, HONEY, "id", "lang"}
READ = ("form_version", "lang", "receipt_key", "hint_seen")
LIMITS = {"text": TEXT_LIMIT, "place_text": PLACE_LIMIT, "contact": CONTACT_LIMIT}
Said = dict[str, Any]


class AnnouncedOriginal(Schema):
    """The original of a photo, which follows only where the reporter agreed to keep it as evidence."""

    bytes = fields.Integer(
        required=True, strict=True, validate=validate.Range(1, ORIGINAL_BYTES), metadata={"title": N_("Size in bytes")}
    )
    sha256 = fields.String(required=True, validate=SHA256_HEX, metadata={"title": N_("SHA-256 of the bytes")})


def read_sealed(number: UUID, envelope: bytes) -> Draft:
    """The Draft of a sealed report; Problem ``unknown_key`` or ``unreadable_envelope`` when it does not open, and for nothing else."""
    body = keys.unseal(envelope, bound_to=number)
    sha256 = hashlib.sha256(envelope).digest()
    try:
        said = strict_json(body)
    except Problem:
        words = body.decode("utf-8", "replace").replace("\0", "").strip()
        return draft_of_what_fits(
            {}, number=number, channel=Channel.WEB, body=body, sha256=sha256, unread={"body": words}, flags=(NOT_UNDERSTOOD,)
        )
    return _draft(said, number=number, body=body, sha256=sha256)


def _draft(said: Said, *, number: UUID, body: bytes, sha256: bytes) -> Draft:
    at, clock = _written_at(said.get("written_at"), now())
    form, odd = _form(said.get("fields"))
    answers = understand(form, at=at).answers
    media, strange = _media(said.get("media"))
    if ConsentPurpose.KEEP_EVIDENCE not in answers.given.get("consents", ()):
        media = tuple(replace(photo, original=None) for photo in media)
    given = {**_shortened(answers.given), **_told_beside(said)}
    unread = {**_unread(said), **_left_over(form, answers, odd), **({"media": strange} if strange else {})}
    doubtful = odd or strange or any(field != "place_text" for field, _sentence in answers.errors)
    flags = (*answers.flags, *clock, *((NOT_UNDERSTOOD,) if doubtful else ()))
    return draft_of_what_fits(
        given, number=number, channel=Channel.WEB, body=body, sha256=sha256, media=media, unread=unread, flags=flags
    )


def _written_at(word: Any, received_at: datetime) -> tuple[datetime, tuple[str, ...]]:
    """When the person wrote it, by the phone's clock, within what is possible; and a flag where that clock stands wrong."""
    try:
        written = datetime.fromisoformat(word)
        is_possible = received_at - OLDEST <= written <= received_at + timedelta(days=1)
    except (TypeError, ValueError, OverflowError):
        return received_at, (() if word is None else (CLOCK_OFF,))
    return max(min(written, received_at), received_at - OLDEST), (() if is_possible else (CLOCK_OFF,))


def _form(pairs: Any) -> tuple[MultiDict[str, str], list[Any]]:
    """The answers as a post would carry them, and whatever in the list is no such answer."""
    listed = pairs if isinstance(pairs, list) else [pairs] if pairs else []
    odd = [pair for pair in listed if not _is_answer(pair)]
    return MultiDict([(name, value) for name, value in (pair for pair in listed if _is_answer(pair))]), odd


def _is_answer(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(word, str) for word in pair)


def _shortened(given: Said) -> Said:
    """Words no longer than a page takes. The rest is not lost: what is too long is kept whole, unread."""
    return {name: value[: LIMITS[name]] if name in LIMITS else value for name, value in given.items()}


def _told_beside(said: Said) -> Said:
    """What the phone tells beside the page's answers."""
    told = {name: said[name] for name in READ if said.get(name) is not None}
    answer = said.get("answer")
    if isinstance(answer, dict):
        told |= {"answer_kind": answer.get("kind"), "answer_about": answer.get("about")}
    return told


def _unread(said: Said) -> Said:
    """What the phone said that nobody reads here, the moment by its own clock included."""
    return {name: value for name, value in said.items() if name not in {*READ, "fields", "media", "answer"}}


def _left_over(form: MultiDict[str, str], answers: Answers, odd: list[Any]) -> Said:
    """Answers of a newer page, answers too long, and all of them where some were not understood; never a contact."""
    pairs = [(name, value) for name, value in form.items(multi=True) if name not in PRIVATE]
    if not answers.errors:
        pairs = [(name, value) for name, value in pairs if value and (name not in KNOWN or len(value) > LIMITS.get(name, len(value)))]
    left = [*map(list, pairs), *odd]
    return {"fields": left} if left else {}


def _media(items: Any) -> tuple[tuple[Announced, ...], list[Any]]:
    """The photos that will follow, and whatever in the list announces none."""
    listed = items if isinstance(items, list) else [items] if items else []
    read = [(item, _announced(item) if place < MEDIA_LIMIT else None) for place, item in enumerate(listed)]
    return tuple(photo for _item, photo in read if photo), [item for item, photo in read if photo is None]


def _announced(item: Any) -> Announced | None:
    try:
        photo = AnnouncedPhoto().load(item)
    except ValidationError:
        return None
    original = _original(item.get("original"))
    return Announced(id=photo["id"], size=photo["bytes"], sha256=bytes.fromhex(photo["sha256"]), original=original)


def _original(item: Any) -> Original | None:
    try:
        known = {name: value for name, value in item.items() if name in ("bytes", "sha256")} if isinstance(item, dict) else {}
        found = AnnouncedOriginal().load(known)
    except ValidationError:
        return None
    return Original(size=found["bytes"], sha256=bytes.fromhex(found["sha256"]))

