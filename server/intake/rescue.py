"""The file a phone writes when its reports must travel another way: one line of JSON, then sealed bytes, as the phone kept them.

Whoever carries the file reads nothing in it. What it holds comes in through the same services as from the phone itself, so a
report that arrived meanwhile is received once.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO
from uuid import UUID

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from server.accounts.policy import SYSTEM
from server.core.database import settled
from server.core.problems import Problem
from server.evidence import service as evidence
from server.evidence import uploads
from server.intake import sealed
from server.reports import service as reports
from server.reports.models import MEDIA_LIMIT
from server.reports.schemas import SHA256_HEX

FORMAT = "tessera-rescue-1"
HEAD_BYTES = 4_000_000
LANE = "enrolled"  # somebody with a shell on the server brought it


class UnusableFile(ValueError):
    """The file is none of this kind, or not whole; what stood before the damage is received."""


class _Part(Schema):
    class Meta:
        unknown = EXCLUDE

    id = fields.UUID(required=True)
    part = fields.String(required=True, validate=validate.OneOf(sorted(uploads.LARGEST)))
    bytes = fields.Integer(required=True, strict=True, validate=validate.Range(1, uploads.LARGEST["original"]))
    sha256 = fields.String(required=True, validate=SHA256_HEX)


class _Record(Schema):
    class Meta:
        unknown = EXCLUDE

    id = fields.UUID(required=True)
    bytes = fields.Integer(required=True, strict=True, validate=validate.Range(0, sealed.BODY_BYTES))
    sha256 = fields.String(required=True, validate=SHA256_HEX)
    media = fields.List(fields.Nested(_Part), required=True, validate=validate.Length(max=2 * MEDIA_LIMIT))


@dataclass
class Brought:
    """What came of a file: new reports, reports known before, photos taken in, and ``(number, code of the problem)`` for the rest."""

    new: int = 0
    known: int = 0
    photos: int = 0
    refused: list[tuple[UUID, str]] = field(default_factory=list)


def bring_in(file: BinaryIO) -> Brought:
    """Receive every report and photo of the file. UnusableFile at the first damage; to bring the same file again is harmless."""
    brought = Brought()
    for record in _records(file):
        body = _piece(file, record) if record["bytes"] else b""
        parts = [(part, _piece(file, part)) for part in record["media"]]
        _attempt(brought, record["id"], partial(_receive, brought, record["id"], body))
        for part, content in parts:
            name = uploads.Name(report_id=record["id"], media_id=part["id"], part=part["part"])
            _attempt(brought, part["id"], partial(_take, brought, name, content))
    return brought


def _records(file: BinaryIO) -> Iterator[dict[str, Any]]:
    try:
        head = json.loads(file.readline(HEAD_BYTES))
        yield from _Record(many=True).load(head["records"] if head["format"] == FORMAT else {})
    except (ValueError, TypeError, KeyError, RecursionError, ValidationError):
        raise UnusableFile("This is no file that a phone has written, or its first line is damaged.") from None


def _piece(file: BinaryIO, said: dict[str, Any]) -> bytes:
    content = file.read(said["bytes"])
    if hashlib.sha256(content).hexdigest() != said["sha256"]:
        raise UnusableFile(f"The file is damaged at {said['id']}. What stands before it was received.")
    return content


def _attempt(brought: Brought, number: UUID, step: Any) -> None:
    try:
        step()
    except Problem as problem:
        brought.refused.append((number, problem.code))


def _receive(brought: Brought, number: UUID, body: bytes) -> None:
    if not body:
        return
    with settled():
        draft = sealed.read_sealed(number, body)
        receipt = reports.receive(draft, actor=SYSTEM)
        if receipt.is_new and draft.media:
            evidence.expect(draft.id, draft.media)
    if receipt.is_withdrawn:
        raise Problem("report_withdrawn")
    if receipt.is_conflict:
        raise Problem("conflicting_copy")
    brought.new += receipt.is_new
    brought.known += not receipt.is_new


def _take(brought: Brought, name: uploads.Name, content: bytes) -> None:
    with settled():
        found = uploads.begin(name, len(content), lane=LANE)
    if found.kept is None:
        rest = memoryview(content)[found.offset :]
        with settled():
            uploads.go_on(name, found.offset, _reader(rest), size=len(rest), checksum=None)
    brought.photos += 1


def _reader(content: memoryview) -> uploads.Read:
    place = 0

    def read(size: int = -1) -> bytes:
        nonlocal place
        end = len(content) if size < 0 else min(place + size, len(content))
        piece = bytes(content[place:end])
        place = end
        return piece

    return read
