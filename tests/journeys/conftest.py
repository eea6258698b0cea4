"""What journeys walk through: the made-up town, reports by form and by phone, and the batch at any hour."""

import io
import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from sqlalchemy import text

from server.core.clock import now
from tests.publication import town
from tests.publication.conftest import norway, publish

__all__ = ["norway", "publish"]
LON, LAT = town.MIDDLE[0] - 0.05, town.SOUTH + 0.12


@pytest.fixture
def at_war(norway):
    """The town as somebody says today that it is: in active conflict."""
    norway.said("CONFLICT_ACTIVE", since=now() - timedelta(days=5), until=now() + timedelta(days=60))
    return norway


@pytest.fixture
def by_form(client):
    """A resident fills in the page; gives the number of the report and the receipt code."""

    def send(words, *, north_m=0, photos=()):
        answers = {"id": str(uuid4()), "site_type": "EDU.SCHOOL", "damage": "D3", "when": "YESTERDAY", "text": words}
        answers |= {"place_text": f"{LAT + north_m / 111_320:.6f}, {LON:.6f}", "exactness": "BUILDING", "witness_proximity": "SAW_IT"}
        answers |= {"contact": "neighbour@example.org", "consents": ["KEEP_CONTACT"]}
        answers["photos"] = [(io.BytesIO(data), name) for name, data in photos] or (io.BytesIO(b""), "")
        page = client.post("/report", data=answers, content_type="multipart/form-data")
        assert page.status_code == 200, page.text
        code = re.search(r'<ol class="receipt-code"[^>]*>(.*?)</ol>', page.text, re.DOTALL)[1]
        return answers["id"], re.sub(r"<[^>]+>|\s", "", unescape(code))

    return send


@pytest.fixture
def by_phone(client):
    """A phone sends a report; gives its number."""

    def send(words, *, north_m=0):
        number, yesterday = uuid4(), now() - timedelta(days=1)
        body = {
            "site_type": "EDU.SCHOOL", "damage": "D4", "text": words, "witness_proximity": "SAW_IT", "pin_accuracy_m": 20,
            "point": {"type": "Point", "coordinates": [LON, LAT + north_m / 111_320]}, "event_precision": "DAY",
            "event_earliest": (yesterday - timedelta(hours=3)).isoformat(), "event_latest": yesterday.isoformat(),
        }  # fmt: skip
        assert client.put(f"/api/v1/reports/{number}", json=body).status_code == 201
        return str(number)

    return send


@pytest.fixture
def records(database):
    """The damage records as the desk's database has them now."""

    def find():
        query = "SELECT public_id, report_count, certainty, workflow, version FROM incidents WHERE merged_into IS NULL ORDER BY opened_at"
        return database.execute(text(query)).all()

    return find


@pytest.fixture
def verify(as_, records, work):
    """Bohdan grades reports C3 and decides PROBABLE on the only record."""

    def run(*reports):
        bohdan = as_("bohdan")
        [record] = records()
        page = f"/desk/incidents/{record.public_id}"
        for report in reports:
            grade = {"source_grade": "C", "item_grade": "3", "stance": "SUPPORTS"}
            assert bohdan.post(f"{page}/reports/{report}/assess", data=grade).status_code == 303
        work()
        [record] = records()
        data = {"to": "PROBABLE", "version": record.version, "rationale": "Two neighbours who do not know each other saw it."}
        answer = bohdan.post(f"{page}/certainty", data=data)
        assert answer.status_code == 303, answer.text
        work()
        return record.public_id

    return run
