"""One question at a time: calm, with a way back, advice when it is needed, and a check before anything is sent."""

import pytest
from playwright.sync_api import expect

from server.vocabulary import SiteType
from tests.browser.form.hand import HERE

pytestmark = [pytest.mark.browser, pytest.mark.committed]

QUESTIONS = [
    "What is damaged?", "How badly is it damaged?", "Where is it?", "When did it happen?",
    "What is needed? (optional)", "Is there danger at the place? (optional)", "Photos (optional)", "Anything to add? (optional)",
]  # fmt: skip


def test_eight_questions_come_one_by_one_with_a_way_back_and_an_early_end(hand):
    person = hand()
    seen = []
    for _ in QUESTIONS:
        seen.append(person.asked())
        person.next()
    assert seen == QUESTIONS
    expect(person.page.get_by_role("heading", name="Is this right?")).to_be_visible()
    person.back()
    assert person.asked() == QUESTIONS[-1]
    fresh = hand()
    assert fresh.page.locator("[data-finish]").is_hidden()
    fresh.next()
    fresh.next()
    fresh.finish()
    expect(fresh.page.get_by_role("heading", name="Is this right?")).to_be_visible()


def test_the_first_words_say_that_no_rescue_is_called_and_no_compensation_claimed(hand):
    person = hand()
    first = person.page.locator("main p").first
    expect(first).to_contain_text("This calls no rescuers")
    expect(first).to_contain_text("no claim for compensation")
    person.next()
    assert first.is_hidden()


def test_enter_goes_on_and_sends_nothing_before_the_check(hand):
    person = hand()
    person.next()
    person.next()
    person.page.locator("[data-place]").press("Enter")
    assert person.asked() == "When did it happen?"


def test_all_questions_stand_on_one_page_for_whoever_wants_them_so(hand):
    person = hand("/report?all=1&lang=en")
    assert [legend.is_visible() for legend in person.page.locator("[data-step] > fieldset > legend").all()] == [True] * 8
    assert person.page.locator("[data-steps]").is_hidden()
    assert person.page.locator("[name=site_type]").count() == len(SiteType)


def test_advice_appears_with_the_danger_it_belongs_to_and_goes_with_it(hand):
    person = hand().answer()
    person.next()
    advice = person.page.locator("[data-advice]:visible")
    assert advice.count() == 0
    for danger, sentence in (("Unexploded", "at least 100 metres"), ("Smell of gas", "Switch nothing on"), ("Live power lines", "at least 10 metres")):
        person.tick(danger)
        expect(advice.filter(has_text=sentence)).to_be_visible()
        person.tick(danger)
        assert advice.count() == 0
    person.tick("People are trapped")
    expect(person.page.locator("[data-trapped]")).to_contain_text("this form sends no help")


def test_a_child_leaves_no_contact_and_no_consent_and_is_told_to_stay_safe(hand):
    person = hand("/report?all=1&lang=en")
    person.page.get_by_text("Leave a contact").click()
    person.page.locator("[name=contact]").fill("+47 99")
    person.page.get_by_label("I am under 18").check()
    expect(person.page.get_by_text("Tell a grown-up whom you trust")).to_be_visible()
    assert person.page.locator("[name=contact]").is_disabled()
    assert person.page.locator("[name=consents]:enabled").count() == 0
    person.page.get_by_label("I am under 18").uncheck()
    assert person.page.locator("[name=contact]").is_enabled()


def test_the_position_of_the_phone_is_taken_with_its_accuracy_and_forgotten_when_the_place_is_typed(hand):
    where = {"latitude": 10.123456, "longitude": 20.654321, "accuracy": 23.4}
    page = hand("/report?all=1&lang=en", geolocation=where, permissions=["geolocation"]).page
    page.get_by_role("button", name="Use my position now").click()
    page.get_by_text("exact to about 24 metres").wait_for()
    place = page.locator("[data-place]")
    assert place.input_value() == "10.123456, 20.654321"
    assert page.locator("[name=pin_method]").input_value() == "DEVICE_GPS"
    assert page.locator("[name=device_accuracy_m]").input_value() == "24"
    place.fill("Market square")
    assert page.locator("[name=pin_method]").input_value() == ""
    assert page.locator("[name=device_accuracy_m]").input_value() == ""


def test_a_phone_that_gives_no_position_says_so_and_the_words_still_do(hand):
    page = hand("/report?all=1&lang=en").page
    page.get_by_role("button", name="Use my position now").click()
    page.get_by_text("Please describe the place.").wait_for()


def test_places_are_suggested_while_typing_as_text_and_can_be_chosen(hand):
    person = hand("/report?all=1&lang=en")
    found = {"reading": {}, "places": [{"name": "<b>Hallo</b>", "region": "North", "country": "Land", "beside": "", "lat": 1.5, "lon": 2.5}]}
    person.page.route("**/api/v1/places?*", lambda route: route.fulfill(json=found))
    person.page.locator("[data-place]").press_sequentially("Hall")
    person.page.get_by_text("<b>Hallo</b>").wait_for()
    person.page.locator("[name=place_choice]").first.check()
    assert person.page.locator("[name=place_choice]:checked").input_value() == "1.5, 2.5"


def test_the_day_is_asked_only_when_it_was_another_day(hand):
    page = hand("/report?all=1&lang=en").page
    day = page.get_by_label("If another day: which?")
    assert day.is_hidden()
    page.get_by_label("Another day", exact=True).check(force=True)
    assert day.is_visible()


def test_the_check_shows_what_was_said_with_a_way_to_change_it_and_what_the_public_will_see(hand):
    person = hand().answer()
    person.finish()
    given = person.page.locator("[data-given]")
    for words in ("School", "Severe damage", f"{HERE[0]}, {HERE[1]}", "Yesterday"):
        expect(given).to_contain_text(words)
    expect(person.page.locator(".expected")).to_contain_text("What the public will see")
    given.get_by_role("button", name="Change: How badly is it damaged?").click()
    assert person.asked() == "How badly is it damaged?"


def test_a_report_that_says_nothing_is_asked_about_and_stays(hand):
    person = hand()
    person.next()
    person.next()
    person.finish()
    person.page.locator(".send button").click()
    expect(person.page.get_by_role("alert").filter(has_text="what is damaged")).to_be_visible()
    assert person.page.locator("[data-keep]").count() == 0


def test_leaving_quickly_leaves_no_way_back_to_what_was_answered(hand):
    person = hand().answer()
    person.page.locator("[data-exit]").click()
    person.page.wait_for_url("**/measures")
    assert person.page.evaluate("history.length") == 2  # the empty page of the browser, and this one
    assert "Report" not in person.page.title()


def test_everything_to_touch_is_at_least_48_pixels_high_and_nothing_is_cut_off(hand):
    page = hand("/report?all=1&lang=en").page
    page.evaluate("document.querySelectorAll('main details').forEach((more) => { more.open = true; })")
    small = page.evaluate(
        """() => [...document.querySelectorAll('a, button, input, select, textarea, summary')]
          .filter((e) => e.checkVisibility() && e.type !== 'hidden' && !e.matches('.skip, .visually-hidden, [aria-hidden] *, .leaflet-control *'))
          .map((e) => [e.outerHTML.slice(0, 80), (e.closest('label') ?? e).getBoundingClientRect()])
          .filter(([, box]) => box.height < 48 && box.height > 0).map(([html, box]) => `${box.height} ${html}`)"""
    )
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
