"""No page and no script speaks English past the catalogues: whatever a person reads goes through gettext."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "server" / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static").rglob("*.js"))
SPOKEN_ATTRIBUTES = {"title", "alt", "placeholder", "aria-label", "aria-description", "label", "summary"}
# Names and notations that are the same in every language.
NAMES = {
    "Tessera", "EXERCISE", "CSV", "GeoJSON", "XLSX", "GeoPackage", "KML", "API", "OpenAPI", "OGC", "Atom", "JSON", "GDAL",
    "QGIS", "HXL", "PMTiles", "CAP", "CC", "BY", "SHA", "UUID", "UTC", "km", "TOTP", "MGRS", "GPX", "OpenStreetMap", "GeoNames",
    "Natural", "Earth", "mi", "ft", "in", "cm", "kg", "lb", "oz",
}  # fmt: skip
WORD = re.compile(r"[A-Za-z]{2,}")
SENTENCE = re.compile(r"""(["'`])(?P<text>[A-Z][a-z]+(?: [a-z]+)+[^"'`]*)\1""")
# A macro may write attributes for a tag that stands elsewhere.
BARE_ATTRIBUTE = re.compile(r"""\s[a-z-]+=(?:"[^"]*"|'[^']*')""")
# A block whose content is a class name, and addresses and numbers shown as they are typed.
CLASS_BLOCK = re.compile(r"\{%-? block wide -?%\}\w*\{%-? endblock -?%\}")
ADDRESS = re.compile(r"\S*/\S*|INC-\S*|0ogc")
SILENT_LINE = re.compile(r"^\s*(?://|\*|/\*)|new \w*Error\(|console\.")


class Reader(HTMLParser):
    """Collects what a person would read or hear."""

    def __init__(self):
        super().__init__()
        self.heard = []
        self.inside = []

    def handle_starttag(self, tag, attrs):
        self.inside.append(tag)
        self.heard += [value for name, value in attrs if name in SPOKEN_ATTRIBUTES and value]

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"script", "style", "code", "kbd"} & set(self.inside):
            self.heard.append(BARE_ATTRIBUTE.sub(" ", data))


def written(source: str) -> str:
    """What stands in a template outside of Jinja's own tags; an expression leaves a digit in its place."""
    tokens = Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).lex(CLASS_BLOCK.sub("", source))
    kept = {"data": lambda value: value, "variable_begin": lambda _: "0"}
    return "".join(kept[kind](value) for _, kind, value in tokens if kind in kept)


def untranslated(template: str) -> list[str]:
    reader = Reader()
    reader.feed(written(template))
    return [word for heard in reader.heard for word in WORD.findall(ADDRESS.sub("", heard)) if word not in NAMES]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_page_takes_its_words_from_the_catalogue(path):
    assert not untranslated(path.read_text())


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_takes_its_words_from_the_page(path):
    lines = [line for line in path.read_text().splitlines() if not SILENT_LINE.search(line)]
    assert not [found["text"] for line in lines for found in SENTENCE.finditer(line)]


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("<p>Hello there</p>", ["Hello", "there"]),
        ('<p>{{ _("Hello there") }}</p>', []),
        ('<img alt="A house">', ["house"]),
        ('<img alt="{{ _(\'A house\') }}" class="big picture">', []),
        ("<script>let word = 1</script>", []),
        ("{# a note #}<b>Tessera</b> · CSV", []),
        ('<input placeholder="Town">', ["Town"]),
        ("{% block wide %}wide{% endblock %}<code>https://example.org/ogc</code> /report", []),
        ('{% macro wrong() %} aria-invalid="true"{% endmacro %}', []),
    ],
)
def test_the_reader_of_pages_hears_what_it_should(template, words):
    assert untranslated(template) == words
