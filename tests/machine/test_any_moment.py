"""The log of a real database kept as it grows, sealed; and the database brought back to a moment between two changes."""

import os
import re
import shutil
import signal
import subprocess
import threading
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import create_engine

from server.core.clock import now
from server.core.database import session
from server.keeping import sealing, wal, watching
from server.keeping.commands import archive_prune
from server.keeping.errors import NotKept
from tests.machine.servers import Server, a_place, until

pytestmark = [pytest.mark.pure, pytest.mark.slow]

WORDS = "the cellar of the red house"
told = []


def state_of_the_log(url):
    """What the desk's status page would say of it."""
    engine, before = create_engine(url), dict(session.session_factory.kw)
    session.remove()
    session.configure(bind=engine)
    try:
        return [finding.state.value for finding in watching.look(watching.URGENT[-1:])]
    finally:
        session.remove()
        engine.dispose()
        session.session_factory.kw.clear()
        session.session_factory.kw.update(before)


class Kept(NamedTuple):
    """A base and the log after it: their folder, the holder's key, the moment after the first words and before the second."""

    folder: object
    key: object
    moment: object
    server: Server
    public: str


@contextmanager
def fetched(folder, url, public):
    """The log of a server is fetched into a folder meanwhile."""
    stop = threading.Event()
    fetching = threading.Thread(target=wal.follow, args=(folder,), kwargs={"url": url, "keys": (public,), "stop": stop})
    fetching.start()
    try:
        yield
    finally:
        stop.set()
        fetching.join(60)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    told.clear()
    folder = tmp_path_factory.mktemp("kept")
    secret, public = sealing.new_identity()
    key = folder / "key.txt"
    key.write_text(secret)
    with a_place() as place:
        main = Server(place, "main").make()
        url = main.url("postgres")
        with fetched(folder, url, public):
            until(lambda: main.ask("SELECT count(*) FROM pg_replication_slots") == 1)
            for name in ("postgresql.conf", "pg_hba.conf"):  # read long ago; Debian keeps them elsewhere, so that no base holds them
                (main.data / name).rename(place / name)
            wal.base(folder, url=url, keys=(public,))
            main.ask("CREATE TABLE kept (words text, at timestamptz DEFAULT clock_timestamp())")
            for words in (WORDS, "too much", "far too much"):
                main.ask("INSERT INTO kept (words) VALUES (%s)", words)
                main.ask("SELECT pg_switch_wal()")
            moment = main.ask("SELECT at FROM kept WHERE words = 'too much'") - timedelta(microseconds=1)
            until(lambda: len(list((folder / "wal").glob("*.age"))) >= 3 and main.ask("SELECT active FROM pg_replication_slots"))
            told.append(state_of_the_log(url))
        until(lambda: not main.ask("SELECT active FROM pg_replication_slots"))
        told.append(state_of_the_log(url))
        yield Kept(folder, key, moment, main, public)


def is_back(server):
    """Whether a server has played its log; until then it lets nobody in."""
    with suppress(psycopg.OperationalError):
        return not server.ask("SELECT pg_is_in_recovery()")


def test_the_database_comes_back_to_a_moment_between_two_changes(kept):
    folder, key, moment = kept[:3]
    with a_place() as place:
        into = place / "again"
        wal.lay_out(folder, into, identity=key, moment=moment)
        again = Server(into, "data")
        if os.geteuid() == 0:
            subprocess.run(["chown", "--recursive", f"{again.owner.uid}:{again.owner.gid}", into], check=True)
        assert "scram-sha-256" in (again.data / "pg_hba.conf").read_text(), "nobody is let in who says so only"
        (again.data / "pg_hba.conf").write_text((kept.server.place / "pg_hba.conf").read_text())
        again.settle()
        again.start()
        until(lambda: is_back(again))
        assert again.ask("SELECT string_agg(words, ', ') FROM kept") == WORDS
        again.stop("immediate")


def test_nothing_of_it_can_be_read_without_the_key(kept):
    folder = kept.folder
    files = list(folder.rglob("*.age"))
    assert len(files) > 3
    assert [path for path in files if WORDS.encode() in path.read_bytes()] == []


def altered(kept, tmp_path, change):
    shutil.copytree(kept[0], tmp_path / "copy", ignore=shutil.ignore_patterns(".receiving"))
    change(tmp_path / "copy")
    return tmp_path / "copy"


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def piece(folder, number):
    return sorted((folder / "wal").glob("*.age"))[number]


