"""From a report that names a need to the need met: who takes it on, who declines, what is brought, and who may not."""

import re
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from server.accounts.policy import SYSTEM
from server.coordination import gaps, referrals
from server.coordination.need_flow import Facts, missing, status_of
from server.core.database import session
from server.reports import service as reports_service
from server.vocabulary import NeedStatus
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


def test_an_offer_is_declined_with_a_reason_and_the_need_is_open_again(as_, need, people, database):
    chipo, dario = as_("chipo"), as_("dario")
    hands = house(database, "Open Hands")
    assert chipo.post(f"/desk/aid/needs/{need}/referrals", data={"organisation": hands, "hours": "24", "note": "Near you"}).status_code == 303
    assert state(database, need) == "REFERRED"
    assert "Drinking water" in dario.get("/desk/aid").text
    offer = database.scalar(text("SELECT id FROM referrals"))
    assert as_("amal").post(f"/desk/aid/referrals/{offer}", data={"answer": "accept"}).status_code == 403
    assert dario.post(f"/desk/aid/referrals/{offer}", data={"answer": "decline"}).status_code == 422
    assert dario.post(f"/desk/aid/referrals/{offer}", data={"answer": "decline", "reason": "No truck is free"}).status_code == 303
    assert state(database, need) == "OPEN"
    assert "No truck is free" in chipo.get(f"/desk/aid/needs/{need}").text
    assert dario.post(f"/desk/aid/referrals/{offer}", data={"answer": "accept"}).status_code == 409
    assert [ledger(database, f"referral.{word}") for word in ("offered", "answered")] == [1, 1]


def test_an_offer_that_is_accepted_is_a_need_in_hand_which_a_partner_may_pass_on(as_, need, people, database):
    hands, works = house(database, "Open Hands"), house(database, "Relief Works")
    dario = as_("dario")
    passing_on = {"organisation": works, "hours": "6"}
    assert dario.post(f"/desk/aid/needs/{need}/referrals", data=passing_on).status_code == 403, "it is not theirs to pass on"
    as_("chipo").post(f"/desk/aid/needs/{need}/referrals", data={"organisation": hands, "hours": "24"})
    offer = database.scalar(text("SELECT id FROM referrals"))
    assert dario.post(f"/desk/aid/referrals/{offer}", data={"answer": "accept"}).status_code == 303
    assert state(database, need) == "IN_PROGRESS"
    assert dario.post(f"/desk/aid/needs/{need}/referrals", data=passing_on).status_code == 303


def test_an_offer_reminds_once_and_runs_out_by_itself(as_, need, people, database):
    as_("chipo").post(f"/desk/aid/needs/{need}/referrals", data={"organisation": house(database, "Open Hands"), "hours": "24"})
    assert referrals.keep_time() == (0, 0)
    database.execute(text("UPDATE referrals SET offered_at = now() - interval '20 hours', answer_by = now() + interval '4 hours'"))
    session.expire_all()
    assert [referrals.keep_time(), referrals.keep_time()] == [(0, 1), (0, 0)]
    database.execute(text("UPDATE referrals SET answer_by = now() - interval '1 minute'"))
    session.expire_all()
    assert referrals.keep_time() == (1, 0)
    session.commit()
    assert state(database, need) == "OPEN"
    assert [ledger(database, f"referral.{word}") for word in ("reminded", "expired")] == [1, 1]


def test_what_a_person_set_stays_when_the_reports_say_otherwise(as_, school, need, work, database):
    chipo = as_("chipo")
    chipo.post(f"/desk/aid/needs/{need}/close", data={"outcome": "NOT_VALID", "reason": "They have a well", "version": version(chipo, need)})
    send(as_("amal"), text="The well of the school is broken, we have no water at all.", needs=["WATER", "FOOD"])
    work()
    assert state(database, need) == "NOT_VALID"
    assert database.scalar(text("SELECT count(*) FROM needs WHERE need_type = 'WATER'")) == 1
    assert chipo.post(f"/desk/aid/needs/{need}/reopen", data={"version": version(chipo, need)}).status_code == 303
    assert state(database, need) == "OPEN"


