"""A stranger's photo goes in; fresh pixels and a few facts come out. The decoder runs in a process of its own.

Decoders of pictures are the softest spot of any server that takes uploads. So none runs here: each photo
gets a child (`developing.py`) that lives for this one picture, knows no secret, and is killed when it overruns.
What comes back is checked as if the child had been taken over.
"""

import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Timer
from typing import IO, Any, cast

from server.evidence.inspection import MAX_PIXELS, Kind, PhotoRefused, Refusal, inspect, is_bare_jpeg, jpeg_size
from server.evidence.likeness import signed_phash

PROGRAM = Path(__file__).with_name("developing.py")
PHOTO_PX, THUMBNAIL_PX, JPEG_QUALITY = 2048, 320, 85
# The limit that counts is five seconds of computing; the clock only ends a child that waits, also on a busy machine.
WALL_CLOCK_S = 60.0
MAX_ANSWER_BYTES = 8 * 1024 * 1024
# Three descriptors are open: the two pipes and /dev/null. With a limit of three, no file and no socket can be opened.
LIMITS = {
    "RLIMIT_AS": 512 * 1024 * 1024,
    "RLIMIT_CPU": 5,
    "RLIMIT_FSIZE": 0,
    "RLIMIT_CORE": 0,
    "RLIMIT_NOFILE": 3,
}
# The HEIF decoder works in a thread of its own, which counts as a process; the others need none.
NO_THREADS = {"RLIMIT_NPROC": 0}
READY = b"ready"
OVERRAN = {-signal.SIGKILL, -signal.SIGXCPU}


class DarkroomOutOfOrder(RuntimeError):
    """The child ended before it had looked at the photo: an installation that does not work, or a stopped machine."""


@dataclass(frozen=True)
class CameraFacts:
    """What the camera wrote into the file. For comparing with the report, then for few eyes; never in the picture."""

    point: tuple[float, float] | None  # lon, lat
    taken: tuple[datetime, datetime] | None  # earliest, latest; one instant when the camera knew its zone


@dataclass(frozen=True)
class Print:
    """A photo as Tessera keeps it: upright JPEGs without metadata, their size in pixels, a 64-bit likeness."""

    photo: bytes
    thumbnail: bytes
    width: int
    height: int
    phash: int
    camera: CameraFacts


def develop(data: bytes, *, parts: Sequence[Sequence[float]] = ()) -> Print:
    """The clean print of an untrusted photo; PhotoRefused with the reason when it cannot be had within the limits.

    ``parts`` are painted over: ``(left, top, width, height)``, each from 0 to 1 of the upright picture.
    DarkroomOutOfOrder when no child can work on this machine: that is no fault of the photo, which must be kept.
    """
    kind = inspect(data)
    facts, photo, thumbnail = _frames(_ask_child(kind, data, parts))
    if "refused" in facts:
        raise PhotoRefused(_reason(facts["refused"]))
    return _checked(facts, photo, thumbnail)


def _ask_child(kind: Kind, data: bytes, parts: Sequence[Sequence[float]] = ()) -> bytes:
    """Everything the child said; PhotoRefused when it died or was killed over the photo."""
    order = {
        "kind": kind.value,
        "ready": READY.decode(),
        "limits": LIMITS if kind is Kind.HEIF else LIMITS | NO_THREADS,
        "max_pixels": MAX_PIXELS,
        "photo_px": PHOTO_PX,
        "thumbnail_px": THUMBNAIL_PX,
        "quality": JPEG_QUALITY,
        "parts": [list(part) for part in parts],
    }
    code, answer = ask(PROGRAM, order, data, most_bytes=MAX_ANSWER_BYTES)
    if code != 0:
        raise PhotoRefused(Refusal.TOO_HEAVY if code in OVERRAN else Refusal.UNREADABLE)
    return answer


