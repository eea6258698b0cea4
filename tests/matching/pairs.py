"""Reports of a made-up town, and doubtful pairs among them, for tests that need a review queue with something in it."""

import hashlib
from datetime import UTC, datetime, timedelta
from math import cos, radians
from uuid import uuid4

from server.accounts.policy import ANONYMOUS
from server.core.columns import pin
from server.reports import service
from server.reports.draft import Draft
from server.vocabulary import Channel, DamageGrade, EventPrecision, SiteType

METRE = 1 / 111_195
HOME = (10.2, 59.12)
LAST_NIGHT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=9)


def told(*, east=0.0, north=0.0, at=LAST_NIGHT, text="", place="", actor=ANONYMOUS, channel=Channel.WEB, **given):
    """One report, metres from HOME; gives its number. Settling is the caller's."""
    lon = HOME[0] + east * METRE / cos(radians(HOME[1]))
    values = {
        "site_type": SiteType.RES_APT, "damage": DamageGrade.D3, "pin_accuracy_m": 15.0, "event_earliest": at, "event_latest": at,
        "event_precision": EventPrecision.EXACT_MIN, "point": pin(lon, HOME[1] + north * METRE), **given,
    }  # fmt: skip
    number = uuid4()
    draft = Draft(
        id=number, channel=channel, values=values, body=b"{}", sha256=hashlib.sha256(number.bytes).digest(), text=text, place_text=place
    )
    service.receive(draft, actor=actor)
    return number


def doubtful(place, **given):
    """Two reports that a person must compare, in the ``place``-th street of the town; gives both numbers."""
    north = 3000.0 * place
    words = "Missile hit apartment block"
    return told(north=north, text=words, **given), told(north=north, east=35, text=words, **given)
