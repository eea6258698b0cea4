"""From a report that names a need to the need met: who takes it on, who declines, what is brought, and who may not."""

import re
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.journeys.conftest import LAT, LON
from tests.publication.conftest import norway

__all__ = ["norway"]


def send(browser, *, east=0.0, **more):
    body = {
        "site_type": "EDU.SCHOOL", "damage": "D3", "pin_accuracy_m": 15, "witness_proximity": "SAW_IT", "text": "The well is broken.",
        "point": {"type": "Point", "coordinates": [LON + east, LAT]}, "event_precision": "HOUR",
        "event_earliest": "2026-11-20T01:00:00Z", "event_latest": "2026-11-20T03:00:00Z", "needs": ["WATER", "SHELTER"], **more,
    }  # fmt: skip
    number = uuid4()
    assert browser.put(f"/api/v1/reports/{number}", json=body).status_code == 201
    return number


@pytest.fixture
def school(as_, norway, work, database):
    """A school that Amal reports as in need of water and shelter. Gives the number of its damage record."""
    send(as_("amal"))
    work()
    return database.scalar(text("SELECT public_id FROM incidents"))


@pytest.fixture
def need(school, database):
    """The need of water there."""
    return database.scalar(text("SELECT id FROM needs WHERE need_type = 'WATER'"))


def state(database, number):
    return database.scalar(text("SELECT status FROM needs WHERE id = :id"), {"id": number})


def house(database, name):
    return str(database.scalar(text("SELECT id FROM organisations WHERE name = :name"), {"name": name}))


def version(browser, number):
    return re.search(r'name="version" value="(\d+)"', browser.get(f"/desk/aid/needs/{number}").text)[1]


def ledger(database, event):
    return database.scalar(text("SELECT count(*) FROM ledger WHERE event = :event"), {"event": event})


def test_a_need_named_in_a_report_is_opened_once_and_shown_to_whoever_is_of_the_response(as_, school, need, work, database):
    send(as_("amal"), text="The well of the school is broken, we have no water at all.")
    work()
    assert database.scalar(text("SELECT count(*) FROM needs WHERE need_type = 'WATER' AND status = 'OPEN'")) == 1
    for name in ("chipo", "dario", "amal"):
        assert "Drinking water" in as_(name).get(f"/desk/incidents/{school}").text
        assert as_(name).get(f"/desk/aid/needs/{need}").status_code == 200
    assert str(need) in as_("chipo").get("/desk/aid/needs?sector=WSH").text
    assert str(need) not in as_("chipo").get("/desk/aid/needs?sector=EDU").text


def test_from_a_report_to_a_need_that_is_met(as_, need, people, database):
    chipo, dario = as_("chipo"), as_("dario")
    edited = {"urgency": "U1", "quantity": "1 000,50", "unit": "LITRE", "version": version(chipo, need)}
    assert chipo.post(f"/desk/aid/needs/{need}", data=edited).status_code == 303
    assert dario.post(f"/desk/aid/needs/{need}/claim").status_code == 303
    assert state(database, need) == "IN_PROGRESS"
    assert dario.post(f"/desk/aid/needs/{need}/deliveries", data={"quantity": "400.25"}).status_code == 303
    assert state(database, need) == "PARTIALLY_MET"
    assert "600.25" in dario.get(f"/desk/aid/needs/{need}").text
    assert dario.post(f"/desk/aid/needs/{need}/deliveries", data={"quantity": "٦٠٠٫٢٥"}).status_code == 303
    assert state(database, need) == "MET"
    assert database.scalar(text("SELECT count(*) FROM need_claims WHERE ended_at IS NULL")) == 0
    assert [ledger(database, event) for event in ("need.changed", "need.claimed", "need.delivered")] == [1, 1, 2]
