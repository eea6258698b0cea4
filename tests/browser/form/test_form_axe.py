"""Every state of the form, in every language, by day and by night: axe finds nothing wrong, nothing runs over the edge."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from server.core.i18n import LANGUAGES
from tests.browser.form.hand import photo

pytestmark = [pytest.mark.browser, pytest.mark.committed]

TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : ['page', ...[...document.querySelectorAll('body *')]
  .filter((e) => e.getBoundingClientRect().right > innerWidth || e.getBoundingClientRect().left < 0).map((e) => e.outerHTML.slice(0, 90))]"""


def wrong_with(page):
    """What axe finds by day, what it finds in the contrast by night, and whether the page is too wide."""
    found = []
    for scheme, options in (("light", None), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme)
        rows = Axe().run(page, options=options).response["violations"]
        found += [f"{scheme} {row['id']}: {[node['html'][:120] for node in row['nodes'][:3]]}" for row in rows]
    return found + [f"too wide: {html}" for html in page.evaluate(TOO_WIDE)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_wrong_with_the_whole_form_in_any_language(hand, language):
    person = hand(f"/report?all=1&lang={language}", bypass_csp=True)
    person.page.locator("[data-take][multiple]").set_input_files([photo(place=(59.1, 10.2), taken="2026:11:20 18:40:11")])
    person.page.locator(".offer").nth(1).wait_for()
    person.page.evaluate("document.querySelectorAll('main details').forEach((more) => { more.open = true; })")
    person.page.evaluate("document.querySelectorAll('[data-advice], [data-minor]').forEach((more) => { more.hidden = false; })")
    assert wrong_with(person.page) == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_is_wrong_with_the_steps_the_check_the_map_the_hint_and_the_code(hand, language):
    person = hand(f"/report?lang={language}", bypass_csp=True)
    page = person.page
    known = {"incident_id": "INC-KNOWN000", "site_type": "EDU.SCHOOL", "damage_best": 3, "date_end": "2026-11-20", "metres": None}
    page.route("**/api/v1/public/nearby?*", lambda route: route.fulfill(json={"off": False, "items": [known]}))
    found = wrong_with(page)
    page.locator("label.tile").first.click()
    person.next()
    person.next()
    page.locator("[data-place]").fill("59.12, 10.2")
    page.locator("[data-open-pin]").click()
    page.locator(".pin-frame .leaflet-container").wait_for()
    found += wrong_with(page)
    person.finish()
    page.locator(".expected").wait_for()
    found += wrong_with(page)
    page.locator(".send button").click()
    page.locator("[data-go]").wait_for()
    found += wrong_with(page)
    page.locator("[data-go]").click()
    page.locator("[data-have]").wait_for()
    found += wrong_with(page)
    page.locator("[data-have]").click()
    found += wrong_with(page)
    page.goto(f"{person.address}/receipt?lang={language}")
    assert found + wrong_with(page) == []
