"""The program's own commands, each in a process of its own as an operator starts it, without loading the whole program for each anew.

A server that has loaded every room forks for each; the settings, the arguments and what is said are the command's own.
"""

import multiprocessing
import os
import runpy
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 240

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.every_room"])


def python(*words, settings, said=None):
    """``python WORDS…`` with these settings alone: (exit code, what it said). Takes -m MODULE, -c CODE or a file; ``said`` keeps the words."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(said or Path(folder) / "said")
        process = _forks.Process(target=_run, args=(list(map(str, words)), {**os.environ, **settings}, str(told)))
        process.start()
        process.join(PATIENCE_S)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"{words} did not end: {told.read_text()}")
        return process.exitcode, told.read_text()


def flask(*words, settings, said=None):
    """``flask --app wsgi WORDS…`` with these settings: (exit code, what it said)."""
    return python("-m", "flask", "--app", "wsgi", *words, settings=settings, said=said)


def _written(code, folder):
    place = folder / "code.py"
    place.write_text(code)
    return str(place)


def _run(words, environment, told):
    """In the new process: become what was asked for."""
    from server.core.settings import settings

    os.environ.clear()
    os.environ.update(environment)
    settings.cache_clear()
    os.chdir(ROOT)
    writer = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number in (1, 2):
        os.dup2(writer, number)
    how, *rest = words
    if how == "-c":
        sys.argv = [how]
        runpy.run_path(_written(rest[0], Path(told).parent), run_name="__main__")
    elif how == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        runpy.run_path(str(ROOT / how), run_name="__main__")
