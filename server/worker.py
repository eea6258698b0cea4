"""What happens to a report after it was received, all of it, on one page; and the process that does it.

REACTIONS: which jobs follow from which event. TIMETABLE: which jobs follow from the clock. An event is a row of the outbox,
written in the transaction of the act; the pump moves it to the queue in batches, so that intake never waits for a NOTIFY.
"""

import logging
import threading
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from importlib.util import find_spec

import procrastinate
from sqlalchemy import delete, select, text

from server.core import jobs, logs, revision
from server.core.database import public_session, raw_url, session, settled
from server.core.ledger import OutboxEvent

REACTIONS: dict[str, tuple[str, ...]] = {
    "report.received": ("matching.match_report", "matching.watch_report"),
    "report.freed": ("matching.match_report",),
    "report.restored": ("matching.restore_report",),
    "report.withdrawn": ("matching.let_go_report", "evidence.erase_photos"),
    "media.received": ("evidence.clean_photo",),
    "media.redacted": ("evidence.remove_covered",),
    "media.cleaned": ("matching.reconsider_report", "matching.watch_report"),
    "incident.changed": ("verification.review_certainty", "matching.weigh_questions", "coordination.note_needs", "coordination.tell_of_record"),
    "incident.opened": ("coordination.tell_of_record",),
    "incident.moved": ("coordination.tell_of_record",),
    "decision.made": ("coordination.tell_of_record",),
    "decision.undone": ("coordination.tell_of_record",),
    "certainty.followed": ("coordination.tell_of_record",),
    "need.opened": ("coordination.tell_of_need",),
    "referral.offered": ("coordination.tell_of_referral",),
    "report.answered": ("coordination.tell_of_answer",),
    "report.amended": ("coordination.tell_of_answer",),
    "webhook.queued": ("coordination.send_webhook",),
    "situation.asked": ("coordination.print_situation",),
    "batch.published": ("publication.build_current_files",),
    "publication.withdrawn": ("publication.build_current_files",),
    "release.prepared": ("publication.build_release",),
    "release.withdrawn": ("publication.remake_release",),
    "boundaries.given": ("response.load_boundaries",),
    "response.closed": ("response.finish_closing",),
    "campaign.settled": ("matching.carry_out_campaign",),
    "campaign.reopened": ("matching.carry_out_campaign",),
    "bulk.begun": ("coordination.carry_on_bulk",),
    "bulk.undo_begun": ("coordination.carry_on_bulk",),
    "imagery.taken_in": ("evidence.read_imagery",),
    "imagery.keep_begun": ("verification.keep_imagery",),
    "report.assessed": ("verification.review_certainty_of_report",),
}

TIMETABLE: dict[str, str] = {
    "* * * * *": "core.seal_ledger",
    "*/1 * * * *": "keeping.raise_urgent_alarms",
    "*/5 * * * *": "accounts.sweep_sessions",
    "7 * * * *": "publication.publish_batch",
    "1-59/2 * * * *": "coordination.fold_need_counts",
    "*/3 * * * *": "coordination.keep_time_of_aid",
    "27 * * * *": "coordination.note_unseen_needs",
    "23 * * * *": "reports.purge_held_back",
    "11 3 * * *": "reports.erase_old_contacts",
    "17 3 * * *": "reports.erase_old_words",
    "19 3 * * *": "matching.keep_no_longer",
    "21 3 * * *": "reports.destroy_old_keys",
    "29 * * * *": "evidence.sweep_uploads",
    "47 * * * *": "intake.forget_proofs",
    "49 * * * *": "intake.forget_tables",
    "37 3 * * *": "evidence.shred_old_originals",
    "41 3 * * *": "evidence.verify_photos",
    "51 3 * * *": "publication.sweep_files",
    "57 3 * * *": "publication.forget_old_disclosures",
    "13 * * * *": "coordination.sweep_work",
    "33 3 * * *": "coordination.erase_old_complaints",
    "0-59 * * * *": "coordination.send_webhooks",
    "2 * * * *": "coordination.send_digests",
    "53 * * * *": "coordination.sweep_papers",
    "17 2 * * *": "keeping.make_backup",
    "43 4 * * 0": "keeping.rehearse_restore",
    "*/10 * * * *": "keeping.raise_alarms",
}

