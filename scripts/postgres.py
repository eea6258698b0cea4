"""PostgreSQL's own programs: where they are, and how to run one as the user that owns the private cluster.

Standard library only, like everything in this folder that runs before the virtual environment exists.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

OLDEST_MAJOR = 15
MISSING = (
    "Tessera needs PostgreSQL 15 or newer with PostGIS 3, and found none on this machine; "
    "on Debian an administrator installs it with: apt-get install postgresql-15 postgresql-15-postgis-3"
)


class ClusterError(Exception):
    """Something a person must know, in one sentence."""


@dataclass(frozen=True)
class Programs:
    """One installed PostgreSQL: the folder of its programs and its major version."""

    folder: Path
    major: int

    def path(self, name: str) -> str:
        """The full name of one program."""
        return str(self.folder / name)


@dataclass(frozen=True)
class Owner:
    """The unprivileged operating-system user whose cluster it is."""

    name: str
    uid: int
    gid: int

    def run(self, command: Sequence[str], *, text: str = "", timeout: float = 180) -> subprocess.CompletedProcess[str]:
        """Run a command as this user with an environment that no PG* variable of ours can steer; output captured."""
        run = partial(subprocess.run, text=True, capture_output=True, cwd="/", env=_clean_environment(), check=False)
        if os.geteuid() == 0:
            run = partial(run, user=self.uid, group=self.gid, extra_groups=[])
        return run(command, input=text, timeout=timeout)


def _clean_environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "HOME": "/"}


def owner() -> Owner:
    """Who runs the cluster: oneself, or Debian's `postgres` when we are root, which PostgreSQL refuses to run as."""
    if os.geteuid() != 0:
        me = pwd.getpwuid(os.geteuid())
        return Owner(name=me.pw_name, uid=me.pw_uid, gid=me.pw_gid)
    try:
        postgres = pwd.getpwnam("postgres")
    except KeyError:
        raise ClusterError(MISSING) from None
    return Owner(name="postgres", uid=postgres.pw_uid, gid=postgres.pw_gid)


def find_programs(major: int | None = None) -> Programs:
    """The newest installed PostgreSQL that has PostGIS, or exactly `major` when a cluster already exists."""
    found = [programs for programs in _installed() if major in (None, programs.major)]
    if found:
        return max(found, key=lambda programs: (_has_postgis(programs), programs.major))
    if major is None:
        raise ClusterError(MISSING)
    raise ClusterError(
        f"The private cluster was made by PostgreSQL {major}, which is not installed; install it again, "
        "or throw the cluster away with: make reset"
    )


def _installed() -> Iterable[Programs]:
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *_folders_on_path()]
    for folder in dict.fromkeys(folders):
        major = _major_of(folder)
        if major >= OLDEST_MAJOR:
            yield Programs(folder=folder, major=major)


def _folders_on_path() -> Iterable[Path]:
    for name in ("initdb", "postgres"):
        where = shutil.which(name)
        if where:
            yield Path(where).resolve().parent


def _major_of(folder: Path) -> int:
    """The version of the server in this folder; 0 when the folder holds no complete server."""
    if not all((folder / name).exists() for name in ("postgres", "initdb", "pg_ctl", "psql")):
        return 0
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    number = re.search(r"\d+", answer.stdout)
    return int(number.group()) if number else 0


def _has_postgis(programs: Programs) -> bool:
    """Whether Debian's PostGIS files lie beside this server; other systems are asked by CREATE EXTENSION itself."""
    return Path(f"/usr/share/postgresql/{programs.major}/extension/postgis.control").exists()
