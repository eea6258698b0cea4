"""The small map: fetched only when it is asked for, moved by arrow keys, said aloud, and honest about how exact it is."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.committed]


def test_the_map_comes_only_when_asked_for_and_the_arrow_keys_move_the_place_under_the_cross(hand):
    person = hand("/report?all=1&lang=en")
    asked = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.page.locator("[data-place]").fill("59.12, 10.2")
    assert person.page.evaluate("typeof L") == "undefined"
    person.page.get_by_role("button", name="Show a small map").click()
    said = person.page.locator(".pin-frame [data-said]")
    expect(said).to_contain_text("59.12000, 10.20000")
    assert person.page.evaluate("document.activeElement.matches('[data-map]')")
    person.page.keyboard.press("ArrowUp")
    expect(said).not_to_contain_text("59.12000")
    north, metres = (float(re.search(pattern, said.inner_text())[1].replace(",", "")) for pattern in (r"(59\.\d+)", r"about ([\d,]+) metres"))
    assert north > 59.12
    person.page.keyboard.press("+")
    expect(said).to_contain_text(re.compile(rf"about (?!{metres:,.0f} )"))
    person.page.get_by_role("button", name="Take this place").click()
    expect(said).to_contain_text("This place is taken")
    assert person.page.locator("[data-place]").input_value().startswith("59.1")
    assert person.page.locator("[name=pin_method]").input_value() == "MAP_TAP"
    assert float(person.page.locator("[name=device_accuracy_m]").input_value()) < metres
    assert any("/basemap/" in url for url in asked)
