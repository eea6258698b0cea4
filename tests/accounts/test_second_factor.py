"""The second factor: set up by scanning, asked at every sign-in, each code good once; recovery codes for a lost phone."""

import re
import time

import pytest
import time_machine
from passlib.totp import TOTP
from sqlalchemy import text

from server.core.database import session
from server.core.response import say_fact
from tests.people import PASSWORD

BEGAN = int(time.time())  # the database keeps its own clock, and a session may not seem older than it is
SIGN_IN = {"email": "chipo@example.org", "password": PASSWORD}


def key_on(page):
    return re.search(r"<code[^>]*>([A-Z0-9-]{16,})</code>", page)[1].replace("-", "")


def set_up(browser, at):
    page = browser.post("/account/second-factor", data={"setup": "authenticator"}).text
    app_on_phone = TOTP(key=key_on(page))
    address = re.search(r'action="(/account/second-factor[^"]*)"', page)[1]
    code = app_on_phone.generate(time=at).token
    assert browser.post(address, data={"code": code}).status_code == 302
    return app_on_phone


@pytest.fixture
def with_factor(client, people, clock):
    """Chipo, who has set up an authenticator; gives the app on her phone."""
    client.post("/sign-in", data=SIGN_IN)
    phone = set_up(client, clock.time())
    client.post("/sign-out")
    return phone


class Clock:
    def __init__(self, traveller):
        self.traveller, self.at = traveller, BEGAN

    def time(self):
        return self.at

    def pass_(self, seconds):
        self.at += seconds
        self.traveller.move_to(self.at)


@pytest.fixture
def clock():
    with time_machine.travel(BEGAN, tick=False) as traveller:
        yield Clock(traveller)


def test_a_password_alone_no_longer_opens_the_desk_once_a_second_factor_is_set_up(client, with_factor, clock):
    answer = client.post("/sign-in", data=SIGN_IN)
    assert answer.location.startswith("/sign-in/code")
    assert client.get("/desk").status_code == 401
    clock.pass_(60)
    assert client.post("/sign-in/code", data={"code": with_factor.generate(time=clock.time()).token}).status_code == 302
    assert client.get("/desk").status_code == 200


def test_a_code_that_was_used_is_worth_nothing_to_who_looked_over_the_shoulder(app, client, with_factor, clock):
    clock.pass_(60)
    code = with_factor.generate(time=clock.time()).token
    client.post("/sign-in", data=SIGN_IN)
    assert client.post("/sign-in/code", data={"code": code}).status_code == 302
    thief = app.test_client()
    thief.post("/sign-in", data=SIGN_IN)
    assert "This code is not right" in thief.post("/sign-in/code", data={"code": code}).text
    assert thief.get("/desk").status_code == 401


def test_guessing_codes_ends_after_ten_tries(client, with_factor):
    client.post("/sign-in", data=SIGN_IN)
    statuses = [client.post("/sign-in/code", data={"code": f"{number:06}"}).status_code for number in range(12)]
    assert statuses[-1] == 429
    assert client.get("/desk").status_code == 401


def test_a_recovery_code_signs_in_once_where_the_phone_is_lost(app, client, with_factor, clock):
    clock.pass_(60)
    client.post("/sign-in", data=SIGN_IN)
    client.post("/sign-in/code", data={"code": with_factor.generate(time=clock.time()).token})
    page = client.post("/account/recovery-codes", data={"generate_new_codes": "1"}).text
    codes = re.findall(r"<li><code>([0-9a-f-]+)</code>", page)
    assert len(codes) == 8
    for expected in (200, 401):
        elsewhere = app.test_client()
        elsewhere.post("/sign-in", data=SIGN_IN)
        elsewhere.post("/sign-in/recovery", data={"code": codes[0]})
        assert elsewhere.get("/desk").status_code == expected


def test_neither_key_nor_recovery_codes_lie_in_the_table_as_they_are(client, with_factor, database):
    kept = database.execute(text("SELECT tf_totp_secret || coalesce(mf_recovery_codes::text, '') FROM people WHERE alias = 'Chipo'")).scalar()
    assert with_factor.base32_key not in kept
    assert "enckey" in kept


def test_in_a_live_response_nobody_gets_in_without_one(client, people, database):

    say_fact("stage", "LIVE", said_by=None)
    session.commit()
    answer = client.post("/sign-in", data=SIGN_IN)
    assert answer.location.endswith("/account/second-factor")
    assert client.get("/desk").status_code == 401
    assert "everybody who signs in has one" in client.get("/account/second-factor").text


def test_asking_for_help_by_mail_switches_nothing_off(client, with_factor):
    client.post("/sign-in", data=SIGN_IN)
    assert client.post("/sign-in/help", data={"help_setup": "help"}).status_code == 404


def test_who_changes_the_second_factor_gives_the_password_again(client, people, clock):
    client.post("/sign-in", data=SIGN_IN)
    clock.pass_(20 * 60)
    answer = client.get("/account/second-factor")
    assert answer.status_code == 302
    assert "/account/confirm" in answer.location
    assert client.post("/account/confirm", data={"password": "wrong"}).status_code == 200
    assert "/account/confirm" in client.get("/account/second-factor").location
    client.post("/account/confirm", data={"password": PASSWORD})
    assert client.get("/account/second-factor").status_code == 200


@pytest.mark.parametrize(("stage", "leads_to"), [("LIVE", "/sign-in"), ("CLOSED", "/sign-in"), ("", "/account/second-factor")])
def test_an_invitation_is_no_way_around_the_second_factor_of_a_real_response(app, as_, people, stage, leads_to):
    """Who was invited chooses a password, and in a real response is in only once the second factor is set up."""
    page = as_("ada").post("/desk/people/invite", data={"email": "new@example.org", "alias": "Noor", "roles": ["COORD"]}).text
    if stage:
        say_fact("stage", stage, said_by=None)
        session.commit()
    browser, link = app.test_client(), re.search(r"/invitation/[\w-]+", page)[0]
    joined = browser.post(link, data={"password": PASSWORD, "again": PASSWORD})
    assert (joined.status_code, joined.location) == (303, leads_to)
    assert browser.get("/desk").status_code == (401 if stage else 200)
    if stage:
        assert browser.post("/sign-in", data={"email": "new@example.org", "password": PASSWORD}).location.endswith("/account/second-factor")
        assert browser.get("/desk").status_code == 401
