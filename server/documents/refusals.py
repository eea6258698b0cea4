"""docs/reference/problems.md: every refusal of the house, from ``core/problems.py``."""

from server.core.problems import PROBLEMS, reason_phrase
from server.documents.markdown import code, page, table

WORDS = """\
Every refusal has one shape: `{type, title, status, code, detail, errors}` as `application/problem+json` (RFC 9457) for a
program, a page for a person. `title` is the sentence below in the language of the request; `code` never changes;
`errors` lists `{field, code, message}` where single fields need attention. Answers with 429 and 503 say in `Retry-After` how
many seconds to wait: nothing was kept, and sending again is safe.
"""


def problems_page() -> str:
    """The page as Markdown, by status."""
    rows = sorted((status, name, words) for name, (status, words) in PROBLEMS.items())
    head = page("Problems", "`server/core/problems.py`", WORDS)
    return f"{head}\n" + table(
        ("Status", "Code", "Sentence"), ((f"{status} {reason_phrase(status)}", code(name), words) for status, name, words in rows)
    )
