"""Small parts: files that fit a head, functions that fit a screen, tests that read as one story, no test that never runs."""

import ast
import re
import subprocess
import sys

import pytest

from tests.house.rooms import ROOT, SERVER, TESTS, files, functions, length

pytestmark = pytest.mark.pure

FILE_LINES, FUNCTION_LINES, TEST_LINES, MIDDLE_LINES = 300, 50, 40, 12
LONG_BY_NATURE = {SERVER / "vocabulary.py"}  # the code lists, one code a line
CODE = files(SERVER) + files(ROOT / "scripts") + [ROOT / "wsgi.py"]
BAD_NAMES = re.compile(r"(^|_)(utils?|helpers?|commons?|managers?|handlers?|misc|stuff|base2|data2|new2)(_|$)")
UNFINISHED = re.compile(r"#\s*(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError|^\s*\.\.\.\s*#", re.MULTILINE)


def test_the_walk_sees_the_house():
    assert len(CODE) > 100
    assert len(files(TESTS)) > 40


def test_no_file_of_the_program_is_longer_than_a_head_can_hold():
    counted = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in CODE if path not in LONG_BY_NATURE}
    assert {str(path.relative_to(ROOT)): lines for path, lines in counted.items() if lines > FILE_LINES} == {}


def test_no_function_is_longer_than_a_screen_and_most_are_far_shorter():
    lengths = {f"{path.relative_to(ROOT)}:{node.name}": length(node) for path in CODE for node in functions(path)}
    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES} == {}
    assert sorted(lengths.values())[len(lengths) // 2] <= MIDDLE_LINES


def test_no_test_is_longer_than_a_story():
    lengths = {
        f"{path.relative_to(ROOT)}:{node.name}": length(node) - (FUNCTION_LINES - TEST_LINES) * ("bench" in path.parts)
        for path in files(TESTS)
        for node in functions(path)
    }
    assert {name: lines for name, lines in lengths.items() if lines > TEST_LINES} == {}


def test_no_module_or_function_has_a_name_that_says_nothing():
    named = [path.stem for path in CODE] + [node.name for path in CODE for node in functions(path)]
    assert [name for name in named if BAD_NAMES.search(name)] == []


def test_nothing_is_left_unfinished():
    assert [str(path) for path in CODE if UNFINISHED.search(path.read_text(encoding="utf-8"))] == []


def test_every_module_opens_with_why_it_exists():
    silent = [path for path in CODE if path.name != "__init__.py" and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert [str(path.relative_to(ROOT)) for path in silent] == []


def test_every_function_that_asserts_is_collected_as_a_test():
    """A test whose name does not begin with `test_`, or whose file does not, would never run and never fail."""
    dead = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in files(TESTS)
        for node in functions(path)
        if re.match(r"test(?!_)|tests_|check_that|should_|it_", node.name)
        or (node.name.startswith("test_") and not path.name.startswith("test_"))
    ]
    assert dead == []


def test_no_two_tests_of_a_file_share_a_name():
    for path in files(TESTS):
        names = [node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
        assert len(names) == len(set(names)), path


def test_test_names_are_sentences():
    short = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in files(TESTS)
        for node in functions(path)
        if node.name.startswith("test_") and node.name.count("_") < 2
    ]
    assert short == []


def test_what_pytest_collects_is_what_the_files_hold():
    written = {
        f"{path.relative_to(ROOT)}::{node.name}"
        for path in (TESTS / "house").glob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/house"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    collected = {line.split("[")[0] for line in said.splitlines() if "::" in line}
    assert collected == written


def test_the_rulers_measure():
    tree = ast.parse("def long():\n" + "    x = 1\n" * 60)
    assert length(tree.body[0]) > FUNCTION_LINES
    assert BAD_NAMES.search("date_utils")
    assert not BAD_NAMES.search("commonplace")
    assert UNFINISHED.search("x = 1  # TODO later")
