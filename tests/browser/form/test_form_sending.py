"""From the filled form to the receipt: sealed on the phone, the code shown once, and what is known near the place."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from server.core.database import see_as, session, settled
from tests.browser.form.hand import photo
from tests.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.committed]

WORDS = set((ROOT / "static" / "field" / "words.txt").read_text().split())
NO_STORE = "Object.defineProperty(globalThis, 'indexedDB', { get() { return undefined; } });"
KNOWN = {"incident_id": "INC-KNOWN000", "site_type": "EDU.SCHOOL", "damage_best": 3, "date_end": "2026-11-20", "metres": 38}


def stored(columns, number):
    with settled():
        see_as("all")
        return session.execute(text(f"SELECT {columns} FROM reports WHERE id = :id"), {"id": number}).one_or_none()


def test_a_report_is_kept_sealed_its_code_shown_once_and_the_receipt_opens_with_it(hand):
    person = hand().answer().to_photos()
    person.choose(photo())
    number = person.page.locator("[name=id]").input_value()
    person.finish()
    person.send()
    expect(person.page.get_by_role("heading", name="Your report is safe on this phone")).to_be_visible()
    code = person.code()
    assert len(code) == 8
    assert set(code) <= WORDS
    expect(person.page.get_by_text("If you pass a checkpoint, do without.")).to_be_visible()
    expect(person.page.locator("[data-phone]")).to_contain_text("Received", timeout=20_000)
    assert stored("site_type, damage, lang, hint_seen", number) == ("EDU.SCHOOL", "D3", "en", False)
    _find_the_word_again(person.page, code)
    assert not any(word in person.page.locator("body").inner_text() for word in ("-".join(code), f"1.\n{code[0]}"))
    _open_the_receipt(hand("/receipt?lang=en").page, code)


def _find_the_word_again(page, code):
    page.get_by_role("button", name="I have it").click()
    place = int(re.search(r"\d+", page.locator("[data-ask-title]").inner_text())[0])
    wrong = next(button for button in page.locator("[data-choices] button").all() if button.inner_text() != code[place - 1])
    wrong.click()
    expect(page.get_by_text("That was another word.")).to_be_visible()
    page.locator("[data-choices]").get_by_role("button", name=code[place - 1], exact=True).click()
    expect(page.get_by_text("The code is gone from this phone.")).to_be_visible()
    assert page.locator("[data-code]").count() == 0


def _open_the_receipt(page, code):
    page.locator("#code").fill(" ".join(code).upper())
    page.get_by_role("button", name="Show my report").click()
    expect(page.get_by_role("heading", name="Your report")).to_be_visible()
    expect(page.get_by_text("1 of 1 received")).to_be_visible()


@pytest.mark.parametrize(("choice", "kind"), [("I saw it too", "SAME_DAMAGE"), ("hit again", "NEW_STRIKE")])
def test_what_is_known_nearby_is_shown_after_the_own_account_is_fixed_and_that_is_recorded(hand, choice, kind):
    person = hand().answer()
    number = person.page.locator("[name=id]").input_value()
    _publish(person.page, [KNOWN])
    person.finish()
    person.page.locator(".send button").click()
    known = person.page.get_by_role("group", name="School, Severe damage · about 38 m away · 20 Nov 2026")
    expect(known).to_be_visible()
    assert person.page.locator("[data-report]").is_hidden()
    known.get_by_text(choice).click()
    person.page.get_by_role("button", name="Send report").click()
    person.page.locator("[data-keep]").wait_for()
    expect(person.page.locator("[data-phone]")).to_contain_text("Received", timeout=20_000)
    assert stored("hint_seen, answer_kind, answer_about", number) == (True, kind, "INC-KNOWN000")


def test_where_people_fight_a_stranger_gets_no_hint_and_nothing_is_recorded(hand):
    person = hand().answer()
    number = person.page.locator("[name=id]").input_value()
    _publish(person.page, [KNOWN], off=True)
    person.finish()
    person.send()
    expect(person.page.locator("[data-phone]")).to_contain_text("Received", timeout=20_000)
    assert stored("hint_seen, answer_kind", number) == (False, None)


def _publish(page, items, *, off=False):
    """What the public copy says of the place, without publishing a damage record first."""
    page.route("**/api/v1/public/nearby?*", lambda route: route.fulfill(json={"off": off, "items": items, "within_m": 500}))


def test_where_nothing_can_be_kept_the_browser_posts_the_form_with_the_small_photos(hand):
    person = hand("/report?all=1&lang=en")
    person.context.add_init_script(NO_STORE)
    person.open("/report?all=1&lang=en")
    person.tick("School")
    person.page.locator("[data-place]").fill("59.12, 10.2")
    person.choose(photo(taken="", size=(2500, 100)))
    number = person.page.locator("[name=id]").input_value()
    person.page.locator(".send button").click()
    expect(person.page.get_by_role("heading", name="Your report was received")).to_be_visible()
    expect(person.page.get_by_text("1 photo came with it.")).to_be_visible()
    assert set(person.code()) <= WORDS
    assert stored("site_type", number) == ("EDU.SCHOOL",)
    person.page.get_by_role("button", name="I do without").click()
    assert person.page.locator("[data-code]").count() == 0


def test_without_scripts_one_post_carries_every_answer(hand):
    person = hand("/report?lang=en", java_script_enabled=False)
    page = person.page
    page.get_by_label("School", exact=True).check(force=True)
    page.get_by_label("Destroyed").check(force=True)
    page.get_by_label("Place, address or coordinates").fill("59.12034, 10.20045")
    page.get_by_label("This exact building or spot").check()
    page.get_by_label("Yesterday").check(force=True)
    page.get_by_label("Drinking water").check(force=True)
    page.get_by_label("Food", exact=True).check(force=True)
    page.get_by_label("Fire or smoke").check(force=True)
    page.locator("#pictures").set_input_files([photo(), photo(shade=60)])
    page.get_by_label("Anything to add?").fill("Дах упав")
    number = page.locator("[name=id]").input_value()
    page.get_by_role("button", name="Send report").click()
    page.get_by_text("2 photos came with it.").wait_for()
    assert len(person.code()) == 8
    given = stored("site_type, damage, pin_accuracy_m, event_precision, needs, hazards, media_expected", number)
    assert given == ("EDU.SCHOOL", "D4", 15, "DAY", ["WATER", "FOOD"], ["HZ.FIRE"], 2)


def test_a_half_written_report_comes_back_under_its_passphrase_and_goes_when_it_is_sent(hand):
    person = hand("/report?all=1&lang=en")
    page, drafts = person.page, person.page.locator("[data-draft-rows] li")
    page.locator("[data-phone-more] > summary").click()
    page.locator("#new-passphrase").fill("river stone cloud apple")
    page.get_by_role("button", name="Keep drafts").click()
    person.tick("School")
    page.locator("#words").fill("Half of it is gone.")
    expect(drafts).to_have_count(1, timeout=20_000)
    person.open("/report?all=1&lang=en")
    assert page.locator("#words").input_value() == ""
    page.locator("[data-phone-more] > summary").click()
    page.locator("#passphrase").fill("river stone cloud apple")
    page.get_by_role("button", name="Open drafts").click()
    page.get_by_role("button", name="Go on writing").click()
    expect(page.locator("#words")).to_have_value("Half of it is gone.")
    assert page.locator("[name=site_type]:checked").input_value() == "EDU.SCHOOL"
    person.send()
    expect(drafts).to_have_count(0)
