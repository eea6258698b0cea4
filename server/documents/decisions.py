"""docs/decisions/index.md: the decisions in order, so that the list of them cannot forget one."""

import re
from pathlib import Path

from server.documents.markdown import page, table

DECISIONS = Path(__file__).resolve().parents[2] / "docs" / "decisions"
NUMBERED = re.compile(r"\d{4}-[a-z0-9-]+\.md")
STATUS = re.compile(r"^Status: (.+)$", re.MULTILINE)
WORDS = """\
What was decided, among which options, and what is bad about it. A decision is not rewritten when it is overturned: a new
one says so, and the old one names it in its status.
"""


def decisions() -> list[Path]:
    """The pages of the decisions, in order of their numbers."""
    return sorted(path for path in DECISIONS.glob("*.md") if NUMBERED.fullmatch(path.name))


def decisions_page() -> str:
    """The index as Markdown."""
    return f"{page('Decisions', 'the pages beside it', WORDS)}\n" + table(("No.", "Decision", "Status"), map(_row, decisions()))


def _row(path: Path) -> tuple[str, str, str]:
    words = path.read_text(encoding="utf-8")
    title, status = words.partition("\n")[0].removeprefix("# "), STATUS.search(words)
    if status is None:
        raise ValueError(f"{path.name} has no line `Status: …`")
    return path.name[:4], f"[{title.partition('. ')[2]}]({path.name})", status[1]