# What cannot be taken back, done because its time has come: not by a clock that jumped.
FOR_GOOD = {
    "publication.publish_batch", "publication.forget_old_disclosures", "reports.purge_held_back", "reports.erase_old_contacts",
    "reports.erase_old_words", "reports.destroy_old_keys", "matching.keep_no_longer", "evidence.shred_old_originals",
    "coordination.erase_old_complaints",
}  # fmt: skip

ROOMS = (
    "core", "accounts", "places", "reports", "evidence", "intake", "matching", "verification", "coordination", "publication", "keeping",
    "response",
)  # fmt: skip
PUMP_EVERY_S = 0.25
FOLD_EVERY_S = 2.0
REST_AFTER_FAULT_S = 5.0
LEFT_EVERY_S = 60.0
BATCH = 500
MOST_ATTEMPTS = 12

log = logging.getLogger("server.worker")


def load_jobs() -> dict[str, object]:
    """Import every room's jobs; returns the register."""
    for room in ROOMS:
        if find_spec(f"server.{room}.jobs"):
            import_module(f"server.{room}.jobs")
    return dict(jobs.JOBS)


def queue_app(*, works: bool = False) -> procrastinate.App:
    """The queue with every job as a task that is tried again, ever more slowly, for about a day.

    One app puts jobs in, from ordinary threads; another (``works``) takes them out: Procrastinate's worker is asynchronous
    and makes its app useless for anything else while it runs.
    """
    load_jobs()
    connector = procrastinate.PsycopgConnector if works else procrastinate.SyncPsycopgConnector
    queue = procrastinate.App(connector=connector(conninfo=raw_url(), max_size=6))
    patience = procrastinate.RetryStrategy(max_attempts=MOST_ATTEMPTS, exponential_wait=3)
    for name, work in jobs.JOBS.items():
        queue.task(name=name, retry=patience)(_leaving_nothing_open(work))
    for cron, name in TIMETABLE.items():
        if name in jobs.JOBS:
            queue.periodic(cron=cron)(queue.task(name=f"{name}.by_clock", queueing_lock=name)(_by_clock(name)))
    return queue


def _by_clock(name: str) -> Callable[[int], None]:
    def run(timestamp: int) -> None:
        del timestamp
        if name in FOR_GOOD and _is_clock_doubtful():
            log.warning("The clock jumped: what cannot be taken back waits.", extra={"job": name})
            return
        _leaving_nothing_open(jobs.JOBS[name])()

    return run


def _is_clock_doubtful() -> bool:
    from server.keeping import steadiness

    with settled():
        return steadiness.is_doubtful()


def _leaving_nothing_open(work: Callable[..., None]) -> Callable[..., None]:
    """The work, and after it no session: what only read and stays open is broken off by the database, and would fail the thread's next work."""

    @wraps(work)
    def run(**arguments: str) -> None:
        try:
            work(**arguments)
        finally:
            session.remove()
            public_session.remove()

    return run


def take_events(limit: int = BATCH) -> list[tuple[str, dict[str, str]]]:
    """Take events from the outbox, oldest first, as jobs to do: ``(name, arguments)``. Settling is the caller's."""
    oldest = select(OutboxEvent.id).order_by(OutboxEvent.id).limit(limit).with_for_update(skip_locked=True)
    taken = session.execute(
        delete(OutboxEvent)
        .where(OutboxEvent.id.in_(oldest.scalar_subquery()))
        .returning(OutboxEvent.id, OutboxEvent.event, OutboxEvent.subject_id)
    ).all()
    return [
        (name, {"subject": str(row.subject_id)})
        for row in sorted(taken, key=lambda row: row.id)
        for name in REACTIONS.get(row.event, ())
        if name in jobs.JOBS
    ]


