"""The field: a real server, a bad line, and phones whose profiles lie on disk."""

import os

import pytest

from tests.browser.field.house import House
from tests.browser.field.line import Line
from tests.browser.field.phone import Phone
from tests.conftest import NAME, URL, _admin, drop

FULL = os.environ.get("FAULTS") == "full"
"""The full counts of the fault list, for nights: FAULTS=full."""


@pytest.fixture(scope="session")
def street(app, engine, tmp_path_factory):
    name = f"{NAME}_field"
    made = House(URL.set(database=name), tmp_path_factory.mktemp("house"))
    yield made
    made.stop()
    made.engine.dispose()
    with _admin() as admin:
        drop(admin, name)


@pytest.fixture
def house(street):
    """The server, running. One for all tests of a process: each looks for its own reports only."""
    return street.start() if street.is_down() else street


@pytest.fixture
def line(house):
    """The line from the phones to the server; whole until a test breaks it."""
    made = Line(house.port)
    yield made
    made.close()


@pytest.fixture
def phones(chromium, line, tmp_path):
    """``phones(**options)``: a new phone on the line, its page open. At the end no script of ours may have failed."""
    made = []

    def phone(*, address=line.address, path="/report?all=1&lang=en", before=None, **options):
        one = Phone(chromium, tmp_path / f"phone{len(made)}", address, **options)
        one.before = before or one.before
        made.append(one)
        one.open(path)
        return one

    yield phone
    for one in made:
        one.throw_away()
    assert [error for one in made for error in one.errors] == []
