"""Public rows as FlatGeobuf with its packed index, which lets a map on the web read only the part it shows."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import orjson
import pyarrow as pa

from server.publication.formats.arrow import SCHEMA, batches
from server.publication.source import Source

WRITER: Final = Path(__file__).with_name("flatgeobuf_writer.py")
KNOWN: Final = {"LANG": "C.UTF-8"}
"""What the writing process may know of ours: no keys and no addresses of databases."""


def build(source: Source, path: Path) -> None:
    """Write the file at ``path``, anew; title, licence, rules and caveats stand in its header."""
    path.unlink(missing_ok=True)
    facts = dict(source.about.facts())
    options = {"SPATIAL_INDEX": "YES", "TITLE": source.about.title, "DESCRIPTION": "\n".join(facts.values())}
    told = orjson.dumps({"layer_options": options, "in_layer": facts}).decode()
    with subprocess.Popen(
        [sys.executable, "-I", str(WRITER), str(path), told], stdin=subprocess.PIPE, env=KNOWN
    ) as writer:
        assert writer.stdin is not None  # noqa: S101 - a pipe was asked for
        with pa.ipc.new_stream(writer.stdin, SCHEMA) as stream:
            for batch in batches(source):
                stream.write_batch(batch)
        writer.stdin.close()
        if writer.wait() != 0:
            raise RuntimeError("the FlatGeobuf could not be packed")
