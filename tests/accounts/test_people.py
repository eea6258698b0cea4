"""Inviting, changing and closing people: as Ada, who administers accounts and sees no report."""

import re

import pytest
from sqlalchemy import text

from tests.people import PASSWORD

INVITED = {"email": "New@Example.org", "alias": "Noor", "organisation": "Open Hands", "roles": ["VERIFIER", "TRIAGE"]}


def invite(browser, **changes):
    return browser.post("/desk/people/invite", data={**INVITED, **changes})


def link_on(page):
    return re.search(r"/invitation/[\w-]+", page)[0]


def stale(database, alias):
    """Let the session of somebody look as if the password was given an hour ago."""
    database.execute(
        text("UPDATE sign_ins SET contents = contents || CAST('{\"fs_paa\": 1}' AS jsonb) - CAST('fs_gexp' AS text) FROM people WHERE people.id = person_id AND alias = :alias"),
        {"alias": alias},
    )


def test_somebody_invited_chooses_a_password_and_works_with_the_roles_of_the_invitation(app, as_, database):
    page = invite(as_("ada"))
    assert page.status_code == 200
    browser = app.test_client()
    link = link_on(page.text)
    assert "Verifier, Triage officer" in browser.get(link).text or "Triage officer, Verifier" in browser.get(link).text
    joined = browser.post(link, data={"alias": "Noor", "password": "four words and more", "again": "four words and more"})
    assert joined.location == "/account/second-factor"
    assert browser.get("/desk/review").status_code == 200
    assert browser.get("/desk/people").status_code == 403
    row = database.execute(text("SELECT p.email, o.name FROM people p JOIN organisations o ON o.id = organisation_id WHERE alias = 'Noor'")).one()
    assert tuple(row) == ("new@example.org", "Open Hands")


def test_an_invitation_works_once(app, as_):
    link = link_on(invite(as_("ada")).text)
    words = {"password": "four words and more", "again": "four words and more"}
    assert app.test_client().post(link, data=words).status_code == 303
    assert app.test_client().post(link, data=words).status_code == 404
    assert app.test_client().get(link).status_code == 404


def test_an_invitation_that_was_taken_back_or_is_a_week_old_opens_nothing(app, as_, database):
    ada = as_("ada")
    first, second = (link_on(invite(ada, email=f"{name}@example.org").text) for name in "ab")
    number = re.search(r"/desk/people/invitations/([\w-]+)/revoke", ada.get("/desk/people").text)[1]
    ada.post(f"/desk/people/invitations/{number}/revoke")
    database.execute(text("UPDATE invitations SET expires_at = now() - interval '1 second' WHERE revoked_at IS NULL"))
    assert [app.test_client().get(link).status_code for link in (first, second)] == [404, 404]


@pytest.mark.parametrize(
    ("password", "again", "says"),
    [("short", "short", "at least 12 characters"), ("four words and more", "four words and less", "not the same"), ("x" * 257, "x" * 257, "at least 12")],
)
def test_a_password_that_is_too_short_or_mistyped_leaves_the_invitation_usable(app, as_, password, again, says):
    link = link_on(invite(as_("ada")).text)
    refused = app.test_client().post(link, data={"password": password, "again": again})
    assert refused.status_code == 422
    assert says in refused.text
    assert app.test_client().get(link).status_code == 200


@pytest.mark.parametrize(("field", "value"), [("email", "no address"), ("email", "chipo@example.org"), ("roles", [])])
def test_what_cannot_be_an_invitation_is_refused_and_what_was_typed_stays(as_, field, value):
    refused = invite(as_("ada"), **{field: value})
    assert refused.status_code == 422
    assert 'value="Noor"' in refused.text
    assert "/invitation/" not in refused.text


def test_nobody_takes_the_name_of_somebody_else_however_it_is_written(app, as_, people, database):
    """The history says who did what by that name; somebody who has left keeps theirs."""
    ada = as_("ada")
    assert "has this name already" in invite(ada, alias=" cHiPo").text
    link = link_on(invite(ada, alias="Noor").text)
    words = {"password": "four words and more", "again": "four words and more"}
    database.execute(text("UPDATE people SET active = false WHERE alias = 'Berta'"))
    for taken in ("Bohdan", "ＢＯＨＤＡＮ", "Bo hdan", "Berta"):
        refused = app.test_client().post(link, data={**words, "alias": taken})
        assert (refused.status_code, "has this name already" in refused.text) == (422, True), taken
    assert app.test_client().post(link, data={**words, "alias": "Bohdana"}).status_code == 303
    done = app.test_cli_runner().invoke(args=["users", "add", "second@example.org", "--alias", "Bohdana", "--role", "COORD"])
    assert (done.exit_code, "has this name already" in done.output) == (1, True)
    assert database.scalar(text("SELECT count(*) FROM people WHERE alias = 'Bohdana'")) == 1


def test_the_code_of_an_invitation_is_not_in_the_database(as_, database):
    code = link_on(invite(as_("ada")).text).removeprefix("/invitation/")
    assert code not in database.execute(text("SELECT string_agg(CAST(i.* AS text), ' ') FROM invitations i")).scalar()


