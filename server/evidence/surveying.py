"""The one program that opens files of satellite assessments. It runs alone, as a child of `survey.py`, one file to a life.

Nothing of Tessera is imported here. GDAL reads from memory alone: before a byte of the file is read the child gives up
memory, time, files, sockets and, when it has them, root's rights. In: a frame of JSON (what to do), a frame of bytes.
Out: the word it was given for "ready", then one frame of JSON: {"layers": [{name, crs, fields, rows, shapes}]} or {"refused": why}.
"""

import contextlib
import json
import os
import re
import resource
import struct
import sys
import warnings
from typing import IO, Any

warnings.simplefilter("ignore")

import pyogrio  # noqa: E402 - its import already warns
import pyogrio._vsi  # noqa: E402
from pyogrio import raw  # noqa: E402

NOBODY = 65534
OWN_NAME = re.compile(r"(?:pyogrio_)?[0-9a-f]{32}(\..*)?")
"""What pyogrio calls a layer of a file in memory that has no name of its own."""
NOTHING = b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":1},"geometry":{"type":"Point","coordinates":[0,0]}}]}'


class Name:
    """What pyogrio calls the file in memory: GDAL knows a file geodatabase in a zip by the end of its name."""

    hex = "survey.gdb"


def main() -> None:
    """Answer one request and end."""
    order = json.loads(read_frame(sys.stdin.buffer))
    raw.read(NOTHING)  # GDAL and PROJ open what they need of their own while files can still be opened
    if order["is_geodatabase"]:
        pyogrio._vsi.uuid4 = lambda: Name  # noqa: SLF001 - there is no other way to name a file in memory
    give_up_rights(order["limits"])
    sys.stdout.buffer.write(order["ready"].encode())
    sys.stdout.buffer.flush()
    answer = json.dumps(look(read_frame(sys.stdin.buffer), order)).encode()
    sys.stdout.buffer.write(struct.pack(">I", len(answer)) + answer)
    sys.stdout.buffer.flush()


def read_frame(stream: IO[bytes]) -> bytes:
    """Four bytes of length, then that many bytes; EOFError when fewer come."""
    length = struct.unpack(">I", _exactly(stream, 4))[0]
    return _exactly(stream, length)


def _exactly(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) != length:
        raise EOFError("the frame is shorter than it says")
    return data


def give_up_rights(limits: dict[str, int]) -> None:
    """From here on: so much memory, so many seconds, no new file, no socket, no child, no other user's rights."""
    for name, most in limits.items():
        resource.setrlimit(getattr(resource, name), (most, most))
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)


def look(data: bytes, order: dict[str, Any]) -> dict[str, Any]:
    """Every layer of the file, or why it cannot be had."""
    try:
        names = [str(name) for name, _kind in pyogrio.list_layers(data)]
        if len(names) > order["most_layers"]:
            return {"refused": "TOO_MANY_LAYERS"}
        layers, left = [], order["most_rows"]
        for at, name in enumerate(names):
            layers.append(read_layer(data, at, left) | {"name": OWN_NAME.sub(str(at + 1), name)})
            left -= len(layers[-1]["shapes"])
            if left < 0:
                return {"refused": "TOO_MANY_ROWS"}
    except MemoryError:
        return {"refused": "TOO_HEAVY"}
    except Exception:  # noqa: BLE001 - whatever a driver stumbles over, the answer is the same
        return {"refused": "UNREADABLE"}
    return {"layers": layers}


def read_layer(data: bytes, at: int, most: int) -> dict[str, Any]:
    """One layer: its fields as columns of short texts, its shapes as WKB in hexadecimal digits (None where there is none).

    By its place, never by its name: one that has none is called after the file in memory, and differently each time it is opened.
    """
    meta, _fids, shapes, columns = raw.read(data, layer=at, max_features=most + 1, force_2d=True, datetime_as_string=True)
    fields = [str(field) for field in meta["fields"]]
    blank = [None] * (len(columns[0]) if columns else 0)  # a table without shapes
    return {
        "crs": meta["crs"],
        "fields": fields,
        "columns": [[told(value) for value in column.tolist()] for column in columns],
        "shapes": [None if shape is None else shape.hex() for shape in (blank if shapes is None else shapes)],
    }


def told(value: Any) -> str:
    """A cell as a short text: whole numbers without a point, nothing for what is missing."""
    if value is None or value != value:  # noqa: PLR0124 - what differs from itself is no number
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)[:200]


if __name__ == "__main__":
    main()
