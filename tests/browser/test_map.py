"""The map in a real browser: exact numbers, the keyboard, text as text, and never a view that moves by itself."""

import random
import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.pure]

KINDS = ("RES.APT", "RES.HOUSE", "EDU.SCHOOL", "TRA.BRIDGE")


def some_rows(count, *, lon=20.0, lat=10.0, spread=1.0):
    dice = random.Random(7)
    return [
        [
            round(dice.gauss(lon, spread), 6), round(dice.gauss(lat, spread), 6), f"INC-{number:05}",
            dice.choice(["D0", "D1", "D2", "D3", "D4", "DU"]), dice.choice(["POSSIBLE", "PROBABLE"]),
            dice.choice([10, 400]), dice.choice(KINDS),
        ]
        for number in range(count)
    ]  # fmt: skip


def shown(page):
    """N and M of "Showing N of M", and what the donuts, symbols and numbers of areas on the screen add up to."""
    n, m = (int(number.replace(",", "")) for number in re.findall(r"[\d,]+", page.locator("[data-map-count]").inner_text()))
    total = page.evaluate(
        """() => {
          const map = document.querySelector('.folium-map').getBoundingClientRect();
          const middle = (e) => { const b = e.getBoundingClientRect(); return [b.x + b.width / 2 - map.x, b.y + b.height / 2 - map.y]; };
          const inside = ([x, y]) => x >= 0 && y >= 0 && x <= map.width && y <= map.height;
          const number = (e) => Number((e.querySelector('text, .tag')?.textContent ?? '1').replaceAll(',', ''));
          return [...document.querySelectorAll('.stone')].filter((e) => inside(middle(e))).reduce((n, e) => n + number(e), 0);
        }"""
    )
    return n, m, total


def test_the_numbers_on_the_map_are_the_rows_at_every_zoom(site, visit):
    site.rows = some_rows(3000)
    for zoom in (3, 6, 9, 12, 14):
        page = visit(f"/the-map#{zoom}/10/20")
        n, m, on_screen = shown(page)
        assert m == 3000
        assert n == on_screen
        assert n == 3000 or zoom > 6
        assert 0 < n <= 3000


def test_gathering_loses_no_count_and_leaves_room_between_donuts(site, visit):
    page = visit("/the-map")
    page.evaluate("() => import('/static/js/gather.js').then((found) => { window.gathering = found; })")
    sums = page.evaluate(
        """() => {
          const { fromCell, fromRecord, gather } = window.gathering;
          const project = (lat, lon) => ({ x: lon * 10, y: lat * 10 });
          const dice = (n) => Math.floor(Math.random() * n);
          return Array.from({ length: 200 }, () => {
            const counts = () => Array.from({ length: 6 }, () => dice(9));
            const cell = (c) => [dice(120), dice(90), c.reduce((a, b) => a + b, 0), ...c];
            const grade = () => ['D0', 'D4', null, 2][dice(4)];
            const row = (i) => [Math.random() * 120, Math.random() * 90, `r${i}`, grade(), 'POSSIBLE', 5, 'UNK'];
            const cells = Array.from({ length: dice(150) }, () => cell(counts()));
            const rows = Array.from({ length: dice(150) }, (_, i) => row(i));
            const groups = gather([...cells.map((c) => fromCell(c, project)), ...rows.map((r) => fromRecord(r, project))]);
            const counted = groups.reduce((n, g) => n + g.n, 0);
            const grades = groups.reduce((n, g) => n + g.counts.reduce((a, b) => a + b, 0), 0);
            const bare = groups.filter((g) => !g.whole);
            const near = bare.some((a, i) => bare.some((b, j) => j > i && Math.hypot(a.x - b.x, a.y - b.y) < 64));
            const before = cells.reduce((n, c) => n + c[2], 0) + rows.length;
            const named = groups.filter((g) => g.whole).every((g) => g.records.length === g.n);
            return [before, counted, grades, near, named];
          });
        }"""
    )
    assert all(before == counted == grades for before, counted, grades, *_ in sums)
    assert not any(near for *_, near, _ in sums)
    assert all(named for *_, named in sums)


def test_records_at_one_place_open_as_a_list_by_keyboard_and_escape_gives_the_focus_back(site, visit):
    site.rows = [[20.0, 10.0, f"INC-{n}", "D3", "PROBABLE", 10, "EDU.SCHOOL"] for n in range(5)]
    page = visit("/the-map#18/10/20")
    stone = page.locator(".stone")
    assert stone.count() == 1
    stone.focus()
    page.keyboard.press("Enter")
    panel = page.locator("[data-map-panel]")
    assert panel.locator("li.row").count() == 5
    assert panel.locator("h2").inner_text() == "5 damage records here"
    panel.locator("li.row button").nth(2).click()
    assert panel.locator("a.button").get_attribute("href") == "/records/INC-2"
    page.keyboard.press("Escape")
    assert panel.is_hidden()
    assert page.evaluate("document.activeElement.classList.contains('stone')")


