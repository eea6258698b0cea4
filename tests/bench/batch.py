"""Clustering a file of a million reports by the command an analyst uses: time and memory. ``ROWS=100000`` shrinks."""

import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from tests.bench import ground, towns


def run() -> None:
    """Measure and print."""
    from server.matching.thresholds import agreement

    print(f"One file of {ground.ROWS:,} reports through `matching cluster`")
    with tempfile.TemporaryDirectory(dir=ground.ROOT / "var") as folder:
        source, target = Path(folder) / "reports.csv", Path(folder) / "clusters.csv"
        towns.write(str(source), ground.ROWS)
        seconds, megabytes = _timed(source, target)
        found = agreement(_column(source, "cluster_id"), _column(target, "cluster"))
    ground.line("minutes", f"{seconds / 60:.1f}", "goal under 5")
    ground.line("reports a second", f"{ground.ROWS / seconds:,.0f}")
    ground.line("memory at its most, MB", f"{megabytes:,.0f}", "goal under 4,000")
    ground.line("pair F1 on these made-up towns, weights as shipped", f"{found['f1']:.3f}")
    ground.keep("batch", {"minutes": seconds / 60, "megabytes": megabytes, "f1": found["f1"]})


def _timed(source: Path, target: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "matching", "cluster", str(source), str(target)]
    began = perf_counter()
    running = subprocess.Popen(command, cwd=ground.ROOT, env=ground.environment())
    _, status, usage = os.wait4(running.pid, 0)
    if status:
        raise SystemExit("the command failed")
    return perf_counter() - began, usage.ru_maxrss / 1024


def _column(path: Path, name: str):
    import numpy as np

    with path.open(newline="", encoding="utf-8") as file:
        return np.unique([row[name] for row in csv.DictReader(file)], return_inverse=True)[1]
