"""At the desk: what the public sees of a damage record, and taking it out."""

import pytest
from sqlalchemy import select

from server.core.database import session
from server.publication.models import PublishedIncident


@pytest.fixture
def record(norway, publish):
    norway.said("CONFLICT_ACTIVE")
    made = norway.incident()
    publish()
    return made


def public_rows():
    session.expire_all()
    return list(session.scalars(select(PublishedIncident)))


def test_a_coordinator_sees_the_public_row_its_number_and_the_reasons(as_, record):
    page = as_("chipo").get(f"/desk/incidents/{record.public_id}/public").get_data(as_text=True)
    [row] = public_rows()
    assert row.incident_id in page
    assert row.h3_cell in page
    assert record.h3_r9 not in page
    assert "withheld or not known" in page


def test_a_coordinator_takes_a_record_out_and_it_is_gone_when_the_page_answers(as_, record, client):
    number = public_rows()[0].incident_id
    answer = as_("chipo").post(f"/desk/incidents/{record.public_id}/public")
    assert answer.status_code == 303
    assert public_rows() == []
    assert client.get(f"/map/{number}").status_code == 404
    page = as_("chipo").get(answer.headers["Location"]).get_data(as_text=True)
    assert "Not public now" in page


@pytest.mark.parametrize(
    ("name", "status"), [("bohdan", 403), ("amal", 403), ("dario", 403), ("ada", 403), ("eve", 403)]
)
def test_others_may_neither_preview_nor_take_out(as_, record, name, status):
    browser = as_(name)
    for ask in (browser.get, browser.post):
        assert ask(f"/desk/incidents/{record.public_id}/public").status_code == status
    assert len(public_rows()) == 1


def test_a_stranger_is_asked_to_sign_in(client, record):
    assert client.get(f"/desk/incidents/{record.public_id}/public").status_code in (302, 401)
    assert client.post(f"/desk/incidents/{record.public_id}/public").status_code in (302, 401)
    assert len(public_rows()) == 1


def test_a_number_nobody_has_is_not_found(as_, norway):
    assert as_("chipo").get("/desk/incidents/INC-NOTTHERE/public").status_code == 404


def test_another_site_cannot_take_a_record_out(as_, record):
    answer = as_("chipo").post(f"/desk/incidents/{record.public_id}/public", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert len(public_rows()) == 1
