"""What the public reads of dated data sets: only schema ``pub``, through the role that can read nothing else."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, text

from server.core.database import public_session
from server.core.problems import Problem
from server.publication.release_models import PUBLISHED, WITHDRAWN, PublishedFile, Release

LATEST = "latest"

_REVOKED = text("""
SELECT DISTINCT gone FROM pub.batches, unnest(revoked) AS gone
WHERE gone > :after AND NOT EXISTS (SELECT FROM pub.incidents WHERE incident_id = gone) ORDER BY gone LIMIT :size
""")

_NET = text("""
SELECT incident_id, merged_into,
  CASE WHEN last = 'removed' THEN last WHEN first = 'added' THEN first ELSE 'changed' END AS change
FROM (
  SELECT incident_id, (array_agg(change ORDER BY edition))[1] AS first,
    (array_agg(change ORDER BY edition DESC))[1] AS last, (array_agg(merged_into ORDER BY edition DESC))[1] AS merged_into
  FROM pub.release_changes WHERE edition > :since AND incident_id > :after GROUP BY incident_id
) net ORDER BY incident_id LIMIT :size
""")


def releases(*, size: int, before: int | None = None) -> tuple[Sequence[Release], int | None]:
    """Data sets, the last published first, and where the next page begins (None at the end)."""
    query = select(Release).order_by(Release.sequence.desc()).limit(size + 1)
    found = public_session.scalars(query.where(Release.sequence < before) if before is not None else query).all()
    return found[:size], found[size - 1].sequence if len(found) > size else None


def latest() -> Release | None:
    """The data set with the newest rows that was not withdrawn; None before the first."""
    newest = select(Release).where(Release.state == PUBLISHED).order_by(Release.edition.desc(), Release.sequence.desc())
    return public_session.scalar(newest.limit(1))


def before(edition: int) -> Release | None:
    """The newest data set that stands and is older than an edition; None where there is none."""
    older = select(Release).where(Release.state == PUBLISHED, Release.edition < edition)
    return public_session.scalar(older.order_by(Release.edition.desc(), Release.sequence.desc()).limit(1))


def release(number: str) -> Release:
    """A data set by its number, or the newest by "latest"; Problem when there is none, or it was withdrawn."""
    found = latest() if number == LATEST else public_session.get(Release, number)
    if found is None:
        raise Problem("release_not_found")
    if found.state == WITHDRAWN:
        raise Problem("release_withdrawn", detail=found.replaced_by or "")
    return found


def any_release(number: str) -> Release | None:
    """A data set by its number, withdrawn or not; None when there never was one."""
    return public_session.get(Release, number)


def files(number: str) -> Sequence[PublishedFile]:
    """The files of a data set or of an update, in their order."""
    query = select(PublishedFile).where(PublishedFile.release == number).order_by(PublishedFile.position)
    return public_session.scalars(query).all()


def file(number: str, name: str) -> PublishedFile:
    """One file of a data set that was not withdrawn; Problem when there is none."""
    found = public_session.get(PublishedFile, (release(number).number, name))
    if found is None:
        raise Problem("not_found")
    return found


def changes(since: int, *, size: int, after: str = "") -> tuple[Sequence[Row[Any]], str | None]:
    """What became of each row since an edition: number, one word, and the row that counts it now where that may be said.

    Sorted by number; the second value is where the next page begins. A row that came and changed is ``added``; one that
    went and came back is ``changed``.
    """
    found = public_session.execute(_NET, {"since": since, "after": after, "size": size + 1}).all()
    return found[:size], found[size - 1].incident_id if len(found) > size else None


def revoked(*, size: int, after: str = "") -> tuple[list[str], str | None]:
    """Numbers of rows that were public once and are no more, sorted; and where the next page begins."""
    found = list(public_session.scalars(_REVOKED, {"after": after, "size": size + 1}))
    return found[:size], found[size - 1] if len(found) > size else None
