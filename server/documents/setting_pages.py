"""docs/reference/settings.md: what an operator may decide, from ``core/settings.py`` and the sentences of ``.env.example``."""

import ast
import inspect
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from server.core.settings import Settings
from server.documents.markdown import code, page, table

HOUSE = Path(__file__).resolve().parents[2]
EXAMPLE = HOUSE / ".env.example"
LINE = re.compile(r"#?(?P<name>[A-Z][A-Z_]*)=(?P<value>.*)")
MACHINE = re.compile(r"""environ(?:\.get\(|\[)["']([A-Z_]+)["']""")
WORDS = """\
Every setting is an environment variable. `make run` writes what the private cluster needs to `var/env` by itself; for a
real installation copy `.env.example`, fill it in, and hand it to the service. A value that makes no sense stops the start
with a sentence. No setting can make the server store an address, load from another host or loosen the headers.
"""


@dataclass(frozen=True)
class Example:
    """A setting as `.env.example` shows it: its value there (the default, or an example) and its sentences."""

    value: str
    words: str
    is_needed: bool


def settings_page() -> str:
    """The page as Markdown."""
    rows = [(code(name), code(one.value), "yes" if one.is_needed else "", one.words) for name, one in examples().items()]
    head = page("Settings", "`server/core/settings.py` and `.env.example`", WORDS)
    return f"{head}\n" + table(("Setting", "Default or example", "Needed", "What it decides"), rows)


def settings_read() -> set[str]:
    """The names the program reads from the environment: those of Settings, and those with which the web server is started."""
    return server_settings() | set(MACHINE.findall((HOUSE / "scripts" / "gunicorn.conf.py").read_text(encoding="utf-8")))


def server_settings() -> set[str]:
    """The names that ``Settings.from_env`` reads."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(Settings.from_env)))
    calls = [call for call in ast.walk(tree) if isinstance(call, ast.Call) and call.args]
    first = [call.args[0] for call in calls]
    return {str(word.value) for word in first if isinstance(word, ast.Constant) and str(word.value).isupper()}


def examples() -> dict[str, Example]:
    """Every setting of `.env.example`, in its order. A line without `#` before its name is one that must be given."""
    found: dict[str, Example] = {}
    said: list[str] = []
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if told := LINE.fullmatch(line):
            found[told["name"]] = Example(told["value"].strip('"'), " ".join(said), is_needed=not line.startswith("#"))
            said = []
        elif line.startswith("# "):
            said.append(line.removeprefix("# "))
        else:
            said = []
    return found
