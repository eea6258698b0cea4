"""Counting without remembering whom: exact over processes, gone with them, and worth nothing to whoever takes the machine."""

import os
import subprocess
import sys
import time
from contextlib import closing
from unittest.mock import patch

import pytest

from server.core.tally import PROBES, SLOTS, Tally
from tests.conftest import ROOT

pytestmark = pytest.mark.pure


@pytest.fixture
def tally():
    with closing(Tally()) as made:
        yield made


def test_a_window_begins_with_its_first_hit_and_ends(tally):
    assert [tally.hit("a", window_s=60) for _ in range(3)] == [1, 2, 3]
    assert (tally.look("a"), tally.look("b")) == (3, 0)
    with patch("server.core.tally.time.time", lambda: time.time_ns() / 1e9 + 61):
        assert tally.look("a") == 0
        assert tally.hit("a", window_s=60) == 1


def test_processes_that_part_count_together_and_exactly_even_when_some_are_killed():
    script = """
import os, signal
from server.core.tally import TALLY
children = []
for number in range(4):
    child = os.fork()
    if child == 0:
        for _ in range(2_000):
            TALLY.hit("shared", window_s=600)
        if number == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
print(TALLY.look("shared"), TALLY.pseudonym("here"))
child = os.fork()
if child == 0:
    print(TALLY.hit("shared", window_s=600), TALLY.pseudonym("here"), flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert sorted((said[0], said[2])) == ["8000", "8001"]
    assert said[1] == said[3]


def test_a_process_that_is_killed_while_it_counts_stops_no_other():
    script = """
import os, signal, time
from server.core.tally import TALLY
child = os.fork()
if child == 0:
    with TALLY._held():
        os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(child, 0)
print(TALLY.hit("after", window_s=60))
"""
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.strip() == "1"


def test_more_names_than_there_is_room_for_forget_the_oldest_and_keep_counting(tally):
    for number in range(SLOTS // 4):
        tally.hit(f"stranger {number}", window_s=1)
    assert [tally.hit("worker", window_s=600) for _ in range(5)] == [1, 2, 3, 4, 5]
    for number in range(SLOTS // 2):
        tally.hit(f"flood {number}", window_s=1)
    assert tally.hit("worker", window_s=600) == 6
    assert PROBES >= 4


def test_a_network_is_the_same_stranger_today_and_another_tomorrow(tally):
    today = tally.pseudonym("198.51.100")
    assert tally.pseudonym("198.51.100") == today != tally.pseudonym("198.51.101")
    with patch("server.core.tally.time.time", lambda: time.time_ns() / 1e9 + 86_400):
        assert tally.pseudonym("198.51.100") != today
    assert tally.pseudonym("198.51.100") != today, "the key of a day that is over is gone for good"
    with closing(Tally()) as restarted:
        assert restarted.pseudonym("198.51.100") not in (today, tally.pseudonym("198.51.100"))


def test_no_name_lies_in_the_memory_and_nothing_on_a_disk(tally):
    tally.hit("canary 198.51.100", window_s=600)
    assert b"canary" not in bytes(tally._memory)
    assert b"198.51" not in bytes(tally._memory)
    assert os.fstat(tally._lock_file).st_size == 0


def test_the_parent_of_the_server_s_processes_makes_the_memory_and_loads_nothing_else():
    script = (
        "import runpy, sys; runpy.run_path('scripts/gunicorn.conf.py'); "
        "print(sorted(name for name in sys.modules if name.startswith('server') or name in ('ssl', 'flask', 'sqlalchemy', 'gevent')))"
    )
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.strip() == "['server', 'server.core', 'server.core.tally']"
