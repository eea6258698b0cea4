"""A flood of strangers against workers of the response: how long does a worker wait, and is any worker refused?

Eight lines of strangers send as fast as they can, some with junk for keys; beside them two workers with a key of their organisation
send a report each second or so. The public lane is as it is installed: 300 reports a minute, then proof of work.
"""

import subprocess
import sys
import threading
from contextlib import closing
from time import perf_counter, sleep
from uuid import uuid4

from tests.bench import ground
from tests.bench.load import ADDRESS, Client, put_report

SECONDS, STRANGERS, WORKERS, PAUSE_S = 20.0, 8, 2, 0.2
KEY = """
from server.app import create_app
from server.accounts import service
from server.accounts.policy import SYSTEM
from server.core.database import settled
create_app()
with settled():
    print(service.add_key(service.ensure_organisation("Bench " + "{name}").id, "bench", actor=SYSTEM))
"""


def run() -> None:
    """Measure and print."""
    print(f"Workers beside a flood ({STRANGERS} lines of strangers without pause, {WORKERS} workers, 2 processes)")
    with ground.server(PUBLIC_REPORTS_PER_MINUTE="300") as address:
        key = new_key()
        alone, _refused, _sent = beside(address, key, strangers=0)
        flooded, refused, sent = beside(address, key, strangers=STRANGERS)
    ground.line("worker's report, p95 alone; in the flood (s)", f"{ground.percentile(alone, 0.95):.3f}; {ground.percentile(flooded, 0.95):.3f}", "goal: 2 s at most")
    ground.line("workers' reports refused in the flood, of how many", f"{refused} of {len(flooded)}", "goal: 0")
    ground.line("strangers' requests a second in the flood", f"{sent / SECONDS:.0f}")
    ground.keep("flood", {"worker_p95_s": ground.percentile(flooded, 0.95), "refused": refused, "strangers_per_second": sent / SECONDS})


def new_key() -> str:
    """A key of an organisation, in the database of the benchmark."""
    script = KEY.replace("{name}", uuid4().hex[:8])
    return subprocess.run([sys.executable, "-c", script], cwd=ground.ROOT, env=ground.environment(), capture_output=True, text=True, check=True).stdout.strip()


def beside(address: ADDRESS, key: str, *, strangers: int, seconds: float = SECONDS) -> tuple[list[float], int, int]:
    """How long each worker's report took (s), how many were refused, and how many requests strangers got answered."""
    stop, sent, took, refused = threading.Event(), [0] * strangers, [], []

    def flood(which: int) -> None:
        line = Client(address)
        with closing(line.connection):
            while not stop.is_set():
                line.ask(junk(which, sent[which]))
                sent[which] += 1

    def work() -> None:
        line = Client(address)
        with closing(line.connection):
            while not stop.is_set():
                began = perf_counter()
                status, _body = line.ask(with_key(put_report(), key))
                took.append(perf_counter() - began)
                refused.extend([status] if status != 201 else [])
                stop.wait(PAUSE_S)

    threads = [threading.Thread(target=flood, args=(which,)) for which in range(strangers)]
    threads += [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    return took, len(refused), sum(sent)


def junk(which: int, number: int) -> bytes:
    """What a stranger of the flood sends: mostly whole reports, some with a key that is none."""
    report = put_report()
    return with_key(report, f"tsr_{which}.{number}") if number % 5 == 4 else report


def with_key(request: bytes, key: str) -> bytes:
    """The same request from a program with a key."""
    return request.replace(b"\r\n\r\n", f"\r\nAuthorization: Bearer {key}\r\n\r\n".encode(), 1)
