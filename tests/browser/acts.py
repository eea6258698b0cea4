"""What persons do on the pages, as a hand does it: report, grade, decide, read a receipt."""

import re

from playwright.sync_api import expect

from tests.browser.live import HERE


def report_on(page, words, *, kind="Apartment block", place=HERE, on=None, ticks=(), photo=None, scripts=True):
    """Fill the resident's form as a thumb would, send it, and return the receipt code.

    `place` is (longitude, latitude); `on` is the day of the damage, without it yesterday.
    """
    for answer in (kind, "Severe damage", "Another day" if on else "Yesterday", *ticks):
        page.locator("label.tile", has_text=re.compile(rf"^\s*{answer}")).first.click()
    if on:
        page.locator("#when_date").fill(on.isoformat())
    page.get_by_label("Place, address or coordinates").fill(f"{place[1]}, {place[0]}")
    page.get_by_label("Anything to add?").fill(words)
    if photo and scripts:
        page.locator("[data-take][multiple]").set_input_files(photo)
        expect(page.locator(".album [data-said]")).to_contain_text("Photos: 1")
    elif photo:
        page.locator("#pictures").set_input_files(photo)
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name="Your report is safe on this phone" if scripts else "Your report was received")).to_be_visible()
    if scripts:
        expect(page.locator("[data-phone]")).to_contain_text("Received", timeout=20_000)
    return " ".join(page.locator("[data-code] li").all_inner_texts())


def grade(account, source, item, *, stance=None, ticks=()):
    """Grade one report on the page of its record: A to F, 1 to 6, and what it says of the damage."""
    account.get_by_text("Grade this report").click()
    account.get_by_label("Reliability of the source").select_option(source)
    account.get_by_label("Credibility of the item").select_option(item)
    if stance:
        account.get_by_label("What it says of the damage").select_option(label=stance)
    for words in ticks:
        account.get_by_label(words).check()
    account.get_by_role("button", name="Keep the grade").click()
    expect(account.locator("summary .badge", has_text=f"{source}{item}")).to_have_count(1)


def decide(page, certainty, why):
    """Say how sure one is of the record before one, and read it at its head."""
    page.get_by_label(certainty).check()
    page.get_by_label("Why?").fill(why)
    page.get_by_role("button", name="Decide").click()
    expect(page.locator(".record-head").get_by_text(certainty)).to_be_visible()


def open_receipt(page, code):
    """Read the receipt of a report with its eight words."""
    page.fill("#code", code)
    page.get_by_role("button", name="Show my report").click()
    expect(page.get_by_role("heading", name="Your report")).to_be_visible()
