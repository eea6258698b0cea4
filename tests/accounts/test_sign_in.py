"""Signing in and out: sessions live on the server, and end there."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from flask_security.utils import hash_password
from sqlalchemy import text

from server.accounts import security
from server.core.clock import now
from server.core.settings import settings
from tests.people import PASSWORD


def sign_in(client, email="chipo@example.org", password=PASSWORD, **query):
    return client.post("/sign-in", query_string=query, data={"email": email, "password": password})


def test_a_coordinator_signs_in_and_reaches_the_desk(client, people):
    answer = sign_in(client)
    assert answer.status_code == 302
    assert client.get(answer.location).location == "/desk"
    assert client.get("/desk").status_code == 200


def test_who_has_no_place_at_the_desk_begins_where_they_have_one(client, people):
    assert client.get(sign_in(client, email="ada@example.org").location).location != "/desk"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites_and_only_its_hash_is_stored(client, people, database):
    cookie = sign_in(client).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    key = cookie.split("=", 1)[1].split(";")[0]
    stored = database.execute(text("SELECT encode(key_hash, 'escape') || contents::text FROM sign_ins")).scalar()
    assert key not in stored


def test_a_password_costs_who_guesses_64_mebibytes_and_three_passes_for_each_guess(app):
    installed = Flask("installed")
    security.init_app(installed, replace(settings(), testing=False))
    with installed.app_context():
        assert hash_password(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=1$")


@pytest.mark.parametrize("email", ["chipo@example.org", "nobody@example.org"])
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, people, email):
    answer = sign_in(client, email=email, password="wrong")
    assert answer.status_code == 200
    assert "The e-mail address or the password is not right." in answer.text
    assert client.get("/desk").status_code == 401


def test_signing_out_ends_the_session_even_for_who_kept_the_cookie(app, client, people):
    sign_in(client)
    stolen = client.get_cookie("tessera").value
    client.post("/sign-out")
    thief = app.test_client()
    thief.set_cookie("tessera", stolen)
    assert thief.get("/desk").status_code == 401


def test_a_session_planted_before_signing_in_is_worth_nothing_after(app, client, people):
    client.set_cookie("tessera", "x" * 43)
    sign_in(client)
    assert client.get_cookie("tessera").value != "x" * 43


def test_a_closed_account_is_out_at_the_next_request(as_, people, database):
    chipo = as_("chipo")
    assert chipo.get("/desk").status_code == 200
    database.execute(text("UPDATE people SET active = false WHERE alias = 'Chipo'"))
    assert chipo.get("/desk").status_code == 401


def test_losing_a_role_counts_from_the_next_request(as_, people, database):
    chipo = as_("chipo")
    database.execute(text("DELETE FROM person_roles"))
    assert chipo.get("/desk").status_code == 403


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "https:evil.example"])
def test_after_signing_in_nobody_is_led_to_another_site(client, people, target):
    answer = sign_in(client, next=target)
    led_to = urlsplit(answer.headers.get("Location", ""))
    assert (led_to.scheme, led_to.netloc) == ("", "")
    assert not led_to.path.startswith(("//", "/\\"))


def test_a_sign_in_sent_by_another_site_is_refused(client, people):
    answer = client.post("/sign-in", data={"email": "chipo@example.org", "password": PASSWORD}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_nothing_of_the_machine_is_kept_of_a_session(client, people, database):
    client.post("/sign-in", data={"email": "chipo@example.org", "password": PASSWORD}, headers={"User-Agent": "canary-agent"}, environ_base={"REMOTE_ADDR": "203.0.113.77"})
    kept = database.execute(text("SELECT contents::text FROM sign_ins")).scalar()
    assert "canary" not in kept
    assert "203.0.113" not in kept
    assert '"_id": ""' in kept


@pytest.mark.parametrize(
    ("asked", "status"), [("/desk/pulse", 401), ("/desk/work/counts", 401), ("/api/v1/desk/map/2/2/1", 401), ("/desk", 200)]
)
def test_an_open_page_that_asks_by_itself_keeps_nobody_signed_in_and_a_hand_does(client, people, asked, status):
    began = now()
    with time_machine.travel(began, tick=False) as traveller:
        sign_in(client)
        for minutes in (10, 20, 29):
            traveller.move_to(began + timedelta(minutes=minutes))
            assert client.get(asked).status_code == 200
        traveller.move_to(began + timedelta(minutes=35))
        assert client.get("/desk").status_code == status
