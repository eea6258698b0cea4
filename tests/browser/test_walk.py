"""One damage walks through the whole house, as people meet it: two phones, the receipt, the desk, the public map."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.acts import grade, report_on
from tests.browser.live import HERE, PHONE, Response, picture
from tests.people import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.committed]


@pytest.fixture
def response(app, engine, live_database):
    made = Response(app, live_database)
    yield made
    made.close()


def tell_of_a_road(response):
    """Somebody's program reports a broken road at the same place: a person must say whether that is the same damage."""
    yesterday = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    body = {
        "site_type": "TRA.ROAD", "damage": "D3", "point": {"type": "Point", "coordinates": list(HERE)}, "pin_accuracy_m": 15,
        "event_earliest": yesterday.isoformat(), "event_latest": (yesterday + timedelta(hours=23)).isoformat(),
        "event_precision": "DAY", "text": "The upper floors lie on the road.", "witness_proximity": "SAW_IT",
    }  # fmt: skip
    answer = response.app.test_client().put(
        f"/api/v1/reports/{uuid4()}", data=json.dumps(body), content_type="application/json"
    )
    assert answer.status_code == 201, answer.text


def test_a_damage_walks_from_two_phones_over_the_desk_to_the_public_map(response, visitor):
    plain, phone, desk = visitor(viewport=PHONE, java_script_enabled=False), visitor(viewport=PHONE), visitor()
    code = report_on(plain.go("/report?all=1"), "The upper floors of number 12 fell.", photo=picture(), scripts=False)
    report_on(phone.go("/report?all=1"), "The upper floors of number 12 have fallen.", photo=picture(30))
    tell_of_a_road(response)
    response.work()

    _read_the_receipt(plain, code)
    desk.sign_in("chipo@example.org", PASSWORD)
    _settle_the_doubtful_pair_by_keyboard(desk)
    _open_the_record_from_the_map(desk)
    _grade_and_decide(desk)
    response.work()
    response.publish()
    _find_it_on_the_public_map(visitor(viewport=PHONE))


def _read_the_receipt(plain, code):
    page = plain.go("/receipt")
    page.fill("#code", code.upper())
    page.get_by_role("button", name="Show my report").click()
    expect(page.get_by_role("heading", name="Your report")).to_be_visible()
    expect(page.get_by_text("1 of 1 received")).to_be_visible()
    page.get_by_text("Add or put right").first.click() if not page.get_by_label("Add something").is_visible() else None
    page.get_by_label("Add something").fill("The stairs are blocked.")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Your words were added.")).to_be_visible()


def _settle_the_doubtful_pair_by_keyboard(desk):
    page = desk.go("/desk/review")
    expect(page.get_by_role("heading", name="Is this one and the same damage?")).to_be_visible()
    page.keyboard.press("d")
    expect(page.get_by_text("Ruled to be different damage")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_role("heading", name="Is this one and the same damage?")).to_be_visible()
    page.keyboard.press("d")
    expect(page.get_by_text("Nothing waits.")).to_be_visible()


def _open_the_record_from_the_map(desk):
    page = desk.go(f"/desk?site_group=RES#15/{HERE[1]}/{HERE[0]}")
    expect(page.locator("[data-map-count]")).to_have_text("Showing 1 of 1")
    page.locator(".stone").click()
    panel = page.locator("[data-map-panel]")
    expect(panel.get_by_text("2 reports")).to_be_visible()
    panel.get_by_role("link", name="Open").click()
    expect(page.get_by_role("heading", name="Apartment block").first).to_be_visible()
    expect(page.get_by_text("The stairs are blocked.")).to_be_visible()
    expect(page.locator(".spot .stone")).to_be_visible()
    photos = page.locator(".account .photos img")
    expect(photos).to_have_count(2)
    for photo in photos.all():
        photo.scroll_into_view_if_needed()
        page.wait_for_function("(image) => image.naturalWidth > 0", arg=photo.element_handle())


def _grade_and_decide(desk):
    page = desk.page
    for number in range(2):
        grade(page.locator(".account").nth(number), "C", "3")
    page.get_by_label("Probable").check()
    page.get_by_label("Why?").fill("Two people tell the same, their photos agree.")
    page.get_by_role("button", name="Decide").click()
    expect(page.locator(".record-head").get_by_text("Probable")).to_be_visible()
    expect(page.get_by_text("Two people tell the same")).to_be_visible()


def _find_it_on_the_public_map(stranger):
    page = stranger.go(f"/map#11/{HERE[1]}/{HERE[0]}")
    expect(page.locator("[data-map-count]")).to_have_text("Showing 1 of 1")
    page.locator(".stone").first.click()
    expect(page.locator("[data-map-panel]")).to_be_visible()
    assert "number 12" not in page.content()
