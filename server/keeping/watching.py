"""How the house is: a handful of checks, each with a state and a plain sentence. The status page, the alarms and the metrics read them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy import func, select, text

from server.core import health, ledger, replica
from server.core.choices import N_
from server.core.clock import now
from server.core.database import public_session, see_as, session
from server.core.i18n import day
from server.core.settings import settings
from server.keeping import service, steadiness, wal
from server.keeping.models import Upkeep
from server.vocabulary import UpkeepKind

BACKUP_WITHIN = timedelta(hours=26)
DRILL_WITHIN = timedelta(days=8)
WORKER_WITHIN = timedelta(minutes=2)
QUEUE_WITHIN = timedelta(minutes=5)
BATCH_WITHIN_DAYS = 1
ROOM_SOON_GONE = 0.15  # share of the disk that is free

NO_BACKUP_SET = N_("Nothing is backed up: BACKUP_FOLDER and BACKUP_KEYS are not set.")
BACKUP_GOOD = N_("The last whole backup is %(hours)s hours old, and was read again.")
BACKUP_OLD = N_("The last whole backup is %(hours)s hours old.")
BACKUP_NEVER = N_("No backup has been made yet.")
DRILL_NEVER = N_("No restore has been tried out yet.")
DRILL_OLD = N_("The last restore was tried out %(hours)s hours ago.")
DRILL_GOOD = N_("A restore was tried out %(hours)s hours ago, and every table was the same.")
WORKER_STILL = N_("The worker stands still. Reports are still received; nothing is matched, cleaned or published.")
FAILED = N_("Works that failed for good: %(count)s. See `flask --app wsgi jobs list`.")
WAITED = N_("The oldest work has waited for %(minutes)s minutes.")
SEALS_BROKEN = N_("Entries of the ledger were changed or removed: %(count)s seals do not fit.")
PHOTOS_DAMAGED = N_("Photos that are no longer as they came: %(count)s. Bring them back from a backup: `flask --app wsgi mend`.")
DISK_FULL = N_("The disk is full: %(megabytes)s MB are free. No report can be received. Make room now.")
PHOTOS_WAIT = N_("Only %(megabytes)s MB of the disk are free. New photos wait on the phones; reports are still received. Make room.")
DISK_LOW = N_("Only %(percent)s %% of the disk is free. Make room before photos have to wait on the phones.")
REPLICA_GOOD = N_("The replica is %(seconds)s seconds behind; map, lists and downloads are read from it.")
REPLICA_BEHIND = N_("The replica is %(seconds)s seconds behind, which is too much: everything is read from the main database.")
REPLICA_AWAY = N_("The replica does not answer: everything is read from the main database.")
STANDBYS_GOOD = N_("Every standby follows; a report is received when it is on two machines.")
STANDBY_MISSING = N_("Standbys that do not follow: %(count)s. Reports are still received; one more lost, and they are not.")
STANDBYS_GONE = N_("No standby follows, and the database waits for one: no report can be received. Bring one back, or let it go.")
LOG_KEPT = N_("The database's log is kept as it grows.")
LOG_LEFT = N_("The database's log is not fetched any more, and fills the database's disk. Start `flask --app wsgi archive-wal` again.")
LOG_FAILS = N_("The database could not archive its log since %(when)s.")
CLOCK_JUMPED = N_("The clock of this server jumped. For a day nothing is erased or published by itself. Look whether it is right.")
LOOKED_OVER = N_("The public copy was looked over on %(day)s.")


class State(StrEnum):
    """How a check came out; ``UNKNOWN`` where there is nothing to check yet."""

    GOOD = "good"
    WATCH = "watch"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """One check: its code, its label and sentence (msgids), the sentence's values, and a number for the metrics."""

    code: str
    label: str
    state: State
    says: str
    values: dict[str, Any] = field(default_factory=dict)
    figure: float | None = None

    def told(self) -> Markup:
        """The sentence in the language spoken now, for a page: days as people write them, commands as code that runs left to right."""
        values = {name: day(value) if isinstance(value, date) else value for name, value in self.values.items()}
        parts = gettext(self.says, **values).split("`")
        return Markup().join(Markup('<code dir="ltr">{}</code>').format(part) if at % 2 else part for at, part in enumerate(parts))


