"""The rooms of the house as files: what is walked by tests that hold for every module, test and page."""

import ast
import pkgutil
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "server"
TESTS = ROOT / "tests"


def modules():
    """The dotted name of every module of the server."""
    return sorted(found.name for found in pkgutil.walk_packages([str(SERVER)], "server."))


def import_every_room():
    """Load every module, so that no table, schema, route or job is missed by a census."""
    for name in modules():
        import_module(name)


def files(folder, ending=".py"):
    """Every file of a folder with an ending, in order."""
    return sorted(path for path in folder.rglob(f"*{ending}") if "__pycache__" not in path.parts)


def functions(path):
    """Every function of a Python file, methods and inner ones too, as syntax trees."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node):
    """Lines of a function, its decorators apart."""
    return node.end_lineno - node.lineno + 1
