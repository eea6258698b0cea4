"""The signed list of the files of a dated data set: what it is, what it holds, and the SHA-256 of each file."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import orjson

from server.publication import signing
from server.publication.about import LICENCE, LICENCE_URL, About


def manifest(about: About, *, facts: dict[str, Any], files: Iterable[dict[str, Any]], released_on: date) -> str:
    """The manifest as the text that is signed: JSON in one fixed spelling. `facts` are numbers and codes of the set."""
    said = {
        "release": about.release_id,
        "title": about.title,
        "released_on": released_on,
        "policy_version": about.policy_version,
        "licence": LICENCE,
        "licence_url": LICENCE_URL,
        "caveats": list(about.warnings),
        "citation": about.citation,
        "is_exercise": about.is_exercise,
        **facts,
        "files": [_file(file) for file in files],
        "key": {"algorithm": "Ed25519", "public_key": signing.public_key()},
    }
    return orjson.dumps(said, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"


def checksums(files: Iterable[tuple[str, str]]) -> str:
    """Names and SHA-256 as `sha256sum --check` reads them."""
    return "".join(f"{digest}  {name}\n" for name, digest in files)


def _file(file: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": file["name"],
        "format": file["format"],
        "media_type": file["media_type"],
        "bytes": file["size_bytes"],
        "rows": file["rows_total"],
        "sha256": file["sha256"],
    }
