"""The database's log, kept as it grows: with a base it brings the database back to any moment, not only to last night.

    FOLDER/base/<moment>.tar.age        the whole cluster as pg_basebackup gives it, sealed
    FOLDER/base/<moment>.began          the name of the first piece of the log that it needs, for whoever prunes without a key
    FOLDER/wal/<segment>.age            16 MB of the log each, sealed when full
    FOLDER/wal/<segment>.partial.age    its newest part, sealed anew every minute

It is read by PostgreSQL's replication protocol, from any machine and without a command on the database's own. A slot keeps the
database from throwing away what was not fetched yet.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Event
from time import monotonic
from typing import IO, NamedTuple

from server.core import clock
from server.keeping import disk, dumps, sealing
from server.keeping.backups import MOMENT, UNFINISHED, Said
from server.keeping.errors import NotKept

LOOK_EVERY_S, SEAL_PARTIAL_EVERY_S = 0.5, 60.0
SLOT = "tessera_wal"
SEGMENTS_OF_A_LOG = 256  # of 16 MB, as PostgreSQL makes them
BASE, BEGAN = ".tar.age", ".began"
HEAD_BYTES = 4_096  # pg_basebackup writes its label first
FETCHED_ALREADY = "The log is fetched into this folder already, by another `archive-wal`."
BASED_ALREADY = "Another base is being kept in this folder. Wait until it is done."

_WHOLE = re.compile(r"[0-9A-F]{24}|[0-9A-F]{8}\.history")
_BEGAN = re.compile(r"START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)")
_RECOVERY = """
# Written by `flask --app wsgi lay-out`.
restore_command = 'cp "{wal}/%f" "%p"'
recovery_target_action = 'promote'
primary_conninfo = ''
"""
_CONFIGURATION = {
    "postgresql.conf": "# Written by `flask --app wsgi lay-out`: the base held none. Put yours here.\nhot_standby = off\n",
    "pg_hba.conf": "local all all peer\nhost all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n",
}
"""What a server needs to start, where it is kept apart from the data (Debian: in /etc/postgresql) and is in no base."""


def follow(folder: Path, *, url: str, keys: tuple[str, ...], stop: Event, say: Said = lambda _: None) -> None:
    """Fetch the log into ``folder``, sealed to ``keys``, until ``stop`` is set. NotKept when fetching ends by itself, or another fetches it."""
    holders, receiving = sealing.recipients(keys), folder / ".receiving"
    for place in (receiving, folder / "wal"):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with disk.alone(folder / ".lock", otherwise=FETCHED_ALREADY):
        _follow(folder, receiving, url, holders, stop, say)


def _follow(folder: Path, receiving: Path, url: str, holders: list[sealing.Recipient], stop: Event, say: Said) -> None:
    with tempfile.TemporaryFile() as said:
        _run("pg_receivewal", url, "--create-slot", "--if-not-exists", f"--slot={SLOT}")
        fetching = dumps.start("pg_receivewal", url, f"--directory={receiving}", f"--slot={SLOT}", "--synchronous", said=said)
        partial_at = monotonic()
        try:
            while not stop.wait(LOOK_EVERY_S):
                if fetching.poll() is not None:
                    raise NotKept(f"pg_receivewal broke off: {dumps.last_words(said)}")
                for name in _seal_whole(receiving, folder / "wal", holders):
                    say(f"{name} is kept.")
                if monotonic() - partial_at >= SEAL_PARTIAL_EVERY_S:
                    _seal_partial(receiving, folder / "wal", holders)
                    partial_at = monotonic()
        finally:
            fetching.terminate()
            fetching.wait()
            list(_seal_whole(receiving, folder / "wal", holders))
            _seal_partial(receiving, folder / "wal", holders)


def base(folder: Path, *, url: str, keys: tuple[str, ...]) -> Path:
    """Keep the whole cluster as it is now, sealed; where it lies. NotKept, and nothing left, when it did not end well."""
    holders, place = sealing.recipients(keys), folder / "base"
    with disk.alone(folder / ".base.lock", otherwise=BASED_ALREADY):
        place.mkdir(mode=0o700, exist_ok=True)
        return _base(place, url, holders)


def _base(place: Path, url: str, holders: list[sealing.Recipient]) -> Path:
    unfinished = place / UNFINISHED
    try:
        words = ("--pgdata=-", "--format=tar", "--wal-method=fetch", "--checkpoint=fast")
        with dumps.output_of("pg_basebackup", url, *words) as tar, unfinished.open("wb") as out:
            seen = _Seen(tar)
            sealing.seal(seen, out, holders)  # type: ignore[arg-type]
            disk.sync(out)
        moment = clock.now().strftime(MOMENT)
        disk.write(place / f"{moment}{BEGAN}", _began_in(seen.head.decode(errors="replace")).encode("ascii"))
        return disk.give_name(unfinished, place / f"{moment}{BASE}")
    finally:
        unfinished.unlink(missing_ok=True)


def lay_out(folder: Path, into: Path, *, identity: Path, moment: datetime | None = None) -> str:
    """Open the newest base before ``moment`` and the log after it in ``into``, ready to be started; the base's name.

    PostgreSQL brings it to ``moment`` (the end of the log without one) when ``into/data`` is started. Raises NotKept, with nothing
    left, for a damaged or missing piece, a wrong key, or a folder in use.
    """
    keys, found = sealing.identities(identity), _base_before(folder, moment)
    if into.exists() and any(into.iterdir()):
        raise NotKept(f"{into} is not empty. A cluster is laid out in an empty folder only; nothing was changed.")
    try:
        _extract(found, into / "data", keys)
        names = _open_log(folder / "wal", into / "wal", keys)
        _must_follow(names, began=_began(into / "data"))
        _tell_recovery(into, moment)
    except BaseException:
        shutil.rmtree(into, ignore_errors=True)
        raise
    return found.name


class Pruned(NamedTuple):
    """How many bases and pieces of the log were thrown away, and how many bases are left."""

    bases: int
    pieces: int
    left: int


def prune(folder: Path, *, days: int) -> Pruned:
    """Throw away the bases older than ``days`` (the newest always stays), and the log from before the oldest that is left.

    No piece goes that a base which stays needs. NotKept where there is no base: without one a log is all there is.
    """
    made = _bases(folder)
    if not made:
        raise NotKept(f"There is no base in {folder}, so nothing is thrown away. `flask --app wsgi base-backup` makes one.")
    latest = (clock.now() - timedelta(days=days)).strftime(MOMENT)
    gone = [base for base in made[:-1] if base.name < latest]
    for base in gone:
        _note_of(base).unlink(missing_ok=True)
        base.unlink()
    oldest = _note_of(made[len(gone)])
    pieces = _prune_log(folder / "wal", began=oldest.read_text(encoding="ascii")) if oldest.exists() else 0
    return Pruned(len(gone), pieces, len(made) - len(gone))


def _prune_log(kept: Path, *, began: str) -> int:
    """Throw away the pieces from before ``began``; histories of timelines stay, for they are small and the key to all that follows."""
    whole = [path for path in kept.glob("*.age") if re.match(r"[0-9A-F]{24}\b", path.name)]
    old = [path for path in whole if began and _number(path.name[8:24]) < _number(began[8:])]
    for path in old:
        path.unlink()
    return len(old)


def _bases(folder: Path) -> list[Path]:
    """Every finished base, oldest first."""
    return sorted((folder / "base").glob(f"*{BASE}"))


def _note_of(base: Path) -> Path:
    return base.with_name(base.name.removesuffix(BASE) + BEGAN)


class _Seen:
    """A reader that remembers the first bytes that pass."""

    def __init__(self, reader: IO[bytes]) -> None:
        self._reader, self.head = reader, b""

    def read(self, size: int = -1) -> bytes:
        data = self._reader.read(size)
        self.head += data[: HEAD_BYTES - len(self.head)]
        return data


def _seal_whole(receiving: Path, kept: Path, holders: list[sealing.Recipient]) -> Iterable[str]:
    for path in sorted(receiving.iterdir()):
        if _WHOLE.fullmatch(path.name):
            _seal(path, kept / f"{path.name}.age", holders)
            (kept / f"{path.name}.partial.age").unlink(missing_ok=True)
            path.unlink()
            yield path.name


def _seal_partial(receiving: Path, kept: Path, holders: list[sealing.Recipient]) -> None:
    for path in receiving.glob("*.partial"):
        _seal(path, kept / f"{path.name}.age", holders)


def _seal(path: Path, kept: Path, holders: list[sealing.Recipient]) -> None:
    unfinished = kept.with_suffix(UNFINISHED)
    with path.open("rb") as reader, unfinished.open("wb") as out:
        sealing.seal(reader, out, holders)
        disk.sync(out)  # what is sealed here is thrown away there, and by the database
    disk.give_name(unfinished, kept)


def _base_before(folder: Path, moment: datetime | None) -> Path:
    latest = (moment or clock.now()).strftime(MOMENT)
    made = [path for path in _bases(folder) if path.name <= f"{latest}{BASE}"]
    if not made:
        raise NotKept(f"There is no base in {folder} from before that moment. `flask --app wsgi base-backup` makes one.")
    return made[-1]


def _extract(sealed: Path, into: Path, keys: list[sealing.Identity]) -> None:
    into.mkdir(mode=0o700, parents=True)
    untar = subprocess.Popen(["tar", "--extract", "--file=-", f"--directory={into}"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=dumps.PLAIN)
    try:
        with sealed.open("rb") as reader:
            sealing.unseal(reader, untar.stdin, keys)
    finally:
        said = untar.communicate()[1].decode(errors="replace")
    if untar.returncode:
        raise NotKept(f"tar broke off: {said.strip()}")


def _open_log(kept: Path, into: Path, keys: list[sealing.Identity]) -> list[str]:
    """Every piece of the log, opened; of a segment that is not whole its newest part. Gives the segments' names."""
    into.mkdir(mode=0o700)
    whole = {path.name.partition(".age")[0] for path in kept.glob("*.age") if ".partial" not in path.name}
    for path in kept.glob("*.age"):
        name = path.name.removesuffix(".age").removesuffix(".partial")
        if ".partial" in path.name and name in whole:
            continue
        with path.open("rb") as sealed, (into / name).open("wb") as out:
            sealing.unseal(sealed, out, keys)
    return sorted(path.name for path in into.iterdir() if len(path.name) == 24)


