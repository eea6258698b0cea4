"""Large satellite files: taken in at once, read and written by the worker, with progress, and stopped by taking the import back.

Nothing counts before every row is written. A job that was cut off begins the writing anew.
"""

from uuid import UUID

from sqlalchemy import delete, insert, select

from server.accounts.policy import Actor, may
from server.core import ledger
from server.core.database import session, settled
from server.core.problems import PROBLEMS, Problem
from server.evidence import imagery
from server.evidence.imagery import Said
from server.evidence.imagery_models import KEEPING, READING, REFUSED, TRIED, ImageryImport, ImageryRow
from server.evidence.survey import FileRefused, SurveyRefused

LARGE_BYTES, LARGE_ROWS = 5_000_000, 5_000
NO_CLASSES = "nothing_seen"


def is_large(data: bytes) -> bool:
    """Whether the worker is to read a file, instead of whoever brings it in waiting for it."""
    return len(data) > LARGE_BYTES


def take_in(data: bytes, said: Said, *, actor: Actor) -> ImageryImport:
    """Keep a large file sealed until the worker has read it."""
    if not may(actor, "import_imagery"):
        raise Problem("not_allowed" if actor.is_known else "sign_in_needed")
    made = imagery.begun(data, said, actor=actor, state=READING)
    session.flush()
    ledger.record("imagery.taken_in", made.id, actor_id=actor.person_id, sha256=made.sha256, bytes=len(data))
    return made


def read_through(import_id: UUID) -> None:
    """Read a file that was taken in; afterwards it is tried like any other, or refused with the reason."""
    with settled():
        one = under_way(import_id, READING)
        if one is None:
            return
        try:
            reading = imagery.read_again(one)
        except SurveyRefused as refused:
            _refuse(import_id, refused.why.value)
            return
        if reading.columns is None:
            _refuse(import_id, NO_CLASSES)
        elif (locked := under_way(import_id, READING)) is not None:
            imagery.describe(locked, reading)
            locked.state = TRIED
            ledger.record("imagery.tried", locked.id, actor_id=locked.person_id, sha256=locked.sha256, rows=locked.rows)


def _refuse(import_id: UUID, why: str) -> None:
    if one := under_way(import_id, READING):
        one.state, one.problem = REFUSED, why
        imagery.drop_file(one)


def under_way(import_id: UUID, state: str) -> ImageryImport | None:
    """An import in this state, locked; None where somebody took it back meanwhile, or it is further already."""
    query = select(ImageryImport).where(ImageryImport.id == import_id, ImageryImport.state == state)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def begin_keeping(import_id: UUID, *, actor: Actor) -> bool:
    """Let the worker write the rows of an import that was tried; False for a small one, which whoever asks writes at once."""
    one = imagery.by_id(import_id)
    if one.state != TRIED or one.rows <= LARGE_ROWS:
        return False
    if not may(actor, "import_imagery"):
        raise Problem("not_allowed" if actor.is_known else "sign_in_needed")
    one.state, one.done = KEEPING, 0
    ledger.record("imagery.keep_begun", one.id, actor_id=actor.person_id, rows=one.rows)
    return True


def write_all(import_id: UUID) -> bool:
    """Write the rows, a piece at a time so that progress shows; False where it was taken back meanwhile."""
    with settled():
        one = under_way(import_id, KEEPING)
        if one is None:
            return False
        session.execute(delete(ImageryRow).where(ImageryRow.import_id == import_id))
        one.done = 0
        session.flush()
    with settled():
        reading = imagery.read_again(imagery.by_id(import_id))
        batches = imagery.batches_of(imagery.by_id(import_id), reading.units)
    return all(_write(import_id, batch) for batch in batches)


def _write(import_id: UUID, batch: list[dict[str, object]]) -> bool:
    with settled():
        one = under_way(import_id, KEEPING)
        if one is None:
            return False
        session.execute(insert(ImageryRow), batch)
        one.done += len(batch)
        return True


def why_refused(one: ImageryImport) -> str:
    """Why a file could not be read, as a msgid."""
    return PROBLEMS[NO_CLASSES][1] if one.problem == NO_CLASSES else FileRefused(one.problem).label
