"""One sprite of pictograms, built at start: the humanitarian icons come from a wheel, our own few from static/icons.

The wheel (public-domain artwork of the United Nations' humanitarian office) depends on a web framework we do not
use, so it is installed without dependencies and only its files are read, never its code.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from server.core.choices import Choice

WHEEL = "wagtail-humanitarian-icons"
OWN = Path(__file__).resolve().parents[2] / "static" / "icons"
FALLBACK = "help"

# What pages need beside the words of the code lists. Kept here so that a name that exists nowhere fails a test.
INTERFACE = (
    "about", "add", "alert", "calendar", "copy", "document", "download", "edit", "exit-cancel", "filter",
    "help", "hidden", "link", "location", "map", "menu", "next-item", "notification", "password", "photo",
    "previous-item", "print", "remove", "search", "see", "selected", "settings", "table", "time", "upload", "user",
    "users", "warning-error",
)  # fmt: skip

# The report page is the first thing an old phone on a thin line loads, so it has a small sprite of its own:
# the answers it offers first (CITIZEN_… in the vocabulary) and its buttons. A test compares the two.
FORM = (
    "about", "bridge", "building", "building-facility-destroyed",
    "cell-tower", "children", "clinic", "community-building", "damage-d0", "damage-d1",
    "damage-d2", "damage-d3", "damage-d4", "damage-du", "dangerous-area", "doctor", "fire", "flood",
    "food", "help", "hospital", "house", "infant-formula", "internally-displaced", "location", "market", "medical-supply", "mine", "photo",
    "plastic-sheeting",
    "position", "potable-water", "potable-water-source", "power-electricity", "relief-goods", "road", "school",
    "search-and-rescue", "selected", "shelter", "stove", "tessera", "warning-error",
)  # fmt: skip

_DROPPED = re.compile(r'\s(?:id|data-name|class)="[^"]*"|</?(?:g|defs|title|style)\b[^>]*>|<!--.*?-->', re.DOTALL)
_SPACES = re.compile(r"\s+(?=\s|/?>)")
_FRACTION = re.compile(r"\d*\.\d+")


class UnknownIcon(LookupError):
    """Neither the wheel nor static/icons has a pictogram of this name."""


@cache
def drawings() -> dict[str, Path]:
    """Every pictogram that can be used, as {name: file}; our own win over the wheel's."""
    files = [Path(str(file.locate())) for file in distribution(WHEEL).files or () if file.suffix == ".svg"]
    return {path.stem: path for path in [*files, *OWN.glob("*.svg")]}


def wanted() -> set[str]:
    """The names that pages may ask for: those of every code list that was imported, and the interface's own."""
    lists = {choice.icon for kind in _kinds(Choice) for choice in kind if getattr(choice, "icon", None)}
    own = {path.stem for path in OWN.glob("*.svg")}
    return lists | own | set(INTERFACE)


def missing() -> set[str]:
    """The wanted names that nobody drew. Empty, or a test fails."""
    return wanted() - set(drawings())


def sprite(names: Iterable[str]) -> bytes:
    """One SVG file whose symbols are `names`, in order of name so that its hash is stable."""
    symbols = "".join(symbol(name) for name in sorted(set(names)))
    return f'<svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>'.encode()


def symbol(name: str) -> str:
    """The pictogram `name` as one <symbol>, stripped of what a browser does not draw. Raises UnknownIcon."""
    path = drawings().get(name)
    if path is None:
        raise UnknownIcon(name)
    source = path.read_text(encoding="utf-8")
    box = re.search(r'viewBox="([^"]+)"', source)
    inner = re.search(r"<svg[^>]*>(.*)</svg>", source, re.DOTALL)
    if not box or not inner:
        raise UnknownIcon(name)
    return f'<symbol id="{name}" viewBox="{box[1]}">{_lean(inner[1])}</symbol>'


def _lean(drawing: str) -> str:
    """A quarter of the bytes are decimals nobody can see at 40 pixels."""
    return _FRACTION.sub(_rounded, _SPACES.sub("", _DROPPED.sub("", drawing))).replace("  ", " ").strip()


def _rounded(number: re.Match[str]) -> str:
    """One decimal; a space where a lost point would glue "1.01.75" or ".81.98" (two numbers) together."""
    short = f"{float(number[0]):.1f}".rstrip("0").rstrip(".")
    glued = "." not in short and number.string[number.end() : number.end() + 1] == "."
    joined = number[0][0] == "." and "." not in short and number.string[: number.start()][-1:].isdigit()
    return (" " if joined else "") + (short if short == "0" else short.removeprefix("0")) + (" " if glued else "")


def _kinds(kind: type[Choice]) -> Iterable[type[Choice]]:
    for child in kind.__subclasses__():
        yield child
        yield from _kinds(child)
