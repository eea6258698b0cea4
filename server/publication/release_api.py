"""Dated data sets for programs: what there is, their files, what changed since, what was taken back, and the key that signs."""

import hashlib
from pathlib import Path
from typing import Any

import orjson
from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate

from server.core.paging import decode_cursor, encode_cursor, page_size
from server.core.problems import Problem
from server.publication import answers, release_reading, signing
from server.publication.manifest import checksums
from server.publication.release_models import Release
from server.publication.release_schemas import PublicChange, PublicFile, PublicRelease
from server.publication.serving import serve

blueprint = Blueprint(
    "releases",
    __name__,
    url_prefix="/api/v1/public",
    description="Dated data sets: frozen, numbered, signed. CC BY 4.0. No key is needed.",
)
VERIFIER = Path(__file__).with_name("verify_release.py")
SIGNED, SIGNATURE, SUMS = "manifest.json", "manifest.sig", "SHA256SUMS"


class Page(Schema):
    """Which page of a list."""

    class Meta:
        """A parameter nobody knows is ignored."""

        unknown = EXCLUDE

    limit = fields.Integer(load_default=None, validate=validate.Range(min=1))
    cursor = fields.String(load_default="", validate=validate.Length(max=200))


class Since(Page):
    """Changes since a data set."""

    since = fields.String(
        required=True,
        validate=validate.Length(max=32),
        metadata={"description": "The number of a dated data set you have."},
    )


@blueprint.get("/releases")
@blueprint.arguments(Page, location="query")
@blueprint.response(200, PublicRelease(many=True), description="`{items, next}`, the last published first")
def list_releases(asked: dict[str, Any]) -> Response:
    """All dated data sets. One that held a row that was taken out is withdrawn, and names the one that replaces it."""
    before = decode_cursor(asked["cursor"], int)
    found, last = release_reading.releases(size=page_size(asked["limit"]), before=before[0] if before else None)
    return _answer({"items": PublicRelease(many=True).dump(found), "next": _next(last)})


@blueprint.get("/releases/<number>")
@blueprint.response(200, PublicRelease, description="The data set with its `files` and their addresses")
def get_release(number: str) -> Response:
    """One dated data set by its number, or `latest`."""
    return _answer(described(release_reading.release(number)))


@blueprint.get("/releases/<number>/<name>")
@blueprint.alt_response(200, description="The file; parts of it by Range", content_type="application/octet-stream")
def get_file(number: str, name: str) -> Response:
    """A file of a dated data set; `manifest.json`, its signature `manifest.sig` (Ed25519, hex), and `SHA256SUMS`."""
    release = release_reading.release(number)
    if name == SIGNED:
        return _text(release.manifest, "application/json")
    if name == SIGNATURE:
        return _text(f"{release.signature}\n", "text/plain")
    if name == SUMS:
        listed = [(file.name, file.sha256) for file in release_reading.files(release.number)]
        signed = (SIGNED, hashlib.sha256(release.manifest.encode()).hexdigest())
        return _text(checksums([*listed, signed]), "text/plain")
    return serve(release_reading.file(number, name))


@blueprint.get("/changes")
@blueprint.arguments(Since, location="query")
@blueprint.response(200, PublicChange(many=True), description="`{since, until, items, next}`")
def list_changes(asked: dict[str, Any]) -> Response:
    """What was added, changed or removed since a data set you have (a withdrawn one too). Removed has no reason.

    Of damage records. The 5W has no such list: take its small table anew; the numbers of its rows that went are among the revocations.
    """
    since, until = _known(asked["since"]), release_reading.latest()
    after = decode_cursor(asked["cursor"], str)
    found, last = release_reading.changes(
        since.edition, size=page_size(asked["limit"]), after=after[0] if after else ""
    )
    items = [row._asdict() for row in found]
    until_number = until.number if until else None
    return _answer({"since": since.number, "until": until_number, "items": items, "next": _next(last)})


@blueprint.get("/revocations")
@blueprint.arguments(Page, location="query")
@blueprint.alt_response(200, description="`{releases, items, next}`", content_type="application/json")
def list_revocations(asked: dict[str, Any]) -> Response:
    """Data sets that were withdrawn, and the numbers of rows that were public and are no more. Take them out of your copy."""
    after = decode_cursor(asked["cursor"], str)
    found, last = release_reading.revoked(size=page_size(asked["limit"]), after=after[0] if after else "")
    withdrawn = [
        {"number": one.number, "replaced_by": one.replaced_by}
        for one in release_reading.releases(size=1_000)[0]
        if one.state == "WITHDRAWN"
    ]
    return _answer({"releases": withdrawn, "items": found, "next": _next(last)})


@blueprint.get("/signing-key")
@blueprint.alt_response(200, description="`{algorithm, public_key, pem}`", content_type="application/json")
def get_signing_key() -> Response:
    """The public key that signs the list of files of every dated data set. Keep it: it tells you later who signed."""
    return _answer({"algorithm": "Ed25519", "public_key": signing.public_key(), "pem": signing.public_key_pem()})


@blueprint.get("/verify-release")
@blueprint.alt_response(200, description="A short program", content_type="text/x-python")
def get_verifier() -> Response:
    """A program that stands alone and checks a data set you downloaded."""
    response = _text(VERIFIER.read_text(encoding="utf-8"), "text/x-python")
    response.headers["Content-Disposition"] = 'attachment; filename="verify-release"'
    return response


def described(release: Release) -> dict[str, Any]:
    """A data set with its files, each with its address."""
    folder = f"{request.host_url}api/v1/public/releases/{release.number}"
    listed = [
        {**PublicFile().dump(file), "address": f"{folder}/{file.name}"}
        for file in release_reading.files(release.number)
    ]
    said = {
        name: f"{folder}/{file}" for name, file in (("manifest", SIGNED), ("signature", SIGNATURE), ("checksums", SUMS))
    }
    return {**PublicRelease().dump(release), **said, "files": listed}


def _known(number: str) -> Release:
    """A data set that somebody may have, withdrawn or not."""
    found = release_reading.any_release(number)
    if found is None:
        raise Problem("release_not_found")
    return found


def _next(last: int | str | None) -> str | None:
    if last is None:
        return None
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    return request.path + answers.query([*kept, ("cursor", encode_cursor(last))])


def _answer(body: Any) -> Response:
    return answers.hashed(Response(orjson.dumps(body), mimetype="application/json"))


def _text(body: str, mimetype: str) -> Response:
    return answers.hashed(Response(body, mimetype=mimetype))
