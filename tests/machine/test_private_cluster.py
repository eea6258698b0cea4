"""The private database: durable, silent, closed to others, and up again whatever happened to it."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg
import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
SECRET = "the cellar of the red house"

pytestmark = [pytest.mark.pure, pytest.mark.slow]


def order(checkout, *words, says=""):
    """Run scripts/cluster in a checkout; returns (exit code, all that was said)."""
    command = [checkout / "scripts/cluster", *words]
    done = subprocess.run(command, input=says, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


def facts(checkout):
    """What `status` says: {"data": Path, "socket": Path}."""
    lines = order(checkout, "status")[1].splitlines()
    return {line.split()[0]: Path(line.split()[1]) for line in lines if line.startswith(("data", "socket"))}


def connect(checkout, role="tessera"):
    return psycopg.connect(host=str(facts(checkout)["socket"]), user=role, dbname="tessera", autocommit=True)


def kill_server(checkout):
    number = int((facts(checkout)["data"] / "postmaster.pid").read_text().split("\n")[0])
    os.kill(number, signal.SIGKILL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A clone with a running cluster, in a folder that only its owner can enter."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(SCRIPTS, folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    code, said = order(folder, "start")
    assert code == 0, said
    yield folder
    order(folder, "reset", "--yes")


def test_what_was_confirmed_survives_the_death_of_the_server(checkout):
    with connect(checkout) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'yes' AS answer")
    kill_server(checkout)
    assert order(checkout, "start")[0] == 0
    with connect(checkout) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == ("yes",)


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit", "data_checksums"])
def test_durability_is_on(checkout, name):
    with connect(checkout) as connection:
        assert connection.execute(f"SHOW {name}").fetchone() == ("on",)


def test_a_database_that_may_lose_reports_is_not_started(checkout):
    order(checkout, "stop")
    override = facts(checkout)["data"] / "postgresql.auto.conf"
    before = override.read_text()
    try:
        override.write_text("fsync = off\n")
        code, said = order(checkout, "start")
        assert (code, "fsync" in said) == (1, True)
        assert order(checkout, "status")[0] == 3
    finally:
        override.write_text(before)
        assert order(checkout, "start")[0] == 0


def test_a_lock_whose_number_now_belongs_to_another_program_is_no_obstacle(checkout):
    order(checkout, "stop")
    (facts(checkout)["data"] / "postmaster.pid").write_text(f"{os.getpid()}\n{facts(checkout)['data']}\n0\n5432\n")
    assert order(checkout, "start")[0] == 0


def test_starting_twice_at_once_starts_one(checkout):
    order(checkout, "stop")
    command = [checkout / "scripts/cluster", "start"]
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]


def test_nobody_listens_on_the_network(checkout):
    with connect(checkout) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert facts(checkout)["socket"].stat().st_mode & 0o077 == 0


def test_no_word_of_a_report_reaches_the_log(checkout):
    with connect(checkout) as connection:
        connection.execute("CREATE TABLE words (text text PRIMARY KEY)")
        connection.execute("INSERT INTO words VALUES (%s)", [SECRET])
        for statement in (f"INSERT INTO words VALUES ('{SECRET}')", f"SELECT '{SECRET}'::int", f"broken '{SECRET}'"):
            with pytest.raises(psycopg.Error):
                connection.execute(statement)
    logs = "".join(path.read_text() for path in (facts(checkout)["data"] / "log").glob("*"))
    assert "ready to accept connections" in logs
    assert SECRET not in logs


def test_the_public_role_can_make_and_read_nothing(checkout):
    with connect(checkout) as connection:
        connection.execute("CREATE TABLE private_things ()")
    with connect(checkout, "tessera_public") as connection:
        for statement in ("SELECT * FROM private_things", "CREATE TABLE mine ()", "CREATE TEMPORARY TABLE mine ()"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_link_laid_in_the_way_of_the_socket_is_refused(checkout, tmp_path):
    order(checkout, "stop")
    sockets = facts(checkout)["socket"]
    shutil.rmtree(sockets)
    sockets.symlink_to(tmp_path)
    try:
        code, said = order(checkout, "start")
        assert code == 1
        assert "not a private folder" in said
    finally:
        sockets.unlink()
        assert order(checkout, "start")[0] == 0


def test_reset_asks_and_takes_no_for_an_answer(checkout):
    code, said = order(checkout, "reset", says="no\n")
    assert (code, "Nothing was thrown away" in said) == (1, True)
    assert order(checkout, "status")[0] == 0


def test_an_unknown_order_is_answered_with_the_known_ones(checkout):
    code, said = order(checkout, "explode")
    assert (code, "scripts/cluster start" in said) == (2, True)