def pump(queue: procrastinate.App) -> int:
    """Move a batch of events into the queue in one transaction; returns how many jobs came of them."""
    with settled():
        todo = take_events()
        connection = session.connection().connection.driver_connection
        for name in dict.fromkeys(name for name, _arguments in todo):
            batch = [arguments for wanted, arguments in todo if wanted == name]
            queue.tasks[name].configure(connection=connection).batch_defer(*batch)  # type: ignore[arg-type]
    return len(todo)


def take_up_again(queue: procrastinate.App) -> int:
    """Put the jobs that failed for good back into the queue, those of the clock apart, which comes by itself; how many. Settling is the caller's."""
    failed = session.execute(text("DELETE FROM procrastinate_jobs WHERE status = 'failed' RETURNING task_name, args")).all()
    connection = session.connection().connection.driver_connection
    again = [job for job in failed if job.task_name in jobs.JOBS]
    for job in again:
        queue.tasks[job.task_name].configure(connection=connection).defer(**job.args)  # type: ignore[arg-type]
    return len(again)


# Under way, says the queue, and nobody is there who does it: that worker was killed, or lost its power, two minutes ago or longer.
_LEFT = """status = 'doing' AND NOT EXISTS (
  SELECT FROM procrastinate_workers one WHERE one.id = worker_id AND one.last_heartbeat > now() - interval '2 minutes')"""
_LEFT_TWICE = text(f"""DELETE FROM procrastinate_jobs job WHERE {_LEFT} AND queueing_lock IS NOT NULL AND EXISTS (
  SELECT FROM procrastinate_jobs other
  WHERE other.queueing_lock = job.queueing_lock AND (other.status = 'todo' OR other.status = 'doing' AND other.id > job.id))
""")  # noqa: S608 - fixed words
_LEFT_BEHIND = text(f"""
UPDATE procrastinate_jobs SET attempts = attempts + 1, scheduled_at = now() + make_interval(secs => power(3, least(attempts, 9))),
  status = (CASE WHEN attempts + 1 < :most THEN 'todo' ELSE 'failed' END)::procrastinate_job_status
WHERE {_LEFT} RETURNING id
""")  # noqa: S608 - fixed words


def take_up_left() -> int:
    """Put what a worker was at when it was killed back into the queue; how many. Settling is the caller's.

    What kills its worker again and again waits longer each time, and fails for good in the end, as what raises an error does.
    """
    session.execute(_LEFT_TWICE)
    return len(session.execute(_LEFT_BEHIND, {"most": MOST_ATTEMPTS}).all())


def main() -> None:
    """Run the pump and the queue until told to stop; what is under way is finished first."""
    from server.app import create_app

    logs.to_stderr()
    create_app()  # binds the database, and lends itself to the jobs that write letters and papers
    revision.refuse_other()
    revision.refuse_made_up()
    stop = threading.Event()
    pumping = threading.Thread(target=_keep_pumping, args=(queue_app(), stop), name="pump")
    pumping.start()
    try:
        queue_app(works=True).run_worker(
            concurrency=2, listen_notify=True, fetch_job_polling_interval=1.0, delete_jobs="successful"
        )
    finally:
        stop.set()
        pumping.join(timeout=10)


def _keep_pumping(queue: procrastinate.App, stop: threading.Event) -> None:
    """Pump while there is something, else rest a moment; a database that is away is waited for."""
    from server.matching.map_cells import fold

    since_fold, since_left = 0.0, LEFT_EVERY_S
    while not stop.is_set():
        try:
            moved = pump(queue)
            if since_fold >= FOLD_EVERY_S:
                with settled():
                    fold()
                since_fold = 0.0
            if since_left >= LEFT_EVERY_S:
                with settled():
                    take_up_left()
                since_left = 0.0
        except Exception:
            log.exception("pump")
            moved = 0
            stop.wait(REST_AFTER_FAULT_S)
        if moved < BATCH:
            stop.wait(PUMP_EVERY_S)
        since_fold += PUMP_EVERY_S
        since_left += PUMP_EVERY_S


if __name__ == "__main__":
    main()
