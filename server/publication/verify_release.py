"""Check a dated data set that was downloaded: that nobody changed it, and that it is what Tessera signed.

    python verify-release FOLDER [--key PUBLIC_KEY_IN_HEX]

FOLDER holds manifest.json, manifest.sig and files of the data set (all, or those you need). This file stands alone: it
needs Python 3.9 or later and the package "cryptography". Without --key it takes the key that the manifest names, and says
which: compare it with the one published at /api/v1/public/signing-key, or with the one you kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def main(words: list[str] | None = None) -> int:
    """Say what was found; 0 when everything is as it was signed, 1 when not."""
    parser = argparse.ArgumentParser(description="Check a dated data set of Tessera.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--key", default="", help="the public key in hex")
    asked = parser.parse_args(words)
    try:
        lines = check(asked.folder, key=asked.key)
    except (OSError, ValueError, KeyError) as error:
        lines = [f"WRONG: {error}"]
    print("\n".join(lines))
    return int(any(line.startswith("WRONG") for line in lines))


def check(folder: Path, *, key: str = "") -> list[str]:
    """One line for the signature and one for each file; what is wrong begins with WRONG."""
    raw = (folder / "manifest.json").read_bytes()
    manifest = json.loads(raw)
    used = key or manifest["key"]["public_key"]
    if not _signed(raw, signature=(folder / "manifest.sig").read_text().strip(), key=used):
        return [f"WRONG: the manifest was not signed by the key {used}."]
    said = [f"Data set {manifest['release']}, signed by the key {used}."]
    return said + [_line(folder, file) for file in manifest["files"]]


def _signed(raw: bytes, *, signature: str, key: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), raw)
    except InvalidSignature:
        return False
    return True


def _line(folder: Path, file: dict[str, object]) -> str:
    path = folder / Path(str(file["name"])).name
    if not path.exists():
        return f"not here: {path.name}"
    digest = hashlib.sha256()
    with path.open("rb") as opened:
        while chunk := opened.read(1 << 20):
            digest.update(chunk)
    return f"as signed: {path.name}" if digest.hexdigest() == file["sha256"] else f"WRONG: {path.name} was changed."


if __name__ == "__main__":
    sys.exit(main())
