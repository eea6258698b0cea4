"""The form on a phone: a whole response behind it, a context of its own for each test, and nothing wrong in the end."""

import pytest

from tests.browser.form.hand import Hand
from tests.browser.live import PHONE, Response
from tests.conftest import URL, clone


@pytest.fixture(scope="module")
def response(app, engine):
    """One response for all tests of a file: each looks for its own reports only."""
    name = f"{URL.database}_form"
    clone(name)
    made = Response(app, URL.set(database=name))
    yield made
    made.close()


@pytest.fixture
def hand(chromium, response):
    """``hand(path, **options)``: a person with a phone, the form before them and made ready. No error, no stranger asked."""
    made = []

    def person(path="/report?lang=en", **options):
        context = chromium.new_context(**{"viewport": PHONE, "has_touch": True, "reduced_motion": "reduce", **options})
        made.append(Hand(context, response.address, has_scripts=options.get("java_script_enabled", True)))
        return made[-1].open(path)

    yield person
    wrong = [what for each in made for what in each.wrong]
    for each in made:
        each.context.close()
    assert wrong == []