def look(checks: Sequence[Callable[[], "Finding | None"]] = ()) -> list[Finding]:
    """Every check (or those that are given), worst first; the order is stable. What is not set up is not told."""
    order = list(State)[::-1]
    return sorted((found for check in checks or CHECKS if (found := check())), key=lambda finding: order.index(finding.state))


def _backup() -> Finding:
    label = N_("Backup")
    if not (settings().backup_folder and settings().backup_keys):
        return Finding("backup", label, State.BAD, NO_BACKUP_SET)
    made = service.last(UpkeepKind.BACKUP)
    return _aged("backup", label, made, within=BACKUP_WITHIN, never=BACKUP_NEVER, old=BACKUP_OLD, good=BACKUP_GOOD)


def _drill() -> Finding:
    label, made = N_("Restore tried out"), service.last(UpkeepKind.DRILL)
    return _aged("drill", label, made, within=DRILL_WITHIN, never=DRILL_NEVER, old=DRILL_OLD, good=DRILL_GOOD)


def _aged(code: str, label: str, work: Upkeep | None, *, within: timedelta, never: str, old: str, good: str) -> Finding:
    if work is None:
        return Finding(code, label, State.BAD, never)
    age = now() - work.ended_at
    values = {"hours": int(age.total_seconds() // 3600)}
    if age > within:
        return Finding(code, label, State.BAD, old, values, age.total_seconds())
    return Finding(code, label, State.GOOD, good, values, age.total_seconds())


def _worker() -> Finding:
    label = N_("Worker")
    beat = session.scalar(text("SELECT max(last_heartbeat) FROM procrastinate_workers"))
    if beat is None or now() - beat > WORKER_WITHIN:
        return Finding("worker", label, State.BAD, WORKER_STILL)
    return Finding("worker", label, State.GOOD, N_("The worker works."), figure=(now() - beat).total_seconds())


def _queue() -> Finding:
    label, waits = N_("Work that waits"), _oldest_waiting()
    failed = session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'")) or 0
    age = (now() - waits).total_seconds() if waits else 0.0
    if failed:
        return Finding("queue", label, State.WATCH, FAILED, {"count": failed}, age)
    if age > QUEUE_WITHIN.total_seconds():
        return Finding("queue", label, State.WATCH, WAITED, {"minutes": int(age // 60)}, age)
    return Finding("queue", label, State.GOOD, N_("No work waits for long."), figure=age)


def _oldest_waiting() -> datetime | None:
    """When the oldest work that is due was put into the queue."""
    return session.scalar(text(
        "SELECT min(events.at) FROM procrastinate_jobs jobs JOIN procrastinate_events events ON events.job_id = jobs.id AND events.type = 'deferred' "
        "WHERE jobs.status = 'todo' AND (jobs.scheduled_at IS NULL OR jobs.scheduled_at <= now())"
    ))  # fmt: skip


def _ledger() -> Finding:
    label, broken = N_("Ledger of who did what"), ledger.broken_seals()
    if broken:
        return Finding("ledger", label, State.BAD, SEALS_BROKEN, {"count": len(broken)}, len(broken))
    return Finding("ledger", label, State.GOOD, N_("Every seal of the ledger fits."), figure=0)


def _photos() -> Finding:
    label = N_("Photos in our keeping")
    see_as("all")
    damaged = session.scalar(text("SELECT count(*) FROM photos WHERE 'photo_damaged' = ANY(flags)")) or 0
    if damaged:
        return Finding("photos", label, State.BAD, PHOTOS_DAMAGED, {"count": damaged}, damaged)
    return Finding("photos", label, State.GOOD, N_("Every photo that was read again is as it came."), figure=0)


def _disk() -> Finding:
    label, usage, free = N_("Disk"), health.tightest_disk(), free_share()
    values = {"percent": int(free * 100), "megabytes": usage.free // 1_000_000}
    if usage.free <= health.FREE_BYTES:
        return Finding("disk", label, State.BAD, DISK_FULL, values, free)
    if usage.free < health.PHOTO_BYTES:
        return Finding("disk", label, State.BAD, PHOTOS_WAIT, values, free)
    if free < ROOM_SOON_GONE:
        return Finding("disk", label, State.WATCH, DISK_LOW, values, free)
    return Finding("disk", label, State.GOOD, N_("%(percent)s %% of the disk is free."), values, free)


def free_share() -> float:
    """The share that is free, 0 to 1, of the disk that has the least room."""
    usage = health.tightest_disk()
    return usage.free / usage.total


def _publication() -> Finding:
    label = N_("Public copy")
    made = public_session.scalar(text("SELECT max(published_on) FROM pub.batches"))
    if made is None:
        return Finding("publication", label, State.WATCH, N_("Nothing has been published yet."))
    days = (now().date() - made).days
    state = State.GOOD if days <= BATCH_WITHIN_DAYS else State.WATCH
    return Finding("publication", label, state, LOOKED_OVER, {"day": made}, days * 86_400.0)


def _replica() -> Finding | None:
    """How far the replica is behind; nothing where none is set."""
    if not settings().replica_database_url:
        return None
    label, lag = N_("Replica"), replica.measured_lag_s(settings())
    if lag is None:
        return Finding("replica", label, State.BAD, REPLICA_AWAY)
    values = {"seconds": int(lag)}
    if lag > settings().replica_lag_s:
        return Finding("replica", label, State.WATCH, REPLICA_BEHIND, values, lag)
    return Finding("replica", label, State.GOOD, REPLICA_GOOD, values, lag)


def _standbys() -> Finding | None:
    """Whether the standbys that the database waits for follow it; nothing where it waits for none."""
    waits_for = session.scalar(text("SELECT current_setting('synchronous_standby_names')")) or ""
    if not waits_for:
        return None
    named = len(re.sub(r"^.*\(|\).*$", "", waits_for).split(","))
    follow = session.scalar(text("SELECT count(*) FROM pg_stat_replication")) or 0
    label, missing = N_("Standbys"), max(0, named - follow)
    if not follow:
        return Finding("standbys", label, State.BAD, STANDBYS_GONE, figure=missing)
    if missing:
        return Finding("standbys", label, State.BAD, STANDBY_MISSING, {"count": missing}, missing)
    return Finding("standbys", label, State.GOOD, STANDBYS_GOOD, figure=0)


def _log() -> Finding | None:
    """Whether the database's log is kept, by our own command or by the database's; nothing where neither was asked for."""
    label = N_("Log of the database")
    fetched = session.scalar(text("SELECT active FROM pg_replication_slots WHERE slot_name = :slot"), {"slot": wal.SLOT})
    if fetched is False:
        return Finding("log", label, State.BAD, LOG_LEFT)
    failed, archives = session.execute(text(
        "SELECT CASE WHEN last_failed_time > coalesce(last_archived_time, '-infinity') THEN last_failed_time END, "
        "current_setting('archive_mode') <> 'off' FROM pg_stat_archiver"
    )).one()  # fmt: skip
    if archives and failed:
        return Finding("log", label, State.BAD, LOG_FAILS, {"when": failed.isoformat(timespec="minutes")})
    return Finding("log", label, State.GOOD, LOG_KEPT) if fetched or archives else None


def _clock() -> Finding | None:
    """That the clock jumped within a day; nothing as long as it goes on evenly."""
    if steadiness.jumped():
        return Finding("clock", N_("Clock"), State.BAD, CLOCK_JUMPED, figure=1)
    return None


CHECKS: tuple[Callable[[], Finding | None], ...] = (
    _backup, _drill, _worker, _queue, _ledger, _photos, _disk, _publication, _replica, _standbys, _log, _clock,
)  # fmt: skip
# What cannot wait: these are looked at every minute.
URGENT: tuple[Callable[[], Finding | None], ...] = (_worker, _disk, _replica, _standbys, _clock, _log)
# What the web looks at, because the worker cannot.
WORKER_ALONE: tuple[Callable[[], Finding | None], ...] = (_worker,)


def failures() -> Iterator[tuple[str, datetime]]:
    """Works of keeping that did not go well in the last week, newest first."""
    recent = select(Upkeep.kind, func.max(Upkeep.ended_at)).where(
        ~Upkeep.went_well, Upkeep.ended_at > now() - timedelta(days=7)
    )
    for kind, at in session.execute(recent.group_by(Upkeep.kind)):
        yield kind.label, at