def _began(data: Path) -> str:
    """The segment from which on the log is needed."""
    return _began_in((data / "backup_label").read_text(encoding="utf-8"))


def _began_in(label: str) -> str:
    found = _BEGAN.search(label)
    return found.group(1) if found else ""


def _must_follow(names: list[str], *, began: str) -> None:
    """NotKept when a segment is missing between the first that is needed and the last there is."""
    needed = [name[8:] for name in names if name[8:] >= began[8:]]
    if needed and needed[0] != began[8:]:
        raise NotKept(f"The log begins only with {needed[0]}; the base needs it from {began[8:]} on. Find the pieces between, or take another base.")
    for one, next_one in pairwise(needed):
        if _number(next_one) - _number(one) > 1:
            raise NotKept(
                f"The log has a gap after {one}: what came after it cannot be brought back. Find the missing piece, or move "
                "the later ones away and bring back what came before."
            )


def _number(name: str) -> int:
    return int(name[:8], 16) * SEGMENTS_OF_A_LOG + int(name[8:], 16)


def _tell_recovery(into: Path, moment: datetime | None) -> None:
    told = _RECOVERY.format(wal=into / "wal")
    if moment:
        told += f"recovery_target_time = '{moment.isoformat()}'\n"
    with (into / "data" / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        file.write(told)
    (into / "data" / "recovery.signal").touch(mode=0o600)
    for name, words in _CONFIGURATION.items():
        if not (into / "data" / name).exists():
            (into / "data" / name).write_text(words, encoding="ascii")


def _run(program: str, url: str, *words: str) -> None:
    with tempfile.TemporaryFile() as said:
        if dumps.start(program, url, *words, said=said).wait():
            raise NotKept(f"{program} broke off: {dumps.last_words(said)}")
