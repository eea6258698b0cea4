"""What a thumb does on the form: answer, go on, go back; and photos as cameras write them."""

import io

from PIL import Image
from playwright.sync_api import expect

HERE = (59.12, 10.2)  # in the made-up town of tests/browser/live.py


class Hand:
    """One person with a phone. `wrong` gathers errors of scripts and requests to strangers."""

    def __init__(self, context, address, *, has_scripts=True):
        self.context, self.address, self.wrong, self.has_scripts = context, address, [], has_scripts
        self.page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._asked)

    def _asked(self, request):
        if not request.url.startswith((f"{self.address}/", "data:", "blob:")):
            self.wrong.append(request.url)

    def open(self, path):
        """Open the form; with scripts, wait until what comes later has come."""
        self.page.goto(self.address + path)
        if self.has_scripts and self.page.locator("[data-album]").count():
            self.page.locator("[data-album] [data-pictures]").wait_for(state="attached")
            self.page.locator("[data-open-pin]").wait_for(state="attached")
            self.page.wait_for_load_state("networkidle")
        return self

    def next(self):
        self.page.locator("[data-next]").click()

    def back(self):
        self.page.locator("[data-back]").click()

    def finish(self):
        self.page.locator("[data-finish]").click()

    def tick(self, words):
        self.page.locator("label.tile:visible, label.choice:visible", has_text=words).first.click()

    def asked(self):
        """The question that is on the screen."""
        return self.page.locator("[data-step]:not([hidden]) legend").first.inner_text()

    def answer(self, *, kind="School", grade="Severe damage", place=f"{HERE[0]}, {HERE[1]}", day="Yesterday"):
        """The four first questions, leaving the person before the fifth."""
        for words in (kind, grade):
            self.tick(words)
            self.next()
        self.page.locator("[data-place]").fill(place)
        self.next()
        self.tick(day)
        self.next()
        return self

    def to_photos(self):
        self.next()
        self.next()
        return self

    def choose(self, *photos):
        """Choose photos as from the gallery, and wait until they are made small."""
        self.page.locator("[data-take][multiple]").set_input_files(list(photos))
        expect(self.page.locator(".album [data-said]")).to_contain_text("Photos:", timeout=20_000)

    def send(self):
        """Send, say "it is one of these" to nothing, and wait for the code."""
        self.page.locator(".send button").click()
        self.page.locator("[data-go], [data-keep]").first.wait_for()
        if self.page.locator("[data-go]").count():
            self.page.locator("[data-go]").click()
        self.page.locator("[data-keep]").wait_for()

    def code(self):
        return [word.strip() for word in self.page.locator("[data-code] li").all_inner_texts()]


def photo(*, place=None, taken="", size=(640, 480), kind="JPEG", shade=0, name="photo.jpg"):
    """A photo with what a camera writes into it, as Playwright puts it into a form."""
    exif = Image.Exif()
    exif[0x010F] = "CANARY-MAKER"
    if place:
        exif[0x8825] = {1: "N", 2: _angle(place[0]), 3: "E", 4: _angle(place[1])}
    if taken:
        exif[0x8769] = {0x9003: taken}
    file = io.BytesIO()
    picture = Image.linear_gradient("L").resize(size).point(lambda level: (level + shade) % 256).convert("RGB")
    picture.save(file, kind, exif=exif)
    return {"name": name, "mimeType": f"image/{kind.lower()}", "buffer": file.getvalue()}


def _angle(degrees):
    minutes = degrees % 1 * 60
    return (int(degrees), int(minutes), round(minutes % 1 * 60, 2))
