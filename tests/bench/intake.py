"""PUT by eight clients against /health/live on the same server; then the same with forty slow uploading phones beside them."""

import socket
import threading
from time import sleep

from tests.bench import ground
from tests.bench.load import put_report, rate, request_bytes

LIVE = request_bytes("GET", "/health/live")
ROUNDS, SECONDS = 7, 2.0
SLOW_PHONES = 40


def run() -> None:
    """Measure and print."""
    print("Receiving a report (8 clients, 2 workers, idempotency, vault, ledger, receipt, outbox; durable)")
    with ground.server() as address:
        for _ in range(2):  # the first requests of a worker prepare its statements
            rate(address, put_report, seconds=1.0, expect={201})
        ratios, puts, lives = [], [], []
        for _ in range(ROUNDS):
            lives.append(rate(address, lambda: LIVE, seconds=SECONDS, expect={200}))
            puts.append(rate(address, put_report, seconds=SECONDS, expect={201}))
            ratios.append(puts[-1] / lives[-1])
        beside = _beside_slow_phones(address)
    ground.line(
        "PUT / live, requests per second, median of ratios", f"{ground.median(ratios):.3f}", "goal 0.15, reach 0.25"
    )
    ground.line(
        "PUT per second; live per second (medians, for orientation)",
        f"{ground.median(puts):.0f}; {ground.median(lives):.0f}",
    )
    ground.line(f"PUT with {SLOW_PHONES} slow phones / without, median of ratios", f"{beside:.2f}", "goal: not stopped")
    ground.keep("intake", {"put_per_live": ground.median(ratios), "put_beside_slow_phones": beside})


def _beside_slow_phones(address: tuple[str, int]) -> float:
    """Requests per second with slow phones, over those without, alternating."""
    found = []
    for _ in range(3):
        alone = rate(address, put_report, seconds=SECONDS, expect={201})
        stop = threading.Event()
        phones = [threading.Thread(target=_trickle, args=(address, stop)) for _ in range(SLOW_PHONES)]
        for phone in phones:
            phone.start()
        sleep(0.5)
        found.append(rate(address, put_report, seconds=SECONDS, expect={201}) / alone)
        stop.set()
        for phone in phones:
            phone.join()
    return ground.median(found)


def _trickle(address: tuple[str, int], stop: threading.Event) -> None:
    """A phone on a bad line: it says 1 MB and sends a few bytes a second."""
    with socket.create_connection(address, timeout=30) as line:
        line.sendall(
            b"PUT /api/v1/reports/00000000-0000-4000-8000-000000000001 HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
        )
        while not stop.wait(0.2):
            line.sendall(b" " * 10)