def test_a_need_that_only_a_report_named_goes_when_the_report_is_taken_back(as_, school, need, people, work, database):
    reports_service.withdraw(database.scalar(text("SELECT report_id FROM needs WHERE id = :id"), {"id": need}), actor=SYSTEM)
    session.commit()
    work()
    assert state(database, need) == "NOT_VALID"
    assert gaps.matrix().total.live == 0


def test_who_edits_what_somebody_else_changed_meanwhile_is_told(as_, need):
    chipo = as_("chipo")
    seen = version(chipo, need)
    assert as_("dario").post(f"/desk/aid/needs/{need}/claim").status_code == 303
    assert chipo.post(f"/desk/aid/needs/{need}", data={"urgency": "U3", "version": seen}).status_code == 412
    assert chipo.post(f"/desk/aid/needs/{need}", data={"urgency": "U3", "version": version(chipo, need)}).status_code == 303


def test_an_amount_that_is_none_is_refused_and_nothing_is_counted(as_, need, database):
    dario = as_("dario")
    for quantity in ("", "0", "-5", "1.005", "NaN", "Infinity", "1e400", "1e-400", "two", "99999999999999"):
        assert dario.post(f"/desk/aid/needs/{need}/deliveries", data={"quantity": quantity}).status_code == 422, quantity
    assert database.scalar(text("SELECT count(*) FROM need_deliveries")) == 0


def test_nobody_takes_back_what_another_organisation_brought(as_, need, people, database):
    dario = as_("dario")
    dario.post(f"/desk/aid/needs/{need}/deliveries", data={"quantity": "3"})
    brought = database.scalar(text("SELECT id FROM need_deliveries"))
    assert as_("amal").post(f"/desk/aid/deliveries/{brought}/undo").status_code == 403
    assert dario.post(f"/desk/aid/deliveries/{brought}/undo").status_code == 303
    assert dario.post(f"/desk/aid/deliveries/{brought}/undo").status_code == 409
    assert state(database, need) == "OPEN"


def test_who_may_not(as_, need):
    refused = (("eve", "claim"), ("sana", "claim"), ("bohdan", "claim"), ("dario", "close"), ("amal", "close"), ("amal", "referrals"), ("eve", ""), ("dario", ""))
    for name, act in refused:
        answer = as_(name).post(f"/desk/aid/needs/{need}/{act}".rstrip("/"), data={"version": "1", "urgency": "U1"})
        assert answer.status_code == 403, (name, act)


def test_a_stranger_is_asked_to_sign_in(client, need):
    for act in ("claim", "close", "deliveries", "referrals"):
        assert client.post(f"/desk/aid/needs/{need}/{act}").status_code == 401


AMOUNTS = st.decimals(min_value="0.01", max_value="99999.99", places=2)


@pytest.mark.pure
@settings(deadline=None)
@given(st.none() | AMOUNTS, st.lists(AMOUNTS, max_size=8), st.booleans(), st.booleans())
def test_what_is_brought_adds_up_exactly_and_says_where_the_need_stands(quantity, brought, is_taken, is_offered):
    total = sum(brought, Decimal(0))
    found = status_of(Facts(quantity=quantity, brought=total, is_taken=is_taken, is_offered=is_offered))
    left = missing(quantity, total)
    assert (found is NeedStatus.MET) == (left == 0)
    assert left is None or left + min(total, quantity) == quantity
    if brought and found is not NeedStatus.MET:
        assert found is NeedStatus.PARTIALLY_MET
    if not brought:
        assert found is (NeedStatus.IN_PROGRESS if is_taken else NeedStatus.REFERRED if is_offered else NeedStatus.OPEN)


def test_many_small_amounts_sum_to_the_cent(as_, need, database):
    chipo, dario = as_("chipo"), as_("dario")
    chipo.post(f"/desk/aid/needs/{need}", data={"urgency": "U2", "quantity": "1", "unit": "LITRE", "version": version(chipo, need)})
    for _ in range(9):
        dario.post(f"/desk/aid/needs/{need}/deliveries", data={"quantity": "0.1"})
    assert state(database, need) == "PARTIALLY_MET"
    dario.post(f"/desk/aid/needs/{need}/deliveries", data={"quantity": "0,1"})
    assert state(database, need) == "MET"
    assert database.scalar(text("SELECT met_quantity FROM needs WHERE id = :id"), {"id": need}) == Decimal("1.00")
