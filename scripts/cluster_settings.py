"""The settings of the private cluster: full durability, no words of people in the log, memory by the machine's size."""

from __future__ import annotations

import os
from pathlib import Path

MEGABYTE = 1024 * 1024

DURABILITY = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}

# A failed statement would carry what a person wrote into the log; so would its DETAIL, and even its message ("invalid
# input syntax for type integer: …"). Errors go to the program that asked; the log tells of the server alone.
SILENCE = {
    "log_min_messages": "log",
    "log_statement": "'none'",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_connections": "off",
    "log_disconnections": "off",
    "log_hostname": "off",
}

# One file for each weekday, overwritten after a week, readable by the cluster's user alone.
LOG_FILES = {
    "logging_collector": "on",
    "log_directory": "'log'",
    "log_filename": "'%a.log'",
    "log_file_mode": "0600",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_timezone": "'UTC'",
}

GENERAL = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "timezone": "'UTC'",
    "lc_messages": "'C'",
    "random_page_cost": "1.1",  # solid-state disks: an index look-up costs about as much as reading on
    "jit": "off",  # our statements are short; compiling one costs more than running it
    "checkpoint_timeout": "15min",
}


def settings_file(sockets: str) -> str:
    """The text of tessera.conf, which postgresql.conf includes; written anew at every start."""
    settings = {**DURABILITY, **SILENCE, **LOG_FILES, **GENERAL, **_memory(), "unix_socket_directories": f"'{sockets}'"}
    lines = [f"{name} = {value}" for name, value in settings.items()]
    return "# Written by scripts/cluster at every start; changes here are lost.\n" + "\n".join(lines) + "\n"


def _memory() -> dict[str, str]:
    """Shares of the machine's memory, so that 24 GB are used and a laptop of 2 GB is not drowned."""
    total = _memory_mb()
    return {
        "shared_buffers": f"{_between(128, total // 8, 4096)}MB",
        "effective_cache_size": f"{_between(256, total // 2, 65536)}MB",
        "work_mem": f"{_between(4, total // 512, 48)}MB",
        "maintenance_work_mem": f"{_between(64, total // 24, 1024)}MB",
        "max_wal_size": f"{_between(256, total // 8, 4096)}MB",
        "max_parallel_workers": str(os.cpu_count() or 1),
    }


def _memory_mb() -> int:
    """What this machine, or the container we are in, may use."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text())
    except (OSError, ValueError):
        limit = physical
    return min(physical, limit) // MEGABYTE


def _between(lowest: int, wanted: int, highest: int) -> int:
    return max(lowest, min(wanted, highest))