def test_a_donut_of_distant_records_comes_apart_when_it_is_opened(site, visit):
    site.rows = some_rows(60, spread=0.01)
    page = visit("/the-map#8/10/20")
    assert page.locator(".stone").count() == 1
    page.locator(".stone").click()
    page.wait_for_timeout(600)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("location.hash").startswith("#10/")


def test_what_people_wrote_is_shown_as_text_and_never_runs(site, visit):
    attack = "<img src=x onerror=window.ran=1>${window.ran=1}"
    site.rows = [[20.0, 10.0, attack, "D3", attack, 10, attack]]
    site.facts = [[attack, attack], ["Words", "</script><script>window.ran=1</script>"]]
    page = visit("/the-map#14/10/20")
    page.locator(".stone").click()
    panel = page.locator("[data-map-panel]")
    panel.get_by_text("</script>").wait_for()
    assert attack in panel.inner_text()
    assert panel.locator("img, script").count() == 0
    assert page.evaluate("window.ran") is None
    assert panel.locator("a.button").get_attribute("href").startswith("/records/%3Cimg")


def test_a_filter_goes_into_the_address_and_into_every_tile_and_changes_both_numbers(site, visit):
    site.rows = some_rows(500)
    page = visit("/the-map#6/10/20")
    destroyed = sum(row[3] == "D4" for row in site.rows)
    site.asked.clear()
    with page.expect_response(lambda answer: "damage=D4" in answer.url):
        page.select_option("#damage", "D4")
    page.wait_for_load_state("networkidle")
    assert "?damage=D4#" in page.url
    assert all("damage=D4" in path for path in site.asked)
    page.get_by_text(f"of {destroyed}").wait_for()
    n, m, on_screen = shown(page)
    assert m == destroyed
    assert n == on_screen


def test_without_a_view_in_the_address_the_map_begins_where_the_records_are(site, visit):
    site.rows = [*some_rows(400, lon=35.0, lat=-5.0, spread=0.02), [0.0, 0.0, "INC-LOST", "DU", "POSSIBLE", 10, "UNK"]]
    page = visit("/the-map")
    page.wait_for_timeout(500)
    zoom, lat, lon = (float(part) for part in page.evaluate("location.hash.slice(1)").split("/"))
    assert zoom >= 10
    assert abs(lat + 5) < 0.1
    assert abs(lon - 35) < 0.1
    n, m, on_screen = shown(page)
    assert m == 401
    assert n == on_screen >= 390


def test_new_records_appear_without_moving_the_view_or_the_focus(site, visit):
    site.rows = some_rows(40)
    page = visit("/the-map#7/10/20")
    first = page.locator(".stone").first
    first.focus()
    before, name = page.url, first.get_attribute("aria-label")
    site.rows = [*site.rows, [20.9, 10.9, "INC-NEW", "D4", "PROBABLE", 10, "RES.APT"]]
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_text("of 41").wait_for()
    assert page.url == before
    if page.locator(f'.stone[aria-label="{name}"]').count():
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == name


def test_a_place_known_to_400_metres_has_a_circle_and_an_exact_one_has_none(site, visit):
    site.rows = [[20.0, 10.0, "INC-1", "D2", "PROBABLE", 400, "RES.APT"], [20.02, 10.0, "INC-2", "D2", "PROBABLE", 8, "RES.APT"]]
    page = visit("/the-map#14/10/20.01")
    assert page.locator(".stone").count() == 2
    assert page.locator("path.doubt").count() == 1


def test_records_known_by_area_are_drawn_as_the_area_with_their_number_and_counted_once(site, visit):
    site.areas = {"AA01": ([7, 0, 0, 2, 3, 2, 0], (20.0, 10.0)), "AA02": ([5, 0, 0, 0, 0, 0, 5], (26.0, 10.0))}
    site.rows = some_rows(10, lon=15.0, spread=0.01)
    page = visit("/the-map#6/10/20")
    assert shown(page) == (22, 22, 22)
    assert page.locator("path.area").count() == 2
    page.locator(".stone", has_text="7").click()
    panel = page.locator("[data-map-panel] p")
    assert panel.all_inner_texts() == ["<i>North</i>", "7: Moderate damage 2, Severe damage 3, Destroyed 2"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_axe_finds_nothing_wrong_with_the_map_and_its_panel(site, visit, violations, language, scheme):
    site.rows = some_rows(300, spread=0.05)
    page = visit(f"/the-map?lang={language}#12/10/20", color_scheme=scheme, bypass_csp=True)
    page.locator(".stone:has(.mark)").first.click(force=True)
    page.locator("[data-map-panel] h2").wait_for()
    assert violations(page) == []
    assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
