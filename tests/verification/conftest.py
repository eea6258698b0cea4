"""Reports, records and satellite files, and the desk that lays them beside each other."""

import io
import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import text

from server.core.database import session
from tests.verification.satellite_files import HERE, METRE

STRUCK = datetime(2026, 11, 10, 3, tzinfo=UTC)


@pytest.fixture
def report(client):
    """``report(east=100, damage="D4")``: a stranger's report of damage, metres east of HERE; gives its number."""

    def send(*, east=0.0, at=STRUCK, photos=(), **more):
        number = uuid4()
        body = {
            "site_type": "RES.APT", "damage": "D3", "pin_accuracy_m": 15, "text": "The upper floors are gone.", "witness_proximity": "SAW_IT",
            "point": {"type": "Point", "coordinates": [HERE[0] + east * METRE / 0.82, HERE[1]]},
            "event_earliest": at.isoformat(), "event_latest": at.isoformat(), "event_precision": "HOUR", **more,
        }  # fmt: skip
        answer = client.put(f"/api/v1/reports/{number}", data=json.dumps(body), content_type="application/json")
        assert answer.status_code == 201, answer.json
        return number

    return send


@pytest.fixture
def records(work, database):
    """``records()``: the public numbers of all damage records, west to east, after all work is done."""

    def find():
        work()
        return list(database.scalars(text("SELECT public_id FROM incidents WHERE on_map ORDER BY ST_X(point)")))

    return find


@pytest.fixture
def bring(as_):
    """``bring(data, provider="CEMS")``: a verifier tries a file out; gives the answer."""

    def send(data, *, name="bohdan", **said):
        form = {"provider": "UNOSAT", "product": "CE20261110XXX", "licence": "CC BY-IGO", **said, "file": (io.BytesIO(data), "any.name")}
        return as_(name).post("/desk/imagery", data=form, content_type="multipart/form-data")

    return send


@pytest.fixture
def count_in(as_, bring, work):
    """``count_in(data)``: try a file out and let it count; gives the address of its page."""

    def do(data, **said):
        tried = bring(data, **said)
        assert tried.status_code == 303, tried.text
        kept = as_("bohdan").post(f"{tried.location}/keep")
        assert kept.status_code == 303, kept.text
        work()
        return tried.location

    return do


@pytest.fixture
def long_ago(as_, database):
    """``long_ago("chipo")``: a browser in which that person gave the password too long ago."""

    def go(name):
        browser = as_(name)
        session.commit()
        database.execute(text("UPDATE sign_ins SET contents = contents || '{\"fs_paa\": 1}'"))
        return browser

    return go
