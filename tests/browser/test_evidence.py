"""Evidence before a real browser: a face painted over by mouse and by keyboard, before and after by arrow keys, areas on the map, axe."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect
from sqlalchemy import select

from server.accounts.models import Person
from server.core.database import see_as, session, settled
from server.evidence.models import Photo
from server.matching.models import Incident
from server.verification import chips
from tests.browser.live import HERE, PHONE, Response, Visitor
from tests.evidence.conftest import sha256
from tests.evidence.pictures import encoded, four_corners
from tests.people import PASSWORD, actor

pytestmark = [pytest.mark.browser, pytest.mark.committed]
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture
def response(app, engine, live_database):
    """One record with a photo and a piece of an image of before and of after."""
    made = Response(app, live_database)
    _tell(app.test_client())
    made.work()
    for phase, picture in (("PRE", four_corners((600, 400))), ("POST", Image.radial_gradient("L"))):
        with settled():
            bohdan = actor(session.scalars(select(Person).where(Person.alias == "Bohdan")).one())
            incident = session.scalars(select(Incident)).one()
            chips.add(incident, encoded(picture), phase=phase, taken_on=date(2026, 11, 1), provider="Pleiades", licence="CC BY", actor=bohdan)
    made.work()
    yield made
    made.close()


def _tell(phone):
    at, number, photo, data = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2), uuid4(), uuid4(), encoded(four_corners((640, 480)))
    body = {
        "site_type": "RES.APT", "damage": "D3", "pin_accuracy_m": 15, "event_earliest": at.isoformat(), "event_latest": at.isoformat(),
        "event_precision": "HOUR", "text": "Ask Maria about the roof.", "point": {"type": "Point", "coordinates": list(HERE)},
        "media": [{"id": str(photo), "bytes": len(data), "sha256": sha256(data)}],
    }  # fmt: skip
    assert phone.put(f"/api/v1/reports/{number}", data=json.dumps(body), content_type="application/json").status_code == 201
    assert phone.put(f"/api/v1/reports/{number}/media/{photo}", data=data, content_type="image/jpeg").status_code == 201


@pytest.fixture
def found(response):
    """The numbers of the record, the photo and the report."""
    with settled():
        see_as("all")
        photo = session.scalars(select(Photo)).one()
        return session.scalars(select(Incident.public_id)).one(), photo.id, photo.report_id


@pytest.fixture
def bohdan(chromium, response):
    visitor = Visitor(chromium, response.address)
    visitor.sign_in("bohdan@example.org", PASSWORD)
    yield visitor
    visitor.context.close()
    assert visitor.wrong == []


def test_a_verifier_paints_over_by_mouse_and_keyboard_compares_pictures_and_reads_the_areas(bohdan, found):
    record, photo, report = found
    page = bohdan.go(f"/desk/photos/{photo}/redact")
    stage = page.locator(".redact-stage").bounding_box()
    page.mouse.move(stage["x"] + 0.1 * stage["width"], stage["y"] + 0.1 * stage["height"])
    page.mouse.down()
    page.mouse.move(stage["x"] + 0.4 * stage["width"], stage["y"] + 0.3 * stage["height"], steps=4)
    page.mouse.up()
    drawn = [float(page.input_value(f"#{side}-1")) for side in ("left", "top", "width", "height")]
    assert drawn == pytest.approx([10, 10, 30, 20], abs=1)
    page.locator("#left-2").focus()
    for number in ("60", "60", "30", "30"):
        page.keyboard.type(number)
        page.keyboard.press("Tab")
    expect(page.locator(".redact-stage > span:not([hidden])")).to_have_count(2)
    page.get_by_role("button", name="Cover these parts").click()
    expect(page.get_by_role("heading", name="Covered so far")).to_be_visible()

    page = bohdan.go(f"/desk/incidents/{record}")
    slide = page.locator(".before-after input[type=range]")
    slide.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert page.locator("[data-before-after]").evaluate("figure => figure.style.getPropertyValue('--split')") == "55%"

    page = bohdan.go(f"/desk/reports/{report}/redact")
    page.get_by_label("Maria").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Cover these words").click()
    expect(page.get_by_role("heading", name="Covered so far")).to_be_visible()

    page = bohdan.go("/desk")
    page.get_by_label("On the map", exact=True).select_option("2")
    expect(page.locator(".area-note")).to_have_text("1 in all")
    expect(page.locator("path.area:not(.area-0)")).to_have_count(1)
    assert "areas=2" in page.url
    assert not page.locator(".leaflet-marker-pane").is_visible()
    page.get_by_role("link", name="Areas as a table").click()
    expect(page.get_by_role("heading", name="Damage by area")).to_be_visible()


def _wrong_with(visitor, paths):
    wrong = []
    for path in paths:
        page = visitor.go(path)
        wrong += [(path, one["id"], [node["html"][:120] for node in one["nodes"]][:2]) for one in Axe().run(page).response["violations"]]
        wrong += [(path, "too wide")] if page.evaluate(TOO_WIDE) else []
    return wrong


def test_axe_finds_nothing_and_nothing_runs_over_the_edge_of_a_phone(chromium, response, found):
    record, photo, report = found
    visitor = Visitor(chromium, response.address, viewport=PHONE, bypass_csp=True)
    visitor.sign_in("bohdan@example.org", PASSWORD)
    pages = (
        f"/desk/incidents/{record}", f"/desk/incidents/{record}/evidence", f"/desk/incidents/{record}/evidence/items", "/desk/imagery",
        "/desk/areas?areas=2", f"/desk/photos/{photo}/redact", f"/desk/reports/{report}/redact",
    )  # fmt: skip
    assert _wrong_with(visitor, pages) == []
    visitor.page.emulate_media(color_scheme="dark")
    assert _wrong_with(visitor, [f"{path}{'&' if '?' in path else '?'}lang=ar" for path in pages]) == []
    visitor.context.close()
    assert visitor.wrong == []
