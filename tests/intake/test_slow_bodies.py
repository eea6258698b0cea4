"""A body that takes minutes holds no connection to the database, whoever sends it and by whichever door."""

import io
import json
from uuid import uuid4

import pytest

from server.accounts import sessions
from server.accounts.service import ensure_roles
from server.core.database import session, settled
from server.reports import keys
from tests.intake.lines import PIECE
from tests.intake.sealing import SealingPhone
from tests.people import settle_in

pytestmark = pytest.mark.committed
BODY = json.dumps({"site_type": "RES.APT", "damage": "D3", "text": "Roof gone. " * 150}).encode()


class SlowBody(io.BytesIO):
    """A body that looks at every read how many connections are in use."""

    def __init__(self, data):
        super().__init__(data)
        self.held = []

    def read(self, *size):
        self.look()
        return super().read(*size)

    def readinto(self, room):
        self.look()
        return super().readinto(room)

    def look(self):
        self.held.append(session.session_factory.kw["bind"].pool.checkedout())


@pytest.fixture
def amal(live_app):
    """A worker's browser, signed in."""
    with settled():
        ensure_roles()
    with settled():
        keys.ensure_key()
        person = settle_in(live_app)["amal"]
        key = sessions.begin(person)
    browser = live_app.test_client()
    browser.set_cookie(sessions.COOKIE, key)
    session.remove()
    return browser


def send(browser, method, path, data, content_type, **headers):
    body = SlowBody(data)
    given = {"wsgi.input": body, "CONTENT_LENGTH": str(len(data))}
    return browser.open(path, method=method, environ_overrides=given, content_type=content_type, headers=headers), body


def test_no_door_holds_a_connection_while_a_worker_s_body_comes(amal):
    phone, number, media_id = SealingPhone(amal), uuid4(), str(uuid4())
    envelope = phone.seal(media_id, b"x" * 5_000)
    tus = {"Tus-Resumable": "1.0.0"}
    upload = f"/api/v1/reports/{number}/media/{media_id}/upload"
    assert amal.post(upload, headers={**tus, "Upload-Length": str(len(envelope))}).status_code == 201
    boundary = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nRoof gone.' + b" " * 5_000 + b"\r\n--b--\r\n"
    requests = [
        ("PUT", f"/api/v1/reports/{uuid4()}", BODY, "application/json", {}, 201),
        ("PUT", f"/api/v1/reports/{number}", phone.envelope(number, text="x" * 3_000), "application/vnd.tessera.sealed", {}, 201),
        ("PATCH", upload, envelope[:4_000], PIECE, {**tus, "Upload-Offset": "0"}, 204),
        ("POST", "/report", boundary, "multipart/form-data; boundary=b", {}, 422),
    ]
    for method, path, data, content_type, headers, status in requests:
        answer, body = send(amal, method, path, data, content_type, **headers)
        assert answer.status_code == status, (path, answer.text)
        assert set(body.held) == {0}, path
