"""All stored reports judged together anew: time, memory, and what one minute of it is spent on."""

import os
import resource
from time import perf_counter, process_time

from tests.bench import ground


def run() -> None:
    """Measure and print; nothing is applied."""
    os.environ.update(ground.environment())
    ground.with_words()
    from server.core.database import bind
    from server.core.settings import settings
    from server.matching import rebuilding
    from server.matching.weights import default_weights

    bind(settings())
    count = rebuilding.count_reports()
    print(f"Rebuild: {count:,} reports of the database judged together anew")
    read = []
    began, busy = perf_counter(), process_time()
    made = rebuilding.make_plan(default_weights(), lambda more: read.append((more, perf_counter())))
    spent = perf_counter() - began
    reading = next((at for place, (_more, at) in enumerate(read) if sum(more for more, _at in read[: place + 1]) >= count), began) - began
    busy = process_time() - busy
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    ground.line("reading and opening, then judging, in s", f"{reading:.0f}; {spent - reading:.0f}")
    ground.line("in all, in s", f"{spent:.0f}", "goal < 300")
    ground.line("of it this process's own processor time, in s", f"{busy:.0f}")
    ground.line("memory at most, in GB", f"{memory:.1f}", "goal < 4")
    ground.line("reports a second", f"{count / spent:,.0f}")
    ground.line("acts it would take", f"{len(made.steps):,}")
    ground.keep("rebuild", {"seconds": spent, "memory_gb": memory})
