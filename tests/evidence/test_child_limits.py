"""The child that opens photos can do nothing else, and what a captured child says is not believed."""

import json
import os
import struct
import time
from pathlib import Path

import pytest

from server.evidence import darkroom, developing
from server.evidence.inspection import Kind, PhotoRefused, Refusal
from tests.evidence.pictures import encoded, four_corners, jpeg_with

pytestmark = pytest.mark.pure

JPEG = encoded(four_corners())
GOOD = {"point": None, "taken": None, "width": 320, "height": 240, "phash": "0123456789abcdef"}

PRELUDE = f"""
import importlib.util, json, os, socket, struct, sys, time
spec = importlib.util.spec_from_file_location("developing", {str(developing.__file__)!r})
developing = importlib.util.module_from_spec(spec)
spec.loader.exec_module(developing)
order = json.loads(developing.read_frame(sys.stdin.buffer))
developing.give_up_rights(order)
developing.say_ready(order)

def say(*parts):
    for part in parts:
        sys.stdout.buffer.write(struct.pack(">I", len(part)) + part)
    sys.stdout.buffer.flush()

def attempt(act):
    try:
        act()
    except BaseException as error:
        return type(error).__name__
    return "DONE"
"""


@pytest.fixture
def child(tmp_path, monkeypatch):
    """Put another program in the place of the child: it has given up its rights, then does what the test says."""

    def replace(code):
        program = tmp_path / "child.py"
        program.write_text(PRELUDE + code)
        monkeypatch.setattr(darkroom, "PROGRAM", program)

    return replace


def is_over(number):
    """Whether a process has ended; nobody may have asked for its end yet."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return True


def frames(*parts):
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def said(answer):
    return json.loads(answer[4:])


@pytest.mark.parametrize("kind", list(Kind))
def test_the_child_has_no_files_no_net_no_programs_and_no_secrets(child, monkeypatch, kind):
    monkeypatch.setenv("SECRET_KEY", "planted-secret")
    child("""
say(json.dumps({
    "open": attempt(lambda: open("/etc/hostname")),
    "write": attempt(lambda: open("/tmp/planted", "w")),
    "socket": attempt(socket.socket),
    "pipe": attempt(os.pipe),
    "memory": attempt(lambda: bytearray(600 * 1024 * 1024)),
    "regain": attempt(lambda: developing.resource.setrlimit(developing.resource.RLIMIT_NOFILE, (99, 99))),
    "user": os.geteuid(),
    "descriptors": [n for n in range(3, 256) if attempt(lambda n=n: os.fstat(n)) == "DONE"],
    "environment": sorted(os.environ),
}).encode())
""")
    found = said(darkroom._ask_child(kind, b"x"))
    assert found.pop("environment") in (["LC_CTYPE", "MALLOC_ARENA_MAX"], ["MALLOC_ARENA_MAX"])
    assert found.pop("descriptors") == []
    assert found.pop("user") != 0
    assert found.pop("memory") == "MemoryError"
    assert set(found.values()) <= {"OSError", "PermissionError", "ValueError"}


def test_the_child_starts_no_other_process(child):
    child("""say(json.dumps({"fork": attempt(os.fork)}).encode())""")
    assert said(darkroom._ask_child(Kind.JPEG, b"x")) == {"fork": "BlockingIOError"}


def test_a_child_that_computes_for_ever_is_stopped(child, monkeypatch):
    monkeypatch.setitem(darkroom.LIMITS, "RLIMIT_CPU", 1)
    child("while True: pass")
    with pytest.raises(PhotoRefused) as refused:
        darkroom.develop(JPEG)
    assert refused.value.why is Refusal.TOO_HEAVY


def test_a_child_that_sleeps_for_ever_is_stopped(child, monkeypatch):
    monkeypatch.setattr(darkroom, "WALL_CLOCK_S", 0.5)
    child("time.sleep(600)")
    with pytest.raises(PhotoRefused) as refused:
        darkroom.develop(JPEG)
    assert refused.value.why is Refusal.TOO_HEAVY


def test_a_child_that_never_stops_talking_is_stopped(child):
    child("while True: sys.stdout.buffer.write(bytes(1 << 20))")
    with pytest.raises(PhotoRefused) as refused:
        darkroom.develop(JPEG)
    assert refused.value.why is Refusal.TOO_HEAVY


def test_a_darkroom_that_cannot_work_blames_no_photo(tmp_path, monkeypatch):
    program = tmp_path / "child.py"
    program.write_text("import a_library_that_is_not_installed")
    monkeypatch.setattr(darkroom, "PROGRAM", program)
    with pytest.raises(darkroom.DarkroomOutOfOrder):
        darkroom.develop(JPEG)


def test_a_child_that_dies_before_listening_is_a_refusal_and_not_a_crash(child):
    child("os._exit(3)")
    with pytest.raises(PhotoRefused) as refused:
        darkroom.develop(JPEG + bytes(4_000_000))
    assert refused.value.why is Refusal.UNREADABLE


def test_what_a_captured_child_starts_dies_with_it(child):
    """The HEIF decoder may start threads, so a captured one may fork; the whole group is ended."""
    child("""
