"""A response opened in a real browser by the pages alone, on an empty database; then its own pages by day and night, on phone and desk.

The pages that other people see too, handover and status among them, are looked at by test_axe.py.
"""

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from passlib.totp import TOTP
from playwright.sync_api import expect

from server.core.database import settled
from server.core.settings import settings
from server.response import going_live, opening
from tests.browser.live import LAPTOP, PHONE, Empty, Visitor
from tests.conftest import URL, clone

pytestmark = [pytest.mark.browser, pytest.mark.committed]

PASSWORD = "a long walk to the sea"
SHOTS = os.environ.get("SHOTS", "")
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"
SQUARE = [[[10, 59], [11, 59], [11, 60], [10, 60], [10, 59]]]
AREA = {
    "type": "Feature", "properties": {"adm2_pcode": "NO9001", "adm2_en": "Testwick", "adm1_pcode": "NO90", "adm0_pcode": "NOR"},
    "geometry": {"type": "Polygon", "coordinates": SQUARE},
}  # fmt: skip


@pytest.fixture
def empty(app, engine):
    """A response that nobody has opened yet."""
    fit = replace(settings(), demo=False, secret_key="k7Qd2xVb9TzR4mWf8Lp3Yh6Nc1Gs5Ja0UeXi", trusted_hosts=("127.0.0.1",))
    clone(f"{URL.database}_empty")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(going_live, "settings", lambda: fit)
        made = Empty(app, URL.set(database=f"{URL.database}_empty"))
        yield made
        made.close()


@pytest.fixture
def zoe(chromium, empty):
    """Whoever opens it. At the end: she saw no error, and no stranger was asked."""
    person = Visitor(chromium, empty.address, bypass_csp=True)
    yield person
    wrong = person.wrong
    person.context.close()
    assert wrong == []


def press(page, within, button, *, told=""):
    """Send a form; what is on the page afterwards is the answer, never what stood there before."""
    with page.expect_navigation():
        page.locator(within).get_by_role("button", name=button).click(no_wait_after=True)
    if told:
        expect(page.get_by_text(told)).to_be_visible()


def let_in(person):
    """The first administrator gets in with the code from the server."""
    page = person.go("/desk/setup?lang=en")
    expect(page).to_have_url(re.compile("/desk/setup/first$"))
    with settled():
        code = opening.make_code()
    for name, value in (("code", code), ("email", "zoe@relief.example.org"), ("alias", "Zoe"), ("password", PASSWORD)):
        page.fill(f"#{name}", value)
    press(page, "main", "Open it")
    expect(page.get_by_role("heading", name=re.compile("things are missing"))).to_be_visible()
    return page


def set_up_second_factor(person):
    """As with an app on a phone that scanned the key."""
    page = person.go("/account/second-factor")
    press(page, "main", "Set up an authenticator app")
    phone = TOTP(key=page.locator("main code").inner_text().replace("-", ""))
    page.fill("#code", phone.generate().token)
    press(page, "main", "Switch it on")
    expect(page).not_to_have_url(re.compile("/account/second-factor"))


def wrong_with(person, path, language):
    """What is wrong with one page on phone and desk, by day and night; with SHOTS set, pictures of all of it."""
    found = []
    for size, view in (("360", PHONE), ("1440", LAPTOP)):
        person.page.set_viewport_size(view)
        for scheme in ("light", "dark") if SHOTS else (("light",) if size == "360" else ("dark",)):
            person.page.emulate_media(color_scheme=scheme)
            page = person.go(f"{path}?lang={language}")
            if SHOTS:
                name = f"opening{path.replace('/', '_')}_{language}_{size}_{scheme}.png"
                page.screenshot(path=Path(SHOTS) / name, full_page=size == "360")
            options = None if (size, scheme) == ("360", "light") else {"runOnly": ["color-contrast"]}
            found += [f"{each['id']}: {[node['html'][:120] for node in each['nodes'][:3]]}" for each in Axe().run(page, options=options).response["violations"]]
            found += [f"{path} is too wide at {size}"] if page.evaluate(TOO_WIDE) else []
    return found


def test_the_pages_on_which_a_response_is_opened_hold_no_barrier_by_day_and_night(zoe):
    wrong = wrong_with(zoe, "/desk/setup/first", "en") + wrong_with(zoe, "/desk/setup/first", "ar")
    let_in(zoe)
    wrong += wrong_with(zoe, "/desk/setup", "ar") + (wrong_with(zoe, "/desk/setup", "en") if SHOTS else [])
    for path in ("/desk/handover", "/desk/status") if SHOTS else ():
        wrong += wrong_with(zoe, path, "en") + wrong_with(zoe, path, "ar")
    assert wrong == []


def test_a_response_is_opened_in_a_browser_from_nothing_to_live(zoe, empty):
    page = let_in(zoe)
    page.fill("#about-name", "Two rivers")
    page.fill("#about-time_zone", "Europe/Oslo")
    press(page, "#about", "Keep", told="Every page knows it within seconds")
    take = page.get_by_role("button", name="Take what the map shows")
    expect(take).to_be_visible()
    for side, value in (("west", "10"), ("south", "59"), ("east", "11"), ("north", "60")):
        page.fill(f"#area-{side}", value)
    expect(page.locator("#area .area-box")).to_be_attached()
    press(page, "#area", "Keep", told="Every page knows it within seconds")
    take.click()
    west, east = (float(page.input_value(f"#area-{side}")) for side in ("west", "east"))
    assert west < 10
    assert 11 < east < west + 20
    file = {"name": "adm2.geojson", "mimeType": "application/geo+json", "buffer": json.dumps({"type": "FeatureCollection", "features": [AREA]}).encode()}
    page.set_input_files("#boundaries-file", file)
    page.fill("#boundaries-cod_version", "v01")
    press(page, "#boundaries", "Load", told="The file is kept and will be loaded")
    empty.work()
    expect(page.get_by_text("loaded, 1 / 1")).to_be_visible()  # the page asks by itself
    set_up_second_factor(zoe)
    zoe.go("/desk/setup")
    page.get_by_text("This is real. It never becomes an exercise again.").click()
    press(page, "#stage", "Go live", told="The response is live.")
