"""Names of Debian packages with the version of PostgreSQL that this Debian ships. Standard library only."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable


def exact(packages: Iterable[str]) -> list[str]:
    """The names as apt-get takes them."""
    major = _shipped_major()
    named = {"postgresql": [f"postgresql-{major}"], "postgis": [f"postgresql-{major}-postgis-3"]}
    return [name for package in packages for name in named.get(package, [package])]


def _shipped_major() -> str:
    if shutil.which("apt-cache"):
        answer = subprocess.run(["apt-cache", "depends", "postgresql"], capture_output=True, text=True, check=False)
        number = re.search(r"Depends: postgresql-(\d+)", answer.stdout)
        if number:
            return number.group(1)
    return "15"