number = os.fork()
if number == 0:
    os.close(0), os.close(1), os.close(2)
    time.sleep(600)
say(json.dumps({"number": number}).encode())
""")
    number = said(darkroom._ask_child(Kind.HEIF, b"x"))["number"]
    for _ in range(200):
        if is_over(number):
            return
        time.sleep(0.02)
    pytest.fail("the child's child lives on")


def test_a_photo_that_needs_more_memory_than_there_is_is_refused_in_words(monkeypatch):
    monkeypatch.setitem(darkroom.LIMITS, "RLIMIT_AS", 100 * 1024 * 1024)
    with pytest.raises(PhotoRefused) as refused:
        darkroom.develop(encoded(four_corners((6000, 4000)), "PNG", compress_level=1))
    assert refused.value.why is Refusal.TOO_HEAVY


LIES = {
    "silence": b"",
    "half a length": b"\0\0",
    "no json": frames(b"{", JPEG, JPEG),
    "a list": frames(b"[]", JPEG, JPEG),
    "one picture": frames(json.dumps(GOOD).encode(), JPEG),
    "four frames": frames(json.dumps(GOOD).encode(), JPEG, JPEG, JPEG),
    "a length too long": frames(json.dumps(GOOD).encode(), JPEG) + struct.pack(">I", 10**6) + JPEG,
    "words after the frames": frames(json.dumps(GOOD).encode(), JPEG, JPEG) + b"tail",
    "a photo with exif": frames(json.dumps(GOOD).encode(), jpeg_with((0xE1, b"Exif\0\0secret")), JPEG),
    "a thumbnail with a tail": frames(json.dumps(GOOD).encode(), JPEG, JPEG + b"secret"),
    "html for a photo": frames(json.dumps(GOOD).encode(), b"<script>alert(1)</script>", JPEG),
    "a png for a photo": frames(json.dumps(GOOD).encode(), encoded(four_corners(), "PNG"), JPEG),
    "a thumbnail too large": frames(json.dumps(GOOD).encode(), JPEG, encoded(four_corners((400, 300)))),
    "a word for a fingerprint": frames(json.dumps(GOOD | {"phash": "' OR 1=1 --      "}).encode(), JPEG, JPEG),
    "a number for a fingerprint": frames(json.dumps(GOOD | {"phash": 7}).encode(), JPEG, JPEG),
    "a place off the earth": frames(json.dumps(GOOD | {"point": [999, 0]}).encode(), JPEG, JPEG),
    "a place that is no number": frames(b'{"point": [NaN, 1], "taken": null, "phash": "0123456789abcdef"}', JPEG, JPEG),
    "a place that is a word": frames(json.dumps(GOOD | {"point": "Kyiv"}).encode(), JPEG, JPEG),
    "a time without a zone": frames(json.dumps(GOOD | {"taken": ["2026-01-01", "2026-01-02"]}).encode(), JPEG, JPEG),
    "an unknown reason": frames(json.dumps({"refused": "<b>"}).encode()),
    "a reason that is a list": frames(json.dumps({"refused": []}).encode()),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_of_the_child_is_not_believed(name, monkeypatch):
    monkeypatch.setattr(darkroom, "_ask_child", lambda *_asked: LIES[name])
    with pytest.raises(PhotoRefused) as refused:
        darkroom.develop(JPEG)
    assert refused.value.why is Refusal.UNREADABLE


def test_the_truth_of_the_child_is(monkeypatch):
    monkeypatch.setattr(darkroom, "_ask_child", lambda *_: frames(json.dumps(GOOD).encode(), JPEG, JPEG))
    assert darkroom.develop(JPEG).photo == JPEG


def test_no_child_is_left_behind():
    darkroom.develop(JPEG)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
