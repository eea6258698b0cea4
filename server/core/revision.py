"""Whether the database is of this release, and no live response under the settings of an exercise.

A program must not write into tables it does not know, or miss those it needs; and nothing made up may come near what is real.
"""

import sys
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from server.core.database import session
from server.core.response import facts_as_said
from server.core.settings import settings

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
NEWER = (
    "The database was brought up to date by a newer release than this one (it stands at {found}). Start that release; or, to go "
    "back, bring back a backup from before the update into an empty database. Nothing was changed."
)
OLDER = "The database stands at {found} and this release needs {head}. Bring it up to date first: scripts/prepare (make serve does it)."
MADE_UP = "The response in this database is live, and the settings ask for an exercise. Take out {names}, or name another database."
BOOT_ERROR = 3  # by this code gunicorn knows that starting again will not help


class OtherDatabase(SystemExit):
    """Raised at the start, after its sentence was said."""

    def __init__(self, sentence: str) -> None:
        super().__init__(BOOT_ERROR)
        self.sentence = sentence


def refuse_newer(found: str | None) -> None:
    """OtherDatabase for a revision that this release does not know."""
    if found is not None and found not in _known():
        raise _refused(NEWER.format(found=found))


def refuse_other() -> None:
    """OtherDatabase unless the database is of this release. One that is away or still empty is told of elsewhere."""
    try:
        found = session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError:
        return
    finally:
        session.remove()
    refuse_newer(found)
    head = _scripts().get_current_head()
    if found is not None and found != head:
        raise _refused(OLDER.format(found=found, head=head))


def refuse_made_up() -> None:
    """OtherDatabase when DEMO or EXERCISE is set and the response in the database is live. One that is away is told of elsewhere."""
    names = [name for name, is_set in (("DEMO", settings().demo), ("EXERCISE", settings().exercise)) if is_set]
    try:
        is_live = bool(names) and facts_as_said().is_live
    except SQLAlchemyError:
        return
    finally:
        session.remove()
    if is_live:
        raise _refused(MADE_UP.format(names=" and ".join(names)))


def pending(found: str | None) -> list[str]:
    """The revisions after ``found`` (None: all), in the order in which they run."""
    every = [script.revision for script in _scripts().walk_revisions()][::-1]
    return every[every.index(found) + 1 :] if found else every


def _known() -> set[str]:
    return {script.revision for script in _scripts().walk_revisions()}


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def _refused(sentence: str) -> OtherDatabase:
    print(sentence, file=sys.stderr)
    return OtherDatabase(sentence)