def first_piece(folder):
    return folder / "wal" / f"{next(folder.glob('base/*.began')).read_text()}.age"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(lambda folder: piece(folder, -2).unlink(), "gap", id="a missing piece of the log"),
        pytest.param(lambda folder: first_piece(folder).unlink(), "The log begins only with", id="the first piece of the log is missing"),
        pytest.param(lambda folder: flip(piece(folder, -2)), "damaged", id="a flipped bit in the log"),
        pytest.param(lambda folder: flip(next(folder.glob("base/*.age"))), "damaged", id="a flipped bit in the base"),
        pytest.param(lambda folder: next(folder.glob("base/*.age")).unlink(), "no base", id="no base"),
    ],
)
def test_what_is_not_whole_is_refused_in_a_sentence_and_nothing_is_left(kept, tmp_path, change, words):
    broken = altered(kept, tmp_path, change)
    with pytest.raises(NotKept, match=words):
        wal.lay_out(broken, tmp_path / "into", identity=kept[1], moment=None)
    assert not (tmp_path / "into").exists()


def names(folder, what):
    return sorted(path.name for path in folder.glob(what))


def prune(folder):
    return CliRunner().invoke(archive_prune, [str(folder), "--days", "30"])


def test_bases_and_log_that_are_too_old_are_thrown_away_and_never_what_a_base_that_stays_needs(kept, tmp_path):
    folder, server, url = altered(kept, tmp_path, lambda _folder: None), kept.server, kept.server.url("postgres")
    [first], log = names(folder, "base/*.age"), {name for name in names(folder, "wal/*.age") if name >= first_piece(folder).name}
    with time_machine.travel(now() + timedelta(days=40), tick=True):
        assert "Thrown away: 0 bases" in prune(folder).output
        assert (names(folder, "base/*.age"), set(names(folder, "wal/*.age"))) == ([first], log), "the newest stays, however old, with all its log"
        with fetched(folder, url, kept.public):
            until(lambda: server.ask("SELECT active FROM pg_replication_slots"))
            second = wal.base(folder, url=url, keys=(kept.public,)).name
            began = (folder / "base" / second.replace("tar.age", "began")).read_text()
            server.ask("INSERT INTO kept (words) VALUES ('after the second base')")
            server.ask("SELECT pg_switch_wal()")
            until(lambda: f"{began}.age" in names(folder, "wal/*.age"))
        assert re.search(r"1 bases, [1-9]\d* pieces", prune(folder).output)
        assert log & set(names(folder, "wal/*.age")) <= {f"{began}.age"}
        assert names(folder, "base/*") == sorted([second, second.replace("tar.age", "began")])
        assert first not in names(folder, "base/*")
        assert min(names(folder, "wal/*.age")) == f"{began}.age"
        assert wal.lay_out(folder, tmp_path / "into", identity=kept.key) == second
        assert "0 bases, 0 pieces" in prune(folder).output
    (folder / "base" / second).unlink()
    before = names(folder, "wal/*")
    refused = prune(folder)
    assert (refused.exit_code, "There is no base" in refused.output, names(folder, "wal/*")) == (1, True, before)


def test_another_holders_key_opens_nothing_and_a_folder_in_use_is_left_alone(kept, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text(sealing.new_identity()[0])
    with pytest.raises(NotKept, match="sealed to others"):
        wal.lay_out(kept[0], tmp_path / "into", identity=other, moment=None)
    with pytest.raises(NotKept, match="not empty"):
        wal.lay_out(kept[0], tmp_path, identity=kept[1], moment=None)
    assert other.exists()


def test_one_fetches_the_log_into_a_folder_and_says_in_a_sentence_why_it_ends(kept, tmp_path):
    folder, url, ended = tmp_path / "log", kept.server.url("postgres"), []

    def follow():
        with pytest.raises(NotKept) as refused:
            wal.follow(folder, url=url, keys=(kept.public,), stop=threading.Event())
        ended.append(str(refused.value))

    fetching = threading.Thread(target=follow)
    fetching.start()
    until(lambda: kept.server.ask("SELECT active FROM pg_replication_slots"))
    with pytest.raises(NotKept, match="fetched into this folder already"):
        wal.follow(folder, url=url, keys=(kept.public,), stop=threading.Event())
    [number] = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if _runs(path, "pg_receivewal", str(folder))]
    os.kill(number, signal.SIGKILL)
    fetching.join(60)
    assert ended == ["pg_receivewal broke off: it gave no reason"]
    assert names(folder, "wal/*.partial.age"), "what had come is kept"


def _runs(path, *words):
    """Whether a process was started with these words."""
    with suppress(OSError):
        given = path.read_bytes().decode(errors="replace")
        return all(word in given for word in words)


def test_a_log_that_nobody_fetches_any_more_is_told_before_it_fills_the_disk(kept):
    assert told == [["good"], ["bad"]]
