"""The pictures of docs/people/reporting.md, taken of the form as it is: PICTURES=1 writes them anew."""

import io
import os

import pytest
from PIL import Image

from tests.browser.form.hand import HERE, photo
from tests.conftest import ROOT

pytestmark = [
    pytest.mark.browser,
    pytest.mark.committed,
    pytest.mark.slow,
    pytest.mark.skipif(os.environ.get("PICTURES") != "1", reason="writes pictures into the documentation: PICTURES=1"),
]

FOLDER = ROOT / "docs" / "pictures"
COLOURS = 64  # enough for a page of flat colours, and a third of the bytes


def take(page, name):
    page.wait_for_load_state("networkidle")
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").quantize(COLOURS).save(FOLDER / f"reporting-{name}.png", optimize=True)


def test_the_pictures_for_trainers_show_the_form_as_it_is(hand):
    where = {"latitude": HERE[0], "longitude": HERE[1], "accuracy": 14}
    person = hand(geolocation=where, permissions=["geolocation"])
    page = person.page
    take(page, "1-what")
    person.tick("School")
    person.next()
    person.tick("Severe damage")
    take(page, "2-how-badly")
    person.next()
    page.get_by_role("button", name="Use my position now").click()
    page.get_by_text("exact to about 14 metres").wait_for()
    take(page, "3-where")
    person.next()
    person.tick("Today")
    person.next()
    person.next()
    person.tick("Unexploded")
    page.locator("[data-advice]:visible").scroll_into_view_if_needed()
    take(page, "4-danger")
    person.next()
    person.choose(photo(), photo(shade=90))
    take(page, "5-photos")
    person.finish()
    page.locator(".expected").scroll_into_view_if_needed()
    take(page, "6-check")
    person.send()
    page.locator("[data-code]").scroll_into_view_if_needed()
    take(page, "7-code")
    code = person.code()
    page.goto(f"{person.address}/receipt?lang=en")
    page.locator("#code").fill(" ".join(code))
    page.get_by_role("button", name="Show my report").click()
    page.get_by_role("heading", name="Your report").wait_for()
    take(page, "8-receipt")
    assert len(list(FOLDER.glob("reporting-*.png"))) == 8
