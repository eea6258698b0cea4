"""Doors that a second pair of eyes tried: networks in disguise, files that would stop the worker, acts that meet at one moment."""

import json
from contextlib import nullcontext
from io import BytesIO
from types import SimpleNamespace
from uuid import uuid4

import pytest
from flask import g
from sqlalchemy import text
from sqlalchemy.exc import DataError, OperationalError

from server.accounts import second_factor
from server.accounts.policy import SYSTEM
from server.core import replica
from server.core.requests import lane_key
from server.reports import service
from tests.people import PASSWORD

POINT = {"type": "Point", "coordinates": [-56.1645, -34.9011]}
BODY = {"site_type": "RES.APT", "damage": "D3", "point": POINT, "text": "Roof gone."}


def lane_of(app, address):
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        g.pop("actor", None)
        return lane_key()


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("::ffff:203.0.113.7", "::ffff:198.51.100.7", False),  # all of IPv4, to a server that listens on IPv6 as well
        ("::ffff:203.0.113.7", "203.0.113.9", True),
        ("2001:db8::1", "2001:db8:0:5::1", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
        ("203.0.113.7", "203.0.114.7", False),
    ],
)
def test_a_lane_is_one_network_however_its_addresses_are_written(app, one, other, is_same):
    assert (lane_of(app, one) == lane_of(app, other)) is is_same


def test_guesses_from_one_network_close_the_door_to_no_other(app, people):
    thief, chipo = app.test_client(), app.test_client()
    for _try in range(12):
        last = thief.post("/sign-in", data={"email": "x@example.org", "password": "x"}, environ_base={"REMOTE_ADDR": "::ffff:203.0.113.7"})
    told = chipo.post("/sign-in", data={"email": "chipo@example.org", "password": PASSWORD}, environ_base={"REMOTE_ADDR": "::ffff:198.51.100.7"})
    assert (last.status_code, told.status_code) == (429, 302)


# ── Files of boundaries that would stop the worker again and again ───────────────────────────────────────────────────

SHAPE = {"type": "Polygon", "coordinates": [[[10, 59], [11, 59], [11, 60], [10, 59]]]}


def collection(features):
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


@pytest.mark.parametrize(
    ("features", "why"),
    [
        (None, "has no list of features"),
        ({"a": 1}, "has no list of features"),
        ([7, "x", None], "It is no feature with properties."),
        ([{"type": "Feature", "properties": ["x"], "geometry": SHAPE}], "It is no feature with properties."),
        ([{"type": "Feature", "properties": {"adm2_pcode": "NO\x00", "adm2_en": "x\x00y"}, "geometry": SHAPE}], "longer than any, or holds signs"),
        ([{"type": "Feature", "properties": {"adm2_pcode": "NO9001", "adm1_pcode": "N" * 500}, "geometry": SHAPE}], "longer than any, or holds signs"),
    ],
    ids=["nothing", "object", "no-features", "list", "nul", "long"],
)  # fmt: skip
def test_areas_that_are_none_are_refused_in_words_and_the_page_does_not_wait_for_ever(as_, work, database, features, why):
    ada = as_("ada")
    given = {"file": (BytesIO(collection(features)), "areas.geojson"), "level": "2", "cod_version": "v01"}
    assert ada.post("/desk/setup/boundaries", data=given).status_code == 303
    work()
    assert database.scalar(text("SELECT state FROM boundary_loads")) in ("DONE", "REFUSED")
    assert why in ada.get("/desk/setup").text


# ── Two at one moment ────────────────────────────────────────────────────────────────────────────────────────────────


class Match:
    counter = 4_711


def test_of_two_requests_that_bring_one_code_at_one_moment_only_one_is_let_in(app, people):
    """Both have read that the code is new before either writes."""
    once = second_factor.OnceOnly({"1": "k" * 32}, "Tessera")
    once.set_last_counter(people["chipo"], Match)
    with pytest.raises(second_factor.UsedTokenError):
        once.set_last_counter(people["chipo"], Match)


def test_a_copy_that_meets_the_taking_back_of_its_report_is_not_kept(client, database, monkeypatch):
    """The door has seen the report standing; before it lays the other body aside, the report is taken back."""
    number, keep_aside = uuid4(), service._keep_aside
    assert client.put(f"/api/v1/reports/{number}", json=BODY).status_code == 201

    def taken_back_first(draft):
        service.withdraw(number, actor=SYSTEM)
        keep_aside(draft)

    monkeypatch.setattr(service, "_keep_aside", taken_back_first)
    assert client.put(f"/api/v1/reports/{number}", json={**BODY, "text": "Other words."}).status_code == 409
    assert database.scalar(text("SELECT count(*) FROM vault.copies_aside")) == 0


# ── Numbers that are none ────────────────────────────────────────────────────────────────────────────────────────────

NUMBERS = ("9" * 5_000, "²", "-1", "1e9", "", "\u0661\u0662")


@pytest.mark.parametrize("word", NUMBERS, ids=["endless", "raised", "negative", "power", "nothing", "arabic"])
def test_a_number_however_it_is_written_breaks_no_page(client, as_, word):
    asked = {"limit": word, "areas": word, "known": f"INC-1:{word}", "sheets": word, "before": word, "after": "2026-01-01T00:00:00Z", "size": word}
    chipo, sana, ada = as_("chipo"), as_("sana"), as_("ada")
    answers = [
        *(client.get(path, query_string=asked) for path in ("/ogc/collections/incidents/items", "/api/v1/public/incidents", "/api/v1/public/changes")),
        *(chipo.get(path, query_string=asked) for path in ("/desk/areas", "/desk/news", "/desk/paper", "/desk/ledger")),
        sana.post("/desk/publication/approve", data={"days": word}),
        ada.post("/desk/setup/say/rules", data={"legal_profile": "NONE", "contact_days": word, "words_days": word}),
        chipo.post("/desk/alerts", data={"kinds": "COUNT", "threshold": word}),
    ]  # fmt: skip
    assert {answer.status_code for answer in answers} <= {200, 303, 400, 422}


@pytest.mark.parametrize(("fault", "is_sent_away"), [(DataError, False), (OperationalError, True)])
def test_a_question_that_fits_no_column_sends_nobody_away_from_the_replica(app, monkeypatch, fault, is_sent_away):
    """A stranger who asks such questions without end would lay all reading upon the main database."""
    away, asked = [], []
    stands = SimpleNamespace(serves=False, engine=None, public_engine=None, is_away=lambda: away.append(True), lag_s=lambda: 0.0)
    monkeypatch.setattr(replica, "_this", stands)
    monkeypatch.setattr(replica, "_may_read", lambda _replica: True)

    def view():
        asked.append(g.reads_there)
        if g.reads_there:
            raise fault("SELECT", {}, ValueError())
        return "from the main database"

    with app.test_request_context("/map"), nullcontext() if is_sent_away else pytest.raises(DataError):
        assert replica._reading(view)() == "from the main database"
    assert (asked, away) == (([True, False], [True]) if is_sent_away else ([True], []))
