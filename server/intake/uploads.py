"""The door for photos over lines that die: tus 1.0 (core, creation, checksum, expiration), with numbers that the phone picks.

A body is an envelope (``reports/sealing.py``). Begun twice, it is begun once; asked, it says truly how far it is; what is
told as received is on the disk. The method cannot be overridden by a header.
"""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from uuid import UUID

from flask import Response, make_response, request
from flask_smorest import Blueprint
from werkzeug.http import http_date

from server.accounts.service import current_actor
from server.core import requests
from server.core.database import session
from server.core.problems import Problem, answer
from server.evidence import uploads
from server.evidence.uploads import LARGEST, Name, Progress
from server.intake.lanes import lane_of

blueprint = Blueprint(
    "uploads", __name__, url_prefix="/api/v1/reports", description="Send photos in pieces, and go on where the line broke."
)

VERSION = "1.0.0"
ADDRESS = "/<uuid:report_id>/media/<uuid:media_id>/upload"
PIECE = "application/offset+octet-stream"
SILENCE_S = 25  # a line that says nothing for this long is dead; its lock goes with it
ABOUT = {
    "Tus-Version": VERSION, "Tus-Extension": "creation,checksum,expiration", "Tus-Checksum-Algorithm": "sha256",
    "Tus-Max-Size": str(LARGEST["original"]),
}  # fmt: skip
PART = {"in": "query", "name": "part", "required": False, "schema": {"type": "string", "enum": ["photo", "original"]}}


def speaks_tus(view: Callable[..., Response]) -> Callable[..., Response]:
    """Refuse another version of the protocol, and say in every answer, refusals too, which one is spoken and how far it is."""

    @wraps(view)
    def spoken(report_id: UUID, media_id: UUID) -> Response:
        name = None
        try:
            _check_version()
            name = _name(report_id, media_id)
            response = view(name)
        except Problem as problem:
            session.rollback()
            response = answer(problem)
            _say_how_far(response, name, problem.code)
        response.headers["Tus-Resumable"] = VERSION
        return response

    return spoken


def _check_version() -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise Problem("tus_version")


def _say_how_far(response: Response, name: Name | None, code: str) -> None:
    """The true offset with every refusal after which a phone goes on."""
    if code == "tus_version":
        response.headers["Tus-Version"] = VERSION
    elif name is not None and code in ("wrong_offset", "upload_differs", "photo_differs", "unreadable_envelope", "unknown_key"):
        try:
            response.headers["Upload-Offset"] = str(uploads.progress(name).offset)
        except Problem:
            return


def _name(report_id: UUID, media_id: UUID) -> Name:
    """What the address names; the part also from the metadata with which an upload is begun."""
    requests.single_arguments()
    part = request.args.get("part") or _metadata().get("part", "photo")
    if part not in LARGEST:
        raise Problem("bad_request")
    return Name(report_id=report_id, media_id=media_id, part=part)


def _metadata() -> dict[str, str]:
    """Upload-Metadata as words: ``part b3JpZ2luYWw=,…``, base64 as tus has it."""
    found = {}
    for pair in filter(None, request.headers.get("Upload-Metadata", "").split(",")):
        key, _, value = pair.strip().partition(" ")
        try:
            found[key] = b64decode(value, validate=True).decode("ascii")
        except ValueError:
            raise Problem("bad_request") from None
    return found


@blueprint.route(ADDRESS, methods=["OPTIONS"])
@blueprint.response(204, description="What of tus is spoken here.")
def tell_upload(report_id: UUID, media_id: UUID) -> Response:
    """Which version and extensions of tus are spoken here, and how large an upload may be."""
    del report_id, media_id
    return make_response("", 204, {**ABOUT, "Tus-Resumable": VERSION})


