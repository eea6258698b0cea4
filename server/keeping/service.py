"""The works of keeping as one act each: done, written down with how it went, and told to whoever watches."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from server.core import clock
from server.core.database import session, settled
from server.core.settings import settings
from server.keeping import backups, drills, steadiness, wal
from server.keeping.errors import NotKept, in_a_sentence
from server.keeping.models import Upkeep
from server.vocabulary import UpkeepKind

NOT_SET_UP = "BACKUP_FOLDER is not set: nothing is backed up."


def backup(folder: Path | None = None, *, keys: tuple[str, ...] = (), say: backups.Said = lambda _: None) -> Path:
    """Make a backup where it belongs, throw away those that are too old, and write down how it went."""
    place = folder or (Path(settings().backup_folder) if settings().backup_folder else None)
    if place is None:
        raise NotKept(NOT_SET_UP)
    holders = keys or settings().backup_keys
    if not holders:
        raise NotKept(backups.NO_KEY)
    with in_a_sentence("The backup"), backups.alone(place), _noted(UpkeepKind.BACKUP) as figures:
        made = backups.make(place, keys=holders, say=say)
        told = backups.manifest.read(made)
        figures.update(rows=sum(told.rows.values()), files=told.files["count"], bytes=told.database["bytes"])
        if not steadiness.jumped():
            figures["pruned"] = backups.prune(place, days=settings().backup_days, keep=made)
    return made


def drill() -> dict[str, Any]:
    """Try a restore out, and write down how it went."""
    with _noted(UpkeepKind.DRILL) as figures:
        figures.update(drills.rehearse())
    return figures


def keep_base(folder: Path, *, url: str, keys: tuple[str, ...]) -> Path:
    """Keep the whole cluster as the base of its log, throw away what is older than BACKUP_DAYS, and write down how it went."""
    with in_a_sentence("The base"), _noted(UpkeepKind.BASE) as figures:
        made = wal.base(folder, url=url, keys=keys)
        figures.update(bytes=made.stat().st_size)
        if not steadiness.jumped():
            figures["pruned"] = wal.prune(folder, days=settings().backup_days).bases
    return made


def last(kind: UpkeepKind, *, well: bool = True) -> Upkeep | None:
    """The newest work of a kind, by default among those that went well."""
    query = select(Upkeep).where(Upkeep.kind == kind).order_by(Upkeep.ended_at.desc()).limit(1)
    return session.scalar(query.where(Upkeep.went_well) if well else query)


@contextmanager
def _noted(kind: UpkeepKind) -> Iterator[dict[str, Any]]:
    """Write the work down when it ends, well or not; the figures are what the work puts into them."""
    began = clock.now()
    figures: dict[str, Any] = {}
    try:
        yield figures
    except BaseException as broken:
        _write(kind, began, went_well=False, figures={"why": type(broken).__name__})
        raise
    _write(kind, began, went_well=True, figures=figures)


def _write(kind: UpkeepKind, began: datetime, *, went_well: bool, figures: dict[str, Any]) -> None:
    with settled():
        session.add(Upkeep(kind=kind, began_at=began, ended_at=clock.now(), went_well=went_well, figures=figures))
