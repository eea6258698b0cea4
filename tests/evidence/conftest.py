"""Reports with photos, sent as a phone sends them."""

import hashlib
import uuid
from dataclasses import replace

import pytest

from tests.evidence.pictures import encoded, four_corners


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Phone:
    """Sends reports and their photos, and remembers the numbers it made."""

    def __init__(self, browser):
        self.browser = browser

    def report(self, *photos, report_id=None, ids=None, lon=30.5, lat=50.4, **words):
        """PUT a report that announces these photos; gives its number and theirs."""
        report_id = report_id or str(uuid.uuid4())
        ids = ids or [str(uuid.uuid4()) for _ in photos]
        media = [
            {"id": number, "bytes": len(data), "sha256": sha256(data)} for number, data in zip(ids, photos, strict=True)
        ]
        point = {"type": "Point", "coordinates": [lon, lat]}
        body = {"site_type": "RES.APT", "damage": "D3", "point": point, "text": "Roof gone.", "media": media, **words}
        self.answer = self.browser.put(f"/api/v1/reports/{report_id}", json=body)
        return report_id, ids

    def photo(self, report_id, photo_id, data, content_type="image/jpeg", **more):
        """PUT the bytes of one photo; gives the answer."""
        address = f"/api/v1/reports/{report_id}/media/{photo_id}"
        return self.browser.put(address, data=data, content_type=content_type, **more)

    def send(self, data=None, **words):
        """A report with one photo, sent whole; gives both numbers."""
        data = encoded(four_corners()) if data is None else data
        report_id, (photo_id,) = self.report(data, **words)
        self.answer = self.photo(report_id, photo_id, data)
        return report_id, photo_id


@pytest.fixture
def phone(client):
    """A stranger's phone, without any account."""
    return Phone(client)


@pytest.fixture
def phone_of(as_):
    """``phone_of("amal")``: the phone of somebody who is signed in."""
    return lambda name: Phone(as_(name))


@pytest.fixture
def row():
    """``row(photo_id)``: what the database says of a photo."""
    from server.core.database import see_as, session
    from server.evidence.models import Photo

    def look(photo_id):
        see_as("all")
        return session.get(Photo, uuid.UUID(str(photo_id)), populate_existing=True)

    return look


@pytest.fixture
def kept(app):
    """``kept("incoming")``: the names of all files of a namespace."""
    from server.core.storage import store

    return lambda namespace: {path.name for path in (store().root / namespace).glob("??/*")}


@pytest.fixture
def live_app(live_database):
    """The application over a database that every connection sees, for tests marked ``committed``."""
    from server.app import create_app
    from server.core.database import public_session, session
    from server.core.settings import settings

    scopes = (session, public_session)
    before = [dict(scope.session_factory.kw) for scope in scopes]
    url = live_database.render_as_string(hide_password=False)
    yield create_app(replace(settings(), database_url=url, public_database_url="", testing=True))
    for scope, was in zip(scopes, before, strict=True):
        scope.remove()
        scope.session_factory.kw["bind"].dispose()
        scope.session_factory.kw.clear()
        scope.session_factory.kw.update(was)
