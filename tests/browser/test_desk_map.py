"""The desk before a real browser: area by area, only what is in sight, what is new without a jump, and the list over a thin line."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from server.core.clock import now
from server.core.columns import pin
from server.core.database import session, settled
from server.matching import links, map_cells
from server.matching.tiles import memory
from server.places.service import assign_areas
from server.vocabulary import SensitivityClass, SiteType
from tests.browser.live import HERE, PHONE, Response
from tests.publication import town

pytestmark = [pytest.mark.browser, pytest.mark.committed]

EAST, WEST = 5, 3  # records in one district, and in the other
THIN_BYTES = 160_000  # what 256 kbit/s brings in half of the ten seconds in which the list must stand
SHIFTED = """() => { window.shift = 0; new PerformanceObserver((seen) => { for (const one of seen.getEntries()) window.shift += one.value; })
  .observe({ type: 'layout-shift', buffered: true }); }"""


@pytest.fixture
def response(app, engine, live_database):
    made = Response(app, live_database)
    with settled():
        for at in range(EAST):
            _open(town.WEST + 1.5 * town.SIDE, town.SOUTH + town.SIDE * (at + 1) / 9)
        for at in range(WEST):
            _open(town.WEST + 0.5 * town.SIDE, town.SOUTH + town.SIDE * (at + 1) / 9)
    _look_anew()
    yield made
    made.close()


def _open(lon, lat):
    """A destroyed home, known to the metre."""
    one, areas = links.new_incident(), assign_areas(lon, lat)
    one.site_type, one.s_class, one.damage_min, one.damage_max, one.damage_best = (
        SiteType.RES_APT,
        SensitivityClass.S1,
        4,
        4,
        4,
    )
    one.point, one.accuracy_m, one.event_earliest, one.event_latest = pin(lon, lat), 5, now(), now()
    one.adm1_pcode, one.adm2_pcode, one.adm3_pcode = areas.adm1, areas.adm2, areas.adm3
    session.add(one)


def _look_anew():
    with settled():
        map_cells.fold()
    memory.forget()


def test_areas_carry_exact_numbers_a_key_and_are_walked_by_arrows_and_the_table_says_the_same(response, visitor):
    page = visitor("chipo").go("/desk")
    page.get_by_label("On the map", exact=True).select_option("2")
    expect(page.locator(".shade-key li")).not_to_have_count(0)
    expect(page.locator(".area-note")).to_contain_text(f"{EAST + WEST} in all")
    fullest = page.locator("path[data-area][tabindex='0']")
    expect(fullest).to_have_attribute("aria-label", f"District 2: {EAST}")
    fullest.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("path[data-area]:focus")).to_have_attribute("aria-label", f"District 1: {WEST}")
    page.keyboard.press("Enter")
    panel = page.locator("[data-map-panel]")
    expect(panel.locator("h2")).to_have_text(f"{WEST} damage records here")
    assert "areas=2" in page.url
    panel.get_by_role("link").click()
    expect(page.locator(".desk-list h2")).to_have_text(f"{WEST} damage records")
    expect(page.get_by_label("Area", exact=True)).to_have_value(town.DISTRICTS[0])
    expect(page.locator("[data-map-count]")).to_contain_text(f"of {WEST}")
    page.goto(f"{response.address}/desk/areas?areas=2")
    rows = {
        row.locator("th").inner_text(): row.locator("td").nth(1).inner_text() for row in page.locator("tbody tr").all()
    }
    assert (rows["District 1"], rows["District 2"]) == (str(WEST), str(EAST))


def test_only_what_the_map_shows_becomes_a_filter_of_the_list_and_of_the_address_and_goes_again(response, visitor):
    lon, lat = town.WEST + 1.5 * town.SIDE, town.SOUTH + town.SIDE / 9
    page = visitor("chipo").go(f"/desk#16/{lat}/{lon}")
    expect(page.locator("[data-map-count]")).to_have_text(f"Showing 1 of {EAST + WEST}")
    expect(page.locator(".desk-list h2")).to_have_text(f"{EAST + WEST} damage records")
    button = page.get_by_role("button", name="Only what the map shows")
    button.click()
    expect(page.locator(".desk-list h2")).to_have_text("1 damage record")
    expect(button).to_have_attribute("aria-pressed", "true")
    assert "bbox=" in page.url
    button.click()
    expect(page.locator(".desk-list h2")).to_have_text(f"{EAST + WEST} damage records")
    assert "bbox=" not in page.url


def test_a_new_record_and_a_merge_are_in_numbers_and_picture_while_view_and_list_stay_where_they_are(response, visitor):
    page = visitor("chipo").go(f"/desk#9/{HERE[1]}/{HERE[0]}")
    expect(page.locator("[data-map-count]")).to_contain_text(f"of {EAST + WEST}")
    page.evaluate(SHIFTED)
    view, first = page.url, page.locator("li.row .code").first.inner_text()
    with settled():
        _open(*HERE)
        session.flush()
        numbers = list(session.scalars(text("SELECT id FROM incidents ORDER BY opened_at LIMIT 3")))
        session.execute(
            text("UPDATE incidents SET merged_into = :into, workflow = 'MERGED_INTO' WHERE id = ANY(:gone)"),
            {"into": numbers[0], "gone": numbers[1:]},
        )
    _look_anew()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("[data-map-count]")).to_contain_text(f"of {EAST + WEST - 1}")
    expect(page.locator("[data-fresh]")).to_contain_text("1 new record")
    assert page.url == view
    assert page.locator("li.row .code").first.inner_text() == first
    assert page.locator("li.row").count() == EAST + WEST
    page.locator("[data-fresh]").click()
    expect(page.locator(".desk-list h2")).to_have_text(f"{EAST + WEST - 1} damage records")
    assert page.evaluate("window.shift") < 0.1


def test_over_a_thin_line_the_list_stands_and_is_filtered_without_the_map_and_without_scripts(response, visitor):
    come = visitor("chipo", viewport=PHONE, java_script_enabled=False)
    line, sent = come.context.new_cdp_session(come.page), []
    line.send("Network.enable")
    line.on("Network.loadingFinished", lambda event: sent.append(event["encodedDataLength"]))
    page = come.go("/desk")
    expect(page.locator(".desk-list li.row")).to_have_count(EAST + WEST)
    assert 0 < sum(sent) < THIN_BYTES
    page.locator("#f-damage").select_option("3")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".desk-list .empty")).to_be_visible()
    page.locator("#f-damage").select_option("4")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".desk-list li.row")).to_have_count(EAST + WEST)


def test_what_takes_longer_than_a_moment_is_shown_as_under_way_until_it_is_there(response, visitor):
    page, held = visitor("chipo").go("/desk"), []
    root = page.locator("html")

    def hold(route):
        held.append(route)

    page.route("**/desk/list?*", hold)
    page.locator("#f-damage").select_option("3")
    expect(root).to_have_attribute("data-busy", "")
    held.pop().continue_()
    expect(page.locator(".desk-list .empty")).to_be_visible()
    expect(root).not_to_have_attribute("data-busy", "")
    assert page.evaluate("() => { document.querySelector('[data-views-report]').click(); return 'busy' in document.documentElement.dataset; }")
    page.wait_for_url("**/desk/situation?*")
    expect(root).not_to_have_attribute("data-busy", "")


def test_the_map_goes_where_somebody_asks_to_and_marks_the_spot(response, visitor):
    page = visitor("chipo").go("/desk")
    page.get_by_label("Show on the map").fill("59.25, 10.75")
    expect(page).to_have_url(re.compile(r"#15/59\.2500/10\.7500"))
    expect(page.locator("path.sought")).to_have_count(1)
    page.get_by_label("Show on the map").press("Escape")
    expect(page.locator("path.sought")).to_have_count(0)
