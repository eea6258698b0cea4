"""The one road out: a signed body to an address that somebody typed in, which can never reach inside our network.

The name is resolved once; every address it has must be a public one, and the connection goes to the address that was looked at,
under the name that was asked for (Host and SNI): a name that answers differently the second time gains nothing. https only, no
redirects, a deadline for the whole, and no more than a little of the answer is read.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from server.core.choices import N_, Choice

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

DEADLINE_S: Final = 10.0
MOST_OF_ANSWER: Final = 4_096
PORTS: Final = frozenset({443, 8443})
NOT_PUBLIC_AFTER_ALL: Final = tuple(
    ipaddress.ip_network(net)
    for net in (
        "168.63.129.16/32",  # answers to the machines of one cloud only, and tells them of themselves
        "192.0.0.0/24",  # for the protocols themselves; some clouds tell their machines of themselves here
        "192.88.99.0/24",  # relays into IPv6 that are no more
    )
)
DOORS_INSIDE: Final = tuple(
    ipaddress.ip_network(net)  # IPv6 networks whose addresses carry an IPv4 address that a router may unwrap
    for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "fec0::/10")
)


class Outcome(Choice):
    """How a try went."""

    DELIVERED = "delivered", N_("Delivered")
    REFUSED = "refused_address", N_("This address may not be told: it is not a public https address")
    UNKNOWN_NAME = "unknown_name", N_("The name of this address is not known")
    UNREACHABLE = "unreachable", N_("Not reached")
    TOO_SLOW = "too_slow", N_("No answer in time")
    ANSWERED_BADLY = "answered_badly", N_("Answered with a refusal or a redirect")
    EXERCISE = "exercise", N_("Not sent: this is an exercise")
    NO_RIGHT = "no_right", N_("Not sent: its owner may not see this any more")
    GONE = "gone", N_("Not sent: the record is gone")
    ENDED = "ended", N_("Not sent: the webhook was deleted")


@dataclass(frozen=True)
class Answer:
    """What came of one try: the outcome, the status that was answered, and the time it took."""

    outcome: Outcome
    status: int | None = None
    took_ms: int = 0


class RefusedAddress(ValueError):
    """An address that may not be told."""


@dataclass(frozen=True)
class Target:
    """Where to connect and as whom: an address that was looked at, and the name that was asked for."""

    host: str
    port: int
    path: str
    address: str


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_public(word: str) -> bool:
    """Whether an address lies in the public internet, and leads nowhere else in disguise."""
    try:
        found: Address = ipaddress.ip_address(word.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and any(found in net for net in DOORS_INSIDE):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved and not any(found in net for net in NOT_PUBLIC_AFTER_ALL)


def connect_tls(target: Target) -> http.client.HTTPConnection:
    """A connection to exactly ``target.address``, which must prove that it is ``target.host``."""
    return _Pinned(target)


class _Pinned(http.client.HTTPSConnection):
    """Speaks to one address under a name: the name is not looked up a second time."""

    def __init__(self, target: Target) -> None:
        self._address, self._tls = target.address, ssl.create_default_context()
        super().__init__(target.host, target.port, timeout=DEADLINE_S, context=self._tls)

    def connect(self) -> None:
        """Open the socket to the address, and TLS under the name."""
        plain = socket.create_connection((self._address, self.port), timeout=DEADLINE_S)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock.do_handshake()


@dataclass(frozen=True)
class Road:
    """The ways out of one process. There is one, ``THE_WORLD``; tests build another, and no setting can."""

    resolve: Callable[[str, int], Sequence[str]] = resolve
    connect: Callable[[Target], http.client.HTTPConnection] = connect_tls
    allows: Callable[[str], bool] = is_public

    def target(self, address: str) -> Target:
        """Where an address leads, looked at once; RefusedAddress when it may not be told, OSError when its name is unknown."""
        host, port, path = parts_of(address)
        found = list(self.resolve(host, port))
        if not found or not all(self.allows(one) for one in found):
            raise RefusedAddress(host)
        return Target(host=host, port=port, path=path, address=found[0])

    def post(self, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body and tell how it went; never raises for what the other side does."""
        begun = time.monotonic()
        try:
            target = self.target(address)
        except RefusedAddress:
            return Answer(Outcome.REFUSED)
        except (OSError, UnicodeError):
            return Answer(Outcome.UNKNOWN_NAME)
        outcome, status = _exchange(self.connect(target), target, body, headers)
        return Answer(outcome, status, int((time.monotonic() - begun) * 1000))


THE_WORLD: Final = Road()


def parts_of(address: str) -> tuple[str, int, str]:
    """Host, port and path of an https address without tricks; RefusedAddress else."""
    if len(address) > 500 or any(ord(letter) <= 32 or ord(letter) == 127 or letter in "\\<>\"'`" for letter in address):
        raise RefusedAddress(address)
    try:
        parts = urlsplit(address)
        port = 443 if parts.port is None else parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        raise RefusedAddress(address) from None
    if parts.scheme != "https" or not host or port not in PORTS or "@" in parts.netloc or parts.fragment:
        raise RefusedAddress(address)
    if host.endswith(".") or not _is_a_name_or_public(host):
        raise RefusedAddress(address)
    return host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _is_a_name_or_public(host: str) -> bool:
    """A dotted name of the internet, or a public address; never digits in disguise (decimal, octal, hexadecimal)."""
    if ":" in host or host.rpartition(".")[2].isdigit() or host.rpartition(".")[2].startswith("0x"):
        return is_public(host)
    return "." in host


def _exchange(
    line: http.client.HTTPConnection, target: Target, body: bytes, headers: Mapping[str, str]
) -> tuple[Outcome, int | None]:
    """Speak within the deadline: a watch ends the line when the other side drips."""
    late, held = threading.Event(), list[socket.socket]()
    watch = threading.Timer(DEADLINE_S, _hang_up, (line, held, late))
    watch.daemon = True
    watch.start()
    try:
        line.connect()
        held.append(line.sock)  # while an answer is read, the line itself knows its socket no more
        line.request("POST", target.path, body=body, headers=dict(headers))
        answer = line.getresponse()
        answer.read(MOST_OF_ANSWER)
    except TimeoutError:
        return Outcome.TOO_SLOW, None
    except (OSError, http.client.HTTPException):
        return (Outcome.TOO_SLOW if late.is_set() else Outcome.UNREACHABLE), None
    finally:
        watch.cancel()
        line.close()
    if late.is_set():
        return Outcome.TOO_SLOW, None
    return (Outcome.DELIVERED if 200 <= answer.status < 300 else Outcome.ANSWERED_BADLY), answer.status


def _hang_up(line: http.client.HTTPConnection, held: list[socket.socket], late: threading.Event) -> None:
    late.set()
    for sock in [*held, line.sock]:
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
