"""The desk's work before a real browser: a queue worked down by keyboard alone, a list that tells what is new and does not move."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from server.core.database import session, settled
from server.matching import links
from server.vocabulary import SensitivityClass, SiteType
from tests.browser.live import Response, counted

pytestmark = [pytest.mark.browser, pytest.mark.committed]

KEYS = "ttvtcttnttivttctttvttnttttcttt"  # thirty records: read, to be verified, needing information, closed, and two left alone
WORST = 3


@pytest.fixture
def response(app, engine, live_database):
    made = Response(app, live_database)
    with settled():
        for place in range(len(KEYS)):
            _open(place)
    yield made
    made.close()


def _open(place):
    """A record that nobody has read; the first few with people trapped."""
    one = links.new_incident()
    one.site_type, one.s_class, one.version, one.people_trapped = SiteType.RES_APT, SensitivityClass.S1, 1, place < WORST
    session.add(one)
    return one


def test_thirty_records_are_worked_down_by_keyboard_alone_and_the_last_step_is_taken_back(response, visitor):
    page = visitor("chipo").go("/desk/work")
    expect(page.locator("[data-count=all]")).to_have_text(str(len(KEYS)))
    seen = []
    for key in KEYS:
        seen.append(page.locator("[data-item]").get_attribute("data-item"))
        page.keyboard.press(key)
        expect(page.locator(f'[data-item="{seen[-1]}"]')).to_have_count(0)
    left = [number for number, key in zip(seen, KEYS, strict=True) if key == "n"]
    assert len(set(seen)) == len(KEYS)
    assert counted("SELECT count(*) FROM incidents WHERE people_trapped AND workflow <> 'NEW'") == WORST
    expect(page.locator("[data-item]")).to_have_attribute("data-item", left[0])
    expect(page.locator("[data-count=all]")).to_have_text(str(len(left)))
    for state, key in (("TRIAGE", "t"), ("IN_VERIFICATION", "v"), ("NEEDS_INFO", "i"), ("CLOSED", "c")):
        assert counted(f"SELECT count(*) FROM incidents WHERE workflow = '{state}'") == KEYS.count(key)

    page.keyboard.press("u")
    expect(page.locator("[data-item]")).to_have_attribute("data-item", seen[-1])
    expect(page.locator("[data-count=all]")).to_have_text(str(len(left) + 1))


def test_help_notes_and_fields_are_reached_by_keys_and_left_again(response, visitor):
    page = visitor("chipo").go("/desk/work")
    first = page.locator("[data-item]").get_attribute("data-item")
    page.keyboard.press("?")
    expect(page.get_by_text("Leave a field, so that the keys work again")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_text("Leave a field, so that the keys work again")).to_be_hidden()
    page.keyboard.press("m")
    expect(page.get_by_label("Note for the others")).to_be_focused()
    page.keyboard.type("ct, not a step")
    expect(page.locator("[data-item]")).to_have_attribute("data-item", first)
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.locator(f'[data-item="{first}"]')).to_have_count(0)


def test_leaving_the_page_lets_its_records_go(response, visitor):
    chipo = visitor("chipo")
    chipo.go("/desk/work")
    assert counted("SELECT count(*) FROM work_claims") >= 1
    chipo.go("/desk/review")
    expect(chipo.page.get_by_role("heading", name="Doubtful pairs")).to_be_visible()
    first = visitor("berta").go("/desk/work").locator("[data-item]").get_attribute("data-item")
    assert counted(f"SELECT people_trapped FROM incidents WHERE public_id = '{first}'")


def test_what_was_changed_meanwhile_is_shown_in_both_versions(response, visitor):
    chipo = visitor("chipo")
    page = chipo.go("/desk/work")
    with settled():
        session.execute(text("UPDATE incidents SET version = version + 1, certainty = 'PROBABLE'"))
    number = page.locator("[data-item]").get_attribute("data-item")
    page.keyboard.press("c")
    expect(page.get_by_text("This is what you saw, and what it says now:")).to_be_visible()
    expect(page.locator("tr.differs td").nth(1)).to_have_text("Probable")
    expect(page.locator("[data-item]")).to_have_attribute("data-item", number)
    assert all("412" in said for said in chipo.wrong), "the browser notes the refusal, and nothing else"
    chipo.wrong.clear()


def test_what_is_new_is_told_in_one_line_and_the_list_moves_only_when_asked(response, visitor):
    page = visitor("chipo").go("/desk")
    rows = page.locator(".desk-list .row")
    expect(rows).to_have_count(len(KEYS))
    page.locator("a.row-title").nth(4).focus()
    where = page.evaluate("() => document.activeElement.href")
    with settled():
        new = _open(99).public_id
    page.evaluate("() => document.dispatchEvent(new CustomEvent('tessera:changed'))")
    line = page.get_by_role("button", name="Show them")
    expect(line).to_have_text("1 new record · Show them")
    expect(rows).to_have_count(len(KEYS))
    assert page.evaluate("() => document.activeElement.href") == where
    line.click()
    expect(rows.filter(has_text=new)).to_have_count(1)
    expect(line).to_be_hidden()
