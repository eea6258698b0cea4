"""A phone that seals: what the page's script does, in Python, for tests of the server's side."""

import hashlib
import json
from base64 import urlsafe_b64decode
from uuid import UUID, uuid4

from server.intake.sealed import CONTENT_TYPE
from server.reports import sealing

SCHOOL = [
    ["site_type", "EDU.SCHOOL"], ["damage", "D3"], ["place_text", "59.12, 10.2"], ["when", "TODAY"],
    ["text", "The roof of school 17 fell in."], ["needs", "REPAIR_LIGHT"], ["needs", "SHELTER"],
]  # fmt: skip


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class SealingPhone:
    """Asks for the key once, seals reports and photos to it, and sends them."""

    def __init__(self, browser):
        self.browser = browser
        told = browser.get("/api/v1/reporting-key").get_json()
        self.public = urlsafe_b64decode(told["public_key"] + "==")

    def seal(self, number, plain):
        """The envelope of some bytes."""
        return sealing.seal(plain, public=self.public, bound_to=UUID(str(number)))

    def envelope(self, number, fields=SCHOOL, **members):
        """A whole report, sealed; members set to None are left out."""
        said = {"form_version": "web-2", "lang": "en", "fields": fields, **members}
        return self.seal(number, sealing.pad(json.dumps({k: v for k, v in said.items() if v is not None}).encode()))

    def put(self, number, envelope, **headers):
        """PUT an envelope; gives the answer."""
        return self.browser.put(f"/api/v1/reports/{number}", data=envelope, content_type=CONTENT_TYPE, headers=headers)

    def announced(self, *photos):
        """The members with which a report announces photos (bytes before sealing), and the envelopes of those."""
        numbers = [str(uuid4()) for _ in photos]
        media = [{"id": n, "bytes": len(data), "sha256": sha256(data)} for n, data in zip(numbers, photos, strict=True)]
        return media, [self.seal(number, data) for number, data in zip(numbers, photos, strict=True)]

    def send(self, fields=SCHOOL, number=None, **members):
        """Seal and PUT a report; gives its number and the answer."""
        number = number or uuid4()
        return number, self.put(number, self.envelope(number, fields, **members))
