"""Reports as a door would hand them over, and what became of them."""

import hashlib
from datetime import UTC, datetime, timedelta
from math import cos, radians
from uuid import UUID, uuid4

import pytest
from geoalchemy2.shape import from_shape
from shapely import Point
from sqlalchemy import select

from server.accounts.models import Person
from server.accounts.policy import ANONYMOUS, Actor
from server.core.database import session
from server.matching.models import Attachment, Incident, Suggestion
from server.reports import service
from server.reports.draft import Draft
from server.vocabulary import Channel, DamageGrade, EventPrecision, SiteType
from tests.people import PEOPLE

METRE = 1 / 111_195
HOME = (30.5234, 50.4501)  # any town will do
LAST_NIGHT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=9)


@pytest.fixture
def report(app, database):
    """``report(east=5, text="…")``: one account of damage, metres from HOME; gives its number. ``work()`` does what follows."""

    def send(*, east=0.0, north=0.0, at=LAST_NIGHT, placed=True, text="", place="", **given):
        values = {
            "site_type": SiteType.RES_APT,
            "damage": DamageGrade.D3,
            "pin_accuracy_m": 15.0,
            "event_earliest": at,
            "event_latest": at,
            "event_precision": EventPrecision.EXACT_MIN,
            **given,
        }
        if placed:
            lon = HOME[0] + east * METRE / cos(radians(HOME[1]))
            values["point"] = from_shape(Point(lon, HOME[1] + north * METRE), srid=4326)
        number = uuid4()
        draft = Draft(
            id=number, channel=Channel.WEB, values=values, body=b"{}", sha256=hashlib.sha256(number.bytes).digest(),
            text=text, place_text=place,
        )  # fmt: skip
        service.receive(draft, actor=ANONYMOUS)
        session.commit()
        return number

    return send


@pytest.fixture
def lies_on():
    """``lies_on(report)``: the incident a report lies on at present, or None."""

    def find(number: UUID):
        session.expire_all()
        laid = session.scalar(select(Attachment).where(Attachment.report_id == number, Attachment.ended_at.is_(None)))
        return session.get(Incident, laid.incident_id) if laid else None

    return find


@pytest.fixture
def open_questions():
    """The pairs of incidents that wait for a person."""

    def find():
        session.expire_all()
        return list(session.scalars(select(Suggestion).where(Suggestion.settled_at.is_(None))))

    return find


@pytest.fixture
def staff(app, database):
    """The people of tests/people.py as actors, by name; nobody signs in here, so nobody has a password."""
    known = {}
    for name, (roles, _) in PEOPLE.items():
        person = Person(email=f"{name}@example.org", alias=name, active=True)
        session.add(person)
        session.flush()
        known[name] = Actor(person_id=person.id, organisation_id=uuid4(), roles=frozenset(roles), alias=name)
    session.commit()
    return known
