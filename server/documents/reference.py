"""All generated pages by their path under docs/, and their writing."""

from pathlib import Path

from flask import Flask

from server.documents.api_page import api_page
from server.documents.codes import codes_page
from server.documents.command_pages import commands_page
from server.documents.decisions import decisions_page
from server.documents.dictionary import dictionary_page
from server.documents.events import events_page
from server.documents.refusals import problems_page
from server.documents.setting_pages import settings_page

DOCS = Path(__file__).resolve().parents[2] / "docs"


def pages(app: Flask) -> dict[str, str]:
    """Every generated page as ``{path under docs/: Markdown}``; the same code always gives the same bytes."""
    return {
        "reference/api.md": api_page(app),
        "reference/codes.md": codes_page(),
        "reference/commands.md": commands_page(app),
        "reference/data-dictionary.md": dictionary_page(),
        "reference/events.md": events_page(),
        "reference/problems.md": problems_page(),
        "reference/settings.md": settings_page(),
        "decisions/index.md": decisions_page(),
    }


def write(app: Flask) -> list[str]:
    """Write the pages that have changed; returns their paths under docs/."""
    changed = []
    for name, words in pages(app).items():
        path = DOCS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != words:
            path.write_text(words, encoding="utf-8")
            changed.append(name)
    return changed
