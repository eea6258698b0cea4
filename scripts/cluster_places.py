"""Where the private cluster keeps its data and its socket, and the note of it in `var/cluster.json`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

from postgres import ClusterError, Owner

CHECKOUT = Path(__file__).resolve().parent.parent
VAR = CHECKOUT / "var"
RECORD = VAR / "cluster.json"
OUTSIDE = Path("/var/lib/tessera")
LONGEST_SOCKET_PATH = 107  # sockaddr_un.sun_path less its closing NUL, unix(7)


@dataclass(frozen=True)
class Places:
    """The folders of one cluster. `sockets` is short because a socket path over 107 bytes cannot be opened."""

    checkout: str
    data: str
    sockets: str

    @property
    def exists(self) -> bool:
        """Whether a cluster was made there."""
        return (Path(self.data) / "PG_VERSION").exists()

    @property
    def major(self) -> int | None:
        """The major version the data was made by; None before there is any."""
        return int((Path(self.data) / "PG_VERSION").read_text()) if self.exists else None

    def url(self, role: str, database: str = "tessera") -> str:
        """The address of a database for SQLAlchemy."""
        return f"postgresql+psycopg://{role}@/{database}?host={self.sockets}"


def find_places(owner: Owner) -> Places:
    """Where this checkout's cluster is, or would be made."""
    fingerprint = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]
    sockets = f"/tmp/tessera-{owner.uid}-{fingerprint}"  # made with 0700, its owner checked, see below
    return Places(checkout=str(CHECKOUT), data=_data_folder(owner, fingerprint=fingerprint), sockets=sockets)


def _data_folder(owner: Owner, *, fingerprint: str) -> str:
    inside = VAR / "postgres"
    if (inside / "PG_VERSION").exists():
        return str(inside)
    return _recorded_folder() or str(inside if _can_walk_to(CHECKOUT, owner) else OUTSIDE / fingerprint / "postgres")


def _recorded_folder() -> str | None:
    """The folder noted in var/, unless the note was copied here from a checkout that still lives elsewhere."""
    try:
        noted = json.loads(RECORD.read_text())
    except (FileNotFoundError, ValueError):
        return None
    moved = not Path(noted["checkout"]).exists()
    return noted["data"] if Path(noted["data"]).exists() and (moved or noted["checkout"] == str(CHECKOUT)) else None


def _can_walk_to(folder: Path, owner: Owner) -> bool:
    """Whether the cluster's user may enter this folder: a clone below /root, say, is closed to all but root."""
    return os.geteuid() != 0 or owner.run(["test", "-x", str(folder)]).returncode == 0


def make_var() -> None:
    """The folder for all we write. Others may walk through it to the cluster, but not list it."""
    VAR.mkdir(exist_ok=True)
    VAR.chmod(0o711)


def note(places: Places) -> None:
    RECORD.write_text(json.dumps(asdict(places), indent=2) + "\n")


def make_private(folder: Path, owner: Owner) -> None:
    """An empty folder that belongs to the cluster's user alone."""
    folder.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(folder, owner.uid, owner.gid)


def make_sockets(places: Places, owner: Owner) -> None:
    """The folder of the socket. Its owner makes it, so that nobody can slip in between making and giving away."""
    if len(f"{places.sockets}/.s.PGSQL.5432") > LONGEST_SOCKET_PATH:
        raise ClusterError(f"The path of the database socket is too long: {places.sockets}")
    if not os.path.lexists(places.sockets):
        owner.run(["mkdir", "-m", "700", places.sockets])
    _check_sockets(Path(places.sockets), owner)


def _check_sockets(folder: Path, owner: Owner) -> None:
    """Refuse a folder or a link that someone else laid in our way: /tmp is open to everybody."""
    try:
        seen = folder.lstat()
    except FileNotFoundError:
        raise ClusterError(f"The folder {folder} for the database socket could not be made.") from None
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != owner.uid or seen.st_mode & 0o077:
        raise ClusterError(f"{folder} is not a private folder of {owner.name}; remove it and start again.")


def throw_away(places: Places) -> None:
    """Remove data, socket folder and note."""
    shutil.rmtree(places.data, ignore_errors=True)
    shutil.rmtree(places.sockets, ignore_errors=True)
    RECORD.unlink(missing_ok=True)
    if Path(places.data).is_relative_to(OUTSIDE):
        shutil.rmtree(Path(places.data).parent, ignore_errors=True)
