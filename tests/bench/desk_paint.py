"""The desk in a browser over a million records: when it is first painted, when the list stands, when the map has its numbers.

Once of a server that has just been started, which reads its columns meanwhile, then of one that has been serving for a while.
"""

import http.client
from statistics import median
from time import monotonic

from playwright.sync_api import sync_playwright

from tests.bench import ground

ROUNDS, UNDER_S = 5, 1.0
THIN_BITS, THIN_MS, THIN_S = 256_000, 150, 10.0  # a thin line, its delay, and until when the list must stand on it
SOON_S, IN_A_ROW, PATIENCE_S = 0.25, 12, 90.0
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
LISTED = """new MutationObserver(() => {
  if (document.querySelector('.desk-list li.row') && !window.listed) window.listed = performance.now() / 1000;
  if (document.querySelector('[data-map-count]')?.textContent && !window.counted) window.counted = performance.now() / 1000;
}).observe(document, { subtree: true, childList: true, characterData: true });"""
SHIFT = """(() => { window.shift = 0; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value; }).observe({ type: 'layout-shift', buffered: true }); })()"""


def run(cookie: str) -> dict[str, float]:
    """Measure and print; nothing is in the browser's cache."""
    name, _is, value = cookie.partition("=")
    with ground.server() as (host, port), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        asked = (browser, f"http://{host}:{port}", {"name": name, "value": value})
        first, *_rest = _open(*asked)
        _settle((host, port), cookie)
        rows = [_open(*asked) for _ in range(ROUNDS + 1)][1:]
        over_a_thin_line = median(_thin(*asked) for _ in range(3))
        browser.close()
    painted, listed, counted, shift = (median(column) for column in zip(*rows, strict=True))
    ground.line("/desk first painted by a browser and a server that were just started, s", f"{first:.2f}", "")
    ground.line("/desk first painted, s", f"{painted:.2f}", f"under {UNDER_S:.0f}")
    ground.line("/desk with its list, s", f"{listed:.2f}", f"under {UNDER_S:.0f}")
    ground.line("/desk with the map's exact numbers, s", f"{counted:.2f}", "")
    ground.line("what jumped meanwhile (cumulative layout shift)", f"{shift:.3f}", "under 0.1")
    ground.line("/desk with its list at 256 kbit/s, nothing cached, s", f"{over_a_thin_line:.1f}", f"under {THIN_S:.0f}")
    return {"first_painted_s": first, "thin_s": over_a_thin_line, "painted_s": painted, "listed_s": listed, "counted_s": counted, "shift": shift}


def _settle(address: tuple[str, int], cookie: str) -> None:
    """Wait until every process of the server answers from its columns."""
    soon, until = 0, monotonic() + PATIENCE_S
    while soon < IN_A_ROW and monotonic() < until:
        asker, began = http.client.HTTPConnection(*address, timeout=30), monotonic()
        asker.request("GET", "/desk", headers={"Cookie": cookie, "Sec-Fetch-Site": "same-origin"})
        asker.getresponse().read()
        asker.close()
        soon = soon + 1 if monotonic() - began < SOON_S else 0


def _thin(browser, address: str, cookie: dict[str, str]) -> float:
    """When the list stands over a thin line, in seconds; the map goes on loading behind it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, service_workers="block")
    context.add_cookies([{**cookie, "url": address}])
    page = context.new_page()
    line, pace = context.new_cdp_session(page), THIN_BITS / 8
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", {"offline": False, "downloadThroughput": pace, "uploadThroughput": pace, "latency": THIN_MS})
    page.add_init_script(LISTED)
    page.goto(f"{address}/desk", wait_until="load", timeout=120_000)
    found = page.evaluate(f"Math.max(window.listed, {PAINTED})")
    context.close()
    return float(found)


def _open(browser, address: str, cookie: dict[str, str]) -> tuple[float, float, float, float]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, service_workers="block")
    context.add_cookies([{**cookie, "url": address}])
    page = context.new_page()
    page.add_init_script(LISTED)
    page.add_init_script(SHIFT)
    page.goto(f"{address}/desk", wait_until="networkidle")
    page.wait_for_function("window.listed && window.counted")
    found = tuple(page.evaluate(word) for word in (PAINTED, "window.listed", "window.counted", "window.shift"))
    context.close()
    return found
