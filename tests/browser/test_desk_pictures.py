"""The pictures of the desk in docs/people and the README, taken of an exercise that is running.

``make run`` in one terminal, then ``PICTURES=http://127.0.0.1:8000 .venv/bin/python -m pytest tests/browser/test_desk_pictures.py``.
PICTURES_LOGINS names the file of its logins where it is not var/demo.json.
"""

import io
import json
import os
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.live import Visitor
from tests.conftest import ROOT

ADDRESS = os.environ.get("PICTURES", "")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.pure,
    pytest.mark.slow,
    pytest.mark.skipif(not ADDRESS.startswith("http"), reason="writes pictures into the documentation: PICTURES=http://127.0.0.1:8000"),
]

FOLDER = ROOT / "docs" / "pictures"
SIZE = {"width": 1200, "height": 780}
COLOURS, MOST_BYTES = 64, 120_000


@pytest.fixture
def logins():
    return json.loads(Path(os.environ.get("PICTURES_LOGINS", ROOT / "var" / "demo.json")).read_text())


@pytest.fixture
def desk(chromium, logins):
    """``desk("verifier", path)``: the page as that person sees it."""
    made = {}

    def come(role, path):
        if role not in made:
            made[role] = Visitor(chromium, ADDRESS, viewport=SIZE, locale="en")
            made[role].sign_in(logins[role]["email"], logins[role]["password"])
        return made[role].go(path)

    yield come
    for each in made.values():
        each.context.close()


def take(page, name, *, part=None):
    """Keep what is on the screen, or one part of the page, in few colours: pages are flat, and a reader may pay for each kilobyte."""
    page.wait_for_load_state("networkidle")
    file = FOLDER / f"{name}.png"
    Image.open(io.BytesIO((part or page).screenshot())).convert("RGB").quantize(COLOURS).save(file, optimize=True)
    assert file.stat().st_size <= MOST_BYTES, name


def test_the_pictures_of_coordination_show_the_desk_as_it_is(desk):
    take(desk("coordinator", "/desk"), "desk")
    page = desk("coordinator", "/desk/work")
    take(page, "coordinating-work")
    page.get_by_text("Hand a queue over").click()
    take(page, "coordinating-hand-over", part=page.locator(".hand-over"))
    take(desk("coordinator", "/desk/aid"), "aid-gaps")
    page = desk("coordinator", "/desk/aid/needs")
    page.locator("a.row-title").first.click()
    page.get_by_text("Offer it to another organisation").click()
    take(page, "aid-need")
    take(desk("coordinator", "/desk/situation"), "telling-situation")


def test_the_pictures_of_verification_show_the_desk_as_it_is(desk):
    page = desk("verifier", "/desk?certainty=PROBABLE")
    page.locator(".desk-list a.row-title").first.click()
    account = page.locator(".account").first
    account.get_by_text("Grade this report").click()
    take(page, "verifying-grade", part=account)
    page.get_by_text("What is missing for").first.click()
    take(page, "verifying-decide", part=page.locator(".card", has=page.locator("#sure")))
    page.set_viewport_size({"width": 1440, "height": 1000})
    take(desk("verifier", "/desk/review"), "review")