def ask(program: Path, order: dict[str, Any], data: bytes, *, most_bytes: int) -> tuple[int, bytes]:
    """The exit code of a child that was given an order and a file, and what it said once it was ready.

    It is killed when it says more than ``most_bytes``. DarkroomOutOfOrder when it never became ready.
    """
    with child_of(program) as child:
        tell(child, json.dumps(order).encode(), data)
        answer = cast("IO[bytes]", child.stdout).read(most_bytes + 1)
        if len(answer) > most_bytes:
            end(child)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    if not answer.startswith(READY):
        raise DarkroomOutOfOrder(child.returncode)
    return child.returncode, answer.removeprefix(READY)


@contextmanager
def child_of(program: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The child, with an empty environment and no descriptor but its pipes, ended at the latest by the clock."""
    child = subprocess.Popen(
        [sys.executable, "-I", "-B", str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"MALLOC_ARENA_MAX": "1"},
        start_new_session=True,
    )
    alarm = Timer(WALL_CLOCK_S, end, [child])
    with child:
        alarm.start()
        try:
            yield child
        finally:
            alarm.cancel()
            end(child)


def end(child: "subprocess.Popen[bytes]") -> None:
    """Kill the child and whatever it may have started; it is still unreaped, so its number is nobody else's."""
    os.killpg(child.pid, signal.SIGKILL)


def tell(child: "subprocess.Popen[bytes]", *parts: bytes) -> None:
    """Send the frames; a child that died before reading them all has said enough by dying."""
    with suppress(BrokenPipeError), cast("IO[bytes]", child.stdin) as pipe:
        for part in parts:
            pipe.write(struct.pack(">I", len(part)))
            pipe.write(part)


def _frames(answer: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    """The child's facts and its two pictures (empty after a refusal); PhotoRefused when the frames do not add up."""
    parts: list[bytes] = []
    at = 0
    while at + 4 <= len(answer) and len(parts) < 3:
        length = struct.unpack_from(">I", answer, at)[0]
        parts.append(answer[at + 4 : at + 4 + length])
        at += 4 + length
    try:
        facts = json.loads(parts[0])
    except (IndexError, ValueError):
        raise PhotoRefused(Refusal.UNREADABLE) from None
    if at != len(answer) or not isinstance(facts, dict) or len(parts) != (1 if "refused" in facts else 3):
        raise PhotoRefused(Refusal.UNREADABLE)
    return facts, *(parts[1:] or (b"", b""))


def _reason(code: object) -> Refusal:
    return Refusal(code) if code in Refusal.codes() else Refusal.UNREADABLE


def _checked(facts: dict[str, Any], photo: bytes, thumbnail: bytes) -> Print:
    """The print, with every fact of the shape and in the range it must have."""
    try:
        sizes = [_size_of(photo, PHOTO_PX), _size_of(thumbnail, THUMBNAIL_PX)]
        return Print(photo, thumbnail, *sizes[0], signed_phash(facts["phash"]), _camera(facts))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise PhotoRefused(Refusal.UNREADABLE) from None


def _size_of(picture: bytes, longest: int) -> tuple[int, int]:
    """Width and height, read here and not believed; ValueError for anything that is not a bare JPEG of a fit size."""
    if inspect(picture) is not Kind.JPEG or not is_bare_jpeg(picture):
        raise ValueError("the child sent more than pixels")
    width, height = jpeg_size(picture)
    if max(width, height) > longest:
        raise ValueError("the child sent too large a picture")
    return width, height


def _camera(facts: dict[str, Any]) -> CameraFacts:
    point = facts["point"] and (float(facts["point"][0]), float(facts["point"][1]))
    taken = facts["taken"] and (datetime.fromisoformat(facts["taken"][0]), datetime.fromisoformat(facts["taken"][1]))
    if point and not (abs(point[0]) <= 180 and abs(point[1]) <= 90):
        raise ValueError("not a place on Earth")
    if taken and (taken[0].tzinfo is None or taken[1].tzinfo is None):
        raise ValueError("not an instant")
    return CameraFacts(point, taken)
