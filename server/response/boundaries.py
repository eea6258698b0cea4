"""Boundaries (COD-AB) given on the desk: kept, loaded by a job that says how far it is, then told what went in."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import DataError

from server.accounts.invitations import refused
from server.accounts.policy import Actor
from server.core import ledger, storage
from server.core.clock import now
from server.core.database import session, settled
from server.places.models import AdminArea
from server.places.service import UnusableAreas, load_admin_areas
from server.response.models import DONE, LOADING, REFUSED, WAITING, BoundaryLoad

NAMESPACE = "imports"
KINDS = {".geojson": "geojson", ".json": "geojson", ".gpkg": "gpkg"}
LEVELS = range(4)
MOST_TOLD = 20
UNSTORABLE = "A code or a name in it is longer than any, or holds signs that no text has."


class Stopped(Exception):
    """Somebody stopped the load."""


def give(file: IO[bytes], name: str, *, level: int, cod_version: str, actor: Actor) -> BoundaryLoad:
    """Keep a file of areas and have it loaded. Problem ``invalid_input`` for a kind, level or version that is none."""
    kind = KINDS.get(Path(name).suffix.lower())
    if kind is None:
        raise refused("file", _("Choose a GeoJSON (.geojson) or GeoPackage (.gpkg) file."))
    if level not in LEVELS:
        raise refused("level", _("Choose one of the list."))
    if not 1 <= len(cod_version) <= 32:
        raise refused("cod_version", _("Say the version as the publisher calls it, for example v03."))
    made = BoundaryLoad(
        id=uuid4(), file_sha256=storage.store().put(file, NAMESPACE), file_kind=kind, level=level, cod_version=cod_version,
        state=WAITING, done=0, total=0, refused=[], why="", said_by=actor.person_id, said_at=now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    ledger.record("boundaries.given", made.id, actor_id=actor.person_id, level=level)
    return made


def load(load_id: UUID) -> None:
    """Load a file that was given. Run twice, it loads the same again and changes nothing. Settles its own work."""
    with settled():
        found = session.get(BoundaryLoad, load_id, with_for_update=True)
        if found is None:
            return
        file, kind, level, version = found.file_sha256, found.file_kind, found.level, found.cod_version
        is_over = found.state in (DONE, REFUSED)
        if not is_over:
            found.state = LOADING
    if not is_over:
        _load(load_id, file, kind=kind, level=level, version=version)
    _let_go(file)


def _load(load_id: UUID, file: str, *, kind: str, level: int, version: str) -> None:
    """All of the file, or nothing of it."""
    try:
        with settled(), tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"areas.{kind}"
            path.write_bytes(storage.store().get(file, NAMESPACE))
            done = load_admin_areas(path, level=level, cod_version=version, tell=_teller(load_id))
            _finish(load_id, done=done.loaded, refused=list(done.refused[:MOST_TOLD]), total=done.loaded + len(done.refused))
            ledger.record("boundaries.loaded", load_id, level=level, areas=done.loaded, refused=len(done.refused))
    except (UnusableAreas, DataError) as problem:
        why = str(problem) if isinstance(problem, UnusableAreas) else UNSTORABLE
        with settled():
            session.execute(_to(load_id).values(state=REFUSED, why=why[:500]))
    except Stopped:
        return


def stop(load_id: UUID, *, actor: Actor) -> None:
    """Stop a load that waits or is under way: nothing of its file goes in, and the next look of the worker lets the file go."""
    going = _to(load_id).where(BoundaryLoad.state.in_((WAITING, LOADING))).values(state=REFUSED, why="")
    if session.scalar(going.returning(BoundaryLoad.id)) is not None:
        ledger.record("boundaries.stopped", load_id, actor_id=actor.person_id)


def _let_go(file: str) -> None:
    """Delete a file that no other load waits for."""
    with settled():
        wanted = select(BoundaryLoad.id).where(BoundaryLoad.file_sha256 == file, BoundaryLoad.state.in_((WAITING, LOADING)))
        if session.scalar(wanted.limit(1)) is None:
            storage.store().delete(file, NAMESPACE)


def _finish(load_id: UUID, *, done: int, refused: list[tuple[int, str]], total: int) -> None:
    told = _going(load_id).values(state=DONE, done=done, total=total, refused=[list(one) for one in refused])
    if session.scalar(told.returning(BoundaryLoad.id)) is None:
        raise Stopped


def _teller(load_id: UUID) -> Callable[[int, int], None]:
    """Write how far the work is, at once and beside it, so that the page sees it before the work is settled; Stopped where nobody wants it."""

    def tell(done: int, total: int) -> None:
        said = _going(load_id).values(done=done, total=total).returning(BoundaryLoad.id)
        bind = session.get_bind()
        if isinstance(bind, Connection):
            told = bind.scalar(said)
        else:
            with bind.begin() as beside:
                told = beside.scalar(said)
        if told is None:
            raise Stopped

    return tell


def _going(load_id: UUID):  # type: ignore[no-untyped-def] # noqa: ANN202 - as below
    return _to(load_id).where(BoundaryLoad.state == LOADING)


def _to(load_id: UUID):  # type: ignore[no-untyped-def] # noqa: ANN202 - an update of one row
    return update(BoundaryLoad).where(BoundaryLoad.id == load_id)


def given(most: int = 8) -> list[BoundaryLoad]:
    """The newest files that were given."""
    return list(session.scalars(select(BoundaryLoad).order_by(BoundaryLoad.said_at.desc()).limit(most)))


def by_level() -> dict[int, int]:
    """How many areas there are of each level."""
    counted = select(AdminArea.level, func.count()).group_by(AdminArea.level).order_by(AdminArea.level)
    return {int(level): int(number) for level, number in session.execute(counted)}
