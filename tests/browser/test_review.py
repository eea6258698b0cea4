"""The queue of doubtful pairs before a real browser: by keyboard, one person to a pair, and back again."""

import pytest
from playwright.sync_api import expect

from server.core.database import settled
from tests.browser.live import Response, counted
from tests.matching.pairs import doubtful

pytestmark = [pytest.mark.browser, pytest.mark.committed]

KEYS = "sdlsdsdlnsddslsdsdlsd"  # twenty answers and one pair skipped
PAIRS = len(KEYS)


@pytest.fixture
def response(app, engine, live_database):
    made = Response(app, live_database)
    with settled():
        for place in range(PAIRS):
            doubtful(place)
    made.work()
    yield made
    made.close()


def test_twenty_pairs_are_settled_by_keyboard_and_the_last_answer_is_taken_back(response, visitor):
    page = visitor("chipo").go("/desk/review")
    expect(page.locator("[data-waiting]")).to_have_text(str(PAIRS))
    seen = []
    for key in KEYS:
        pair = page.locator("[data-pair]")
        seen.append(pair.get_attribute("data-pair"))
        page.keyboard.press(key)
        expect(page.locator(f'[data-pair="{seen[-1]}"]')).to_have_count(0)
    assert len(set(seen)) == PAIRS
    expect(page.locator("[data-waiting]")).to_have_text("1")
    expect(page.locator("[data-pair]")).to_have_attribute("data-pair", seen[KEYS.index("n")])
    assert counted("SELECT count(*) FROM suggestions WHERE settled_at IS NOT NULL") == PAIRS - 1
    assert counted("SELECT count(*) FROM incident_changes WHERE kind = 'merge' AND person_id IS NOT NULL") == KEYS.count("s")
    assert counted("SELECT count(*) FROM incidents WHERE prior_incident_id IS NOT NULL") == KEYS.count("l")

    page.keyboard.press("u")
    expect(page.locator("[data-pair]")).to_have_attribute("data-pair", seen[-1])
    expect(page.locator("[data-waiting]")).to_have_text("2")
    page.keyboard.press("s")
    expect(page.get_by_text("Two damage records were laid together")).to_be_visible()


def test_two_people_never_have_the_same_pair_before_them(response, visitor):
    shown = [visitor(name).go("/desk/review").locator("[data-pair]").get_attribute("data-pair") for name in ("chipo", "berta")]
    assert len(set(shown)) == 2
