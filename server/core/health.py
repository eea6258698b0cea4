"""Whether the server is alive, and whether it can really take a report."""

import shutil
import threading
import time
from pathlib import Path

from flask import Flask, Response, make_response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from server.core.database import session
from server.core.settings import settings
from server.core.storage import store
from server.core.tally import TALLY

FREE_BYTES = 200_000_000  # below this the next report may not fit
PHOTO_BYTES = 512_000_000  # kept free for what matters more than photos: below this they wait on the phones
KEPT_S = 1.0  # a stranger may ask as often as they like; the database is asked once a second in each process
DRAINING = "draining"  # counted by the server's first process when it was told to stop (scripts/gunicorn.conf.py)


def init_app(app: Flask) -> None:
    """Add ``/health/live`` and ``/health/ready``."""
    app.add_url_rule("/health/live", "health_live", live)
    app.add_url_rule("/health/ready", "health_ready", ready)


def live() -> Response:
    """200 as long as the process answers."""
    return make_response({"status": "alive"})


def ready() -> Response:
    """200 when the database takes a write, the disk has room and the queue is there; else 503 that says which is wrong.

    Also 503 from the moment the server is told to stop: whoever shares out the work sends none here any more, while what is under
    way is finished. What was found holds for ``KEPT_S`` seconds.
    """
    if TALLY.look(DRAINING):
        return make_response({"status": "stopping", "checks": {}}, 503)
    checks = _KEPT.get()
    good = all(checks.values())
    return make_response({"status": "ready" if good else "not ready", "checks": checks}, 200 if good else 503)


def look_again() -> None:
    """Forget what was found, so that the next who asks is told of this very moment."""
    _KEPT.until = 0.0


class _Kept:
    """What was found last, and until when it holds. While one looks, the others wait for the answer instead of looking too."""

    def __init__(self) -> None:
        self.lock, self.until = threading.Lock(), 0.0
        self.checks: dict[str, bool] = {}

    def get(self) -> dict[str, bool]:
        with self.lock:
            if time.monotonic() >= self.until:
                self.checks = {"database": _database_writes(), "disk": _disk_has_room(), "queue": _queue_is_there()}
                self.until = time.monotonic() + KEPT_S
            return self.checks


_KEPT = _Kept()


def _database_writes() -> bool:
    """A write that is rolled back: a full disk or a read-only standby shows here."""
    try:
        nested = session.begin_nested()
        session.execute(text("INSERT INTO outbox (event, subject_id) VALUES ('health.checked', gen_random_uuid())"))
        nested.rollback()
    except SQLAlchemyError:
        session.rollback()
        return False
    return True


def _queue_is_there() -> bool:
    try:
        return session.scalar(text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")) is True
    except SQLAlchemyError:
        session.rollback()
        return False


def _disk_has_room() -> bool:
    return tightest_disk().free > FREE_BYTES


def has_room_for_photo(size: int) -> bool:
    """Whether ``size`` more bytes of a photo leave enough room for the reports that come after it."""
    return tightest_disk().free >= PHOTO_BYTES + size


def tightest_disk() -> shutil._ntuple_diskusage:
    """Size and free room, in bytes, of the disk that has the least.

    Looked at are the disk that the store lies on (or where it is a bucket, on which photos wait until whole) and those of DATABASE_FOLDERS.
    """
    places = (store().place, *map(Path, settings().database_folders))
    return min(map(_disk_of, places), key=lambda disk: disk.free)


def _disk_of(folder: Path) -> shutil._ntuple_diskusage:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder)
