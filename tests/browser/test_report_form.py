"""The report form in a real browser: on a small screen, without scripts, with them, and for people who cannot see it."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.pure]

PHONE = {"width": 360, "height": 740, "has_touch": True}


def picture(name, content):
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def test_without_scripts_one_post_carries_every_answer(site, visit):
    page = visit("/report", java_script_enabled=False, **PHONE)
    page.get_by_label("School", exact=True).check(force=True)
    page.get_by_label("Destroyed").check(force=True)
    page.get_by_label("Place, address or coordinates").fill("10.5, 20.25")
    page.get_by_label("This exact building or spot").check()
    page.get_by_label("Yesterday").check(force=True)
    page.get_by_label("Drinking water").check(force=True)
    page.get_by_label("Food", exact=True).check(force=True)
    page.get_by_label("Fire or smoke").check(force=True)
    page.locator("#pictures").set_input_files([picture("a.jpg", b"one"), picture("b.jpg", b"two")])
    page.get_by_label("Anything to add?").fill("Дах упав")
    page.get_by_role("button", name="Send report").click()
    page.get_by_text("AAAA").first.wait_for()
    form, photos = site.posts[0]
    assert form["site_type"] == "EDU.SCHOOL"
    assert form["damage"] == "D4"
    assert form["place_text"] == "10.5, 20.25"
    assert form["exactness"] == "BUILDING"
    assert form["when"] == "YESTERDAY"
    assert form.getlist("needs") == ["WATER", "FOOD"]
    assert form.getlist("hazards") == ["HZ.FIRE"]
    assert form["text"] == "Дах упав"
    assert form["contact"] == ""
    assert "consents" not in form
    assert len(form["id"]) == 36
    assert photos == [b"one", b"two"]
    assert page.locator("[data-copy]").is_hidden()


def test_the_position_of_the_phone_is_taken_with_its_accuracy_and_forgotten_when_the_place_is_typed(site, visit):
    where = {"latitude": 10.123456, "longitude": 20.654321, "accuracy": 23.4}
    page = visit("/report", geolocation=where, permissions=["geolocation"], **PHONE)
    page.get_by_role("button", name="Use my position now").click()
    page.get_by_text("exact to about 24 metres").wait_for()
    place = page.get_by_label("Place, address or coordinates")
    assert place.input_value() == "10.123456, 20.654321"
    assert page.locator("[name=pin_method]").input_value() == "DEVICE_GPS"
    assert page.locator("[name=device_accuracy_m]").input_value() == "24"
    place.fill("Market square")
    assert page.locator("[name=pin_method]").input_value() == ""
    assert page.locator("[name=device_accuracy_m]").input_value() == ""


def test_a_phone_that_gives_no_position_says_so_and_the_words_still_do(site, visit):
    page = visit("/report", **PHONE)
    page.get_by_role("button", name="Use my position now").click()
    page.get_by_text("Please describe the place.").wait_for()


def test_places_are_suggested_while_typing_as_text_and_can_be_chosen(site, visit):
    page = visit("/report", **PHONE)
    page.get_by_label("Place, address or coordinates").press_sequentially("Hall")
    page.get_by_text("<b>Hallo</b>").wait_for()
    page.locator("[name=place_choice]").first.check()
    page.get_by_role("button", name="Send report").click()
    page.get_by_text("AAAA").first.wait_for()
    assert site.posts[0][0]["place_choice"] == "1.5, 2.5"


def test_what_is_public_close_by_is_offered_as_the_same_damage_and_nothing_else_is(site, visit):
    seen = {"site_type": "EDU.SCHOOL", "damage_best": 3, "date_start": "2026-03-04"}
    site.published = [
        {**seen, "incident_id": "NEAR-1", "lat": 1.5003, "lon": 2.5},
        {**seen, "incident_id": "FAR-1", "lat": 1.509, "lon": 2.5},
        {**seen, "incident_id": "AREA-1", "lat": None, "lon": None},
    ]
    page = visit("/report", geolocation={"latitude": 1.5, "longitude": 2.5, "accuracy": 9}, permissions=["geolocation"], **PHONE)
    page.get_by_role("button", name="Use my position now").click()
    page.get_by_text("School, Severe damage · 33 m · Mar 4, 2026").click()
    assert page.locator("[name=nearby]").count() == 2
    assert page.locator("[name=same_damage_as]").input_value() == "NEAR-1"
    page.locator("[data-nearby] label").last.click()
    assert page.locator("[name=same_damage_as]").input_value() == ""


def test_the_day_is_asked_only_when_it_was_another_day(site, visit):
    page = visit("/report", **PHONE)
    day = page.get_by_label("If another day: which?")
    assert day.is_hidden()
    page.get_by_label("Another day", exact=True).check(force=True)
    assert day.is_visible()


def test_a_ninth_photo_is_left_out_and_the_person_is_told(site, visit):
    page = visit("/report", **PHONE)
    nine = [picture(f"{n}.jpg", b"x") for n in range(9)]
    page.locator("#pictures").set_input_files(nine)
    page.get_by_text("Only the first 8 photos can be sent.").wait_for()
    assert page.evaluate("document.querySelector('[data-photos]').files.length") == 8


def test_everything_to_touch_is_at_least_48_pixels_high_and_nothing_is_cut_off(site, visit):
    page = visit("/report", **PHONE)
    page.evaluate("document.querySelectorAll('main details').forEach((more) => { more.open = true; })")
    small = page.evaluate(
        """() => [...document.querySelectorAll('a, button, input, select, textarea, summary')]
          .filter((e) => e.checkVisibility() && e.type !== 'hidden' && !e.matches('.skip, [aria-hidden] *'))
          .map((e) => [e.outerHTML.slice(0, 80), (e.closest('label') ?? e).getBoundingClientRect()])
          .filter(([, box]) => box.height < 48 && box.height > 0).map(([html, box]) => `${box.height} ${html}`)"""
    )
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "uk", "ar"])
def test_axe_finds_nothing_wrong_with_the_form_and_the_receipt(site, visit, violations, language, scheme):
    page = visit(f"/report?lang={language}", color_scheme=scheme, bypass_csp=True, **PHONE)
    page.evaluate("document.querySelectorAll('main details').forEach((more) => { more.open = true; })")
    assert violations(page) == []
    page.locator(".send button").click()
    page.locator(".receipt-code").wait_for()
    assert violations(page) == []
