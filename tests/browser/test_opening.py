"""A response opened in a real browser by the pages alone, on an empty database; then its pages by day and night, on phone and desk."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

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
def empty(app, engine, monkeypatch):
    fit = replace(settings(), demo=False, secret_key="k7Qd2xVb9TzR4mWf8Lp3Yh6Nc1Gs5Ja0UeXi", trusted_hosts=("127.0.0.1",))
    monkeypatch.setattr(going_live, "settings", lambda: fit)
    clone(f"{URL.database}_empty")
    made = Empty(app, URL.set(database=f"{URL.database}_empty"))
    yield made
    made.close()


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
            found += [f"too wide at {size}"] if page.evaluate(TOO_WIDE) else []
    return found + person.wrong


def open_it(person):
    """The first administrator gets in with the code from the server."""
    person.go("/desk/setup/first?lang=en")  # a language once chosen is kept
    page = person.go("/desk/setup")
    with settled():
        code = opening.make_code()
    for name, value in (("code", code), ("email", "zoe@relief.example.org"), ("alias", "Zoe"), ("password", PASSWORD)):
        page.fill(f"#{name}", value)
    page.get_by_role("button", name="Open it").click()
    page.get_by_role("heading", name=re.compile("things are missing")).wait_for()
    return page


def test_a_response_is_opened_in_a_browser_from_nothing_to_live(chromium, empty):
    person = Visitor(chromium, empty.address, bypass_csp=True)
    person.go("/desk/setup")
    wrong = wrong_with(person, "/desk/setup/first", "en") + wrong_with(person, "/desk/setup/first", "ar")
    person.page.set_viewport_size(LAPTOP)
    page = open_it(person)
    page.fill("#about-name", "Two rivers")
    page.fill("#about-time_zone", "Europe/Oslo")
    page.locator("#about button").click()
    page.get_by_text("Every page knows it within seconds").wait_for()
    for side, value in (("west", "10"), ("south", "59"), ("east", "11"), ("north", "60")):
        page.fill(f"#area-{side}", value)
    page.get_by_role("button", name="Take what the map shows").wait_for()
    page.locator("#area .area-box").wait_for(state="attached")
    page.locator("#area button", has_text="Keep").click()
    page.get_by_text("Every page knows it within seconds").wait_for()
    page.get_by_role("button", name="Take what the map shows").click()
    west, east = (float(page.input_value(f"#area-{side}")) for side in ("west", "east"))
    assert west < 10
    assert 11 < east < west + 20
    file = {"name": "adm2.geojson", "mimeType": "application/geo+json", "buffer": json.dumps({"type": "FeatureCollection", "features": [AREA]}).encode()}
    page.set_input_files("#boundaries-file", file)
    page.fill("#boundaries-cod_version", "v01")
    page.locator("#boundaries button").click()
    page.get_by_text("The file is kept and will be loaded").wait_for()
    empty.work()
    page.get_by_text("loaded, 1 / 1").wait_for()  # the page asks by itself
    wrong += wrong_with(person, "/desk/setup", "en") + wrong_with(person, "/desk/setup", "ar")
    wrong += wrong_with(person, "/desk/handover", "en") + wrong_with(person, "/desk/handover", "ar") + wrong_with(person, "/desk/status", "ar")
    page = person.go("/desk/setup?lang=en")
    page.get_by_text("This is real. It never becomes an exercise again.").click()
    page.get_by_role("button", name="Go live").click()
    page.get_by_text("The response is live.").wait_for()
    assert wrong == []
    person.context.close()
