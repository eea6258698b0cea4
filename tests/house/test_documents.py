"""The documents are checked like code: what exists is named in them, what they name exists, and no link leads nowhere."""

import inspect
import re
import subprocess
from urllib.parse import unquote

import pytest

from server.core.problems import PROBLEMS
from server.core.settings import Settings
from server.documents import reference
from server.documents.codes import codes_page
from server.documents.command_pages import commands, targets
from server.documents.decisions import decisions
from server.documents.events import MEANINGS, events
from server.documents.setting_pages import examples, settings_read
from server.worker import REACTIONS, TIMETABLE, load_jobs
from tests.house.rooms import ROOT, import_every_room

DOCS = ROOT / "docs"
GENERATED = ("reference/api.md", "reference/codes.md", "reference/commands.md", "reference/data-dictionary.md",
             "reference/events.md", "reference/problems.md", "reference/settings.md", "decisions/index.md")  # fmt: skip
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
FLASK = re.compile(r"flask --app wsgi ((?:[a-z][a-z-]* ?)+)")
MAKE = re.compile(r"(?:^ {4,}|^|`)make ([a-z]+)", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
PATHS = re.compile(r"`((?:server|tests|scripts|migrations|static)/[\w./-]+)`")
PRESSED = re.compile(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)")
SAID = re.compile(r"""_\(\s*["']([^"']+)["']""")
UNFINISHED = re.compile(r"\bTODO\b|\bTBD\b|\bFIXME\b|Lorem ipsum|/tmp/")


def markdown():
    """Every Markdown page of the project, as git would list it, new ones included."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in sorted(set(listed.splitlines())) if (ROOT / name).exists()]


PAGES = markdown()
WRITTEN = [page for page in PAGES if page.relative_to(ROOT).as_posix().removeprefix("docs/") not in GENERATED]


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def anchors(page):
    """What a link into a page may name: its headings as every reader of Markdown makes anchors of them."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        found.add(re.sub(r"[^\w\- ]", "", words).replace(" ", "-"))
    return found


def dead_links(page):
    dead = []
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            dead.append(link)
    return dead


@pytest.fixture(scope="module")
def made(app):
    import_every_room()
    with app.app_context():
        return reference.pages(app)


def test_all_generated_pages_are_the_ones_this_test_knows(made):
    assert set(made) == set(GENERATED)


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_page_is_what_the_code_says_today(made, name):
    assert (DOCS / name).read_text(encoding="utf-8") == made[name], "run: make docs"


def test_generating_twice_gives_the_same_bytes(app, made):
    with app.app_context():
        assert reference.pages(app) == made


def test_the_page_of_the_settings_knows_every_setting_the_program_reads(made):
    assert settings_read() == set(examples())
    assert [name for name in settings_read() if f"| `{name}` |" not in made["reference/settings.md"]] == []


def test_the_example_shows_the_defaults_of_the_program():
    source = inspect.getsource(Settings.from_env)
    told = {name: one.value for name, one in examples().items()}
    for name, default in re.findall(r'env\.\w+\("([A-Z_]+)", (True|False|\d+|"[^"]+")\)', source):
        assert told[name] == default.strip('"').lower() or told[name] == default.strip('"'), name
    assert told["LANGUAGES"].split(",") == re.findall(r'"(\w\w)"', re.search(r'"LANGUAGES", \[(.+?)\]', source)[1])


def test_every_problem_is_on_its_page(made):
    assert [name for name in PROBLEMS if f"| `{name}` |" not in made["reference/problems.md"]] == []


def test_every_event_says_what_happened():
    assert set(events()) == set(MEANINGS)


def test_every_reaction_follows_from_an_event_that_somebody_records():
    assert set(REACTIONS) <= set(events())


def test_every_job_says_what_it_does_and_when(made):
    jobs = load_jobs()
    assert {name for names in REACTIONS.values() for name in names} | set(TIMETABLE.values()) == set(jobs)
    for name, work in jobs.items():
        assert inspect.getdoc(work), name
        assert f"| `{name}` |" in made["reference/events.md"]


def test_every_command_says_what_it_does(app, made):
    for name, found in commands(app):
        assert found.help, name
        assert f"### {name}\n" in made["reference/commands.md"]


def test_the_commands_outsiders_rely_on_are_all_there(app):
    there = {name for name, _found in commands(app)}
    assert {"import", "export", "users add", "keys add", "jobs work", "demo", "docs", "setup"} <= there
    assert {"matching cluster", "matching suggest", "matching train"} <= there
    assert {"run", "stop", "reset", "serve", "test", "lint", "bench", "docs"} <= set(targets())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_link_leads_nowhere(page):
    assert dead_links(page) == []


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_a_page_names_only_commands_that_exist(app, page):
    words = page.read_text(encoding="utf-8")
    there = dict(commands(app))
    for line in words.splitlines():
        for typed in FLASK.findall(line):
            parts = typed.split()
            named = [" ".join(parts[:count]) for count in range(1, len(parts) + 1)]
            assert set(named) & set(there), line
            known = {option for name in set(named) & set(there) for one in there[name].params for option in one.opts}
            assert set(OPTION.findall(line)) - {"--app"} <= known | {"--help"}, line
    assert set(MAKE.findall(words)) <= set(targets())


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_a_page_names_only_files_that_exist(page):
    named = PATHS.findall(page.read_text(encoding="utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_is_finished_and_holds_for_every_machine(page):
    assert UNFINISHED.findall(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=name_of)
def test_every_page_can_be_reached_from_the_readme(page):
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        here = waiting.pop()
        if here in seen or here.suffix != ".md" or not here.exists():
            continue
        seen.add(here)
        links = LINK.findall(here.read_text(encoding="utf-8"))
        waiting += [(here.parent / unquote(link).partition("#")[0]).resolve() for link in links if "://" not in link]
    assert page in seen


@pytest.mark.parametrize("name", ["coordinating.md", "verifying.md"])
def test_what_a_page_says_to_press_stands_on_a_screen(name):
    words = (DOCS / "people" / name).read_text(encoding="utf-8")
    shown = {said for page in (ROOT / "server" / "templates").rglob("*.html") for said in SAID.findall(page.read_text(encoding="utf-8"))}
    shown |= set(SAID.findall("".join(path.read_text(encoding="utf-8") for path in (ROOT / "server").rglob("*.py"))))
    assert [label for label in PRESSED.findall(words) if label not in {one.partition(" %(")[0] for one in shown}] == []


def test_every_decision_has_its_number_once_and_says_context_options_and_what_is_bad_about_it():
    numbers = [path.name[:4] for path in decisions()]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    for path in decisions():
        words = path.read_text(encoding="utf-8")
        assert words.startswith(f"# {int(path.name[:4])}. "), path.name
        for heading in ("## Context", "## Options", "## Decision", "## Consequences"):
            assert heading in words, (path.name, heading)
        assert "Bad, because" in words, path.name


def test_every_picture_is_small_and_stands_on_a_page(app):
    shown = {
        (page.parent / unquote(link)).resolve()
        for page in [ROOT / "README.md", *DOCS.rglob("*.md")]
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if link.endswith(".png")
    }
    kept = set(DOCS.rglob("*.png"))
    assert kept == shown
    assert [path.name for path in kept if path.stat().st_size > 300_000] == []
    assert {path.suffix for path in DOCS.rglob("*") if path.is_file()} <= {".md", ".png", ".conf", ".service"}


def test_every_code_stands_in_all_six_languages():
    for line in codes_page().partition("## Crosswalks")[0].splitlines():
        cells = re.split(r"(?<!\\)\|", line)
        if line.startswith("| `"):
            assert [cell for cell in cells[1:8] if not cell.strip()] == [], line


def test_the_finders_find_what_is_wrong(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One two\n[dead](gone.md) [here](#one-two) [lost](#three) [far](https://example.org)\n")
    assert dead_links(page) == ["gone.md", "#three"]
    assert FLASK.findall("`flask --app wsgi imports undo 3f2a --help`") == ["imports undo "]
