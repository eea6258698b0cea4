"""The house in numbers. Every label comes from a closed set: no path, name, place, address or number of a report can get in.

Figures are read from the database when they are asked for, so that they are the same whichever process answers, and survive a restart.
"""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from sqlalchemy import text as sql

from server.core.database import see_as, session
from server.keeping import watching
from server.vocabulary import Channel

__all__ = ["CONTENT_TYPE", "text"]

# Gauge by the check it comes from: name, what it tells.
_GAUGES = {
    "backup": ("tessera_backup_age_seconds", "Age of the last whole backup"),
    "drill": ("tessera_restore_drill_age_seconds", "Time since a restore was last tried out"),
    "worker": ("tessera_worker_silence_seconds", "Time since the worker last gave a sign"),
    "queue": ("tessera_queue_oldest_age_seconds", "How long the oldest work has waited"),
    "ledger": ("tessera_ledger_broken_seals", "Seals of the ledger that do not fit"),
    "photos": ("tessera_media_verify_failures", "Photos that are no longer as they came"),
    "disk": ("tessera_disk_free_ratio", "Share of the disk that is free"),
    "log": ("tessera_log_archive", "Whether the database's log is kept"),
    "replica": ("tessera_replica_lag_seconds", "How far the replica is behind"),
    "standbys": ("tessera_standbys_missing", "Standbys that are waited for and do not follow"),
    "clock": ("tessera_clock_jumped", "1 for a day after the server's clock jumped"),
    "publication": ("tessera_publication_age_seconds", "Time since the public copy was looked over"),
}


def text() -> bytes:
    """Everything in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_House())  # type: ignore[arg-type]
    return generate_latest(registry)


class _House:
    """What is asked of the database at each reading."""

    def collect(self) -> Iterator[Metric]:
        """The metrics, one family each."""
        yield from _checks()
        yield _reports()
        yield _jobs()


def _checks() -> Iterator[Metric]:
    state = GaugeMetricFamily(
        "tessera_check_ok", "1 when the check is good, 0 when somebody should look", labels=["check"]
    )
    for finding in watching.look():
        state.add_metric([finding.code], 1 if finding.state is watching.State.GOOD else 0)
        if finding.figure is not None:
            name, told = _GAUGES[finding.code]
            yield GaugeMetricFamily(name, told, value=finding.figure)
    yield state


def _reports() -> Metric:
    """Reports received by the door they came through; counts below ten are told as zero, so that one report is no signal."""
    see_as("all")
    counted: dict[str, int] = dict(session.execute(sql("SELECT channel, count(*) FROM reports GROUP BY channel")).all())
    family = CounterMetricFamily("tessera_reports_received", "Reports received", labels=["channel"])
    for channel in Channel:
        count = counted.get(channel.value, 0)
        family.add_metric([channel.value], count if count >= 10 else 0)
    return family


def _jobs() -> Metric:
    family = GaugeMetricFamily("tessera_jobs", "Works in the queue", labels=["status"])
    counted: dict[str, int] = dict(
        session.execute(sql("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY status")).all()
    )
    for status in ("todo", "doing", "failed"):
        family.add_metric([status], counted.get(status, 0))
    return family
