"""What was public and turns out wrong: taken out at the next batch under one word, the kind of mistake kept at the desk."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from server.core.clock import now
from tests.journeys.conftest import at_war, by_form, by_phone, norway, publish, verify
from tests.journeys.conftest import records as rows

__all__ = ["at_war", "by_form", "by_phone", "norway", "publish", "rows", "verify"]


@pytest.fixture
def records(rows):
    return rows


@pytest.fixture
def public(by_phone, work, verify, publish, at_war, records):
    """A public record that rests on two reports; gives its number here and the one the public knows."""
    reports = [by_phone("School 4, the roof fell in after the strike", north_m=metres) for metres in (0, 8)]
    work()
    verify(*reports)
    publish(now() + timedelta(days=5))
    [record] = records()
    return record.public_id, reports


def number(database):
    return database.scalar(text("SELECT published_id FROM disclosures ORDER BY first_at LIMIT 1"))


def test_a_refuted_hoax_is_removed_without_a_reason_and_its_kind_is_noted_at_the_desk(public, as_, client, by_phone, work, publish, records, database):
    record, [first, _second] = public
    told = number(database)
    bohdan, berta = as_("bohdan"), as_("berta")
    page = f"/desk/incidents/{record}"
    assert "It is public now." in bohdan.get(page).text
    graded = {"source_grade": "A", "item_grade": "1", "stance": "CONTRADICTS"}
    bohdan.post(f"{page}/reports/{first}/assess", data=graded)
    [row] = records()
    said = {"to": "REFUTED", "version": row.version, "rationale": "The photo is three years old and of another town."}
    assert bohdan.post(f"{page}/certainty", data=said).status_code == 303
    assert "Taken out at the next update" in bohdan.get(page).text
    assert as_("sana").post(f"{page}/evidence/correction", data={"kind": "MADE_UP"}).status_code == 403
    assert berta.post(f"{page}/evidence/correction", data={"kind": "NONSENSE"}).status_code == 422
    assert berta.post(f"{page}/evidence/correction", data={"kind": "MADE_UP"}).status_code == 303
    publish(now() + timedelta(days=6))
    shown = berta.get(page).text
    assert "It is public no more." in shown
    assert "It did not happen" in shown
    revoked = client.get("/api/v1/public/revocations").json
    assert told in json.dumps(revoked)
    assert "MADE_UP" not in json.dumps(revoked)
    assert "three years old" not in json.dumps(revoked)
    assert client.get(f"/api/v1/public/incidents/{told}").status_code == 404


def test_what_was_never_public_needs_no_correction(as_, by_phone, work, records, norway):
    by_phone("The roof fell in")
    work()
    [record] = records()
    bohdan = as_("bohdan")
    assert "What the public was told" not in bohdan.get(f"/desk/incidents/{record.public_id}").text
    assert bohdan.post(f"/desk/incidents/{record.public_id}/evidence/correction", data={"kind": "PLACE"}).status_code == 404
