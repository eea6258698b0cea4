"""What came in since: the pulse, the calm line above the list, the days of the damage, and the filters that were missing."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from server.coordination.news import memory
from tests.coordination.test_desk import HERE, records, report, send


@pytest.fixture(autouse=True)
def _fresh_memory():
    memory.forget()


def marks(page):
    """What the list tells the page to ask "what is new since?" with."""
    return {name: page.partition(f'data-{name}="')[2].partition('"')[0].replace("&#43;", "+") for name in ("after", "known")}


def news(browser, asked, **more):
    return browser.get(f"/desk/news?{urlencode({**asked, **more})}")


def later(database):
    """The list was made a while ago."""
    database.execute(text("UPDATE incidents SET opened_at = opened_at - interval '1 hour', changed_at = changed_at - interval '1 hour'"))


def test_what_the_list_shows_is_no_news_and_a_new_record_is_one(as_, client, work, database):
    chipo = as_("chipo")
    send(client, report())
    work()
    asked = marks(chipo.get("/desk/list").text)
    quiet = news(chipo, asked)
    assert quiet.json == {"new": 0, "changed": 0, "said": ""}
    assert news(chipo, asked).status_code == 200
    assert chipo.get(f"/desk/news?{urlencode(asked)}", headers={"If-None-Match": quiet.headers["ETag"]}).status_code == 304
    send(client, report(HERE[0] + 0.05))
    work()
    assert news(chipo, asked).json == {"new": 1, "changed": 0, "said": "1 new record"}
    assert news(chipo, asked, damage="0").json["new"] == 0
    assert news(chipo, marks(chipo.get("/desk/list").text)).json["said"] == ""


def test_a_change_of_a_record_on_the_list_is_news_too(as_, client, work, database):
    chipo = as_("chipo")
    send(client, report())
    work()
    later(database)
    asked = marks(chipo.get("/desk/list").text)
    number = records(database)[0].public_id
    chipo.post(f"/desk/incidents/{number}/workflow", data={"to": "TRIAGE", "version": database.scalar(text("SELECT version FROM incidents"))})
    assert news(chipo, asked).json == {"new": 0, "changed": 1, "said": "1 changed"}


@pytest.mark.parametrize("after", ["", "yesterday", "2026-01-01", "' OR 1=1 --"])
def test_a_moment_that_is_none_is_refused(as_, after):
    assert news(as_("chipo"), {"after": after}).status_code == 400


def test_the_pulse_beats_after_a_change_and_is_still_otherwise(as_, client, work, database):
    chipo = as_("chipo")
    still = chipo.get("/desk/pulse")
    assert chipo.get("/desk/pulse", headers={"If-None-Match": still.headers["ETag"]}).status_code == 304
    send(client, report())
    work()
    database.execute(text("UPDATE incidents SET changed_at = now() - interval '6 seconds'"))
    assert chipo.get("/desk/pulse", headers={"If-None-Match": still.headers["ETag"]}).status_code == 200


def test_the_days_add_up_to_the_list_under_every_filter_but_the_days(as_, client, work):
    for days, place in ((2, 0), (2, 1), (9, 2)):
        send(client, report(HERE[0] + 0.05 * place, days_ago=days, damage="D4" if place else "D2"))
    work()
    chipo = as_("chipo")
    found = chipo.get("/desk/histogram").json
    day = (datetime.now(UTC) - timedelta(days=9) + timedelta(hours=1)).date().isoformat()  # on which it ended
    assert sum(count for _day, count in found["bars"]) == 3
    assert found["bars"][0] == [day, 1]
    assert sum(count for _day, count in chipo.get("/desk/histogram?damage=4").json["bars"]) == 2
    assert sum(count for _day, count in chipo.get(f"/desk/histogram?since={datetime.now(UTC).date()}").json["bars"]) == 3
    assert chipo.get("/desk/histogram?damage=0").json["bars"] == []


def test_filters_by_source_organisation_and_function_narrow_the_list_and_the_map(as_, client, work, people):
    send(as_("amal"), report(source_type="FIELD_NGO", functional_status="F2"))
    send(client, report(HERE[0] + 0.05, source_type="SELF_WITNESS"))
    work()
    chipo = as_("chipo")
    for query in (f"organisation={people['amal'].organisation_id}", "source=FIELD_NGO", "function=F2", "source=FIELD_NGO&function=F2"):
        assert "1 damage record<" in chipo.get(f"/desk?{query}").text, query
        tile = chipo.get(f"/api/v1/desk/map/0/0/0?{query}").json
        assert sum(cell[2] for cell in tile["cells"]) == 1
    assert "0 damage records" in chipo.get("/desk?source=DRONE").text
    assert "<code>organisation</code>" in chipo.get("/desk?organisation=x").text


def test_a_partner_finds_by_source_only_what_their_own_organisation_reported(as_, client, work):
    send(as_("amal"), report(source_type="FIELD_NGO"))
    work()
    assert "0 damage records" in as_("dario").get("/desk?source=FIELD_NGO").text
    assert "1 damage record<" in as_("amal").get("/desk?source=FIELD_NGO").text


@pytest.mark.parametrize("path", ["/desk/pulse", "/desk/news?after=2026-01-01T00:00:00Z", "/desk/histogram"])
def test_strangers_hear_nothing_of_it(client, as_, path):
    assert client.get(path).status_code == 401
    assert as_("eve").get(path).status_code == 403
