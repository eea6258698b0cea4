"""The public copy as files: a kept file where there is one, else rows sent as they are read.

A download is read in portions, each a transaction of its own that begins after the last row of the one before. How large
a portion is follows from how quickly the last was taken: a phone on a slow line holds no connection, and a quick program
is sent a million rows as fast as PostgreSQL spells them. When a batch comes in between, the file breaks off, so that nobody
keeps half of two data sets.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from flask import Response
from flask_babel import gettext
from flask_smorest import Blueprint
from marshmallow import fields
from psycopg.errors import QueryCanceled
from sqlalchemy.orm import Session

from server.core import requests
from server.core.choices import N_
from server.core.problems import Problem
from server.publication import answers, current, reading, serving
from server.publication.about import LICENCE_URL
from server.publication.formats import FORMATS, Format, csv
from server.publication.models import PublishedBatch
from server.publication.schemas import PublicFilter
from server.publication.source import TOGETHER, Rows, Source, Spelling, Stretch

blueprint = Blueprint("downloads", __name__, url_prefix="/api/v1/public", description="The public copy as files.")

FIRST, MOST = 500, 200_000  # rows of a portion
PORTION_S = 1.0
AT_ONCE = 5_000  # rows of a file that cannot be streamed and is made while one waits
AGAIN_S = 30
README = "incidents-readme.txt"
NAMES = ", ".join(f"'{name}'" for name in FORMATS)


class Download(PublicFilter):
    """The filters, and how a table begins."""

    bom = fields.Boolean(
        load_default=True,
        metadata={
            "title": N_("Mark for Excel"),
            "description": N_("A byte order mark at the start of a CSV; no = none."),
        },
    )


class Portions(Source):
    """Public rows for whoever takes them at whatever speed, without a connection of their own."""

    def __init__(self, newest: PublishedBatch | None, asked: dict[str, Any]) -> None:
        super().__init__(None, current.about(newest), where=reading.conditions(asked))  # type: ignore[arg-type]

    def rows(self, spelling: Spelling, within: Stretch | None = None, *, together: int = TOGETHER) -> Iterator[Rows]:
        """As of a source, portion by portion; ``ChangedMeanwhile`` when a batch comes in between."""
        part, size, upto = within or Stretch(), FIRST, None
        while True:
            began, seen = monotonic(), 0
            try:
                for rows, edge in self._portion(spelling, part, size, together):
                    seen, upto = seen + len(rows), edge
                    yield rows
            except QueryCanceled:  # the taker stood still until the database hung up: go on from there, in small steps
                if not seen:
                    raise
                part, size = replace(part, skip=part.skip + seen), FIRST
                continue
            if not seen or upto is None:
                return
            part, size = Stretch(after=upto), _next(size, monotonic() - began)

    def holds(self, condition: str) -> bool:
        """As of a source, in a transaction of its own."""
        with self._opened():
            return super().holds(condition)

    def outlines(self, codes: Any = None) -> dict[bytes, bytes]:
        """As of a source, in a transaction of its own."""
        with self._opened():
            return super().outlines(codes)

    def _portion(
        self, spelling: Spelling, part: Stretch, size: int, together: int
    ) -> Iterator[tuple[Rows, int | None]]:
        """The rows of a portion, each with the position at which the portion ends (None: it is the last)."""
        with self._opened() as own:
            upto = self.edge(after=part.after, size=part.skip + size)
            for rows in super().rows(spelling, replace(part, upto=upto), together=together):
                yield rows, upto
            if not reading.is_newest(own, self.about.release_id):
                raise reading.ChangedMeanwhile(self.about.release_id)

    def _opened(self) -> Session:
        own = reading.own_session()
        self.connection = own.connection()
        return own


@blueprint.get(f"/{README}")
@blueprint.alt_response(200, description="Title, number, licence, rules and caveats.", content_type="text/plain")
def get_readme() -> Response:
    """What the files of the public copy say of themselves, for tables that have no room for it: licence, rules, caveats."""
    newest = reading.latest()
    release = newest.release_id if newest else ""
    if same := answers.unchanged(release):
        return same
    response = Response(current.about(newest).text(), mimetype="text/plain")
    return answers.sealed(response, release)


@blueprint.get(f"/incidents.<any({NAMES}):name>")
@requests.limiter.limit("60 per minute")
@blueprint.arguments(Download, location="query")
@blueprint.alt_response(200, description="The file.", content_type="application/octet-stream")
def download(asked: dict[str, Any], name: str) -> Response:
    """All public damage records under the filters, as a file. What cannot be streamed is whole, or of few records."""
    marked, kind, newest = asked.pop("bom"), FORMATS[name], reading.latest()
    release = newest.release_id if newest else ""
    kept = None if any(asked.values()) or not marked else current.written(release).get(name)
    if kept:
        return _told(serving.serve(kept))
    if same := answers.unchanged(release):
        return same
    source = Portions(newest, asked)
    if kind.pieces:
        given = kind.pieces(source)
        return _sent(kind, csv.without_mark(given) if name.endswith("csv") and not marked else given, release)
    return _made(kind, source, release, few=reading.count(asked) <= AT_ONCE, filtered=any(asked.values()))


def _next(size: int, seconds: float) -> int:
    """How many rows the taker would take in a second, judged by the last portion, and not too greedily."""
    return int(max(FIRST, min(MOST, size * min(8.0, PORTION_S / max(seconds, 0.001)))))


def _made(kind: Format, source: Source, release: str, *, few: bool, filtered: bool) -> Response:
    """A file that needs a path: made now when it is small, else it is said when it will be there, or what to do."""
    if filtered and not few:
        said = gettext("Choose fewer records, or take the whole file, or CSV or GeoJSON with these filters.")
        raise Problem("invalid_input", detail=said)
    if not few:
        done = gettext("%(done)s of %(all)s files are ready.", done=len(current.written(release)), all=len(FORMATS))
        raise Problem("file_being_made", detail=done, retry_after=AGAIN_S)
    with tempfile.TemporaryDirectory() as folder, reading.own_session() as own:
        path = Path(folder) / kind.filename(release)
        plain = Source(own.connection(), source.about, where=source.where)
        kind.write(plain, path)
        return _sent(kind, iter([path.read_bytes()]), release)


def _sent(kind: Format, given: Iterator[bytes], release: str) -> Response:
    """Pieces as an answer. The file's name is ours alone, so nothing can hide in it."""
    response = Response(given, mimetype=kind.mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{kind.filename(release)}"'
    return _told(answers.sealed(response, release))


def _told(response: Response) -> Response:
    """With the licence and the page that explains the data beside the file."""
    told = {LICENCE_URL: "license", "/data": "describedby", f"/api/v1/public/{README}": "describedby"}
    response.headers["Link"] = ", ".join(f'<{address}>; rel="{kind}"' for address, kind in told.items())
    return response
