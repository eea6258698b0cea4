"""The report form over a thin line: 50 kbit/s through the browser's own throttling, nothing cached, each language anew.

    .venv/bin/python -m tests.bench.thin_line http://127.0.0.1:8000

Prints for each language what was sent until the page was usable (bytes as they travel) and when: first paint, the first
question ready to be answered, everything loaded that comes later.
"""

import statistics
import sys

from playwright.sync_api import sync_playwright

from server.core.i18n import LANGUAGES

LINE = {"offline": False, "downloadThroughput": 50_000 / 8, "uploadThroughput": 50_000 / 8}
LATENCIES_MS = (0, 300)
ROUNDS = 3
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
WATCH = """new MutationObserver(() => {
  if (document.querySelector('.is-stepped') && !window.usable) window.usable = performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true });"""


def one(browser, address, language, latency_ms):
    """(bytes until usable, first paint, usable), in bytes and seconds."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, service_workers="block")
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", {**LINE, "latency": latency_ms})
    sent = []
    line.on("Network.loadingFinished", lambda event: sent.append(event["encodedDataLength"]))
    page.add_init_script(WATCH)
    page.goto(f"{address}/report?lang={language}", wait_until="load", timeout=120_000)
    page.wait_for_selector(".is-stepped", timeout=120_000)
    usable, paint, first = page.evaluate("window.usable"), page.evaluate(PAINT), sum(sent)
    context.close()
    return first, paint / 1000, usable / 1000


def main(address):
    """Print one line for each language and latency, medians of some rounds."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        print("language  latency ms  bytes  first paint s  usable s")
        for language in LANGUAGES:
            for latency in LATENCIES_MS:
                rows = [one(browser, address, language, latency) for _ in range(ROUNDS)]
                size, paint, usable = (statistics.median(column) for column in zip(*rows, strict=True))
                print(f"{language:8}  {latency:10}  {size:5.0f}  {paint:13.1f}  {usable:8.1f}")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
