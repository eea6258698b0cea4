"""The whole response before a real browser: the application on a database of its own, its work done, its people with accounts."""

import io
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from PIL import Image
from playwright.sync_api import expect
from sqlalchemy import select, text
from werkzeug.serving import make_server

from server import worker
from server.accounts import sessions
from server.accounts.models import Person
from server.accounts.service import ensure_roles
from server.core import jobs, tiles
from server.core import response as present
from server.core.clock import now
from server.core.database import bind, public_session, session, settled
from server.core.settings import settings
from server.matching import map_cells
from server.publication.service import publish_batch
from server.reports import keys
from server.vocabulary import SiteType
from tests.people import settle_in
from tests.publication import town

PHONE, LAPTOP = {"width": 360, "height": 740}, {"width": 1440, "height": 900}
HERE = (10.2, 59.12)
PATIENCE_MS = 30_000  # of a machine with much else to do: what is there is found at once
expect.set_options(timeout=PATIENCE_MS)


class Empty:
    """The application before a real browser, on a migrated database in which nobody and nothing is.

    `address` is where it is live, and `work()` does what the worker would do in its own time.
    """

    def __init__(self, app, url):
        self.app, self.before = app, [(scoped, dict(scoped.session_factory.kw)) for scoped in (session, public_session)]
        for scoped, _was in self.before:
            scoped.remove()
            scoped.session_factory.kw.clear()
        public = url.set(username="tessera_public").render_as_string(hide_password=False)
        bind(replace(settings(), database_url=url.render_as_string(hide_password=False), public_database_url=public))
        self._forget()
        self._move_in()
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _move_in(self):
        with settled():
            ensure_roles()
            keys.ensure_key()

    def work(self):
        """All that follows from what has happened, the numbers on the map included."""
        while todo := self._taken():
            for name, arguments in todo:
                jobs.JOBS[name](**arguments)
                session.remove()
        with settled():
            map_cells.fold()
        self._forget()

    def _taken(self):
        with settled():
            return worker.take_events()

    def _forget(self):
        public_session.remove()  # else it waits in a transaction of its own until somebody ends it
        present.forget()
        tiles.forget_all()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        for scoped, was in self.before:
            scoped.remove()
            scoped.session_factory.kw["bind"].dispose()
            scoped.session_factory.kw.clear()
            scoped.session_factory.kw.update(was)
        present.forget()


class Response(Empty):
    """What is live, with its land and its people; `publish()` makes a batch of a later day."""

    def _move_in(self):
        super()._move_in()
        with settled():
            settle_in(self.app)
        with settled():
            _lay_out()

    def publish(self, days=120):
        """The batch of a later day, when every wait is over."""
        with settled():
            publish_batch(now() + timedelta(days=days), agreed=town.AGREED)
        self._forget()


def _lay_out():
    """A made-up town in a land that is not at war, with enough homes to hide one among them, after an earthquake."""
    town.areas()
    town.baseline(SiteType.RES_APT, *HERE)
    town.baseline(SiteType.EDU_SCHOOL, *HERE)
    town.said("DISASTER", since=now() - timedelta(days=2), until=now() + timedelta(days=300))


def counted(query):
    """One number of the database, as a test asks for it beside the pages."""
    with settled():
        return session.scalar(text(query))


def picture(shade=90):
    """A photo as a phone would take it, as Playwright puts it into a form."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((640, 480)).point(lambda level: (level * 3 + shade) % 256).convert("RGB").save(file, "JPEG")
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


class Visitor:
    """A browser of one person. `wrong` gathers what nobody may ever see: errors, warnings, requests to strangers."""

    def __init__(self, chromium, address, **options):
        self.address, self.wrong = address, []
        self.context = chromium.new_context(**{"viewport": LAPTOP, "reduced_motion": "reduce", **options})
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._asked)

    def _heard(self, message):
        is_question = message.location.get("url", "").endswith("/upload")  # a phone asks how much has arrived: 404 is "nothing"
        if message.type in ("error", "warning") and not is_question:
            self.wrong.append(f"{message.text} {message.location.get('url', '')}".strip())

    def _asked(self, request):
        if not request.url.startswith((f"{self.address}/", "data:", "blob:")):
            self.wrong.append(request.url)

    def go(self, path):
        """Open a page; where it has a map, wait until that is drawn."""
        self.page.goto(self.address + path)
        if self.page.locator(".folium-map").count():
            self.page.wait_for_load_state("networkidle")
        return self.page

    def enter(self, name):
        """Be somebody who signed in already: the form of the sign-in has tests of its own, and takes its time on purpose."""
        with settled():
            key = sessions.begin(session.scalars(select(Person).where(Person.email == f"{name}@example.org")).one())
        self.context.add_cookies([{"name": sessions.COOKIE, "value": key, "url": self.address}])

    def sign_in(self, email, password):
        self.go("/sign-in")
        self.page.fill("#email", email)
        self.page.fill("#password", password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name="Sign out").wait_for()


@contextmanager
def visitors(chromium, address):
    """``come(name=None, **options)``: a person with a browser, signed in if named. At the end: nobody saw an error, no stranger was asked."""
    made = []

    def come(name=None, **options):
        made.append(Visitor(chromium, address, **options))
        if name:
            made[-1].enter(name)
        return made[-1]

    yield come
    wrong = [what for each in made for what in each.wrong]
    for each in made:
        each.context.close()
    assert wrong == []
