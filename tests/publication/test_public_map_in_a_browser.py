"""The public map in Debian's chromium, before the real application under its two roles."""

import threading

import pytest
from playwright.sync_api import expect
from werkzeug.serving import make_server

pytestmark = [pytest.mark.committed, pytest.mark.browser]


@pytest.fixture
def site(app, published):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(chromium, site):
    opened = chromium.new_page(viewport={"width": 1280, "height": 900})
    opened.wrong = []
    opened.on("console", lambda said: opened.wrong.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: opened.wrong.append(str(error)))
    opened.on(
        "request",
        lambda asked: None if asked.url.startswith((site, "data:", "blob:")) else opened.wrong.append(asked.url),
    )
    yield opened
    opened.close()


def test_a_stranger_sees_every_record_counted_the_cell_drawn_and_no_other_host_asked(page, site):
    page.goto(f"{site}/map#13/59.12/10.2")
    count = page.locator("[data-map-count]")
    expect(count).to_have_text("Showing 1 of 2")
    expect(page.locator("path.area")).to_have_count(1)
    page.goto(f"{site}/map?x=1")
    expect(count).to_have_text("Showing 2 of 2")
    assert page.wrong == []


def test_a_filter_changes_the_map_and_the_way_to_the_table(page, site):
    page.goto(f"{site}/map")
    expect(page.locator("[data-map-count]")).to_have_text("Showing 2 of 2")
    page.select_option("#site_group", "EDU")
    expect(page.locator("[data-map-count]")).to_have_text("Showing 1 of 1")
    page.click("[data-follows-filters]")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "site_group=EDU" in page.url
    assert page.wrong == []


def test_the_map_runs_from_right_to_left(page, site):
    page.goto(f"{site}/map?lang=ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("[data-map-count]")).to_contain_text("2")
    assert page.wrong == []
