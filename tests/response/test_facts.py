"""The facts of the response: the environment's until somebody says otherwise, then everywhere within seconds."""

import pytest
from sqlalchemy import event, text

from server.core import response
from server.core.database import session
from server.core.ledger import history
from server.core.response import forget, from_environment, may_send_out, say_fact, this_response


def say(**facts):
    for name, value in facts.items():
        say_fact(name, value, said_by=None)
    session.commit()


def test_until_somebody_says_otherwise_the_environment_speaks(database):
    assert this_response() == from_environment()
    assert (this_response().name, this_response().contact_days, this_response().stage) == ("Tessera", 90, "")


def test_what_was_said_last_holds_and_what_was_said_before_is_kept_with_who_and_when(database, people):
    say(name="Flood in the north")
    say_fact("name", "Flood in the north and east", said_by=people["ada"].id)
    session.commit()
    assert this_response().name == "Flood in the north and east"
    rows = database.execute(text("SELECT value, said_by FROM response_facts WHERE name = 'name' ORDER BY id")).all()
    assert [row.value for row in rows] == ["Flood in the north", "Flood in the north and east"]
    told = history(response.uuid5(response.ITSELF, "name"))
    assert [(entry.event, entry.actor_id) for entry in told] == [("response.fact_said", None), ("response.fact_said", people["ada"].id)]
    assert "Flood" not in str([entry.details for entry in told])


@pytest.mark.parametrize(("name", "value", "wrong"), [("colour", "red", KeyError), ("contact_days", "many", ValueError)])
def test_what_is_no_fact_is_not_taken(database, name, value, wrong):
    with pytest.raises(wrong):
        say_fact(name, value, said_by=None)


def test_every_page_of_an_exercise_says_so_and_names_the_response(client):
    assert "EXERCISE" not in client.get("/").get_data(as_text=True)
    say(exercise=True, name="Two rivers", emergency_number="112", mine_action_number="+47 555")
    for path in ("/", "/report", "/map", "/data", "/receipt", "/sign-in"):
        page = client.get(path).get_data(as_text=True)
        assert "EXERCISE" in page, path
        assert "Two rivers" in page or path == "/report", path
    form = client.get("/report").get_data(as_text=True)
    assert "call 112 first" in form
    assert "Call +47 555" in form


def test_the_languages_offered_are_those_of_the_response(client):
    say(languages=["ar", "fr"])
    assert 'lang="ar"' in client.get("/", headers={"Accept-Language": "ar"}).get_data(as_text=True)
    assert 'hreflang="uk"' not in client.get("/").get_data(as_text=True)


def test_an_exercise_sends_nothing_out_and_so_does_who_cannot_ask(database, monkeypatch):
    assert may_send_out()
    say(exercise=True)
    assert not may_send_out()
    say(exercise=False)
    assert may_send_out()
    forget()
    monkeypatch.setattr(response, "_from_database", _out_of_reach)
    assert not may_send_out()
    assert this_response().name == "Tessera"


def _out_of_reach():
    raise response.SQLAlchemyError


def test_reading_the_facts_a_thousand_times_asks_the_database_once(database):
    asked = []
    event.listen(database, "before_cursor_execute", lambda *args: asked.append(args[2]))
    forget()
    for _time in range(1_000):
        this_response()
    assert len([words for words in asked if "response_facts" in words]) == 1
