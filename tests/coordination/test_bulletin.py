"""The bulletin for communities: out of the public copy alone, in plain words, by area, in each language."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from server.core.clock import now
from server.core.database import session
from server.core.response import say_fact
from server.publication import dangers
from server.publication.service import publish_batch
from server.vocabulary import Hazard, SiteType
from tests.people import actor
from tests.publication import town


@pytest.fixture
def published(database):
    town.areas()
    for lon in (town.MIDDLE[0] - 0.05, 10.7):
        town.baseline(SiteType.RES_APT, lon, town.SOUTH + 0.12)
    town.said("DISASTER", since=now() - timedelta(days=2), until=now() + timedelta(days=20))
    old = {"event_earliest": now() - timedelta(days=40), "event_latest": now() - timedelta(days=40), "evidence_received_at": now() - timedelta(days=40)}
    shown = [town.incident(**old), town.incident(lon=10.7, **old)]
    publish_batch(now(), agreed=town.AGREED)
    hidden = town.incident(SiteType.HEA_HOSP, people_trapped=True)
    session.commit()
    return shown, hidden


def test_a_stranger_reads_what_is_public_where_to_get_help_and_how_to_report_and_complain(client, published):
    say_fact("emergency_number", "112 112", said_by=None)
    session.commit()
    page = client.get("/bulletin").text
    assert "2 damaged places are publicly known here." in page
    assert "112 112" in page
    for told in ("/report", "A report is no promise of help", "nobody may ask you for money or favours", "No warning is in force"):
        assert told in page
    assert "Health care" not in page, "what is not public is not in the bulletin"
    assert "INC-" not in page
    assert not re.search(r"10\.2|59\.1", page)


def test_one_area_shows_its_own_damage_and_its_own_warnings(client, published, people):
    first, second = town.DISTRICTS
    dangers.issue(actor(people["walid"]), hazard=Hazard.HZ_FIRE, area_code=first, hours=3)
    session.commit()
    here, there = client.get(f"/bulletin?area={first}").text, client.get(f"/bulletin?area={second}").text
    assert "1 damaged place is publicly known here." in here
    assert "Fire in this area" in here
    assert "Mine Action Centre" in here
    assert "1 damaged place is publicly known here." in there
    assert "Fire in this area" not in there
    assert "2 damaged places" in client.get("/bulletin?area=<script>").text


def test_it_is_there_in_every_language_and_for_large_and_small_paper(client, published):
    for language, direction in (("en", "ltr"), ("ar", "rtl"), ("uk", "ltr")):
        page = client.get(f"/bulletin?lang={language}&size=small").text
        assert f'<html lang="{language}" dir="{direction}">' in page
        assert 'class="bulletin small"' in page
    assert 'class="bulletin a4"' in client.get("/bulletin?size=huge").text


def test_an_exercise_says_so_and_an_empty_response_says_that_nothing_is_published(client, database):
    say_fact("exercise", True, said_by=None)
    session.commit()
    page = client.get("/bulletin").text
    assert "EXERCISE" in page
    assert "Nothing has been published yet." in page
    assert "No damage is publicly known here yet." in page


def test_it_reads_the_public_copy_through_the_public_role_alone(client, published, database, monkeypatch):
    from server.coordination import bulletin

    tables = set()
    original = bulletin.public_session.execute

    def noted(statement, *arguments, **keywords):
        tables.update(re.findall(r"FROM (\S+)", str(statement)))
        return original(statement, *arguments, **keywords)

    monkeypatch.setattr(bulletin.public_session, "execute", noted)
    client.get("/bulletin")
    assert tables == {"pub.incidents", "pub.warnings"}
    assert "session" not in vars(bulletin), "the application's session is not even imported"
    assert database.scalar(text("SELECT count(*) FROM incidents")) == 3
