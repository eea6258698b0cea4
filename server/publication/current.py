"""The files of the current public copy, written once after every batch, so that a download is a file and not a query.

A file is served while its batch is the newest. A batch or the kill switch makes all older files unservable at once; until
the next are written, the formats that stream are sent straight from ``pub``.
"""

import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session, scoped_session

from server.core.database import public_session, session, settled
from server.core.jobs import job
from server.core.response import this_response
from server.publication import reading, serving
from server.publication.about import About
from server.publication.formats import FORMATS, Format
from server.publication.models import PublishedBatch
from server.publication.release_models import PublishedFile
from server.publication.source import Source

PATIENCE = [text(f"SET LOCAL {limit} = 0") for limit in ("statement_timeout", "idle_in_transaction_session_timeout")]


def about(newest: PublishedBatch | None, *, address: str = "") -> About:
    """What a file of the current copy says of itself."""
    named = this_response().name
    if newest is None:
        return About(release_id="", is_exercise=this_response().exercise, response_name=named, address=address)
    return About(
        release_id=newest.release_id, policy_version=newest.policy_version, published_on=newest.published_on,
        is_exercise=newest.is_exercise, response_name=named, address=address,
    )  # fmt: skip


def written(release_id: str) -> dict[str, PublishedFile]:
    """The files of a batch that are there, by format."""
    found = public_session.scalars(select(PublishedFile).where(PublishedFile.release == release_id))
    return {file.format: file for file in found}


@job("publication.build_current_files")
def build_current_files(subject: str = "") -> None:
    """Write every format of the newest batch that is not there yet, one after the other, and forget older batches' files."""
    del subject
    with reading.own_session() as own:
        newest = own.scalar(reading.newest())
        if newest is None:
            return
        own.expunge(newest)
        there = set(own.scalars(select(PublishedFile.format).where(PublishedFile.release == newest.release_id)))
    _forget_older(newest.release_id)
    for position, kind in enumerate(FORMATS.values(), start=1):
        if kind.name not in there and not _write(kind, newest, position):
            return


def be_patient(own: Session | scoped_session[Any]) -> None:
    """Let this transaction last: workbooks and maps of a million rows are put together for minutes after their last row came."""
    for limit in PATIENCE:
        own.execute(limit)


def _write(kind: Format, newest: PublishedBatch, position: int) -> bool:
    """Write and keep one file; False when a newer batch came meanwhile, whose own job writes its files."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / kind.filename(newest.release_id)
        with reading.own_session() as own:
            be_patient(own)
            kind.write(Source(own.connection(), about(newest)), path)
            if not reading.is_newest(own, newest.release_id):
                return False
        kept = serving.keep(
            path, release=newest.release_id, name=path.name, position=position, kind=kind.name,
            media_type=kind.mimetype, rows=newest.rows_total,
        )  # fmt: skip
    with settled():
        session.execute(insert(PublishedFile).values(kept))
    return True


def _forget_older(release_id: str) -> None:
    older = select(PublishedBatch.release_id).where(PublishedBatch.release_id != release_id)
    with settled():
        gone: list[Any] = list(
            session.execute(
                delete(PublishedFile)
                .where(PublishedFile.release.in_(older))
                .returning(PublishedFile.sha256, PublishedFile.packed_sha256)
            )
        )
    with settled():
        serving.forget(digest for file in gone for digest in file)