@blueprint.route(ADDRESS, methods=["POST"])
@blueprint.doc(parameters=[PART])
@blueprint.response(201, description="Begun: PATCH from offset 0.")
@blueprint.alt_response(200, description="Begun before: Upload-Offset says how far it is.")
@blueprint.alt_response(404, description="The report is known and announced no such photo, or you may not know.")
@blueprint.alt_response(409, description="Begun before with another length.")
@blueprint.alt_response(412, description="Another version of tus.")
@blueprint.alt_response(413, description="Larger than an upload may be.")
@blueprint.alt_response(422, description="Another size than announced.")
@blueprint.alt_response(429, description="Too much is under way already; later.")
@blueprint.alt_response(507, description="No room for photos at this moment.")
@speaks_tus
def begin_upload(name: Name) -> Response:
    """Begin sending a photo (or, as part `original`, what is kept as evidence) of a report, which may be known already or not."""
    found = uploads.begin(name, _number("Upload-Length"), lane=lane_of(current_actor()))
    response = _told(found, 201 if found.is_new else 200)
    response.headers["Location"] = request.path + (f"?part={name.part}" if name.part != "photo" else "")
    return response


@blueprint.route(ADDRESS, methods=["HEAD"])
@blueprint.doc(parameters=[PART])
@blueprint.response(200, description="Upload-Offset says how far it is; Tessera-Media is there once it was taken in.")
@blueprint.alt_response(404, description="Not begun, or you may not know.")
@speaks_tus
def ask_upload(name: Name) -> Response:
    """How far an upload is."""
    found = uploads.progress(name)
    response = _told(found, 200)
    response.headers["Upload-Length"] = str(found.length)
    return response


@blueprint.route(ADDRESS, methods=["PATCH"])
@blueprint.doc(parameters=[PART], requestBody={"required": True, "content": {PIECE: {"schema": {"type": "string", "format": "binary"}}}})
@blueprint.response(204, description="On the disk. With Tessera-Media: taken in whole, `{id, sha256 (of the sealed bytes), state}`.")
@blueprint.alt_response(404, description="Not begun, or you may not know.")
@blueprint.alt_response(409, description="It goes on at another offset, which Upload-Offset says.")
@blueprint.alt_response(413, description="More than the length that was said.")
@blueprint.alt_response(422, description="Whole, but not what was announced: it begins again at 0.")
@blueprint.alt_response(423, description="Another connection is sending this photo.")
@blueprint.alt_response(460, description="The piece has another SHA-256 than Upload-Checksum says; nothing of it was kept.")
@speaks_tus
def continue_upload(name: Name) -> Response:
    """Send the next piece. What is told as received survives a crash."""
    if request.mimetype != PIECE:
        raise Problem("unsupported_type")
    if request.content_length is None:
        raise Problem("length_required")
    offset, checksum = _number("Upload-Offset"), _checksum()
    with _impatience():
        found = uploads.go_on(name, offset, request.stream.read, size=request.content_length, checksum=checksum)
    return _told(found, 204)


@contextmanager
def _impatience() -> Iterator[None]:
    """Let a line that went dead fail, instead of holding the photo's lock for ever."""
    line = request.environ.get("gunicorn.socket")
    if line is not None:
        line.settimeout(SILENCE_S)
    try:
        yield
    finally:
        if line is not None:
            line.settimeout(None)


def _told(found: Progress, status: int) -> Response:
    headers = {"Upload-Offset": str(found.offset), "Upload-Expires": http_date(found.expires_at)}
    if found.kept is not None:
        kept = found.kept
        said: dict[str, Any] = {"id": str(kept.id), "sha256": kept.sha256, "state": kept.state}
        headers["Tessera-Media"] = json.dumps({**said, "refusal": kept.refusal} if kept.refusal else said)
    return make_response("", status, headers)


def _number(header: str) -> int:
    """A whole number of bytes from a header; Problem ``bad_request`` for anything else."""
    word = request.headers.get(header, "")
    if not re.fullmatch(r"\d{1,15}", word, re.ASCII):
        raise Problem("bad_request")
    return int(word)


def _checksum() -> bytes | None:
    """The SHA-256 that Upload-Checksum says, or None without that header."""
    said = request.headers.get("Upload-Checksum")
    if said is None:
        return None
    algorithm, _, value = said.partition(" ")
    try:
        digest = b64decode(value, validate=True)
    except ValueError:
        raise Problem("bad_request") from None
    if algorithm != "sha256" or len(digest) != 32:
        raise Problem("bad_request")
    return digest
