"""A phone: Debian's chromium with a profile on disk that outlives it, so that it can be killed, opened again and searched."""

import base64
import io
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from PIL import Image
from playwright.sync_api import Error
from playwright.sync_api import TimeoutError as Timeout

from server.core import assets
from tests.browser.field.house import wait_until

SIZE = {"width": 360, "height": 740}
WORDS = "The roof fell in."


def module(name):
    """The address under which the page itself loads a module of the phone: the same instance."""
    return assets.asset(f"js/field/{name}.js")


KEEP = """async ([outbox, report]) => {
  const { keep } = await import(outbox);
  const media = report.media.map(({ id, data, original }) => ({ id, blob: blobOf(data), ...(original && { original: blobOf(original) }) }));
  function blobOf(data) { return new Blob([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], { type: 'image/jpeg' }); }
  return keep({ ...report, media });
}"""
CALL = "async ([address, name, given]) => (await import(address))[name](...given)"


class Phone:
    """`page` is the report page in `language`, ready: its queue is drawn. `errors` are what scripts threw and nobody caught."""

    def __init__(self, chromium, folder, address, **options):
        self.kind, self.folder, self.address, self.errors = chromium.browser_type, folder, address, []
        self.options = {"viewport": SIZE, "args": ["--no-sandbox", "--disable-gpu", *options.pop("args", ())], **options}
        self.context = self.page = None
        self.before = lambda _context: None

    def open(self, path="/report?all=1&lang=en"):
        self.context = self.kind.launch_persistent_context(self.folder, executable_path="/usr/bin/chromium", **self.options)
        self.before(self.context)
        return self.visit(path, self.context.pages[0])

    def visit(self, path="/report?all=1&lang=en", page=None):
        """The page at `path`, in a tab of its own unless one is given; ready when it shows the phone's part."""
        page = page or self.context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(self.address + path)
        self.page = page
        if path.startswith("/report"):
            page.locator("[data-phone]:not([hidden]) .phone").wait_for(state="attached")
        return page

    def ready_offline(self):
        """Until the worker has all that the form needs."""
        self.page.locator("[data-offline-ready]:not([hidden])").wait_for(state="attached")
        return self

    def pull(self):
        """As when the battery is pulled: every process of this browser, at once. (What the kernel holds is still written.)"""
        for pid in self._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill(self):
        """Pull the battery and wait until it is dark; it can be opened again."""
        self.pull()
        with suppress(Error):
            self.context.close()
        wait_until(lambda: not self._processes())
        for left in self.folder.glob("Singleton*"):
            left.unlink(missing_ok=True)

    def _processes(self):
        """The numbers of all processes of this browser that are not dead already: each names the profile's folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if str(self.folder).encode() in (process / "cmdline").read_bytes():
                    found.append(int(process.name))
        return found

    def close(self):
        with suppress(Error):
            self.context.close()

    def throw_away(self):
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # what the page's own modules do

    def call(self, name, function, *given, page=None):
        return (page or self.page).evaluate(CALL, [module(name), function, list(given)])

    def keep(self, words=WORDS, photos=(), number=None, page=None, **more):
        """Keep one report in the queue, as the form does at the end; gives its number once it is durable."""
        number = number or str(uuid4())
        (page or self.page).evaluate(KEEP, [module("outbox"), report(number, words, photos, **more)])
        return number

    def come_back(self):
        """What the browser says when the line is there again."""
        self.page.evaluate("dispatchEvent(new Event('online'))")

    def rows(self, page=None):
        return self.call("outbox", "rows", page=page)

    def states(self, page=None):
        return {row["id"]: row["state"] for row in self.rows(page=page)}

    def until(self, number, state, page=None):
        """Wait until the list on the screen shows a report in a state; gives its row."""
        row = (page or self.page).locator(f'.queue [data-id="{number}"][data-state="{state}"]')
        try:
            row.wait_for(timeout=60_000)
        except Timeout:
            raise AssertionError(f"{number} never came to be {state}: {self.rows(page=page)} {self.errors}") from None
        return row

    def until_cause(self, number, cause):
        """Wait until the last attempt ended for this reason."""
        wait_until(lambda: any(row["id"] == number and row["cause"] == cause for row in self.rows()))


def report(number, words=WORDS, photos=(), **more):
    """What the form hands over: the answers by their names on the page, and photos (JPEG bytes, or pairs with the original)."""
    fields = [["site_type", "RES.HOUSE"], ["damage", "D3"], ["when", "TODAY"], ["text", words], ["id", number], ["lang", "en"]]
    pairs = [photo if isinstance(photo, tuple) else (photo, None) for photo in photos]
    media = [{"id": str(uuid4()), "data": _base64(small), "original": original and _base64(original)} for small, original in pairs]
    return {"id": number, "fields": fields, "media": media, "receiptKey": "ab" * 32, "lang": "en", "hintSeen": False, **more}


def _base64(data):
    return base64.b64encode(data).decode()


def picture(kilobytes=60, seed=1):
    """A photo of about so many kilobytes: noise, which no format can make smaller."""
    side = int((kilobytes * 1024 / 1.1) ** 0.5)
    file = io.BytesIO()
    noise = Image.frombytes("L", (side, side), bytes((seed * 7 + step * step * 31 + (step >> 3) * 17) % 256 for step in range(side * side)))
    noise.save(file, "JPEG", quality=88)
    return file.getvalue()
