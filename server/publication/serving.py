"""Files for everybody: put into the store once under their SHA-256, text also packed once, and served in parts.

What may be served is decided at each request from the database, so that a file is gone the moment its row is.
"""

import gzip
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import Response, request
from sqlalchemy import select
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import wrap_file

from server.core.database import session
from server.core.problems import Problem
from server.core.storage import NothingStored, store
from server.publication.answers import OPEN
from server.publication.release_models import UNDER_WAY, PublishedFile, ReleaseDraft

NAMESPACE = "releases"
PACKED_TYPES = (
    "text/",
    "application/geo+json",
    "application/json",
    "application/ld+json",
    "application/vnd.google-earth.kml+xml",
)
CHUNK_BYTES = 256 * 1024
DAY_S = 86_400


def keep(
    path: Path,
    *,
    release: str,
    name: str,
    position: int,
    kind: str,
    media_type: str,
    rows: int | None,
) -> dict[str, Any]:
    """Put a finished file (and, for text, its packed twin) into the store; gives the values of one `PublishedFile`."""
    with path.open("rb") as file:
        digest = store().put(file, NAMESPACE)
    packed, packed_bytes = _pack(path) if media_type.startswith(PACKED_TYPES) else (None, None)
    return {
        "release": release, "name": name, "position": position, "format": kind, "media_type": media_type,
        "size_bytes": path.stat().st_size, "rows_total": rows, "sha256": digest,
        "packed_sha256": packed, "packed_bytes": packed_bytes,
    }  # fmt: skip


def serve(file: PublishedFile, *, download_name: str = "") -> Response:
    """The file, whole or the part that was asked for; packed for those who take it so; 304 for those who have it."""
    packed = _wants_packed(file)
    digest = str(file.packed_sha256 if packed else file.sha256)
    size = int((file.packed_bytes if packed else file.size_bytes) or 0)
    try:
        content = store().open(digest, NAMESPACE)
    except NothingStored:
        raise Problem("not_found") from None
    response = Response(
        wrap_file(request.environ, content, CHUNK_BYTES), mimetype=file.media_type, direct_passthrough=True
    )
    response.call_on_close(content.close)
    response.content_length = size
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Disposition"] = f'attachment; filename="{download_name or file.name}"'
    response.headers["Cache-Control"] = OPEN
    response.headers["Vary"] = "Accept-Encoding"
    if not packed:
        response.headers["Repr-Digest"] = f"sha-256=:{b64encode(bytes.fromhex(file.sha256)).decode()}:"
    response.set_etag(f"{file.sha256[:32]}{'-gzip' if packed else ''}")
    return _part(response, size)


def forget(digests: Iterable[str | None]) -> None:
    """Remove stored bytes that no public file names any more. Call it when the rows are gone and settled.

    While a data set is being made nothing is removed, because its files are in the store before their rows are: `sweep`
    finds what was left.
    """
    if session.scalar(select(ReleaseDraft.id).where(ReleaseDraft.state.in_(UNDER_WAY)).limit(1)) is not None:
        return
    for digest in {name for name in digests if name} - _named():
        store().delete(digest, NAMESPACE)


def sweep(*, older_than_s: float = DAY_S) -> int:
    """Remove stored bytes that nothing has named for a day; returns how many files went."""
    named = _named()
    lost = [name for name in store().names_older_than(older_than_s, NAMESPACE) if name not in named]
    for name in lost:
        store().delete(name, NAMESPACE)
    return len(lost)


def _named() -> set[str]:
    """The digests of all public files, and of those that wait for signatures."""
    public = session.execute(select(PublishedFile.sha256, PublishedFile.packed_sha256)).all()
    waiting = session.scalars(select(ReleaseDraft.files).where(ReleaseDraft.state.in_(UNDER_WAY)))
    pairs = [*public, *((file["sha256"], file["packed_sha256"]) for files in waiting for file in files)]
    return {digest for pair in pairs for digest in pair if digest}


def _part(response: Response, size: int) -> Response:
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:
        response.close()
        raise Problem("range_not_satisfiable") from None
    return response


def _wants_packed(file: PublishedFile) -> bool:
    """A part is always a part of the plain file: two packings of one text are two files."""
    return bool(file.packed_sha256) and "Range" not in request.headers and request.accept_encodings["gzip"] > 0


def _pack(path: Path) -> tuple[str, int]:
    """The same bytes give the same packed bytes: no name and no time inside."""
    with tempfile.TemporaryFile() as packed:
        with (
            path.open("rb") as plain,
            gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=6, mtime=0) as out,
        ):
            shutil.copyfileobj(plain, out, CHUNK_BYTES)
        size = packed.tell()
        packed.seek(0)
        return store().put(packed, NAMESPACE), size
