"""Markdown as the reference pages need it: a head that says who wrote the page, and tables that hold whatever stands in a cell."""

from collections.abc import Iterable, Sequence


def page(title: str, source: str, words: str) -> str:
    """The head of a generated page: its title, where its facts come from, and a few sentences."""
    return f"# {title}\n\nWritten by `make docs` from {source}; do not edit.\n{words.strip()}\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; line feeds and bars within a cell are kept from breaking it."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell(value) for value in line)} |\n" for line in lines)


def cell(value: object) -> str:
    """A value as the words of one cell."""
    return " ".join(str(value).split()).replace("|", "\\|")


def code(words: object) -> str:
    """Words set as code; nothing for nothing."""
    return f"`{words}`" if str(words) else ""


def codes(values: Iterable[object]) -> str:
    """Several words set as code, with commas between."""
    return ", ".join(code(value) for value in values)


def sentence(words: str | None) -> str:
    """The first paragraph of a docstring, on one line, with its double back-ticks as Markdown wants them."""
    paragraph = (words or "").strip().partition("\n\n")[0]
    return " ".join(paragraph.replace("``", "`").split())
