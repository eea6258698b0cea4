"""What a page tells an operator to type is taken by the program: the command, its options, how many words it wants and of which kind."""

import re
import shlex
from uuid import uuid4

import click
import pytest

from tests.house.rooms import ROOT

TYPED = re.compile(r"^(?: {4}|\t).*?\bflask --app wsgi (.+)$", re.MULTILINE)
OTHERWISE = ("does not exist", "is a directory")  # files of the reader's, which this machine does not have
PAGES = [page for page in sorted((ROOT / "docs").rglob("*.md")) if "reference" not in page.parts]


def typed(page):
    """The words after `flask --app wsgi` of each line of a page that is to be typed; remarks, pipes and the ends of lines left out."""
    for line in TYPED.findall(page.read_text(encoding="utf-8")):
        words = re.split(r"\s[|>&#]", line.replace("[", "").replace("]", ""))[0].replace(" NUMBER", f" {uuid4()}")
        yield shlex.split(words)


def refused(app, words):
    """Why the program would not take these words; nothing when it would."""
    command, context = app.cli, click.Context(app.cli)
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        command = found
    try:
        command.make_context(name, list(words), parent=context)
    except click.ClickException as refusal:
        return "" if any(end in refusal.message for end in OTHERWISE) else f"{name}: {refusal.format_message()}"
    return ""


@pytest.mark.parametrize("page", [page for page in PAGES if TYPED.search(page.read_text(encoding="utf-8"))], ids=lambda page: page.stem)
def test_every_line_to_be_typed_is_taken(app, page):
    assert [why for words in typed(page) if (why := refused(app, words))] == []


def test_a_line_that_would_not_be_taken_is_found(app):
    assert "No such option" in refused(app, ["backup-check", "a", "--deep"])
    assert "Missing argument" in refused(app, ["keys", "add", "Relief Works"])
    assert "Invalid value" in refused(app, ["archive-prune", "a", "--days", "many"])
    assert refused(app, ["restore", "a", "--key-file", "not-here.txt"]) == ""
