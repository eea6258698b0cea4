"""A module that calls itself pure is held to it: the contract that `make lint` checks names it."""

import ast
import re
import tomllib

import pytest

from tests.house.rooms import ROOT, SERVER, files

pytestmark = pytest.mark.pure


def test_every_module_that_calls_itself_pure_stands_under_the_contract_of_judgement():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [held] = [contract["source_modules"] for contract in contracts if contract["name"] == "Judgement is pure"]
    said = {path: ast.get_docstring(ast.parse(path.read_text())) or "" for path in files(SERVER)}
    pure = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path, words in said.items() if re.search(r"\bPure[.:;]", words)}
    assert len(pure) > 40
    assert pure <= set(held)
