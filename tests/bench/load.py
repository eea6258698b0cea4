"""A load generator that finishes every request: raw sockets, keep-alive, one thread per client. Used by the benchmarks."""

import json
import socket
import threading
from collections.abc import Callable
from time import perf_counter
from uuid import uuid4

ADDRESS = tuple[str, int]


def request_bytes(method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    """One HTTP/1.1 request on a connection that stays open."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Client:
    """One connection; ``ask`` sends a request and reads its whole answer."""

    def __init__(self, address: ADDRESS) -> None:
        self.address = address
        self.connection = socket.create_connection(address, timeout=30)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def ask(self, raw: bytes) -> tuple[int, bytes]:
        """Status and body."""
        self.connection.sendall(raw)
        data = self.rest
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
        while len(body) < length:
            body += self._more()
        self.rest = body[length:]
        return int(lines[0].split()[1]), body[:length]

    def _more(self) -> bytes:
        data = self.connection.recv(65536)
        if not data:
            raise ConnectionError("the server hung up")
        return data


def rate(
    address: ADDRESS, make: Callable[[], bytes], *, clients: int = 8, seconds: float = 2.0, expect: set[int]
) -> float:
    """Requests per second that ``clients`` get through, each finishing the request it began."""
    done, wrong = [0] * clients, []
    until = perf_counter() + seconds

    def run(index: int) -> None:
        client = Client(address)
        while perf_counter() < until:
            status, body = client.ask(make())
            if status not in expect:
                wrong.append((status, body[:200]))
                return
            done[index] += 1

    began = perf_counter()
    threads = [threading.Thread(target=run, args=(index,)) for index in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise AssertionError(f"unexpected answer: {wrong[0]}")
    return sum(done) / (perf_counter() - began)


def put_report() -> bytes:
    """A fresh report, about 500 bytes, as a phone sends it."""
    body = json.dumps(
        {
            "site_type": "RES.APT", "damage": "D2", "point": {"type": "Point", "coordinates": [-56.16 + (uuid4().int % 10_000) / 1e5, -34.90]},
            "pin_accuracy_m": 25, "event_earliest": "2026-11-20T01:00:00Z", "event_latest": "2026-11-20T03:00:00Z", "event_precision": "HOUR",
            "needs": ["REPAIR_LIGHT"], "hazards": ["HZ.COLLAPSE"], "text": "Windows and part of the roof are gone at number 14.", "lang": "en",
            "receipt_key": uuid4().hex * 2,
        }
    ).encode()  # fmt: skip
    return request_bytes("PUT", f"/api/v1/reports/{uuid4()}", body, {"Content-Type": "application/json"})