def test_who_changes_what_others_may_do_gives_the_password_again(as_, people, database):
    ada = as_("ada")
    stale(database, "Ada")
    refused = ada.post(f"/desk/people/{people['eve'].id}", data={"roles": ["COORD"]})
    assert refused.status_code == 403
    assert "/account/confirm" in refused.text
    ada.post("/account/confirm", data={"password": PASSWORD})
    assert ada.post(f"/desk/people/{people['eve'].id}", data={"roles": ["COORD"]}).status_code == 303
    assert as_("eve").get("/desk").status_code == 200


def test_the_last_administrator_cannot_leave_be_closed_or_lose_the_role(as_, people):
    ada, her = as_("ada"), people["ada"].id
    assert ada.post(f"/desk/people/{her}/close").status_code == 409
    assert ada.post(f"/desk/people/{her}", data={"roles": ["COORD"]}).status_code == 409
    assert ada.get("/desk/people").status_code == 200
    ada.post(f"/desk/people/{people['chipo'].id}", data={"roles": ["COORD", "ADMIN"]})
    assert ada.post(f"/desk/people/{her}/close").status_code == 303
    assert ada.get("/desk/people").status_code == 401


def test_closing_an_account_signs_out_at_once_and_reopening_lets_in_again(as_, people, client):
    chipo, ada = as_("chipo"), as_("ada")
    ada.post(f"/desk/people/{people['chipo'].id}/close")
    assert chipo.get("/desk").status_code == 401
    ada.post(f"/desk/people/{people['chipo'].id}/reopen")
    client.post("/sign-in", data={"email": "chipo@example.org", "password": PASSWORD})
    assert client.get("/desk").status_code == 200


@pytest.mark.parametrize("name", ["chipo", "sana", "dario", "eve"])
def test_only_an_administrator_sees_people_and_addresses(as_, people, name):
    browser = as_(name)
    assert browser.get("/desk/people").status_code == 403
    assert browser.get(f"/desk/people/{people['amal'].id}").status_code == 403
    assert invite(browser).status_code == 403


def test_somebody_ends_the_sessions_they_do_not_know(app, as_):
    here, lost, other = as_("chipo"), as_("chipo"), as_("dario")
    assert here.get("/account").text.count("Last used") == 2
    here.post("/account/devices/end", data={"session": "others"})
    assert [browser.get("/account").status_code for browser in (here, lost, other)] == [200, 401, 200]


def test_nobody_ends_the_session_of_another(as_, database, people):
    victim, attacker = as_("chipo"), as_("dario")
    key = database.execute(text("SELECT encode(key_hash, 'hex') FROM sign_ins WHERE person_id = :id"), {"id": people["chipo"].id}).scalar()
    attacker.post("/account/devices/end", data={"session": key})
    assert victim.get("/account").status_code == 200
    victim.post("/account/devices/end", data={"session": key})
    assert victim.get("/account").status_code == 401


def test_changing_the_password_ends_every_other_session(app, as_, client):
    client.post("/sign-in", data={"email": "chipo@example.org", "password": PASSWORD})
    other = as_("chipo")
    new = "another horse and battery"
    changed = client.post("/account/password", data={"password": PASSWORD, "new_password": new, "new_password_confirm": new})
    assert changed.location == "/account"
    assert client.get("/desk").status_code == 200
    assert other.get("/desk").status_code == 401


def test_whom_a_closed_administrator_invited_is_invited_no_more(app, as_, people):
    """A thief in an administrator's account may have invited themselves."""
    ada = as_("ada")
    ada.post(f"/desk/people/{people['eve'].id}", data={"roles": ["ADMIN"]})
    theirs, hers = (link_on(invite(browser, email=f"new{at}@example.org").text) for at, browser in enumerate((as_("eve"), ada)))
    assert ada.post(f"/desk/people/{people['eve'].id}/close").status_code == 303
    assert (app.test_client().get(theirs).status_code, app.test_client().get(hers).status_code) == (404, 200)


def test_a_name_holds_no_signs_that_turn_or_hide_the_letters_of_another(app, as_, database):
    link = link_on(invite(as_("ada")).text)
    words = {"alias": "\u202eopihC\u2069 \u2066 N\x07oor\u200d", "password": PASSWORD, "again": PASSWORD}
    assert app.test_client().post(link, data=words).status_code == 303
    assert database.scalar(text("SELECT alias FROM people WHERE email = 'new@example.org'")) == "opihC Noor\u200d"


def test_who_is_signed_in_keeps_the_bar_of_the_desk_on_the_account_and_before_a_refusal(as_, client):
    chipo = as_("chipo")
    for path, status in (("/account/password", 200), ("/account/second-factor", 200), ("/desk/nothing-here", 404), ("/desk/people", 403)):
        answer = chipo.get(path)
        assert answer.status_code == status, path
        assert "Work the queue" in answer.text, path
    assert "Work the queue" not in client.get("/desk/people").text
