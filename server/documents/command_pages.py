"""docs/reference/commands.md: what an operator and a developer can type, from click and from the Makefile."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from flask import Flask

from server.documents.markdown import code, page, sentence, table

MAKEFILE = Path(__file__).resolve().parents[2] / "Makefile"
KINDS = {"choice": "WORD", "integer range": "NUMBER", "float range": "NUMBER", "datetime": "TIME"}
TARGET = re.compile(r"^([a-z]+):[^#\n]*## (.*)$", re.MULTILINE)
WORDS = """\
`make` prepares what it needs by itself. The `flask` commands run in the virtual environment, with the settings of the
environment or, where it names no `DATABASE_URL`, those that `make run` wrote to `var/env`:

    .venv/bin/flask --app wsgi users list

Every command answers `--help`.
"""


def commands_page(app: Flask) -> str:
    """The page as Markdown."""
    told = [_command(name, found) for name, found in commands(app)]
    head = page("Commands", "`Makefile` and the `flask` commands", WORDS)
    return "\n".join([head, "## make\n", _targets(), "## flask --app wsgi\n", *told])


def targets() -> dict[str, str]:
    """What `make` offers, with its words."""
    return dict(TARGET.findall(MAKEFILE.read_text(encoding="utf-8")))


def commands(app: Flask) -> list[tuple[str, click.Command]]:
    """Every command of this house, groups included, as ``("imports undo", command)``; those that libraries bring are left out."""
    return [(name, found) for name, found in _walk(app.cli, "") if _is_ours(found)]


def _walk(group: click.Group, above: str) -> Iterator[tuple[str, click.Command]]:
    for name, found in sorted(group.commands.items()):
        yield f"{above}{name}", found
        if isinstance(found, click.Group):
            yield from _walk(found, f"{above}{name} ")


def _is_ours(found: click.Command) -> bool:
    """A command of ours is a function of ours; a group of ours holds one."""
    if isinstance(found, click.Group):
        return any(_is_ours(one) for one in found.commands.values())
    return _origin(found.callback).startswith("server.")


def _origin(function: Any) -> str:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return getattr(function, "__module__", "") or ""


def _targets() -> str:
    return table(("Command", "What it does"), ((code(f"make {name}"), words) for name, words in targets().items()))


def _command(name: str, found: click.Command) -> str:
    if isinstance(found, click.Group):
        return f"### {name}\n\n{sentence(found.help)}\n"
    places = [f"[{one}]" if not one_is_needed else one for one, one_is_needed in _arguments(found)]
    usage = " ".join(["flask --app wsgi", name, *(["[options]"] if _options(found) else []), *places])
    told = f"### {name}\n\n    {usage}\n\n{_help(found)}\n"
    rows = [(code(_option(one)), _meaning(one)) for one in _options(found)]
    return f"{told}\n{table(('Option', 'Meaning'), rows)}" if rows else told


def _help(found: click.Command) -> str:
    paragraphs = (found.help or "").replace("``", "`").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _arguments(found: click.Command) -> list[tuple[str, bool]]:
    return [((one.metavar or one.name or "").upper(), one.required) for one in found.params if isinstance(one, click.Argument)]


def _options(found: click.Command) -> list[click.Option]:
    return [one for one in found.params if isinstance(one, click.Option)]


def _option(one: click.Option) -> str:
    name = "/".join([*one.opts, *one.secondary_opts])
    if one.is_flag:
        return name
    return f"{name} {one.metavar or KINDS.get(one.type.name, one.type.name.upper())}"


def _meaning(one: click.Option) -> str:
    told = [one.help.rstrip(".") if one.help else ""]
    if isinstance(one.type, click.Choice):
        told.append("One of " + ", ".join(str(choice) for choice in one.type.choices))
    if one.required:
        told.append("Needed")
    if one.multiple:
        told.append("May be given several times")
    if one.show_default:
        told.append(f"Default: {one.default}")
    return ". ".join(part for part in told if part) + "."
