"""The one road out: no address that somebody types leads inside, and nothing the other side does hangs or leaks."""

import socket
import threading
from contextlib import closing

import pytest

from server.coordination import outgoing
from server.coordination.outgoing import Outcome, RefusedAddress, Road, Target, connect_tls, is_public, parts_of
from tests.coordination.receiver import ADDRESS, Receiver

pytestmark = pytest.mark.pure

# security.md §4, 107: each of these must see no connection at all.
INSIDE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1", "169.254.169.254", "169.254.170.2",
    "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:7f00:1::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1",
    "2001:db8::1", "::ffff:0:7f00:1",
)  # fmt: skip
TRICKS = (
    "http://receiver.example.org/", "ftp://receiver.example.org/", "file:///etc/passwd", "gopher://receiver.example.org/", "//receiver.example.org/",
    "https://", "https://localhost/", "https://localhost./", "https://LOCALHOST/", "https://intranet/", "https://receiver.example.org./",
    "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/", "https://017700000001/",
    "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://１２７.０.０.１/", "https://127。0。0。1/",
    "https://somebody@receiver.example.org/", "https://receiver.example.org@127.0.0.1/", "https://receiver.example.org:5432/",
    "https://receiver.example.org:80/", "https://receiver.example.org:0/", "https://receiver.example.org:99999/", "https://receiver.example.org:x/",
    "https://receiver.example.org/#x", "https://receiver.example.org/\r\nHost: inside", "https://receiver.example.org/ x",
    "https://receiver.example.org\\@127.0.0.1/", "https://" + "a" * 600 + ".org/", "javascript:alert(1)", "", "receiver.example.org",
)  # fmt: skip


class Watch:
    """A way out that only notes who was asked for and where one would have connected."""

    def __init__(self, *answers):
        self.answers, self.asked, self.connected = list(answers), 0, []

    def road(self):
        return Road(resolve=self._resolve, connect=self._connect)

    def _resolve(self, _host, _port):
        self.asked += 1
        return self.answers.pop(0)

    def _connect(self, target):
        self.connected.append(target.address)
        raise AssertionError("nobody may connect")


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_refused_before_anything_connects(address):
    watch = Watch([address])
    assert watch.road().post(ADDRESS, b"{}", {}).outcome is Outcome.REFUSED
    assert watch.connected == []


@pytest.mark.parametrize("address", INSIDE)
def test_one_address_inside_among_public_ones_refuses_the_name(address):
    watch = Watch(["93.184.215.14", address])
    assert watch.road().post(ADDRESS, b"{}", {}).outcome is Outcome.REFUSED


@pytest.mark.parametrize("address", TRICKS)
def test_an_address_with_a_trick_is_refused_without_asking_for_its_name(address):
    watch = Watch()
    assert watch.road().post(address, b"{}", {}).outcome is Outcome.REFUSED
    assert (watch.asked, watch.connected) == (0, [])
    with pytest.raises(RefusedAddress):
        parts_of(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_let_through(address):
    assert is_public(address)


def test_a_name_is_looked_up_once_so_that_a_second_answer_gains_nothing():
    watch = Watch(["93.184.215.14"], ["127.0.0.1"])
    assert watch.road().target(ADDRESS) == Target("receiver.example.org", 443, "/hook?x=1", "93.184.215.14")
    assert watch.asked == 1


def test_the_connection_goes_to_the_address_that_was_looked_at_under_the_name_that_was_asked_for():
    heard = []
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def listen():
            caller, _ = listener.accept()
            with caller:
                heard.append(caller.recv(2_000))

        listening = threading.Thread(target=listen)
        listening.start()
        line = connect_tls(Target("receiver.example.org", listener.getsockname()[1], "/", "127.0.0.1"))
        with pytest.raises(OSError):  # noqa: PT011 - whatever TLS says of a listener that hangs up
            line.request("POST", "/", b"")
        line.close()
        listening.join(10)
    assert b"receiver.example.org" in heard[0], "the name goes into the hello of TLS"


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


def test_a_redirect_is_not_followed(receiver):
    receiver.answers = [302]
    answer = receiver.road.post(ADDRESS, b"{}", {})
    assert (answer.outcome, answer.status) == (Outcome.ANSWERED_BADLY, 302)
    assert [path for path, _headers, _body in receiver.came] == ["/hook?x=1"]


def test_an_answer_without_end_is_left_after_a_little_of_it(receiver):
    receiver.answers, receiver.drips = [200], True
    outgoing_deadline, outgoing.DEADLINE_S = outgoing.DEADLINE_S, 0.5
    try:
        answer = receiver.road.post(ADDRESS, b"{}", {})
    finally:
        outgoing.DEADLINE_S = outgoing_deadline
    assert answer.outcome is Outcome.TOO_SLOW


def test_a_receiver_that_is_away_is_told_so(receiver):
    receiver.close()
    assert receiver.road.post(ADDRESS, b"{}", {}).outcome is Outcome.UNREACHABLE
    assert Road(resolve=lambda *_: (_ for _ in ()).throw(socket.gaierror())).post(ADDRESS, b"{}", {}).outcome is Outcome.UNKNOWN_NAME


def test_no_setting_of_an_operator_opens_the_way_inside():
    assert Road() == outgoing.THE_WORLD
    assert outgoing.THE_WORLD.allows is is_public
    assert outgoing.THE_WORLD.connect is connect_tls
