"""A photo on its way over a line: what a phone that speaks tus does, one request at a time, for tests."""

import hashlib
from base64 import b64encode

import pytest

from server.core.database import session
from server.reports import keys
from tests.evidence.pictures import encoded, four_corners
from tests.intake.sealing import SealingPhone

JPEG = encoded(four_corners())
PIECE = "application/offset+octet-stream"


class Line:
    """One photo (or, as part `original`, what is kept as evidence) on its way from a phone."""

    def __init__(self, browser, report_id, media_id, envelope, part="photo"):
        self.browser, self.envelope, self.media_id = browser, envelope, str(media_id)
        self.address = f"/api/v1/reports/{report_id}/media/{media_id}/upload" + ("?part=original" if part == "original" else "")

    def ask(self, method, **headers):
        return self.browser.open(self.address, method=method, headers={"Tus-Resumable": "1.0.0", **headers})

    def begin(self, length=None, **headers):
        return self.ask("POST", **{"Upload-Length": str(len(self.envelope) if length is None else length)}, **headers)

    def patch(self, offset, data, *, checksum_of=None, content_type=PIECE, **headers):
        said = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), **headers}
        if checksum_of is not None:
            said["Upload-Checksum"] = f"sha256 {b64encode(hashlib.sha256(checksum_of).digest()).decode()}"
        return self.browser.patch(self.address, data=data, headers=said, content_type=content_type)

    def offset(self):
        return int(self.ask("HEAD").headers["Upload-Offset"])

    def send(self, step=4000):
        """Begin, and send all of it in pieces; gives the last answer."""
        assert self.begin().status_code in (200, 201)
        for at in range(0, len(self.envelope), step):
            data = self.envelope[at : at + step]
            answer = self.patch(at, data, checksum_of=data)
            assert answer.status_code == 204, answer.text
        return answer


@pytest.fixture
def phone(client, database):
    """A stranger's phone, which seals what it sends."""
    keys.ensure_key()
    session.commit()
    return SealingPhone(client)


@pytest.fixture
def line(phone):
    """A report that announced one photo, and that photo's line."""
    media, (envelope,) = phone.announced(JPEG)
    number, answer = phone.send(media=media)
    assert answer.status_code == 201
    return Line(phone.browser, number, media[0]["id"], envelope)


def code(answer):
    """Status and code of a refusal."""
    assert answer.mimetype == "application/problem+json", answer.text
    return answer.status_code, answer.json["code"]
